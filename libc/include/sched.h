/* Scheduling, processor sets and clone. */
#pragma once

#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include <linux/sched.h>

#define CPU_SETSIZE 1024

typedef struct {
	unsigned long bits[CPU_SETSIZE / 64];
} cpu_set_t;

#define CPU_ZERO(set)       ((void)(*(set) = (cpu_set_t){ { 0 } }))
#define CPU_SET(cpu, set)   ((void)((set)->bits[(cpu) / 64] |= 1UL << ((cpu) % 64)))
#define CPU_CLR(cpu, set)   ((void)((set)->bits[(cpu) / 64] &= ~(1UL << ((cpu) % 64))))
#define CPU_ISSET(cpu, set) ((int)((set)->bits[(cpu) / 64] >> ((cpu) % 64) & 1))
#define CPU_COUNT(set)      libc_cpu_count(set)
#define CPU_EQUAL(a, b)     (memcmp(a, b, sizeof(cpu_set_t)) == 0)

int libc_cpu_count(const cpu_set_t *set);

int clone(int (*func)(void *), void *stack_top, int flags, void *arg, ...);
int unshare(int flags);
int setns(int fd, int type);
int sched_yield(void);
int sched_getcpu(void);
int getcpu(unsigned int *cpu, unsigned int *node);
int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int sched_getscheduler(pid_t pid);
int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param);
int sched_getparam(pid_t pid, struct sched_param *param);
int sched_setparam(pid_t pid, const struct sched_param *param);
int sched_get_priority_max(int policy);
int sched_get_priority_min(int policy);
int sched_rr_get_interval(pid_t pid, struct timespec *out);
