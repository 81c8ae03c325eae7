/*
 * Rwsems: the contended paths, and the checked forms of debug kernels.
 *
 * Invariant: RWSEM_WAITERS says that the queue is not empty (or its lock's holder is about to find
 *   out). While it is set nobody acquires without waiters.lock, so under that lock the state can
 * only lose holders, and whoever releases the last one comes to rwsem_wake(). The queue is served
 * from its head: one writer, or as many readers as stand there in a row. Locks: waiters.lock
 * (WAITQ).
 */
#include "kernel/sync/rwsem.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"

void rwsem_init(struct rwsem *sem, enum lockrank rank)
{
	*sem = (struct rwsem)RWSEM_INIT(rank);
}

/* Hands the lock to whoever may have it now. REQUIRES(sem->waiters.lock). */
static void rwsem_grant(struct rwsem *sem)
{
	struct lock_waiter *first;

	while ((first = sem->waiters.first)) {
		/* Acquire: what the last holders did, on behalf of the waiter that gets it. */
		u64 state = atomic_load_explicit(&sem->state, memory_order_acquire);

		if (state & (first->is_writer ? ~RWSEM_WAITERS : RWSEM_WRITER))
			return;
		atomic_fetch_add_explicit(&sem->state,
					  first->is_writer ? RWSEM_WRITER : RWSEM_READER,
					  memory_order_relaxed);
		lock_waiters_grant(&sem->waiters);
	}
	atomic_fetch_and_explicit(&sem->state, ~RWSEM_WAITERS, memory_order_relaxed);
}

int rwsem_lock_slow(struct rwsem *sem, bool is_writer, enum block_state state)
{
	struct lock_waiter w = { .thread = current, .is_writer = is_writer };
	u64 irqflags = spin_lock_irqsave(&sem->waiters.lock);
	int err;

	atomic_fetch_or_explicit(&sem->state, RWSEM_WAITERS, memory_order_relaxed);
	lock_waiters_add(&sem->waiters, &w);
	rwsem_grant(sem);
	spin_unlock_irqrestore(&sem->waiters.lock, irqflags);

	err = lock_waiter_block(&w, state);

	irqflags = spin_lock_irqsave(&sem->waiters.lock);
	if (atomic_load_explicit(&w.is_granted, memory_order_relaxed)) {
		err = 0;
	} else {
		lock_waiters_remove(&sem->waiters, &w);
		rwsem_grant(sem); /* readers behind a writer that gave up */
	}
	spin_unlock_irqrestore(&sem->waiters.lock, irqflags);
	return err;
}

void rwsem_wake(struct rwsem *sem)
{
	u64 irqflags = spin_lock_irqsave(&sem->waiters.lock);

	rwsem_grant(sem);
	spin_unlock_irqrestore(&sem->waiters.lock, irqflags);
}

#ifdef CONFIG_DEBUG

#define CALLER ((u64)__builtin_return_address(0))

LOCK_FUNCTIONS_BEGIN

static int rwsem_acquire(struct rwsem *sem, bool is_writer, unsigned int flags,
			 enum block_state state, u64 ip)
{
	int err = 0;

	lockcheck_sleep_acquire(&sem->check, sem, flags, ip);
	if (!(is_writer ? rwsem_try_write_raw(sem) : rwsem_try_read_raw(sem)))
		err = rwsem_lock_slow(sem, is_writer, state);
	if (err)
		lockcheck_sleep_release(&sem->check, sem);
	return err;
}

void rwsem_read_lock(struct rwsem *sem)
{
	rwsem_acquire(sem, false, 0, BLOCK_UNINTERRUPTIBLE, CALLER);
}

int rwsem_read_lock_killable(struct rwsem *sem)
{
	return rwsem_acquire(sem, false, 0, BLOCK_KILLABLE, CALLER);
}

bool rwsem_read_trylock(struct rwsem *sem)
{
	if (!rwsem_try_read_raw(sem))
		return false;
	lockcheck_sleep_acquire(&sem->check, sem, LOCKCHECK_TRY, CALLER);
	return true;
}

void rwsem_read_unlock(struct rwsem *sem)
{
	lockcheck_sleep_release(&sem->check, sem);
	rwsem_release_read_raw(sem);
}

void rwsem_write_lock(struct rwsem *sem)
{
	rwsem_acquire(sem, true, 0, BLOCK_UNINTERRUPTIBLE, CALLER);
}

void rwsem_write_lock_nested(struct rwsem *sem)
{
	rwsem_acquire(sem, true, LOCKCHECK_NESTED, BLOCK_UNINTERRUPTIBLE, CALLER);
}

int rwsem_write_lock_killable(struct rwsem *sem)
{
	return rwsem_acquire(sem, true, 0, BLOCK_KILLABLE, CALLER);
}

bool rwsem_write_trylock(struct rwsem *sem)
{
	if (!rwsem_try_write_raw(sem))
		return false;
	lockcheck_sleep_acquire(&sem->check, sem, LOCKCHECK_TRY, CALLER);
	return true;
}

void rwsem_write_unlock(struct rwsem *sem)
{
	lockcheck_sleep_release(&sem->check, sem);
	rwsem_release_write_raw(sem);
}

void rwsem_assert_write_held(const struct rwsem *sem)
{
	bool is_writing = atomic_load_explicit(&sem->state, memory_order_relaxed) & RWSEM_WRITER;

	lockcheck_assert_held(is_writing && lockcheck_sleep_is_held(sem), sem, CALLER);
}

LOCK_FUNCTIONS_END

#endif
