/* The lock of a file: one thread may take it several times. */
#include <stdio.h>

#include "libc/src/libc.h"

#include "libc/src/stdio/file.h"
#include "libc/src/thread/thread.h"

void flockfile(FILE *file)
{
	int self = thread_self()->tid;

	if (__atomic_load_n(&file->owner, __ATOMIC_RELAXED) != self) {
		libc_lock(&file->lock);
		__atomic_store_n(&file->owner, self, __ATOMIC_RELAXED);
	}
	file->depth++;
}

int ftrylockfile(FILE *file)
{
	int self = thread_self()->tid, free = 0;

	if (__atomic_load_n(&file->owner, __ATOMIC_RELAXED) != self) {
		if (!__atomic_compare_exchange_n(&file->lock, &free, 1, 0, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
			return -1;
		__atomic_store_n(&file->owner, self, __ATOMIC_RELAXED);
	}
	file->depth++;
	return 0;
}

void funlockfile(FILE *file)
{
	if (--file->depth)
		return;
	__atomic_store_n(&file->owner, 0, __ATOMIC_RELAXED);
	libc_unlock(&file->lock);
}
