/*
 * Thin names over <stdatomic.h>, and the raw spinlock for code below the lock checker.
 */
#pragma once

#include <stdatomic.h>

#include "lib/base.h"

#include "arch/x86_64/cpu.h"

/* Order this CPU's earlier stores before its later loads. */
static inline void smp_mb(void)
{
	__asm__ volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc");
}

/* One plain load or store, never torn or repeated. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define load_relaxed(p)     atomic_load_explicit(p, memory_order_relaxed)
#define load_acquire(p)     atomic_load_explicit(p, memory_order_acquire)
#define store_relaxed(p, v) atomic_store_explicit(p, v, memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit(p, v, memory_order_release)

/* Count up or down; true if the result, taken as signed, is positive. The compiler would fetch the
 * old value to find out; the flags know it. */
static inline bool atomic_inc_positive(_Atomic u32 *p)
{
	bool is_positive;

	__asm__ volatile("lock; incl %0" : "+m"(*p), "=@ccg"(is_positive)::"memory");
	return is_positive;
}

static inline bool atomic_dec_positive(_Atomic u32 *p)
{
	bool is_positive;

	__asm__ volatile("lock; decl %0" : "+m"(*p), "=@ccg"(is_positive)::"memory");
	return is_positive;
}

/* A lock with no owner, rank or checker: the log, and the machine layer itself. */
struct rawlock {
	_Atomic bool is_held;
};
#define RAWLOCK_INIT                                                                               \
	{                                                                                          \
		false                                                                              \
	}

static inline bool rawlock_try(struct rawlock *lock)
{
	return !atomic_exchange_explicit(&lock->is_held, true, memory_order_acquire);
}

static inline void rawlock_lock(struct rawlock *lock)
{
	while (!rawlock_try(lock))
		while (load_relaxed(&lock->is_held))
			cpu_relax();
}

static inline void rawlock_unlock(struct rawlock *lock)
{
	store_release(&lock->is_held, false);
}

/* The same with interrupts off. */
static inline u64 rawlock_lock_irqsave(struct rawlock *lock)
{
	u64 flags = irq_save();

	rawlock_lock(lock);
	return flags;
}

static inline void rawlock_unlock_irqrestore(struct rawlock *lock, u64 flags)
{
	rawlock_unlock(lock);
	irq_restore(flags);
}
