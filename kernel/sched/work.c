/*
 * The work thread: does for interrupt handlers what needs a thread.
 *
 * Owns: one queue, served in order by one kernel thread. A struct work belongs to its maker; it is
 *   off the queue, and may be queued again, from just before its function runs.
 * Locks: WORK (interrupts off); none is held while a function runs.
 */
#include "kernel/sched/work.h"

#include "kernel/debug/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait.h"

static struct spinlock work_lock = SPINLOCK_INIT(RANK_WORK);
static struct list work_list = LIST_INIT(work_list);
static struct wait_queue work_wait = WAIT_QUEUE_INIT(work_wait);

void work_setup(struct work *w, void (*fn)(struct work *))
{
	list_init(&w->link);
	w->fn = fn;
	w->is_queued = false;
}

void work_queue(struct work *w)
{
	u64 irqflags;

	if (atomic_exchange(&w->is_queued, true))
		return;
	irqflags = spin_lock_irqsave(&work_lock);
	list_add_tail(&w->link, &work_list);
	spin_unlock_irqrestore(&work_lock, irqflags);
	wake_one(&work_wait);
}

static struct work *work_take(void)
{
	struct work *w = NULL;
	u64 irqflags = spin_lock_irqsave(&work_lock);

	if (!list_empty(&work_list)) {
		w = list_first(&work_list, struct work, link);
		list_del_init(&w->link);
	}
	spin_unlock_irqrestore(&work_lock, irqflags);
	return w;
}

static __noreturn void work_main(void *unused)
{
	struct work *w;

	for (;;) {
		wait_event(&work_wait, (w = work_take()) != NULL);
		atomic_store(&w->is_queued, false);
		w->fn(w);
		cond_resched();
	}
}

void work_init(void)
{
	if (kthread_start("kworker", work_main, NULL))
		panic("no memory for the work thread");
}
