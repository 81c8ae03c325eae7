/*
 * Wait queues, and the waiter lists of sleeping locks.
 *
 * Owns: the rule of how a thread blocks and is woken (DOC: wait-ordering in wait.h).
 * Life: an entry is its waiter's, mostly on its stack; only the waiter takes it off the queue,
 *   under the queue's lock, so a waker that holds the lock may use the entry and the thread in it.
 *   Why woken entries stay queued: thread_wake() says whether it changed anything, so a second
 *   wake_one passes over a thread that is awake already but has not run yet, and wakes the next.
 * Locks: queue->lock (WAITQ), interrupts off: handlers wake. Below it, callbacks may take EPREADY
 *   and the scheduler RUNQ. Lock waiters are different: the one who unlocks takes the first waiter
 *   out and hands the lock over. Once is_granted is set the waiter may run, so it takes
 *   waiters->lock once more before it leaves: until then its entry, its thread and the lock itself
 *   stay where the granter uses them.
 */
#include "kernel/sync/wait.h"

#include <linux/errno.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"

void wait_queue_init(struct wait_queue *wq)
{
	spin_init(&wq->lock, RANK_WAITQ);
	list_init(&wq->entries);
}

void wait_entry_init(struct wait_entry *entry)
{
	*entry = (struct wait_entry){ .thread = current, .key = WAKE_ANY_KEY };
	list_init(&entry->link);
}

void wait_add(struct wait_queue *wq, struct wait_entry *entry)
{
	u64 irqflags = spin_lock_irqsave(&wq->lock);

	list_add_tail(&entry->link, &wq->entries);
	spin_unlock_irqrestore(&wq->lock, irqflags);
	smp_mb();
}

void wait_remove(struct wait_queue *wq, struct wait_entry *entry)
{
	u64 irqflags = spin_lock_irqsave(&wq->lock);

	list_del_init(&entry->link);
	spin_unlock_irqrestore(&wq->lock, irqflags);
}

static void wake_entries(struct wait_queue *wq, u32 key, unsigned int max_exclusive)
{
	struct wait_entry *entry, *next;

	list_for_each_safe(entry, next, &wq->entries, link) {
		if (!(entry->key & key))
			continue;
		if (!(entry->wake ? entry->wake(entry, key) : thread_wake(entry->thread)))
			continue;
		if (entry->is_exclusive && --max_exclusive == 0)
			break;
	}
}

void wake_queue(struct wait_queue *wq, u32 key, unsigned int max_exclusive)
{
	u64 irqflags = spin_lock_irqsave(&wq->lock);

	wake_entries(wq, key, max_exclusive);
	spin_unlock_irqrestore(&wq->lock, irqflags);
}

void wake_queue_nested(struct wait_queue *wq, u32 key)
{
	u64 irqflags;

	if (!wait_queue_active(wq))
		return;
	irqflags = spin_lock_irqsave_nested(&wq->lock);
	wake_entries(wq, key, 1);
	spin_unlock_irqrestore(&wq->lock, irqflags);
}

void wait_begin(struct wait_queue *wq, struct wait_entry *entry)
{
	lockcheck_might_sleep();
	wait_entry_init(entry);
	wait_add(wq, entry);
}

void wait_end(struct wait_queue *wq, struct wait_entry *entry)
{
	thread_cancel_block();
	wait_remove(wq, entry);
}

int wait_block(enum block_state state, u64 deadline_ns)
{
	if (state == BLOCK_INTERRUPTIBLE && signal_pending_current())
		return -ERESTARTSYS;
	if (state == BLOCK_KILLABLE && fatal_signal_pending_current())
		return -ERESTARTSYS;
	if (deadline_ns != WAIT_FOREVER && clock_ns() >= deadline_ns)
		return -ETIME;
	thread_block(deadline_ns);
	return 0;
}

void lock_waiters_add(struct lock_waiters *waiters, struct lock_waiter *w)
{
	w->next = NULL;
	if (waiters->last)
		waiters->last->next = w;
	else
		waiters->first = w;
	waiters->last = w;
}

void lock_waiters_remove(struct lock_waiters *waiters, struct lock_waiter *w)
{
	struct lock_waiter *prev = NULL, *at;

	for (at = waiters->first; at != w; at = at->next)
		prev = at;
	if (prev)
		prev->next = w->next;
	else
		waiters->first = w->next;
	if (waiters->last == w)
		waiters->last = prev;
}

void lock_waiters_grant(struct lock_waiters *waiters)
{
	struct lock_waiter *w = waiters->first;
	struct thread *thread = w->thread;

	waiters->first = w->next;
	if (!waiters->first)
		waiters->last = NULL;
	atomic_store_explicit(&w->is_granted, true, memory_order_seq_cst);
	thread_wake(thread);
}

int lock_waiter_block(struct lock_waiter *w, enum block_state state)
{
	int err = 0;

	for (;;) {
		thread_prepare_to_block(state);
		if (atomic_load_explicit(&w->is_granted, memory_order_acquire))
			break;
		if (state == BLOCK_KILLABLE && fatal_signal_pending_current()) {
			err = -EINTR;
			break;
		}
		thread_block(WAIT_FOREVER);
	}
	thread_cancel_block();
	return err;
}
