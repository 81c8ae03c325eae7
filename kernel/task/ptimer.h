/*
 * What timers.c and ptimer.c share. All of it is guarded by the task's sig_lock.
 */
#pragma once

#include "kernel/task/sigqueue.h"
#include "kernel/task/timers.h"

#define REARM_MIN_NS 1000000 /* of a timer whose signal is ignored */

struct pidns;
struct seqbuf;

/* One interval timer of CPU time; expires_ns 0: not armed. */
struct cpu_itimer {
	u64 expires_ns, interval_ns;
};

/* What a process has once it uses any timer but ITIMER_REAL. */
struct task_timers {
	struct cpu_itimer virtual, prof;
	struct list list; /* POSIX timers: struct ptimer.link */
	int next_id;
	bool has_cpu_timers; /* POSIX timers of CPU clocks */
};

static inline struct task_timers *timers_of(struct task *t)
{
	return t->timers;
}

/* Allocates on first use; NULL: out of memory. No locks held. */
struct task_timers *timers_make(struct task *t) __must_check;

/* Whole periods missed between expires and now; moves *expires past now. expires <= now. */
static inline u64 timer_forward(u64 *expires_ns, u64 interval_ns, u64 now)
{
	u64 periods = (now - *expires_ns) / interval_ns + 1;

	*expires_ns += periods * interval_ns;
	return periods - 1;
}

/* Time left; a timer that has expired but whose period goes on counts to its next expiry. */
static inline u64 timer_left(u64 expires_ns, u64 interval_ns, u64 now)
{
	if (!expires_ns)
		return 0;
	if (expires_ns > now)
		return expires_ns - now;
	return interval_ns ? interval_ns - (now - expires_ns) % interval_ns : 1;
}

/* In the tick: POSIX timers of CPU clocks. total_ns: CPU time of the process. */
void ptimers_check_cpu(struct task *t, u64 total_ns);
/* /proc/PID/timers */
void ptimers_show(struct task *t, const struct pidns *ns, struct seqbuf *out);
void ptimers_delete_all(struct task *t);
