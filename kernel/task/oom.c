/*
 * When memory is out: which process has to go.
 *
 * The choice is by resident memory and page tables, shifted by what /proc/PID/oom_score_adj says (a
 * thousandth of all memory per point; -1000 never), as in proc(5). Who was chosen is waited for while
 * it still has memory, instead of killing another, but not for ever: it may itself wait for a lock
 * of somebody who is here for memory, and only that one's death will free it. With many processes
 * out of memory at once, each choosing would keep the dying from the CPUs: between two choices
 * everybody sleeps.
 * Locks: tasks_lock for reading, around the whole choice.
 */
#include <linux/errno.h>
#include <linux/signal.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"
#include "kernel/mm/mmap.h"
#include "kernel/mm/page.h"
#include "kernel/sched/sched.h"
#include "kernel/task/signal.h"
#include "kernel/task/sigqueue.h"
#include "kernel/time/clock.h"

#define PATIENCE_NS (NS_PER_SEC / 5)
#define PAUSE_NS    (NS_PER_SEC / 50)
/* Of those who come while one chooses: a thousand that try again cost no more than a CPU can give.
 */
#define CROWD_PAUSE_NS (NS_PER_SEC / 5)

static _Atomic u64 last_kill_ns;
static _Atomic u64 next_choice_ns;
static _Atomic u64 last_victim; /* inode number of its struct pid */

struct choice {
	struct task *victim;
	s64 score;
	u64 total_pages;
	bool is_patient;
	bool is_under_way; /* somebody dies who has memory */
	bool is_waiting; /* ... and was chosen here not long ago */
};

/* The memory of a process that has any left, whichever thread has it. sig_lock held. */
static struct as *any_as(const struct task *t)
{
	struct thread *thread;

	list_for_each(thread, &t->threads, task_link)
		if (thread->as)
			return thread->as;
	return NULL;
}

/* Resident pages and page tables without a reference: only to compare. */
static u64 task_pages(struct task *t)
{
	u64 irqflags = sig_lock(t), pages;
	const struct as *as = any_as(t);

	pages = as ? as_resident_pages(as) + as->pgtable.nr_tables : 0;
	sig_unlock(t, irqflags);
	return pages;
}

static int consider(struct task *t, void *arg)
{
	struct choice *c = arg;
	u64 pages;
	bool is_ending = t->is_exiting && !READ_ONCE(t->dump); /* a dump may take for ever */
	s64 score;

	if (task_is_ns_init(t) || t->oom_score_adj <= -1000 || t->is_zombie)
		return 0;
	pages = task_pages(t);
	if (!pages)
		return 0;
	c->is_waiting = c->is_patient && t->pid->ino == last_victim;
	c->is_under_way |= is_ending || c->is_waiting;
	if (is_ending || c->is_waiting)
		return c->is_waiting;
	score = (s64)pages + t->oom_score_adj * (s64)(c->total_pages / 1000);
	if (!c->victim || score > c->score) {
		c->victim = t;
		c->score = score;
	}
	return 0;
}

void oom_kill(void)
{
	struct mem_stats mem;
	struct choice c = { 0 };
	u64 now = clock_ns(), next = atomic_load_explicit(&next_choice_ns, memory_order_relaxed);

	if (now < next || !atomic_compare_exchange_strong(&next_choice_ns, &next, now + PAUSE_NS)) {
		(void)thread_sleep_until(now + CROWD_PAUSE_NS);
		return;
	}
	if (as_is_any_dying()) { /* its memory is nobody's any more, and free in a moment */
		(void)thread_sleep_until(now + PAUSE_NS);
		return;
	}
	mem_stats(&mem);
	c.total_pages = mem.total_pages;
	rwspin_read_lock(&tasks_lock);
	c.is_patient =
		now - atomic_load_explicit(&last_kill_ns, memory_order_relaxed) < PATIENCE_NS;
	task_for_each(consider, &c);
	if (c.victim && !c.is_waiting) {
		atomic_store_explicit(&last_kill_ns, now, memory_order_relaxed);
		last_victim = c.victim->pid->ino;
		pr_err("out of memory: killing process %d (%s)",
		       pid_nr_in(c.victim->pid, &pidns_initial), c.victim->leader->comm);
		signal_send_task(c.victim, SIGKILL, NULL);
	}
	rwspin_read_unlock(&tasks_lock);
	if (!c.is_under_way && !c.victim)
		panic("out of memory, and no process to kill");
	(void)thread_sleep_until(now + PAUSE_NS); /* the caller tries again */
}

/* ---- process_mrelease */

/* Non-zero: t has that memory, and goes on living, or its dump is being made. */
static int lives_in(struct task *t, void *as)
{
	u64 irqflags = sig_lock(t);
	bool is = any_as(t) == as && (t->dump || (!t->is_exiting && t->nr_live));

	sig_unlock(t, irqflags);
	return is;
}

int oom_release(struct task *t)
{
	struct as *as;
	u64 irqflags;
	int err;

	rwspin_read_lock(&tasks_lock);
	irqflags = sig_lock(t);
	as = any_as(t);
	if (as)
		as_get(as);
	sig_unlock(t, irqflags);
	err = !as ? -ESRCH : task_for_each(lives_in, as) ? -EINVAL : 0;
	rwspin_read_unlock(&tasks_lock);
	if (!err && fatal_signal_pending_current())
		err = -EINTR;
	if (!err)
		as_release(as);
	if (as)
		as_put(as);
	return err;
}
