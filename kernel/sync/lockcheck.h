/*
 * The lock checker: every lock, unlock, sleep and user copy of a debug kernel is held against
 * lockrank.h. In a release kernel all of this is empty.
 *
 * Lock implementations call lockcheck_acquire() and friends; other code needs only
 * lockcheck_might_sleep(), lockcheck_user_copy() and lockcheck_return_to_user().
 */
#pragma once

#include "lib/base.h"

#include "kernel/sync/lockrank.h"

struct thread;

#ifdef CONFIG_DEBUG

#define LOCKCHECK_DEPTH 16

/* Part of every lock. */
struct lockcheck_lock {
	u16 rank; /* enum lockrank */
};

struct lockcheck_held {
	const void *lock;
	u64 ip; /* where it was taken */
	u16 rank;
};

/* What one thread (sleeping locks) or one CPU (spin locks) holds, oldest first. */
struct lockcheck_thread {
	u32 depth;
	struct lockcheck_held held[LOCKCHECK_DEPTH];
};

#define LOCKCHECK_LOCK(r) .check = { .rank = (r) },

enum lockcheck_flags {
	LOCKCHECK_NESTED = 1, /* equal rank is fine: the caller follows the tie-break */
	LOCKCHECK_TRY = 2, /* cannot wait, so cannot deadlock: no order check */
};

/* Upcall (kernel/sched): the current thread's held stack, NULL before there are threads. */
struct lockcheck_thread *lockcheck_current(void);

/* Before waiting for a lock (or, with TRY, after getting it). @ip: the caller, for the report. */
void lockcheck_spin_acquire(struct lockcheck_lock *check, const void *lock, unsigned flags, u64 ip);
void lockcheck_spin_release(struct lockcheck_lock *check, const void *lock);
void lockcheck_sleep_acquire(struct lockcheck_lock *check, const void *lock, unsigned flags,
			     u64 ip);
void lockcheck_sleep_release(struct lockcheck_lock *check, const void *lock);
bool lockcheck_spin_is_held(const void *lock); /* by this CPU */
bool lockcheck_sleep_is_held(const void *lock); /* by this thread */
void lockcheck_assert_held(bool is_held, const void *lock, u64 ip);

void lockcheck_might_sleep(void); /* reports if a spin lock is held or interrupts are off */
void lockcheck_user_copy(void); /* reports if a lock of rank >= MM is held */
void lockcheck_return_to_user(void); /* reports any lock still held */

extern _Atomic u32 lockcheck_reports; /* violations seen */
extern bool lockcheck_is_fatal; /* panic on a violation (true); self-tests turn it off */

#else

struct lockcheck_thread {
};
#define LOCKCHECK_LOCK(r)
static inline void lockcheck_might_sleep(void)
{
}
static inline void lockcheck_user_copy(void)
{
}
static inline void lockcheck_return_to_user(void)
{
}

#endif
