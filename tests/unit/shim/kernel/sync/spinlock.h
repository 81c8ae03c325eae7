/*
 * Spin locks as pthread locks, which ThreadSanitizer understands.
 */
#pragma once

#ifdef SPINLOCK_UNDER_TEST
#include "../../../../../kernel/sync/spinlock.h"
#else

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base.h"

#include "arch/x86_64/cpu.h"

#include "kernel/sync/lockcheck.h"

struct spinlock {
	pthread_mutex_t host;
};

#define SPINLOCK_INIT(r)                           \
	{                                          \
		.host = PTHREAD_MUTEX_INITIALIZER  \
	}

static inline void spin_init(struct spinlock *lock, enum lockrank rank)
{
	pthread_mutex_init(&lock->host, NULL);
}
static inline void spin_lock(struct spinlock *lock)
{
	pthread_mutex_lock(&lock->host);
}
static inline void spin_lock_nested(struct spinlock *lock)
{
	pthread_mutex_lock(&lock->host);
}
static inline bool spin_trylock(struct spinlock *lock)
{
	return pthread_mutex_trylock(&lock->host) == 0;
}
static inline void spin_unlock(struct spinlock *lock)
{
	pthread_mutex_unlock(&lock->host);
}
static inline u64 spin_lock_irqsave(struct spinlock *lock)
{
	pthread_mutex_lock(&lock->host);
	return 0;
}
static inline u64 spin_lock_irqsave_nested(struct spinlock *lock)
{
	return spin_lock_irqsave(lock);
}
static inline void spin_unlock_irqrestore(struct spinlock *lock, u64 irqflags)
{
	pthread_mutex_unlock(&lock->host);
}
static inline bool spin_is_held(const struct spinlock *lock)
{
	return true;
}
static inline void spin_assert_held(const struct spinlock *lock)
{
}

struct rwspin {
	pthread_rwlock_t host;
};

#define RWSPIN_INIT(r)                              \
	{                                           \
		.host = PTHREAD_RWLOCK_INITIALIZER  \
	}

static inline void rwspin_init(struct rwspin *lock, enum lockrank rank)
{
	pthread_rwlock_init(&lock->host, NULL);
}
static inline void rwspin_read_lock(struct rwspin *lock)
{
	pthread_rwlock_rdlock(&lock->host);
}
static inline void rwspin_read_unlock(struct rwspin *lock)
{
	pthread_rwlock_unlock(&lock->host);
}
static inline void rwspin_write_lock(struct rwspin *lock)
{
	pthread_rwlock_wrlock(&lock->host);
}
static inline void rwspin_write_unlock(struct rwspin *lock)
{
	pthread_rwlock_unlock(&lock->host);
}
static inline void rwspin_assert_held(const struct rwspin *lock)
{
}
static inline void rwspin_assert_write_held(const struct rwspin *lock)
{
}

#endif
