/*
 * Page faults: demand paging, copy-on-write, stack growth.
 */
#pragma once

#include "kernel/mm/as.h"

#define FAULT_WRITE 0x1u
#define FAULT_EXEC  0x2u

enum fault_result {
	FAULT_OK,
	FAULT_SEGV_MAPERR, /* no mapping there */
	FAULT_SEGV_ACCERR, /* the mapping forbids it */
	FAULT_BUS, /* past the end of the file */
	FAULT_OOM, /* no memory: the caller asks the OOM killer, then retries or dies */
};

/* Resolves a fault of as at addr. Takes as->lock. May sleep; interrupts on. */
enum fault_result as_fault(struct as *as, u64 addr, u32 access);
