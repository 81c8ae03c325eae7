/* Sleeping in seconds and microseconds, and alarms. */
#include <errno.h>
#include <sys/time.h>
#include <unistd.h>

#include "libc/src/libc.h"

unsigned int alarm(unsigned int seconds)
{
	return (unsigned int)RAW(__NR_alarm, seconds);
}

useconds_t ualarm(useconds_t usec, useconds_t interval)
{
	struct itimerval value = { { 0, interval }, { 0, usec } };
	struct itimerval old = { .it_interval.tv_sec = 0 };

	setitimer(ITIMER_REAL, &value, &old);
	return (useconds_t)(old.it_value.tv_sec * 1000000 + old.it_value.tv_usec);
}

/* What a signal cuts off is returned, rounded to seconds. */
unsigned int sleep(unsigned int seconds)
{
	struct timespec request = { seconds, 0 };

	if (nanosleep(&request, &request) == 0)
		return 0;
	return (unsigned int)(request.tv_sec + (request.tv_nsec >= 500000000));
}

int usleep(useconds_t usec)
{
	struct timespec request = { usec / 1000000, usec % 1000000 * 1000 };

	return nanosleep(&request, NULL);
}

int pause(void)
{
	return (int)SYSCALL(pause);
}
