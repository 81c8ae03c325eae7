/*
 * What the files of the scheduler share.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/timer.h"

/* One per CPU. [l] lock; [c] only its own CPU, interrupts off. */
struct runq {
	struct spinlock lock; /* RANK_RUNQ */
	u32 nr_queued; /* [l] others look at it as a hint */
	struct list queue; /* [l] thread.run_link, the next to run first */
	struct thread *running; /* [l] for writing; changes before the stack does */
	struct thread *idle; /* constant once the CPU is online */
	struct thread *previous; /* [c] whom the switch under way leaves */
	bool is_migrating; /* [c] previous is to go to another CPU */
	bool is_ticking; /* [c] tick is armed */
	struct timer tick;
	u64 switches; /* [c] */
	_Atomic u64 user_ns, system_ns; /* [c] for writing: ticks seen in either mode */
	struct cputime_shown times; /* what sched_cpu_stat() said last */
} __aligned(64);

extern struct runq runqs[MAX_CPUS];
extern _Atomic u64 online_cpus; /* bit per CPU that schedules */

static inline struct runq *this_runq(void)
{
	return &runqs[cpu_id()];
}

/* A thread struct with a kernel stack; FPU state if it will go to user mode. */
int thread_alloc(const char *name, bool has_user_mode, struct thread **out) __must_check;

/* At a tick: folds the number of runnable threads into the load averages every 5 s. */
void load_tick(u64 now_ns);
