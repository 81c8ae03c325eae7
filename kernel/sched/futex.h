/*
 * Futexes: sleeping on a 32-bit word of user memory.
 */
#pragma once

#include <linux/futex.h>

#include "lib/base.h"

/* is_shared: the word may be known to other processes under other addresses (no
 * FUTEX_PRIVATE_FLAG). */

/**
 * futex_wait - sleep while *uaddr == val, until woken through one of the bits in bitset.
 * @deadline_ns: monotonic clock. Context: may sleep.
 * Returns 0 (maybe without cause), -EAGAIN: another value, -ETIMEDOUT, -ERESTARTSYS, -EFAULT,
 * -EINVAL.
 */
int futex_wait(u32 __user *uaddr, bool is_shared, u32 val, u64 deadline_ns,
	       u32 bitset) __must_check;

/* Wakes up to nr sleepers that share a bit with bitset; how many, or -EFAULT, -EINVAL. */
int futex_wake(u32 __user *uaddr, bool is_shared, int nr, u32 bitset);

/* Wakes nr_wake, then moves up to nr_requeue of the others to uaddr2. expected: NULL, or what
 * *uaddr must be, else -EAGAIN. Returns how many were woken or moved. */
int futex_requeue(u32 __user *uaddr, bool is_shared, u32 __user *uaddr2, bool is_shared2,
		  int nr_wake, int nr_requeue, const u32 *expected) __must_check;

/* FUTEX_WAKE_OP: changes *uaddr2 as op says, wakes nr on uaddr and, if the old value compares, nr2
 * on uaddr2. */
int futex_wake_op(u32 __user *uaddr, bool is_shared, u32 __user *uaddr2, int nr, int nr2,
		  u32 op) __must_check;

/* futex_waitv(2), checked: the index of one that was woken, or as futex_wait(). */
int futex_wait_many(const struct futex_waitv *v, u32 n, u64 deadline_ns) __must_check;

/* Locks that lend priority, by their words' values: FUTEX_LOCK_PI and FUTEX_TRYLOCK_PI (is_try),
 * FUTEX_UNLOCK_PI. 0, -EDEADLK, -EAGAIN: held by another, -ESRCH: by nobody, -EPERM, -EINVAL: the
 * word is not what the kernel left there, -ETIMEDOUT, -ERESTARTNOINTR, -ENOMEM, -EFAULT. */
int futex_lock_pi(u32 __user *uaddr, bool is_shared, u64 deadline_ns, bool is_try) __must_check;
int futex_unlock_pi(u32 __user *uaddr, bool is_shared) __must_check;
/* Sleeps on uaddr until moved to the lock at uaddr2, and returns with that. */
int futex_wait_requeue_pi(u32 __user *uaddr, bool is_shared, u32 val, u64 deadline_ns,
			  u32 __user *uaddr2) __must_check;
/* Moves such sleepers; how many. */
int futex_requeue_pi(u32 __user *uaddr, bool is_shared, u32 __user *uaddr2, int nr_requeue,
		     u32 expected) __must_check;

/* Exit or exec of the current thread: marks the robust futexes it holds and wakes a waiter of each;
 * its locks that lend priority go to the next. */
void futex_exit(void);

void futex_init(void);
