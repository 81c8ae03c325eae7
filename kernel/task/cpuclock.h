/*
 * Clocks of CPU time: of a process or of one of the caller's threads.
 */
#pragma once

#include <linux/time.h>

#include "kernel/task/task.h"

/* Whose time: exactly one is set, and counted. */
struct cpuclock {
	struct task *task;
	struct thread *thread;
};

/**
 * cpuclock_get - what a clock number means: CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, or
 * one that carries a process or thread number, as clock_getcpuclockid(3) makes them.
 * Context: no locks held.  Errors: -EINVAL: nobody, a thread of another process, another kind.
 */
int cpuclock_get(clockid_t clock, struct cpuclock *out) __must_check;
/* ns used so far, in user and kernel mode. */
u64 cpuclock_ns(const struct cpuclock *c);
void cpuclock_put(const struct cpuclock *c);
