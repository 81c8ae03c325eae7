/*
 * What happens to a reference count that went wrong.
 *
 * Pinned in the middle of the negative half, it stays there: it would take 2^30 further mistakes to
 * bring it back to a value that frees the object.
 */
#include "kernel/sync/refcount.h"

#include "kernel/debug/panic.h"

#define REFCOUNT_PINNED 0xc0000000u

void refcount_broken(struct refcount *r, u32 old)
{
	atomic_store_explicit(&r->count, REFCOUNT_PINNED, memory_order_relaxed);
#ifdef CONFIG_DEBUG
	panic("reference count %p: was %#x when it was changed", (void *)r, old);
#endif
	WARN_ON(old == 0);
}
