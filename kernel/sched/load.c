/*
 * Load averages and CPU statistics, for /proc.
 *
 * Owns: the three averages. They are brought up to date at ticks, and by whoever reads them after a
 *   time without ticks: then everything was idle, or nearly, which is what the reader sees now.
 * Locks: a raw lock of its own, as the tick runs in interrupts.
 */
#include "kernel/sched/sched.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "kernel/sched/internal.h"

#define LOAD_PERIOD_NS 5000000000ull
#define FIXED_ONE      2048u

/* 2048 * exp(-5 s / 1, 5, 15 min) */
static const u64 decay[3] = { 1884, 2014, 2037 };

static struct rawlock load_lock;
static u64 load[3]; /* in 1/2048 */
static _Atomic u64 next_fold_ns = LOAD_PERIOD_NS;

unsigned sched_nr_running(void)
{
	unsigned n = 0;

	for_each_cpu(cpu)
		n += READ_ONCE(runqs[cpu].nr_queued) +
		     (READ_ONCE(runqs[cpu].running) != runqs[cpu].idle);
	return n;
}

void load_tick(u64 now_ns)
{
	u64 irqflags, active;

	if (likely(now_ns < load_relaxed(&next_fold_ns)))
		return;
	irqflags = rawlock_lock_irqsave(&load_lock);
	active = (u64)sched_nr_running() * FIXED_ONE;
	/* After hours of idling the averages are zero anyway: some hundred steps are enough. */
	for (int steps = 0; now_ns >= next_fold_ns && steps < 720; steps++) {
		for (int i = 0; i < 3; i++)
			load[i] =
				(load[i] * decay[i] + active * (FIXED_ONE - decay[i])) / FIXED_ONE;
		next_fold_ns += LOAD_PERIOD_NS;
	}
	if (now_ns >= next_fold_ns)
		next_fold_ns = now_ns + LOAD_PERIOD_NS;
	rawlock_unlock_irqrestore(&load_lock, irqflags);
}

void sched_load_average(u64 load_1024[3])
{
	load_tick(clock_ns());
	for (int i = 0; i < 3; i++)
		load_1024[i] = READ_ONCE(load[i]) / (FIXED_ONE / 1024);
}

void sched_cpu_stat(unsigned cpu, struct sched_stat *out)
{
	struct runq *rq = &runqs[cpu];
	u64 idle = thread_run_ns(rq->idle), now = clock_ns();

	out->idle_ns = MIN(idle, now);
	cputime_split(now - out->idle_ns, rq->user_ns, rq->system_ns, &out->user_ns,
		      &out->system_ns);
	cputime_show(&rq->times, &out->user_ns, &out->system_ns);
	out->switches = rq->switches;
}
