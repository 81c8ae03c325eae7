/*
 * Signals that come by themselves: interval timers and the CPU time limit. POSIX timers are in
 * ptimer.c; what is said here goes for them too.
 *
 * Two kinds of time. Timers of wall and monotonic clocks are kernel timers, whose callbacks run in
 * interrupts. Timers of CPU time (ITIMER_VIRTUAL, ITIMER_PROF, CPU clocks, RLIMIT_CPU) are looked
 * at in the scheduler's tick of a thread of the process: CPU time passes at no other moment.
 *
 * A periodic timer is not armed again when it expires but when its signal is taken
 * (timers_signal_taken, timers_alarm_taken): what expired in between is counted as overrun, and a
 * short period cannot flood the machine with interrupts.
 *
 * Locks: sig_lock for everything, as sending needs it anyway.
 * Follows: getitimer(2), setrlimit(2).
 */
#include "kernel/task/ptimer.h"

#include <linux/errno.h>

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/percpu.h"

#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/time/clock.h"

/* Allocates on first use; NULL: out of memory. */
struct task_timers *timers_make(struct task *t)
{
	struct task_timers *tt = timers_of(t);
	u64 irqflags;

	if (tt)
		return tt;
	tt = kzalloc(sizeof(*tt));
	if (!tt)
		return NULL;
	list_init(&tt->list);
	irqflags = sig_lock(t);
	if (!t->timers) {
		t->timers = tt;
		sig_unlock(t, irqflags);
		return tt;
	}
	sig_unlock(t, irqflags);
	kfree(tt); /* another thread was faster */
	return timers_of(t);
}

/* ---- ITIMER_REAL ---- */

static void real_expired(struct timer *timer)
{
	struct task *t = container_of(timer, struct task, real_timer);

	signal_send_task(t, SIGALRM, NULL);
}

void timers_alarm_taken(struct task *t)
{
	u64 now;

	if (likely(!t->real_interval_ns) || !t->real_expires_ns)
		return;
	now = clock_ns();
	if (t->real_expires_ns > now)
		return; /* another SIGALRM */
	timer_forward(&t->real_expires_ns, t->real_interval_ns, now);
	timer_arm(&t->real_timer, t->real_expires_ns);
}

static u64 real_left(const struct task *t, u64 now)
{
	if (!t->real_interval_ns && t->real_expires_ns <= now)
		return 0;
	return timer_left(t->real_expires_ns, t->real_interval_ns, now);
}

static void real_set(struct task *t, u64 value_ns, u64 interval_ns)
{
	timer_cancel(&t->real_timer);
	t->real_interval_ns = interval_ns;
	t->real_expires_ns = value_ns ? clock_ns() + value_ns : 0;
	if (value_ns)
		timer_arm(&t->real_timer, t->real_expires_ns);
}

/* ---- CPU time ---- */

static u64 cpu_clock(int which, u64 user_ns, u64 system_ns)
{
	return which == ITIMER_VIRTUAL ? user_ns : user_ns + system_ns;
}

/* True: it has just expired. */
static bool cpu_itimer_check(struct cpu_itimer *it, u64 now)
{
	if (!it->expires_ns || now < it->expires_ns)
		return false;
	if (it->interval_ns)
		timer_forward(&it->expires_ns, it->interval_ns, now);
	else
		it->expires_ns = 0;
	return true;
}

static void check_itimers(struct task *t, u64 user_ns, u64 system_ns)
{
	struct task_timers *tt;
	bool is_virtual = false, is_prof = false;
	u64 irqflags = sig_lock(t);

	tt = timers_of(t);
	if (tt) {
		is_virtual = cpu_itimer_check(&tt->virtual, user_ns);
		is_prof = cpu_itimer_check(&tt->prof, user_ns + system_ns);
	}
	sig_unlock(t, irqflags);
	if (is_virtual)
		signal_send_task(t, SIGVTALRM, NULL);
	if (is_prof)
		signal_send_task(t, SIGPROF, NULL);
}

/* setrlimit(2): SIGXCPU at the soft limit and each second from then on, SIGKILL at the hard limit.
 */
static void check_limit(struct task *t, u64 used_ns)
{
	struct rlimit64 *limit = &t->rlimits[RLIMIT_CPU];
	u64 seconds = used_ns / NS_PER_SEC;

	if (seconds >= limit->rlim_max) {
		signal_send_task(t, SIGKILL, NULL);
	} else if (seconds >= limit->rlim_cur) {
		limit->rlim_cur = seconds + 1;
		signal_send_task(t, SIGXCPU, NULL);
	}
}

/* In the tick: an interrupt. */
static void timers_tick(bool is_user)
{
	struct task *t = current->task;
	u64 user_ns, system_ns;

	if (!t || (!READ_ONCE(t->timers) && t->rlimits[RLIMIT_CPU].rlim_cur == RLIM64_INFINITY))
		return;
	task_times(t, &user_ns, &system_ns);
	check_itimers(t, user_ns, system_ns);
	ptimers_check_cpu(t, user_ns + system_ns);
	check_limit(t, user_ns + system_ns);
}

/* ---- setitimer, getitimer ---- */

/* The current process's interval timer which, read; and set when value_ns is not NULL. */
static int itimer_exchange(int which, const u64 *value_ns, u64 interval_ns, u64 *old_value_ns,
			   u64 *old_interval_ns)
{
	struct task *t = current->task;
	u64 user_ns, system_ns, now, irqflags;
	struct task_timers *tt = NULL;
	struct cpu_itimer *it;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL) {
		irqflags = sig_lock(t);
		*old_value_ns = real_left(t, clock_ns());
		*old_interval_ns = t->real_interval_ns;
		if (value_ns)
			real_set(t, *value_ns, interval_ns);
		sig_unlock(t, irqflags);
		return 0;
	}
	*old_value_ns = *old_interval_ns = 0;
	tt = value_ns ? timers_make(t) : timers_of(t);
	if (!tt)
		return value_ns ? -ENOMEM : 0;
	task_times(t, &user_ns, &system_ns);
	now = cpu_clock(which, user_ns, system_ns);
	it = which == ITIMER_VIRTUAL ? &tt->virtual : &tt->prof;
	irqflags = sig_lock(t);
	*old_value_ns = timer_left(it->expires_ns, it->interval_ns, now);
	*old_interval_ns = it->interval_ns;
	if (value_ns) {
		it->expires_ns = *value_ns ? now + *value_ns : 0;
		it->interval_ns = interval_ns;
	}
	sig_unlock(t, irqflags);
	return 0;
}

int itimer_get(int which, u64 *value_ns, u64 *interval_ns)
{
	return itimer_exchange(which, NULL, 0, value_ns, interval_ns);
}

int itimer_set(int which, u64 value_ns, u64 interval_ns, u64 *old_value_ns, u64 *old_interval_ns)
{
	return itimer_exchange(which, &value_ns, interval_ns, old_value_ns, old_interval_ns);
}

/* ---- life of the process ---- */

void timers_init_task(struct task *t)
{
	timer_setup(&t->real_timer, real_expired);
	t->real_interval_ns = t->real_expires_ns = 0;
	t->timers = NULL;
}

void timers_exit_task(struct task *t)
{
	struct task_timers *tt;
	u64 irqflags;

	timer_cancel_sync(&t->real_timer);
	ptimers_delete_all(t);
	irqflags = sig_lock(t);
	t->real_interval_ns = 0;
	tt = t->timers;
	t->timers = NULL;
	sig_unlock(t, irqflags);
	kfree(tt);
}

void timers_exec(struct task *t)
{
	ptimers_delete_all(t);
}

void timers_init(void)
{
	sched_tick_hook = timers_tick;
}
