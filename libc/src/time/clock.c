/* Clocks and sleeping. */
#include <errno.h>
#include <sys/time.h>
#include <time.h>

#include "libc/src/libc.h"

int clock_gettime(clockid_t clock, struct timespec *out)
{
	return (int)SYSCALL(clock_gettime, clock, out);
}

int clock_settime(clockid_t clock, const struct timespec *value)
{
	return (int)SYSCALL(clock_settime, clock, value);
}

int clock_getres(clockid_t clock, struct timespec *out)
{
	return (int)SYSCALL(clock_getres, clock, out);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request,
		    struct timespec *remaining)
{
	return error_of(RAW(__NR_clock_nanosleep, clock, flags, request, remaining));
}

int nanosleep(const struct timespec *request, struct timespec *remaining)
{
	return (int)SYSCALL(nanosleep, request, remaining);
}

int gettimeofday(struct timeval *tv, void *zone)
{
	return (int)SYSCALL(gettimeofday, tv, zone);
}

int settimeofday(const struct timeval *tv, const struct timezone *zone)
{
	return (int)SYSCALL(settimeofday, tv, zone);
}

int getitimer(int which, struct itimerval *value)
{
	return (int)SYSCALL(getitimer, which, value);
}

int setitimer(int which, const struct itimerval *value, struct itimerval *old)
{
	return (int)SYSCALL(setitimer, which, value, old);
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

clock_t clock(void)
{
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0)
		return -1;
	return used.tv_sec * CLOCKS_PER_SEC + used.tv_nsec / 1000;
}

int timespec_get(struct timespec *out, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

double difftime(time_t end, time_t start)
{
	return (double)(end - start);
}

/* The clock of another process is its number, inverted; 2 asks for user and system time. */
int clock_getcpuclockid(pid_t pid, clockid_t *out)
{
	struct timespec now;
	clockid_t id = (clockid_t)(~(unsigned int)pid << 3 | 2);
	long result = RAW(__NR_clock_gettime, id, &now);

	if (result < 0)
		return result == -EINVAL ? ESRCH : (int)-result;
	*out = id;
	return 0;
}
