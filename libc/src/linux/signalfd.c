/* Signals as a descriptor. */
#include <sys/signalfd.h>

#include "libc/src/libc.h"

int signalfd(int fd, const sigset_t *set, int flags)
{
	return (int)SYSCALL(signalfd4, fd, set, sizeof(*set), flags);
}
