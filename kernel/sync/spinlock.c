/*
 * Spin locks: what is too long to inline, and the checked forms of debug kernels.
 *
 * Nothing here may depend on one waiter's running: under a hypervisor its CPU may be off the
 * machine for milliseconds, and a queue would stand behind it. So who comes when the lock is free
 * takes it, but stands back for SPIN_POLITE tries where somebody has waited as long: old waiters
 * go first when they are there to go. Each who sets waiting takes the lock later and clears it.
 * A rwspin is one word: a writer bit, a writer-waits bit, a count of readers. A reader adds itself
 * first and steps back if a writer holds or (for SPIN_POLITE tries) waits; so the word may show
 * readers that have not got the lock, and a writer only ever takes it from a word without any.
 * Waiting writers race.
 * Both spin with interrupts as the caller has them; cross-CPU calls are answered while spinning
 * with interrupts on.
 */
#include "kernel/sync/spinlock.h"

#include "arch/x86_64/percpu.h"

#include "kernel/debug/panic.h"

#define SPIN_POLITE 128 /* tries: longer than locks are held, if their holders run */

void spin_wait(struct spinlock *lock)
{
	for (u32 tries = 0; tries < SPIN_POLITE; tries++) {
		if (!atomic_load_explicit(&lock->waiting, memory_order_relaxed) &&
		    !atomic_load_explicit(&lock->held, memory_order_relaxed) && spin_try_raw(lock))
			return;
		cpu_relax();
	}
	do {
		cpu_relax();
		if (!atomic_load_explicit(&lock->waiting, memory_order_relaxed))
			atomic_store_explicit(&lock->waiting, 1, memory_order_relaxed);
	} while (atomic_load_explicit(&lock->held, memory_order_relaxed) || !spin_try_raw(lock));
	atomic_store_explicit(&lock->waiting, 0, memory_order_relaxed);
}

static bool rwspin_try_read(struct rwspin *lock, u32 barred)
{
	if (!(atomic_fetch_add_explicit(&lock->state, RWSPIN_READER, memory_order_acquire) &
	      barred))
		return true;
	atomic_fetch_sub_explicit(&lock->state, RWSPIN_READER, memory_order_relaxed);
	return false;
}

static __noinline void rwspin_wait_read(struct rwspin *lock)
{
	u32 barred = RWSPIN_WRITER | RWSPIN_WAITING, tries = 0;

	do {
		while (atomic_load_explicit(&lock->state, memory_order_relaxed) & barred) {
			cpu_relax();
			if (++tries == SPIN_POLITE)
				barred = RWSPIN_WRITER;
		}
	} while (!rwspin_try_read(lock, barred));
}

static void rwspin_acquire_read(struct rwspin *lock)
{
	if (unlikely(!rwspin_try_read(lock, RWSPIN_WRITER | RWSPIN_WAITING)))
		rwspin_wait_read(lock);
}

static void rwspin_acquire_write(struct rwspin *lock)
{
	u32 state = 0;

	while (!atomic_compare_exchange_strong_explicit(
		&lock->state, &state, RWSPIN_WRITER, memory_order_acquire, memory_order_relaxed)) {
		/* Other waiting writers set the bit again after one of them took it away. */
		if (state & ~RWSPIN_WAITING)
			state = atomic_fetch_or_explicit(&lock->state, RWSPIN_WAITING,
							 memory_order_relaxed) |
				RWSPIN_WAITING;
		if (state & ~RWSPIN_WAITING)
			cpu_relax();
		state &= RWSPIN_WAITING;
	}
}

static void rwspin_release_read(struct rwspin *lock)
{
	atomic_fetch_sub_explicit(&lock->state, RWSPIN_READER, memory_order_release);
}

static void rwspin_release_write(struct rwspin *lock)
{
	atomic_fetch_and_explicit(&lock->state, ~RWSPIN_WRITER, memory_order_release);
}

#ifndef CONFIG_DEBUG

void rwspin_read_lock(struct rwspin *lock)
{
	rwspin_acquire_read(lock);
}

void rwspin_read_unlock(struct rwspin *lock)
{
	rwspin_release_read(lock);
}

void rwspin_write_lock(struct rwspin *lock)
{
	rwspin_acquire_write(lock);
}

void rwspin_write_unlock(struct rwspin *lock)
{
	rwspin_release_write(lock);
}

#else

#define CALLER ((u64)__builtin_return_address(0))

LOCK_FUNCTIONS_BEGIN

void spin_lock(struct spinlock *lock)
{
	lockcheck_spin_acquire(&lock->check, lock, 0, CALLER);
	spin_acquire_raw(lock);
}

void spin_lock_nested(struct spinlock *lock)
{
	lockcheck_spin_acquire(&lock->check, lock, LOCKCHECK_NESTED, CALLER);
	spin_acquire_raw(lock);
}

bool spin_trylock(struct spinlock *lock)
{
	if (!spin_try_raw(lock))
		return false;
	lockcheck_spin_acquire(&lock->check, lock, LOCKCHECK_TRY, CALLER);
	return true;
}

void spin_unlock(struct spinlock *lock)
{
	lockcheck_spin_release(&lock->check, lock);
	spin_release_raw(lock);
}

u64 spin_lock_irqsave(struct spinlock *lock)
{
	u64 irqflags = irq_save();

	lockcheck_spin_acquire(&lock->check, lock, 0, CALLER);
	spin_acquire_raw(lock);
	return irqflags;
}

u64 spin_lock_irqsave_nested(struct spinlock *lock)
{
	u64 irqflags = irq_save();

	lockcheck_spin_acquire(&lock->check, lock, LOCKCHECK_NESTED, CALLER);
	spin_acquire_raw(lock);
	return irqflags;
}

void spin_unlock_irqrestore(struct spinlock *lock, u64 irqflags)
{
	assert(!irqs_enabled());
	lockcheck_spin_release(&lock->check, lock);
	spin_release_raw(lock);
	irq_restore(irqflags);
}

bool spin_is_held(const struct spinlock *lock)
{
	return lockcheck_spin_is_held(lock);
}

void spin_assert_held(const struct spinlock *lock)
{
	lockcheck_assert_held(lockcheck_spin_is_held(lock), lock, CALLER);
}

void rwspin_read_lock(struct rwspin *lock)
{
	assert(!in_interrupt());
	lockcheck_spin_acquire(&lock->check, lock, 0, CALLER);
	rwspin_acquire_read(lock);
}

void rwspin_read_unlock(struct rwspin *lock)
{
	lockcheck_spin_release(&lock->check, lock);
	rwspin_release_read(lock);
}

void rwspin_write_lock(struct rwspin *lock)
{
	assert(!in_interrupt());
	lockcheck_spin_acquire(&lock->check, lock, 0, CALLER);
	rwspin_acquire_write(lock);
}

void rwspin_write_unlock(struct rwspin *lock)
{
	lockcheck_spin_release(&lock->check, lock);
	rwspin_release_write(lock);
}

void rwspin_assert_held(const struct rwspin *lock)
{
	lockcheck_assert_held(lockcheck_spin_is_held(lock), lock, CALLER);
}

void rwspin_assert_write_held(const struct rwspin *lock)
{
	bool is_writing = atomic_load_explicit(&lock->state, memory_order_relaxed) & RWSPIN_WRITER;

	lockcheck_assert_held(is_writing && lockcheck_spin_is_held(lock), lock, CALLER);
}

LOCK_FUNCTIONS_END

#endif
