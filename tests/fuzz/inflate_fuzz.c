// sources: lib/inflate.c
/*
 * Any bytes as a gzip member: must not be read out of bounds, and must not expand without end.
 */
#include <errno.h>
#include <string.h>

#include "lib/inflate.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static int count(void *ctx, const u8 *data, size_t len)
{
	size_t *total = ctx;

	*total += len;
	return *total > 1 << 20 ? -ENOSPC : 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct inflate state;
	static u8 member[4096];
	size_t used, total = 0;
	int err = gunzip(&state, data, size, &used, count, &total);

	if (err == 0 && used > size)
		__builtin_trap();

	/* Behind a sound header, so that the fuzzer need not find one. */
	size = MIN(size, sizeof(member) - 10);
	memcpy(member, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	memcpy(member + 10, data, size);
	total = 0;
	err = gunzip(&state, member, size + 10, &used, count, &total);
	return err > 0 ? __builtin_trap(), 0 : 0;
}
