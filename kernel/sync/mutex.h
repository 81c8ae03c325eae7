/*
 * Mutex: a sleeping lock with one holder, handed over in order of arrival.
 */
#pragma once

#include <stdatomic.h>

#include "lib/base.h"

#include "kernel/sync/wait.h"

struct CAPABILITY("mutex") mutex {
	_Atomic u32 state; /* enum mutex_state */
	struct lock_waiters waiters;
#ifdef CONFIG_DEBUG
	struct lockcheck_lock check;
#endif
};

enum mutex_state { MUTEX_FREE, MUTEX_LOCKED, MUTEX_CONTENDED /* locked, and somebody waits */ };

#define MUTEX_INIT(r)                                                                              \
	{                                                                                          \
		.waiters = LOCK_WAITERS_INIT, LOCKCHECK_LOCK(r)                                    \
	}

void mutex_init(struct mutex *m, enum lockrank rank);

/* Slow paths. */
int mutex_lock_slow(struct mutex *m, enum block_state state);
void mutex_unlock_slow(struct mutex *m);

static inline bool mutex_try_raw(struct mutex *m)
{
	u32 expected = MUTEX_FREE;

	return atomic_compare_exchange_strong_explicit(&m->state, &expected, MUTEX_LOCKED,
						       memory_order_acquire, memory_order_relaxed);
}

static inline void mutex_release_raw(struct mutex *m)
{
	u32 expected = MUTEX_LOCKED;

	if (unlikely(!atomic_compare_exchange_strong_explicit(
		    &m->state, &expected, MUTEX_FREE, memory_order_release, memory_order_relaxed)))
		mutex_unlock_slow(m);
}

/* Context: may sleep; no spin lock held. mutex_unlock() may be called with spin locks held.
 * mutex_lock_killable(): 0, or -EINTR on a fatal signal. _nested: same rank, see lockrank.h. */
#ifdef CONFIG_DEBUG

void mutex_lock(struct mutex *m) ACQUIRE(m);
void mutex_lock_nested(struct mutex *m) ACQUIRE(m);
int mutex_lock_killable(struct mutex *m) TRY_ACQUIRE(0, m) __must_check;
bool mutex_trylock(struct mutex *m) TRY_ACQUIRE(true, m);
void mutex_unlock(struct mutex *m) RELEASE(m);
void mutex_assert_held(const struct mutex *m); /* by this thread */

#else

static inline void mutex_lock(struct mutex *m)
{
	if (unlikely(!mutex_try_raw(m)))
		mutex_lock_slow(m, BLOCK_UNINTERRUPTIBLE);
}

static inline void mutex_lock_nested(struct mutex *m)
{
	mutex_lock(m);
}

static inline __must_check int mutex_lock_killable(struct mutex *m)
{
	return likely(mutex_try_raw(m)) ? 0 : mutex_lock_slow(m, BLOCK_KILLABLE);
}

static inline bool mutex_trylock(struct mutex *m)
{
	return mutex_try_raw(m);
}

static inline void mutex_unlock(struct mutex *m)
{
	mutex_release_raw(m);
}

static inline void mutex_assert_held(const struct mutex *m)
{
}

#endif

/* Two of one rank, the lower address first, as their rank's tie-break has to say. a == b: one. */
static inline void mutex_lock_two(struct mutex *a, struct mutex *b)
{
	mutex_lock(a < b ? a : b);
	if (a != b)
		mutex_lock_nested(a < b ? b : a);
}

static inline void mutex_unlock_two(struct mutex *a, struct mutex *b)
{
	mutex_unlock(a);
	if (a != b)
		mutex_unlock(b);
}

/* Somebody holds it; a hint. */
static inline bool mutex_is_locked(const struct mutex *m)
{
	return atomic_load_explicit(&m->state, memory_order_relaxed) != MUTEX_FREE;
}
