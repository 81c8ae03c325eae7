/* A timer as a descriptor. */
#include <sys/timerfd.h>

#include "libc/src/libc.h"

int timerfd_create(int clock, int flags)
{
	return (int)SYSCALL(timerfd_create, clock, flags);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
	return (int)SYSCALL(timerfd_settime, fd, flags, value, old);
}

int timerfd_gettime(int fd, struct itimerspec *value)
{
	return (int)SYSCALL(timerfd_gettime, fd, value);
}
