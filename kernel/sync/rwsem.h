/*
 * Rwsem: a sleeping lock for many readers or one writer, served in order of arrival, so that new
 * readers queue behind a waiting writer and nobody starves.
 */
#pragma once

#include <stdatomic.h>

#include "lib/base.h"

#include "kernel/sync/wait.h"

struct CAPABILITY("rwsem") rwsem {
	_Atomic u64 state; /* RWSEM_* bits and readers */
	struct lock_waiters waiters;
#ifdef CONFIG_DEBUG
	struct lockcheck_lock check;
#endif
};

#define RWSEM_WRITER  1ull /* held for writing */
#define RWSEM_WAITERS 2ull /* the queue is not empty: only its lock's holder may grant */
#define RWSEM_READER  4ull /* one reader */

#define RWSEM_INIT(r)                                                                              \
	{                                                                                          \
		.waiters = LOCK_WAITERS_INIT, LOCKCHECK_LOCK(r)                                    \
	}

void rwsem_init(struct rwsem *sem, enum lockrank rank);

/* Slow paths. */
int rwsem_lock_slow(struct rwsem *sem, bool is_writer, enum block_state state);
void rwsem_wake(struct rwsem *sem);

static inline bool rwsem_try_read_raw(struct rwsem *sem)
{
	u64 state = atomic_load_explicit(&sem->state, memory_order_relaxed);

	while (likely(!(state & (RWSEM_WRITER | RWSEM_WAITERS))))
		if (likely(atomic_compare_exchange_weak_explicit(
			    &sem->state, &state, state + RWSEM_READER, memory_order_acquire,
			    memory_order_relaxed)))
			return true;
	return false;
}

static inline bool rwsem_try_write_raw(struct rwsem *sem)
{
	u64 expected = 0;

	return atomic_compare_exchange_strong_explicit(&sem->state, &expected, RWSEM_WRITER,
						       memory_order_acquire, memory_order_relaxed);
}

static inline void rwsem_release_read_raw(struct rwsem *sem)
{
	u64 old = atomic_fetch_sub_explicit(&sem->state, RWSEM_READER, memory_order_release);

	if (unlikely(old == (RWSEM_READER | RWSEM_WAITERS)))
		rwsem_wake(sem);
}

static inline void rwsem_release_write_raw(struct rwsem *sem)
{
	u64 old = atomic_fetch_sub_explicit(&sem->state, RWSEM_WRITER, memory_order_release);

	if (unlikely(old & RWSEM_WAITERS))
		rwsem_wake(sem);
}

/* Context: may sleep; no spin lock held. Unlocking may be done with spin locks held. Reading does
 * not nest: a writer may wait between. _killable: 0, or -EINTR on a fatal signal. */
#ifdef CONFIG_DEBUG

void rwsem_read_lock(struct rwsem *sem) ACQUIRE_SHARED(sem);
int rwsem_read_lock_killable(struct rwsem *sem) __must_check;
bool rwsem_read_trylock(struct rwsem *sem);
void rwsem_read_unlock(struct rwsem *sem) RELEASE_SHARED(sem);
void rwsem_write_lock(struct rwsem *sem) ACQUIRE(sem);
void rwsem_write_lock_nested(struct rwsem *sem) ACQUIRE(sem);
int rwsem_write_lock_killable(struct rwsem *sem) __must_check;
bool rwsem_write_trylock(struct rwsem *sem);
void rwsem_write_unlock(struct rwsem *sem) RELEASE(sem);
void rwsem_assert_write_held(const struct rwsem *sem); /* for writing, by this thread */

#else

static inline void rwsem_read_lock(struct rwsem *sem)
{
	if (unlikely(!rwsem_try_read_raw(sem)))
		rwsem_lock_slow(sem, false, BLOCK_UNINTERRUPTIBLE);
}

static inline __must_check int rwsem_read_lock_killable(struct rwsem *sem)
{
	return likely(rwsem_try_read_raw(sem)) ? 0 : rwsem_lock_slow(sem, false, BLOCK_KILLABLE);
}

static inline bool rwsem_read_trylock(struct rwsem *sem)
{
	return rwsem_try_read_raw(sem);
}

static inline void rwsem_read_unlock(struct rwsem *sem)
{
	rwsem_release_read_raw(sem);
}

static inline void rwsem_write_lock(struct rwsem *sem)
{
	if (unlikely(!rwsem_try_write_raw(sem)))
		rwsem_lock_slow(sem, true, BLOCK_UNINTERRUPTIBLE);
}

static inline void rwsem_write_lock_nested(struct rwsem *sem)
{
	rwsem_write_lock(sem);
}

static inline __must_check int rwsem_write_lock_killable(struct rwsem *sem)
{
	return likely(rwsem_try_write_raw(sem)) ? 0 : rwsem_lock_slow(sem, true, BLOCK_KILLABLE);
}

static inline bool rwsem_write_trylock(struct rwsem *sem)
{
	return rwsem_try_write_raw(sem);
}

static inline void rwsem_write_unlock(struct rwsem *sem)
{
	rwsem_release_write_raw(sem);
}

static inline void rwsem_assert_write_held(const struct rwsem *sem)
{
}

#endif
