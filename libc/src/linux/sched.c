/* Scheduling. libc_cpu_count() is CPU_COUNT(). */
#include <sched.h>
#include <string.h>

#include "libc/src/libc.h"

int sched_yield(void)
{
	return (int)SYSCALL(sched_yield);
}

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	return (int)SYSCALL(sched_setaffinity, pid, size, set);
}

int sched_getscheduler(pid_t pid)
{
	return (int)SYSCALL(sched_getscheduler, pid);
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	return (int)SYSCALL(sched_setscheduler, pid, policy, param);
}

int sched_getparam(pid_t pid, struct sched_param *param)
{
	return (int)SYSCALL(sched_getparam, pid, param);
}

int sched_setparam(pid_t pid, const struct sched_param *param)
{
	return (int)SYSCALL(sched_setparam, pid, param);
}

int sched_get_priority_max(int policy)
{
	return (int)SYSCALL(sched_get_priority_max, policy);
}

int sched_get_priority_min(int policy)
{
	return (int)SYSCALL(sched_get_priority_min, policy);
}

int sched_rr_get_interval(pid_t pid, struct timespec *out)
{
	return (int)SYSCALL(sched_rr_get_interval, pid, out);
}

int getcpu(unsigned int *cpu, unsigned int *node)
{
	return (int)SYSCALL(getcpu, cpu, node, 0);
}

/* The kernel returns how many bytes it wrote; the rest of the set is cleared here. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	long n = SYSCALL(sched_getaffinity, pid, size, set);

	if (n < 0)
		return -1;
	memset((char *)set + n, 0, size - (size_t)n);
	return 0;
}

int sched_getcpu(void)
{
	unsigned int cpu;

	return getcpu(&cpu, NULL) < 0 ? -1 : (int)cpu;
}

int libc_cpu_count(const cpu_set_t *set)
{
	int n = 0;

	for (size_t i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++)
		n += __builtin_popcountl(set->bits[i]);
	return n;
}
