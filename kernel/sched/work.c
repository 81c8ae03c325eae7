/*
 * The work thread: does for interrupt handlers what needs a thread. And for those who hold locks,
 * what needs an interrupt.
 *
 * Owns: one queue, served in order by one kernel thread. A struct work belongs to its maker; it is
 *   off the queue, and may be queued again, from just before its function runs.
 * Locks: WORK (interrupts off); none is held while a function runs.
 */
#include "kernel/sched/work.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/upcalls.h"
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

/* True: the thread is to be woken. */
static bool enqueue(struct work *w)
{
	u64 irqflags;

	if (atomic_exchange(&w->is_queued, true))
		return false;
	irqflags = spin_lock_irqsave(&work_lock);
	list_add_tail(&w->link, &work_list);
	spin_unlock_irqrestore(&work_lock, irqflags);
	return true;
}

void work_queue(struct work *w)
{
	if (enqueue(w))
		wake_one(&work_wait);
}

void work_queue_nested(struct work *w)
{
	if (enqueue(w))
		wake_queue_nested(&work_wait, WAKE_ANY_KEY);
}

/* ---- In an interrupt */

static void (*_Atomic poke_fn)(void);

void work_poke(void (*fn)(void))
{
	atomic_store_explicit(&poke_fn, fn, memory_order_release);
	apic_ipi(cpu_id(), VECTOR_RESCHED);
}

/* Mostly, that it came is all: it ends a nap, and on the way out work_flags are looked at. */
void upcall_ipi_resched(void)
{
	void (*fn)(void) = NULL;

	if (unlikely(atomic_load_explicit(&poke_fn, memory_order_relaxed)))
		fn = atomic_exchange_explicit(&poke_fn, NULL, memory_order_acquire);
	if (unlikely(fn))
		fn();
}

/* ---- In a thread */

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
