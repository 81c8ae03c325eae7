/* Timers of a process. The kernel names them by small numbers; timer_t holds one. */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "libc/src/libc.h"

int timer_create(clockid_t clock, struct sigevent *event, timer_t *out)
{
	int id;

	if (event && event->sigev_notify == SIGEV_THREAD) {
		errno = ENOSYS; /* no thread is kept to run functions */
		return -1;
	}
	if (SYSCALL(timer_create, clock, event, &id) < 0)
		return -1;
	*out = (timer_t)(long)id;
	return 0;
}

int timer_delete(timer_t timer)
{
	return (int)SYSCALL(timer_delete, timer);
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *value, struct itimerspec *old)
{
	return (int)SYSCALL(timer_settime, timer, flags, value, old);
}

int timer_gettime(timer_t timer, struct itimerspec *value)
{
	return (int)SYSCALL(timer_gettime, timer, value);
}

int timer_getoverrun(timer_t timer)
{
	return (int)SYSCALL(timer_getoverrun, timer);
}
