/*
 * Reference counts. A count that leaves its sane range (taken from zero, dropped below zero,
 * counted past 2^31) is a kernel bug: debug kernels panic, others pin it high, which leaks the
 * object instead of freeing it under somebody.
 */
#pragma once

#include <stdatomic.h>

#include "lib/base.h"

struct refcount {
	_Atomic u32 count;
};

#define REFCOUNT_INIT(n)                                                                           \
	{                                                                                          \
		.count = (n)                                                                       \
	}

void refcount_broken(struct refcount *r, u32 old); /* pins it */

static inline void refcount_init(struct refcount *r, u32 n)
{
	atomic_store_explicit(&r->count, n, memory_order_relaxed);
}

static inline u32 refcount_read(const struct refcount *r)
{
	return atomic_load_explicit(&r->count, memory_order_relaxed);
}

/* The caller holds a reference, or a lock that keeps somebody else's from going. */
static inline void refcount_get(struct refcount *r)
{
	u32 old = atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);

	if (unlikely((s32)old <= 0))
		refcount_broken(r, old);
}

/* For lookups: false if the count is already zero, that is, the object is being taken apart. */
static inline __must_check bool refcount_tryget(struct refcount *r)
{
	u32 old = atomic_load_explicit(&r->count, memory_order_relaxed);

	do {
		if (old == 0)
			return false;
	} while (unlikely(!atomic_compare_exchange_weak_explicit(
		&r->count, &old, old + 1, memory_order_acquire, memory_order_relaxed)));
	if (unlikely((s32)old < 0))
		refcount_broken(r, old);
	return true;
}

/* True if that was the last one: the caller takes the object apart. Everything done by whoever
 * put earlier is visible to it. */
static inline __must_check bool refcount_put(struct refcount *r)
{
	s32 left = (s32)__atomic_sub_fetch((u32 *)&r->count, 1, __ATOMIC_ACQ_REL);

	if (likely(left >
		   0)) /* the form for which the compiler tests the flags of the subtraction */
		return false;
	if (unlikely(left < 0))
		refcount_broken(r, left + 1);
	return left == 0;
}
