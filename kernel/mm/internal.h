/*
 * Shared by the files of kernel/mm only.
 */
#pragma once

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"

#include "kernel/debug/panic.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/sync/spinlock.h"

/* Allocators keep per-CPU lists without a lock: no interrupts, and no interrupts off once there are threads. */
#ifdef CONFIG_DEBUG
#define assert_can_allocate() \
	assert(!in_interrupt() && (irqs_enabled() || !lockcheck_current()))
/* True if fault injection wants this allocation to fail (slab_fail_nth()). */
bool alloc_should_fail(void);
#else
#define assert_can_allocate() ((void)0)
static inline bool alloc_should_fail(void)
{
	return false;
}
#endif

/* page_alloc() without fault injection, for allocators whose own callers were asked already. */
struct page *page_alloc_uncounted(unsigned int order);

/* What slab.c and slabcheck.c know of a cache. Debug kernels precede each object by a struct slab_head and follow it
 * by a red zone. */
struct slab_cache {
	const char *name;
	u32 id;	      /* index of its per-CPU lists */
	u32 size;     /* of an object, as asked for */
	u32 stride;   /* from one object to the next */
	u32 first;    /* offset of the first object in a slab */
	u32 per_slab; /* objects */
	u32 batch;    /* objects a per-CPU list takes or gives at a time */
	u8 order;     /* of a slab's pages */
	struct spinlock lock; /* RANK_SLAB; guards the rest, and every slab of the cache */
	struct list partial;  /* slabs with a free object */
	u64 nr_slabs, nr_empty;
	u64 nr_taken; /* objects that are not free in a slab */
};

#ifdef CONFIG_DEBUG
struct slab_head {
	void *next; /* in a free list */
	u64 size;   /* that was asked for; the red zone begins there */
	u64 caller; /* of the last alloc or free */
	u64 magic;
};
#define SLAB_HEAD_SIZE sizeof(struct slab_head)
#define SLAB_RED_ZONE  16u
#define SLAB_QUARANTINE 64u

static inline struct slab_head *slab_head(const void *obj)
{
	return (struct slab_head *)obj - 1;
}
static inline void **slab_link(void *obj)
{
	return &slab_head(obj)->next;
}
void slab_check_fresh(const struct slab_cache *c, void *obj); /* carved for the first time */
void slab_check_alloc(const struct slab_cache *c, void *obj, size_t size, u64 caller);
/* Panics unless obj is a live object of c; then spoils it. */
void slab_check_free(const struct slab_cache *c, void *obj, u64 caller);
/* Puts obj into this CPU's quarantine; whatever falls out of it in turn goes to *c_out, or NULL. */
void *slab_quarantine(struct slab_cache *c, void *obj, struct slab_cache **c_out);
#else
#define SLAB_HEAD_SIZE 0u
#define SLAB_RED_ZONE  0u
static inline void **slab_link(void *obj)
{
	return obj;
}
static inline void slab_check_fresh(const struct slab_cache *c, void *obj)
{
}
static inline void slab_check_alloc(const struct slab_cache *c, void *obj, size_t size, u64 caller)
{
}
static inline void slab_check_free(const struct slab_cache *c, void *obj, u64 caller)
{
}
#endif
