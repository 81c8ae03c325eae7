/*
 * CPU clocks by number: the complement of a process or thread number, shifted left by three, and
 * below it whether a thread is meant, and what is counted. Number 0 is the caller.
 *
 * Threads are told only to their own process, processes to everybody.
 *
 * Follows: clock_getcpuclockid(3), pthread_getcpuclockid(3), clock_gettime(2).
 */
#include "kernel/task/cpuclock.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"

#include "kernel/id/pidns.h"

#define KIND_MASK  3 /* PROF, VIRT, SCHED; 3 would be a clock device's descriptor */
#define KIND_SCHED 2
#define IS_THREAD  4

int cpuclock_get(clockid_t clock, struct cpuclock *out)
{
	int nr = clock < 0 ? ~(clock >> 3) : 0;

	*out = (struct cpuclock){ 0 };
	if (clock < 0 && (clock & KIND_MASK) > KIND_SCHED)
		return -EINVAL;
	if (clock == CLOCK_THREAD_CPUTIME_ID || (clock < 0 && clock & IS_THREAD)) {
		struct pid *pid = nr ? pid_find_get(pidns_current(), nr) : pid_get(current->pid);

		out->thread = pid ? thread_of_pid_get(pid) : NULL;
		pid_put(pid);
		if (out->thread && out->thread->task != current->task) {
			thread_put(out->thread);
			out->thread = NULL;
		}
	} else if (nr) {
		out->task = task_find_get(nr);
	} else {
		out->task = task_current();
		task_get(out->task);
	}
	return out->thread || out->task ? 0 : -EINVAL;
}

u64 cpuclock_ns(const struct cpuclock *c)
{
	u64 user_ns, system_ns;

	if (c->thread)
		return thread_run_ns(c->thread);
	task_times(c->task, &user_ns, &system_ns);
	return user_ns + system_ns;
}

void cpuclock_put(const struct cpuclock *c)
{
	if (c->thread)
		thread_put(c->thread);
	if (c->task)
		task_put(c->task);
}
