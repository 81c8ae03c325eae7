/*
 * Spin locks: test and set, with good manners; and a reader/writer form for tasks_lock.
 *
 * The holder must not sleep. A lock whose rank is SPIN_IRQ is taken with interrupts off.
 */
#pragma once

#include <stdatomic.h>

#include "lib/base.h"

#include "arch/x86_64/cpu.h"

#include "kernel/sync/lockcheck.h"

struct CAPABILITY("spinlock") spinlock {
	_Atomic u8 held;
	_Atomic u8 waiting; /* somebody has waited for long: newcomers stand back a while */
#ifdef CONFIG_DEBUG
	struct lockcheck_lock check;
#endif
};

#define SPINLOCK_INIT(r)                                                                           \
	{                                                                                          \
		LOCKCHECK_LOCK(r)                                                                  \
	}

void spin_wait(struct spinlock *lock); /* until it is taken */

static inline void spin_init(struct spinlock *lock, enum lockrank rank)
{
	*lock = (struct spinlock)SPINLOCK_INIT(rank);
}

static inline bool spin_try_raw(struct spinlock *lock)
{
	return !atomic_exchange_explicit(&lock->held, 1, memory_order_acquire);
}

static inline void spin_acquire_raw(struct spinlock *lock)
{
	if (unlikely(atomic_load_explicit(&lock->waiting, memory_order_relaxed)) ||
	    unlikely(!spin_try_raw(lock)))
		spin_wait(lock);
}

static inline void spin_release_raw(struct spinlock *lock)
{
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#ifdef CONFIG_DEBUG

void spin_lock(struct spinlock *lock) ACQUIRE(lock);
void spin_lock_nested(struct spinlock *lock) ACQUIRE(lock);
bool spin_trylock(struct spinlock *lock) TRY_ACQUIRE(true, lock);
void spin_unlock(struct spinlock *lock) RELEASE(lock);
u64 spin_lock_irqsave(struct spinlock *lock) ACQUIRE(lock);
u64 spin_lock_irqsave_nested(struct spinlock *lock) ACQUIRE(lock);
void spin_unlock_irqrestore(struct spinlock *lock, u64 irqflags) RELEASE(lock);
bool spin_is_held(const struct spinlock *lock); /* by this CPU */
void spin_assert_held(const struct spinlock *lock);

#else

static inline void spin_lock(struct spinlock *lock)
{
	spin_acquire_raw(lock);
}

/* A second lock of the same rank; the caller follows the tie-break of lockrank.h. */
static inline void spin_lock_nested(struct spinlock *lock)
{
	spin_acquire_raw(lock);
}

static inline bool spin_trylock(struct spinlock *lock)
{
	return spin_try_raw(lock);
}

static inline void spin_unlock(struct spinlock *lock)
{
	spin_release_raw(lock);
}

/* Returns what spin_unlock_irqrestore() needs. */
static inline u64 spin_lock_irqsave(struct spinlock *lock)
{
	u64 irqflags = irq_save();

	spin_acquire_raw(lock);
	return irqflags;
}

static inline u64 spin_lock_irqsave_nested(struct spinlock *lock)
{
	return spin_lock_irqsave(lock);
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, u64 irqflags)
{
	spin_release_raw(lock);
	irq_restore(irqflags);
}

static inline void spin_assert_held(const struct spinlock *lock)
{
}

#endif

/*
 * rwspin: many readers or one writer. Never taken in an interrupt handler; a waiting writer holds
 * back new readers for a while.
 */
struct CAPABILITY("rwspin") rwspin {
	_Atomic u32 state; /* RWSPIN_* bits and readers */
#ifdef CONFIG_DEBUG
	struct lockcheck_lock check;
#endif
};

#define RWSPIN_INIT(r)                                                                             \
	{                                                                                          \
		LOCKCHECK_LOCK(r)                                                                  \
	}

#define RWSPIN_WRITER  1u /* held for writing */
#define RWSPIN_WAITING 2u /* a writer waits */
#define RWSPIN_READER  4u /* one reader */

void rwspin_read_lock(struct rwspin *lock) ACQUIRE_SHARED(lock);
void rwspin_read_unlock(struct rwspin *lock) RELEASE_SHARED(lock);
void rwspin_write_lock(struct rwspin *lock) ACQUIRE(lock);
void rwspin_write_unlock(struct rwspin *lock) RELEASE(lock);

#ifdef CONFIG_DEBUG
void rwspin_assert_held(const struct rwspin *lock); /* for reading or writing */
void rwspin_assert_write_held(const struct rwspin *lock); /* for writing */
#else
static inline void rwspin_assert_held(const struct rwspin *lock)
{
}
static inline void rwspin_assert_write_held(const struct rwspin *lock)
{
}
#endif
