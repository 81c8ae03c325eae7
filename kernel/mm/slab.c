/*
 * Objects of one size, cut from slabs of pages; kmalloc() is ten such caches.
 *
 * Life of an object: in its slab (never used, or on slab->free), on a per-CPU list, live; debug
 * kernels insert the quarantine between live and per-CPU list (slabcheck.c).
 * Invariant: cache->nr_taken counts the objects that left their slabs, so live objects are
 *   nr_taken less what lies in per-CPU lists and quarantines. No count is kept per allocation, yet
 *   the sum is exact. Per-CPU lists need no lock: nothing allocates in interrupts, and the kernel
 *   is not preempted. A slab that becomes empty gives its pages back, but for one per cache.
 * Locks: cache->lock (SLAB), taken once per batch.
 */
#include "kernel/mm/slab.h"

#include "lib/string.h"

#include "arch/x86_64/atomic.h"

#include "kernel/mm/internal.h"

#define MAX_CACHES       64
#define MAX_ORDER        3
#define KMALLOC_MAX_SLAB 2048u
#define CALLER           ((u64)__builtin_return_address(0))

/* At the start of its pages. */
struct slab {
	struct list link; /* cache->partial, unless it is full */
	void *free; /* by slab_link() */
	u32 nr_fresh; /* objects never used: the last ones */
	u32 nr_used; /* objects elsewhere */
};

static struct slab_cache caches[MAX_CACHES];
static u32 nr_caches;

struct slab_cpu {
	void *free; /* by slab_link() */
	u32 nr_free;
	u32 nr_quarantined; /* of this cache, in this CPU's quarantine */
};
static struct slab_cpu slab_cpus[MAX_CPUS][MAX_CACHES];

static inline struct slab_cpu *this_list(const struct slab_cache *c)
{
	return c->lists + (u64)cpu_id() * MAX_CACHES;
}

/* ---- Slabs. REQUIRES(c->lock) unless it says otherwise. */

/* Without the lock. */
static struct slab *slab_new(struct slab_cache *c)
{
	struct page *page = page_alloc_uncounted(c->order);
	struct slab *slab;

	if (!page)
		return NULL;
	slab = page_va(page);
	for (u32 i = 0; i < 1u << c->order; i++) {
		page[i].flags = PAGE_SLAB;
		page[i].cache = c;
		page[i].slab = slab;
	}
	slab->free = NULL;
	slab->nr_fresh = c->per_slab;
	slab->nr_used = 0;
	atomic_fetch_add_explicit(&mem_slab_pages, 1u << c->order, memory_order_relaxed);
	return slab;
}

static void slab_release(struct slab_cache *c, struct slab *slab)
{
	struct page *page = va_to_page(slab);

	list_del(&slab->link);
	c->nr_slabs--;
	for (u32 i = 0; i < 1u << c->order; i++)
		page[i].flags = 0;
	page_free(page, c->order);
	atomic_fetch_sub_explicit(&mem_slab_pages, 1u << c->order, memory_order_relaxed);
}

/* Moves up to n objects from slab to list; how many. */
static u32 slab_take(struct slab_cache *c, struct slab *slab, struct slab_cpu *list, u32 n)
{
	void *obj, *first = list->free;

	n = MIN(n, c->per_slab - slab->nr_used);
	if (!slab->nr_used)
		c->nr_empty--;
	for (u32 i = 0; i < n; i++, first = obj) {
		obj = slab->free;
		if (obj) {
			slab->free = *slab_link(obj);
		} else {
			obj = (u8 *)slab + c->first + (c->per_slab - slab->nr_fresh--) * c->stride;
			slab_check_fresh(c, obj);
		}
		*slab_link(obj) = first;
	}
	list->free = first;
	list->nr_free += n;
	slab->nr_used += n;
	c->nr_taken += n;
	if (slab->nr_used == c->per_slab)
		list_del(&slab->link);
	return n;
}

static void slab_give(struct slab_cache *c, void *obj)
{
	struct slab *slab = va_to_page(obj)->slab;

	*slab_link(obj) = slab->free;
	slab->free = obj;
	c->nr_taken--;
	if (slab->nr_used-- == c->per_slab)
		list_add(&slab->link, &c->partial);
	if (slab->nr_used)
		return;
	if (c->nr_empty)
		slab_release(c, slab);
	else
		c->nr_empty++;
}

/* ---- Per-CPU lists */

/* Takes a batch of objects from the slabs. False: out of memory. */
static bool refill(struct slab_cache *c)
{
	struct slab_cpu *list = this_list(c);
	struct slab *slab;

	spin_lock(&c->lock);
	if (list_empty(&c->partial)) {
		spin_unlock(&c->lock);
		slab = slab_new(c);
		if (!slab)
			return false;
		spin_lock(&c->lock);
		list_add(&slab->link, &c->partial);
		c->nr_slabs++;
		c->nr_empty++;
	}
	for (u32 n = 0; n < c->batch && !list_empty(&c->partial);)
		n += slab_take(c, list_first(&c->partial, struct slab, link), list, c->batch - n);
	spin_unlock(&c->lock);
	return true;
}

static void drain(struct slab_cache *c, struct slab_cpu *list, u32 count)
{
	spin_lock(&c->lock);
	for (; count; count--) {
		void *obj = list->free;

		list->free = *slab_link(obj);
		list->nr_free--;
		slab_give(c, obj);
	}
	spin_unlock(&c->lock);
}

static inline void *take(struct slab_cache *c, struct slab_cpu *list, void *obj, size_t size,
			 u64 caller)
{
	list->free = *slab_link(obj);
	list->nr_free--;
	slab_check_alloc(c, obj, size, caller);
	return obj;
}

static __noinline void *alloc_slow(struct slab_cache *c, size_t size, u64 caller)
{
	struct slab_cpu *list = this_list(c);

	return refill(c) ? take(c, list, list->free, size, caller) : NULL;
}

static inline void *alloc(struct slab_cache *c, size_t size, u64 caller)
{
	struct slab_cpu *list = this_list(c);
	void *obj = list->free;

	assert_can_allocate();
	if (unlikely(alloc_should_fail()))
		return NULL;
	if (unlikely(!obj))
		return alloc_slow(c, size, caller);
	return take(c, list, obj, size, caller);
}

static __noinline void drain_batch(struct slab_cache *c)
{
	drain(c, this_list(c), c->batch);
}

static inline void give(struct slab_cache *c, void *obj)
{
	struct slab_cpu *list = this_list(c);

	*slab_link(obj) = list->free;
	list->free = obj;
	if (unlikely(++list->nr_free > c->max_free))
		drain_batch(c);
}

static inline void dispose(struct slab_cache *c, void *obj, u64 caller)
{
	assert_can_allocate();
	slab_check_free(c, obj, caller);
#ifdef CONFIG_DEBUG
	this_list(c)->nr_quarantined++;
	obj = slab_quarantine(c, obj, &c);
	if (!obj)
		return;
	this_list(c)->nr_quarantined--;
#endif
	give(c, obj);
}

/* ---- Caches */

/* The smallest slab that wastes at most an eighth, or the largest allowed. */
static void choose_order(struct slab_cache *c)
{
	for (c->order = 0;; c->order++) {
		u32 bytes = (u32)PAGE_SIZE << c->order;

		c->per_slab =
			bytes > c->first ? (bytes - c->first + SLAB_HEAD_SIZE) / c->stride : 0;
		if (c->order == MAX_ORDER ||
		    (c->per_slab && bytes - c->per_slab * c->stride <= bytes / 8))
			break;
	}
}

struct slab_cache *cache_create(const char *name, size_t size, size_t align)
{
	struct slab_cache *c = &caches[nr_caches];
	u32 head;

	align = align ? align : 8;
	head = (u32)ALIGN_UP(SLAB_HEAD_SIZE, align);
	if (nr_caches == MAX_CACHES)
		panic("cache %s: too many caches", name);
	c->name = name;
	c->id = nr_caches;
	c->size = (u32)ALIGN_UP(size, sizeof(void *));
	c->stride = (u32)ALIGN_UP(head + c->size + SLAB_RED_ZONE, align);
	c->first = (u32)ALIGN_UP(sizeof(struct slab), align) + head;
	spin_init(&c->lock, RANK_SLAB);
	list_init(&c->partial);
	choose_order(c);
	if (!c->per_slab)
		panic("cache %s: objects of %zu bytes are too large", name, size);
	c->batch = MIN(32u, 8192 / c->stride);
	c->batch = MAX(2u, c->batch);
	c->max_free = 2 * c->batch;
	c->lists = &slab_cpus[0][c->id];
	nr_caches++;
	return c;
}

void *cache_alloc(struct slab_cache *c)
{
	return alloc(c, c->size, CALLER);
}

void *cache_zalloc(struct slab_cache *c)
{
	void *obj = alloc(c, c->size, CALLER);

	return obj ? memset(obj, 0, c->size) : NULL;
}

void cache_free(struct slab_cache *c, void *obj)
{
	if (likely(obj))
		dispose(c, obj, CALLER);
}

/* ---- kmalloc */

static const struct {
	u16 size;
	const char *name;
} kmalloc_classes[] = {
	{ 16, "kmalloc-16" },   { 32, "kmalloc-32" },   { 64, "kmalloc-64" },
	{ 96, "kmalloc-96" },   { 128, "kmalloc-128" }, { 192, "kmalloc-192" },
	{ 256, "kmalloc-256" }, { 512, "kmalloc-512" }, { 1024, "kmalloc-1k" },
	{ 2048, "kmalloc-2k" },
};

/* By (size + 15) / 16; filled by slab_init(). */
static struct slab_cache *kmalloc_caches[KMALLOC_MAX_SLAB / 16 + 1];

static void *kmalloc_pages(size_t size)
{
	unsigned int order = 0;
	struct page *page;

	while (PAGE_SIZE << order < size)
		if (++order > PAGE_MAX_ORDER)
			return NULL;
	page = page_alloc(order);
	return page ? page_va(page) : NULL;
}

static inline void *kmalloc_from(size_t size, u64 caller)
{
	if (likely(size <= KMALLOC_MAX_SLAB))
		return alloc(kmalloc_caches[(size + 15) / 16], size, caller);
	return kmalloc_pages(size);
}

void *kmalloc(size_t size)
{
	return kmalloc_from(size, CALLER);
}

void *kzalloc(size_t size)
{
	void *p = kmalloc_from(size, CALLER);

	return p ? memset(p, 0, size) : NULL;
}

void *kcalloc(size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	p = kmalloc_from(bytes, CALLER);
	return p ? memset(p, 0, bytes) : NULL;
}

void kfree(void *p)
{
	struct page *page;

	if (!p)
		return;
	page = va_to_page(p);
	if (likely(page->flags & PAGE_SLAB)) {
		dispose(page->cache, p, CALLER);
		return;
	}
	assert(IS_ALIGNED((u64)p, PAGE_SIZE) && refcount_read(&page->refs) == 1);
	page_free(page, page->order);
}

/* How much the block at p may be used for. */
static size_t usable_size(const void *p)
{
	const struct page *page = va_to_page(p);

	if (!(page->flags & PAGE_SLAB))
		return PAGE_SIZE << page->order;
#ifdef CONFIG_DEBUG
	return slab_head(p)->size;
#else
	return ((const struct slab_cache *)page->cache)->size;
#endif
}

void *krealloc(void *p, size_t size)
{
	size_t old_size = p ? usable_size(p) : 0;
	void *q;

	if (p && size <= old_size)
		return p;
	q = kmalloc_from(size, CALLER);
	if (!q)
		return NULL;
	if (p)
		memcpy(q, p, old_size);
	kfree(p);
	return q;
}

char *kstrdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = kmalloc_from(size, CALLER);

	return copy ? memcpy(copy, s, size) : NULL;
}

/* ---- Statistics, boot */

void slab_for_each(void (*fn)(const struct slab_stats *, void *arg), void *arg)
{
	for (u32 i = 0; i < nr_caches; i++) {
		struct slab_cache *c = &caches[i];
		struct slab_stats s;

		spin_lock(&c->lock);
		s = (struct slab_stats){
			.name = c->name,
			.active = c->nr_taken,
			.total = c->nr_slabs * c->per_slab,
			.size = c->size,
			.per_slab = c->per_slab,
			.pages_per_slab = 1u << c->order,
			.slabs = c->nr_slabs,
		};
		for_each_cpu(cpu)
			s.active -= READ_ONCE(slab_cpus[cpu][i].nr_free) +
				    READ_ONCE(slab_cpus[cpu][i].nr_quarantined);
		spin_unlock(&c->lock);
		fn(&s, arg);
	}
}

void slab_flush(void)
{
#ifdef CONFIG_DEBUG
	for (u32 i = 0; i < SLAB_QUARANTINE; i++) {
		struct slab_cache *c;
		void *obj = slab_quarantine(NULL, NULL, &c);

		if (!obj)
			continue;
		this_list(c)->nr_quarantined--;
		give(c, obj);
	}
#endif
	for (u32 i = 0; i < nr_caches; i++) {
		struct slab_cpu *list = this_list(&caches[i]);

		drain(&caches[i], list, list->nr_free);
	}
}

void slab_init(void)
{
	u32 slot = 0;

	for (u32 i = 0; i < ARRAY_SIZE(kmalloc_classes); i++) {
		struct slab_cache *c =
			cache_create(kmalloc_classes[i].name, kmalloc_classes[i].size, 16);

		for (; slot * 16 <= kmalloc_classes[i].size; slot++)
			kmalloc_caches[slot] = c;
	}
}
