/* Random bytes. */
#include <errno.h>
#include <sys/random.h>

#include "libc/src/libc.h"

ssize_t getrandom(void *buf, size_t n, unsigned int flags)
{
	return SYSCALL(getrandom, buf, n, flags);
}

int getentropy(void *buf, size_t n)
{
	if (n > 256) {
		errno = EIO;
		return -1;
	}
	return getrandom(buf, n, 0) == (ssize_t)n ? 0 : -1;
}
