/*
 * Mutexes: the contended paths, and the checked forms of debug kernels.
 *
 * Invariant: MUTEX_CONTENDED says that the queue is not empty, and changes only under waiters.lock;
 *   only FREE <-> LOCKED goes without it. Unlocking with waiters hands the lock to the first: it is
 *   never free in between, so nobody overtakes the queue.
 * Locks: waiters.lock (WAITQ).
 */
#include "kernel/sync/mutex.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"

void mutex_init(struct mutex *m, enum lockrank rank)
{
	*m = (struct mutex)MUTEX_INIT(rank);
}

int mutex_lock_slow(struct mutex *m, enum block_state state)
{
	struct lock_waiter w = { .thread = current };
	u64 irqflags = spin_lock_irqsave(&m->waiters.lock);
	int err;

	if (atomic_exchange_explicit(&m->state, MUTEX_CONTENDED, memory_order_acquire) ==
	    MUTEX_FREE) {
		atomic_store_explicit(&m->state, MUTEX_LOCKED, memory_order_relaxed);
		spin_unlock_irqrestore(&m->waiters.lock, irqflags);
		return 0;
	}
	lock_waiters_add(&m->waiters, &w);
	spin_unlock_irqrestore(&m->waiters.lock, irqflags);

	err = lock_waiter_block(&w, state);

	irqflags = spin_lock_irqsave(&m->waiters.lock);
	if (atomic_load_explicit(&w.is_granted, memory_order_relaxed)) {
		err = 0;
	} else {
		lock_waiters_remove(&m->waiters, &w);
		if (!m->waiters.first)
			atomic_store_explicit(&m->state, MUTEX_LOCKED, memory_order_relaxed);
	}
	spin_unlock_irqrestore(&m->waiters.lock, irqflags);
	return err;
}

void mutex_unlock_slow(struct mutex *m)
{
	u64 irqflags = spin_lock_irqsave(&m->waiters.lock);
	struct lock_waiter *first = m->waiters.first;

	if (first) {
		atomic_store_explicit(&m->state, first->next ? MUTEX_CONTENDED : MUTEX_LOCKED,
				      memory_order_relaxed);
		lock_waiters_grant(&m->waiters);
	} else {
		/* The last waiter was killed since the caller saw CONTENDED. */
		atomic_store_explicit(&m->state, MUTEX_FREE, memory_order_release);
	}
	spin_unlock_irqrestore(&m->waiters.lock, irqflags);
}

#ifdef CONFIG_DEBUG

#define CALLER ((u64)__builtin_return_address(0))

LOCK_FUNCTIONS_BEGIN

static void mutex_acquire(struct mutex *m, unsigned int flags, u64 ip)
{
	lockcheck_sleep_acquire(&m->check, m, flags, ip);
	if (!mutex_try_raw(m))
		mutex_lock_slow(m, BLOCK_UNINTERRUPTIBLE);
}

void mutex_lock(struct mutex *m)
{
	mutex_acquire(m, 0, CALLER);
}

void mutex_lock_nested(struct mutex *m)
{
	mutex_acquire(m, LOCKCHECK_NESTED, CALLER);
}

int mutex_lock_killable(struct mutex *m)
{
	int err = 0;

	lockcheck_sleep_acquire(&m->check, m, 0, CALLER);
	if (!mutex_try_raw(m))
		err = mutex_lock_slow(m, BLOCK_KILLABLE);
	if (err)
		lockcheck_sleep_release(&m->check, m);
	return err;
}

bool mutex_trylock(struct mutex *m)
{
	if (!mutex_try_raw(m))
		return false;
	lockcheck_sleep_acquire(&m->check, m, LOCKCHECK_TRY, CALLER);
	return true;
}

void mutex_unlock(struct mutex *m)
{
	lockcheck_sleep_release(&m->check, m);
	mutex_release_raw(m);
}

void mutex_assert_held(const struct mutex *m)
{
	lockcheck_assert_held(lockcheck_sleep_is_held(m), m, CALLER);
}

LOCK_FUNCTIONS_END

#endif
