/*
 * What went through read(2), write(2) and their kin: bytes and calls. Each thread counts its own.
 */
#pragma once

#include "lib/base.h"

struct io_usage {
	u64 rchar, wchar, syscr, syscw;
};

static inline void io_usage_add(struct io_usage *to, const struct io_usage *from)
{
	to->rchar += from->rchar;
	to->wchar += from->wchar;
	to->syscr += from->syscr;
	to->syscw += from->syscw;
}
