/*
 * Checks of debug kernels on slab objects; empty in others.
 *
 * Each object has a head in front of it (state, who was here last) and a red zone behind it that
 * begins at the size asked for. A freed object is filled with a pattern, and waits in a short queue
 * of its CPU before it can be used again, so that a late write finds nobody home and is noticed.
 * Every finding is fatal and names the cache: the memory cannot be trusted any more.
 */
#include "kernel/mm/slab.h"

#include "kernel/mm/internal.h"

#ifdef CONFIG_DEBUG

#define MAGIC_LIVE 0x600d0b1ec75a11feull
#define MAGIC_FREE 0xdeadf9eeb10c5a11ull
#define FILL_RED   0xbb
#define FILL_FREE  0x6b
#define FILL_NEW   0xa5

static void fill(u8 *p, u8 with, size_t count)
{
	__asm__ volatile("rep stosb" : "+D"(p), "+c"(count) : "a"(with) : "memory");
}

/* The first byte of [p, p + count) that differs; count if none. */
static size_t find_other(const u8 *p, u8 expected, size_t count)
{
	size_t i = 0;

	while (i < count && p[i] == expected)
		i++;
	return i;
}

void slab_check_fresh(const struct slab_cache *c, void *obj)
{
	struct slab_head *head = slab_head(obj);

	*head = (struct slab_head){ .magic = MAGIC_FREE };
	fill(obj, FILL_FREE, c->size);
	fill((u8 *)obj + c->size, FILL_RED, SLAB_RED_ZONE);
}

void slab_check_alloc(const struct slab_cache *c, void *obj, size_t size, u64 caller)
{
	struct slab_head *head = slab_head(obj);
	size_t bad = find_other(obj, FILL_FREE, c->size);

	if (head->magic != MAGIC_FREE)
		panic("cache %s: head of free object %p overwritten: %#llx (freed at %#llx)",
		      c->name, obj, (unsigned long long)head->magic,
		      (unsigned long long)head->caller);
	if (bad < c->size)
		panic("cache %s: object %p written at +%zu after it was freed at %#llx", c->name,
		      obj, bad, (unsigned long long)head->caller);
	head->magic = MAGIC_LIVE;
	head->size = size;
	head->caller = caller;
	fill(obj, FILL_NEW, size);
	fill((u8 *)obj + size, FILL_RED, c->size + SLAB_RED_ZONE - size);
}

static void check_owner(const struct slab_cache *c, const void *obj)
{
	const struct page *page;
	u64 offset;

	if ((u64)obj < DIRECT_MAP || virt_to_phys(obj) >> PAGE_SHIFT >= page_count)
		panic("cache %s: %p to be freed is no object", c->name, obj);
	page = va_to_page(obj);
	if (!(page->flags & PAGE_SLAB))
		panic("cache %s: %p to be freed is no object", c->name, obj);
	if (page->cache != c)
		panic("cache %s: %p to be freed is of cache %s", c->name, obj,
		      ((const struct slab_cache *)page->cache)->name);
	offset = (u64)obj - (u64)page->slab;
	if (offset < c->first || (offset - c->first) % c->stride)
		panic("cache %s: %p to be freed is inside an object", c->name, obj);
}

void slab_check_free(const struct slab_cache *c, void *obj, u64 caller)
{
	struct slab_head *head = slab_head(obj);
	size_t zone, bad;

	check_owner(c, obj);
	if (head->magic == MAGIC_FREE)
		panic("cache %s: double free of %p (first at %#llx, now at %#llx)", c->name, obj,
		      (unsigned long long)head->caller, (unsigned long long)caller);
	if (head->magic != MAGIC_LIVE)
		panic("cache %s: object %p was written before its start: %#llx", c->name, obj,
		      (unsigned long long)head->magic);
	zone = c->size + SLAB_RED_ZONE - head->size;
	bad = find_other((u8 *)obj + head->size, FILL_RED, zone);
	if (bad < zone)
		panic("cache %s: object %p (%llu bytes, from %#llx) was written %zu bytes past its "
		      "end",
		      c->name, obj, (unsigned long long)head->size,
		      (unsigned long long)head->caller, bad);
	head->magic = MAGIC_FREE;
	head->caller = caller;
	fill(obj, FILL_FREE, c->size);
	fill((u8 *)obj + c->size, FILL_RED, SLAB_RED_ZONE);
}

static struct {
	struct {
		struct slab_cache *cache;
		void *obj;
	} slot[SLAB_QUARANTINE];
	u32 next;
} quarantines[MAX_CPUS];

void *slab_quarantine(struct slab_cache *c, void *obj, struct slab_cache **c_out)
{
	__auto_type q = &quarantines[cpu_id()];
	__auto_type slot = &q->slot[q->next++ % SLAB_QUARANTINE];
	void *out = slot->obj;

	*c_out = slot->cache;
	slot->cache = c;
	slot->obj = obj;
	return out;
}

static struct {
	struct thread *thread;
	unsigned int left;
} injection;

bool alloc_should_fail(void)
{
	if (likely(!injection.left) || injection.thread != current)
		return false;
	return --injection.left == 0;
}

void slab_fail_nth(unsigned int n)
{
	injection.thread = current;
	injection.left = n;
}

#else

void slab_fail_nth(unsigned int n)
{
}

#endif
