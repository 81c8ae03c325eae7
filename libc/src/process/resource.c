/* Limits, usage and priority. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <unistd.h>

#include "libc/src/libc.h"

int getrlimit(int resource, struct rlimit *out)
{
	return prlimit(0, resource, NULL, out);
}

int setrlimit(int resource, const struct rlimit *limit)
{
	return prlimit(0, resource, limit, NULL);
}

int prlimit(pid_t pid, int resource, const struct rlimit *limit, struct rlimit *old)
{
	return (int)SYSCALL(prlimit64, pid, resource, limit, old);
}

int getrusage(int who, struct rusage *out)
{
	return (int)SYSCALL(getrusage, who, out);
}

int setpriority(int which, id_t who, int nice)
{
	return (int)SYSCALL(setpriority, which, who, nice);
}

clock_t times(struct tms *out)
{
	return (clock_t)SYSCALL(times, out);
}

/* The kernel answers 20 - nice, so that no nice value looks like an error. */
int getpriority(int which, id_t who)
{
	long answer = SYSCALL(getpriority, which, who);

	return answer < 0 ? -1 : 20 - (int)answer;
}

int nice(int increment)
{
	int now;

	errno = 0;
	now = getpriority(PRIO_PROCESS, 0);
	if (now == -1 && errno)
		return -1;
	if (setpriority(PRIO_PROCESS, 0, now + increment) == 0)
		return getpriority(PRIO_PROCESS, 0);
	if (errno == EACCES)
		errno = EPERM;
	return -1;
}
