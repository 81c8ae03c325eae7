/* The end of the data segment. Nothing in this library uses it. */
#include <errno.h>
#include <unistd.h>

#include "libc/src/libc.h"

int brk(void *end)
{
	if (RAW(__NR_brk, end) == (long)end)
		return 0;
	errno = ENOMEM;
	return -1;
}

void *sbrk(intptr_t increment)
{
	long now = RAW(__NR_brk, 0);

	if (increment && brk((void *)(now + increment)) < 0)
		return (void *)-1;
	return (void *)now;
}
