/*
 * errno, and the one place that sets it from the kernel's answer.
 *
 * The kernel reports failure as a value from -4095 to -1; no address or count is ever that.
 */
#include <errno.h>

#include "libc/src/libc.h"

__thread int errno;

long libc_return(long result)
{
	if ((unsigned long)result > -4096UL) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
