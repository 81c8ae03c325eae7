/*
 * Names for kernel addresses, from a table that tools/gensyms.py makes of the linked kernel.
 */
#pragma once

#include "lib/base.h"

#define KSYMS_BASE 0xffffffff80000000ull

struct ksym {
	u64 address;
	const char *name;
	char type; /* as nm: t T d D b B ... */
};

/* The symbol at or before the address; NULL: not in the kernel image. *offset: distance from it. */
const char *ksyms_lookup(u64 address, u64 *offset);
/* The i-th symbol in address order; false past the last. */
bool ksyms_get(size_t i, struct ksym *out);
/* "name+0x12" or plain hex, into buf, which is returned. */
const char *ksyms_describe(u64 address, char *buf, size_t size);

/* The generated table (empty in the first pass of the link). */
extern const u32 ksyms_count;
extern const u32 ksyms_addresses[]; /* minus KSYMS_BASE, rising */
extern const u32 ksyms_offsets[]; /* into ksyms_names: the type, the name, a zero */
extern const char ksyms_names[];
