/*
 * POSIX timers: timer_create(2) and its relatives.
 *
 * Each timer brings the queue entry of its signal, so expiring allocates nothing. While the entry
 * is queued the timer rests; taking the signal arms it again (see timers.c).
 *
 * Life: on the process's list from create to delete, exec or exit. It is freed after it is off the
 *   list, its entry off the queue and its callback done.
 * Locks: sig_lock of its process for everything.
 */
#include "kernel/task/ptimer.h"

#include <linux/errno.h>

#include "lib/seqbuf.h"
#include "lib/string.h"

#include "arch/x86_64/percpu.h"

#include "kernel/id/pidns.h"
#include "kernel/mm/slab.h"
#include "kernel/task/cpuclock.h"
#include "kernel/time/clock.h"

struct ptimer {
	struct list link; /* task_timers.list */
	int id;
	clockid_t clock;
	struct task *task; /* weak: its exit deletes the timer */
	struct thread *target; /* counted; SIGEV_THREAD_ID, else NULL */
	struct thread *cpu_thread; /* counted; whose CPU clock, else NULL */
	int notify, signo;
	sigval_t value;
	struct timer timer; /* of clocks other than CPU clocks */
	u64 expires_ns; /* monotonic, or CPU time; 0: not armed */
	u64 interval_ns;
	int overrun; /* of the signal taken last */
	struct sigqueue q;
};

static bool clock_is_cpu(clockid_t clock)
{
	return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

/* The time that expires_ns is compared with. Without sig_lock for the process's CPU clock. */
static u64 ptimer_now(const struct ptimer *p)
{
	u64 user_ns, system_ns;

	if (p->clock == CLOCK_THREAD_CPUTIME_ID)
		return thread_run_ns(p->cpu_thread);
	if (p->clock != CLOCK_PROCESS_CPUTIME_ID)
		return clock_ns();
	task_times(p->task, &user_ns, &system_ns);
	return user_ns + system_ns;
}

static void ptimer_arm(struct ptimer *p)
{
	if (!clock_is_cpu(p->clock))
		timer_arm(&p->timer, p->expires_ns);
}

static void ptimer_fill(struct ptimer *p)
{
	siginfo_t info = { .si_signo = p->signo, .si_code = SI_TIMER };

	info.si_timerid = p->id;
	info.si_value = p->value;
	memcpy(p->q.words, &info, SIGINFO_BYTES);
}

/* sig_lock held; now: of its clock. */
static void ptimer_fire(struct ptimer *p, u64 now)
{
	enum signal_scope scope = p->target ? SCOPE_THREAD : SCOPE_PROCESS;
	struct thread *target = p->target ? p->target : p->task->leader;

	if (!p->expires_ns || p->expires_ns > now || !list_empty(&p->q.link))
		return;
	if (p->notify != SIGEV_NONE) {
		ptimer_fill(p);
		if (!signal_send_timer(p->task, target, scope, &p->q) && p->interval_ns) {
			/* Ignored now, but maybe not for ever. */
			timer_forward(&p->expires_ns, MAX(p->interval_ns, (u64)REARM_MIN_NS), now);
			ptimer_arm(p);
		}
	}
	if (!p->interval_ns)
		p->expires_ns = 0;
}

static void ptimer_expired(struct timer *timer)
{
	struct ptimer *p = container_of(timer, struct ptimer, timer);
	u64 irqflags = sig_lock(p->task);

	ptimer_fire(p, clock_ns());
	sig_unlock(p->task, irqflags);
}

void ptimers_check_cpu(struct task *t, u64 total_ns)
{
	struct task_timers *tt;
	struct ptimer *p;
	u64 irqflags = sig_lock(t);

	tt = timers_of(t);
	if (tt && tt->has_cpu_timers)
		list_for_each(p, &tt->list, link) {
			if (p->clock == CLOCK_PROCESS_CPUTIME_ID)
				ptimer_fire(p, total_ns);
			else if (p->clock == CLOCK_THREAD_CPUTIME_ID)
				ptimer_fire(p, thread_run_ns(p->cpu_thread));
		}
	sig_unlock(t, irqflags);
}

void timers_signal_taken(struct sigqueue *q, siginfo_t *info)
{
	struct ptimer *p = container_of(q, struct ptimer, q);
	u64 now, missed = 0;

	/* The process's CPU clock cannot be read under sig_lock: its overruns go uncounted. */
	if (p->interval_ns && p->expires_ns && p->clock == CLOCK_PROCESS_CPUTIME_ID) {
		p->expires_ns += p->interval_ns;
	} else if (p->interval_ns && p->expires_ns) {
		now = ptimer_now(p);
		if (now >= p->expires_ns)
			missed = timer_forward(&p->expires_ns, p->interval_ns, now);
		ptimer_arm(p);
	}
	p->overrun = MIN(missed, 0x7fffffffull);
	if (info)
		info->si_overrun = p->overrun;
}

static struct ptimer *ptimer_find(struct task *t, int id)
{
	struct task_timers *tt = timers_of(t);
	struct ptimer *p;

	if (tt)
		list_for_each(p, &tt->list, link)
			if (p->id == id)
				return p;
	return NULL;
}

/* Sets clock, and for the CPU time of a thread cpu_thread. A timer on another process's CPU clock,
 * which Linux allows, is refused: only its own ticks look at a process's timers. */
static int ptimer_set_clock(struct ptimer *p, clockid_t clock)
{
	struct cpuclock c;
	int err;

	p->clock = clock;
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	}
	if (clock < 0 && (clock & 7) == 3)
		return -EOPNOTSUPP; /* the clock of a device */
	err = clock <= CLOCK_THREAD_CPUTIME_ID ? cpuclock_get(clock, &c) : -EINVAL;
	if (err)
		return err;
	p->clock = c.thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID;
	p->cpu_thread = c.thread;
	if (c.task)
		task_put(c.task);
	return c.task && c.task != p->task ? -EINVAL : 0;
}

/* The thread SIGEV_THREAD_ID names, if it is one of ours; +1 or NULL. */
static struct thread *find_target(int tid)
{
	struct pid *pid = pid_find_get(pidns_current(), tid);
	struct thread *t = pid ? thread_of_pid_get(pid) : NULL;

	pid_put(pid);
	if (t && t->task != current->task) {
		thread_put(t);
		return NULL;
	}
	return t;
}

static int ptimer_set_event(struct ptimer *p, const struct sigevent *event)
{
	p->notify = event->sigev_notify;
	p->signo = event->sigev_signo;
	p->value = event->sigev_value;
	switch (p->notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		p->target = find_target(event->sigev_notify_thread_id);
		if (!p->target)
			return -EINVAL;
		break;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		break;
	default:
		return -EINVAL;
	}
	if (p->signo < 1 || p->signo > NR_SIGNALS) {
		if (p->target)
			thread_put(p->target);
		return -EINVAL;
	}
	return 0;
}

/* Gives it its number and enters it in the list of t, unless the user has too many. */
static int ptimer_link(struct task *t, struct task_timers *tt, struct ptimer *p, bool tells_id,
		       int *id)
{
	u64 irqflags = sig_lock(t);
	int err = sigqueue_is_full(t) ? -EAGAIN : 0;

	if (!err) {
		sigqueue_charge(t, 1);
		*id = p->id = tt->next_id++ & 0x7fffffff;
		if (tells_id)
			p->value.sival_int = p->id;
		tt->has_cpu_timers |= clock_is_cpu(p->clock);
		list_add_tail(&p->link, &tt->list);
	}
	sig_unlock(t, irqflags);
	return err;
}

/* Off the list and the queue. */
static void ptimer_free(struct ptimer *p)
{
	timer_cancel_sync(&p->timer);
	if (p->target)
		thread_put(p->target);
	if (p->cpu_thread)
		thread_put(p->cpu_thread);
	kfree(p);
}

int ptimer_create(clockid_t clock, const struct sigevent *event, int *id)
{
	struct sigevent usual = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct task *t = current->task;
	struct task_timers *tt;
	struct ptimer *p;
	int err;

	tt = timers_make(t);
	p = tt ? kzalloc(sizeof(*p)) : NULL;
	if (!p)
		return -EAGAIN;
	p->task = t;
	err = ptimer_set_clock(p, clock);
	if (!err)
		err = ptimer_set_event(p, event ? event : &usual);
	if (err) {
		if (p->cpu_thread)
			thread_put(p->cpu_thread);
		kfree(p);
		return err;
	}
	timer_setup(&p->timer, ptimer_expired);
	list_init(&p->q.link);
	p->q.kind = SIGQUEUE_TIMER;
	err = ptimer_link(t, tt, p, !event, id);
	if (err)
		ptimer_free(p);
	return err;
}

/* An absolute time of p's clock, in the terms of expires_ns. */
static u64 absolute_to_expires(const struct ptimer *p, u64 value_ns)
{
	u64 wall;

	if (p->clock != CLOCK_REALTIME && p->clock != CLOCK_TAI)
		return value_ns;
	wall = clock_realtime_ns();
	return value_ns > wall ? clock_ns() + (value_ns - wall) : 1;
}

static void ptimer_unqueue(struct ptimer *p)
{
	if (!list_empty(&p->q.link))
		sigpending_remove(p->target ? &p->target->pending : &p->task->pending, &p->q);
}

int ptimer_set(int id, bool is_absolute, u64 value_ns, u64 interval_ns, u64 *old_value_ns,
	       u64 *old_interval_ns)
{
	struct task *t = current->task;
	u64 user_ns, system_ns, now, irqflags;
	struct ptimer *p;

	task_times(t, &user_ns, &system_ns);
	irqflags = sig_lock(t);
	p = ptimer_find(t, id);
	if (!p) {
		sig_unlock(t, irqflags);
		return -EINVAL;
	}
	now = p->clock == CLOCK_PROCESS_CPUTIME_ID ? user_ns + system_ns : ptimer_now(p);
	*old_value_ns = timer_left(p->expires_ns, p->interval_ns, now);
	*old_interval_ns = p->interval_ns;
	timer_cancel(&p->timer);
	ptimer_unqueue(p);
	p->overrun = 0;
	p->interval_ns = interval_ns;
	p->expires_ns = 0;
	if (value_ns) {
		p->expires_ns = is_absolute ? absolute_to_expires(p, value_ns) : now + value_ns;
		ptimer_arm(p);
	}
	sig_unlock(t, irqflags);
	return 0;
}

int ptimer_get(int id, u64 *value_ns, u64 *interval_ns)
{
	struct task *t = current->task;
	u64 user_ns, system_ns, now, irqflags;
	struct ptimer *p;

	task_times(t, &user_ns, &system_ns);
	irqflags = sig_lock(t);
	p = ptimer_find(t, id);
	if (p) {
		now = p->clock == CLOCK_PROCESS_CPUTIME_ID ? user_ns + system_ns : ptimer_now(p);
		*value_ns = timer_left(p->expires_ns, p->interval_ns, now);
		*interval_ns = p->interval_ns;
	}
	sig_unlock(t, irqflags);
	return p ? 0 : -EINVAL;
}

int ptimer_overrun(int id)
{
	struct task *t = current->task;
	u64 irqflags = sig_lock(t);
	struct ptimer *p = ptimer_find(t, id);
	int overrun = p ? p->overrun : -EINVAL;

	sig_unlock(t, irqflags);
	return overrun;
}

static void ptimer_unlink(struct ptimer *p)
{
	list_del(&p->link);
	sigqueue_charge(p->task, -1);
	p->expires_ns = p->interval_ns = 0;
	ptimer_unqueue(p);
}

int ptimer_delete(int id)
{
	struct task *t = current->task;
	u64 irqflags = sig_lock(t);
	struct ptimer *p = ptimer_find(t, id);

	if (p)
		ptimer_unlink(p);
	sig_unlock(t, irqflags);
	if (!p)
		return -EINVAL;
	ptimer_free(p);
	return 0;
}

void ptimers_delete_all(struct task *t)
{
	struct task_timers *tt = timers_of(t);
	struct ptimer *p;
	u64 irqflags;

	while (tt) {
		irqflags = sig_lock(t);
		p = list_empty(&tt->list) ? NULL : list_first(&tt->list, struct ptimer, link);
		if (p)
			ptimer_unlink(p);
		sig_unlock(t, irqflags);
		if (!p)
			return;
		ptimer_free(p);
	}
}

void ptimers_show(struct task *t, const struct pidns *ns, struct seqbuf *out)
{
	static const char *const how[] = { "signal", "none", "thread" }; /* SIGEV_* */
	u64 irqflags = sig_lock(t);
	const struct ptimer *p;

	if (timers_of(t))
		list_for_each(p, &timers_of(t)->list, link) {
			struct thread *target = p->target ? p->target : t->leader;

			seqbuf_printf(out,
				      "ID: %d\nsignal: %d/%016lx\nnotify: %s/%s.%d\nClockID: %d\n",
				      p->id, p->signo, (u64)p->value.sival_ptr,
				      how[p->notify & ~SIGEV_THREAD_ID], p->target ? "tid" : "pid",
				      pid_nr_in(target->pid, ns), p->clock);
		}
	sig_unlock(t, irqflags);
}
