/*
 * Pages from the C library: each is an allocation of its own, so the address sanitizer guards its ends.
 */
#pragma once

#include "lib/list.h"
#include "lib/string.h"
#include "kernel/sync/refcount.h"

struct page {
	struct refcount refs;
	u8 order;
	u8 flags;
	union {
		struct list link;
		struct page *next;
	};
	u64 private;
	void *va;
};

struct page *page_alloc(unsigned order);
struct page *page_alloc_zeroed(void);
void page_free(struct page *page, unsigned order);
void page_put(struct page *page);

static inline void page_clear(void *va)
{
	memset(va, 0, PAGE_SIZE);
}
static inline void page_copy(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}
static inline void *page_va(const struct page *page)
{
	return page->va;
}
static inline void page_get(struct page *page)
{
	refcount_get(&page->refs);
}

struct mem_stats {
	u64 total_pages, free_pages;
	u64 slab_pages, pgtable_pages, kstack_pages, cache_pages;
};
void mem_stats(struct mem_stats *out);
extern _Atomic u64 mem_pgtable_pages, mem_kstack_pages, mem_cache_pages, mem_slab_pages;
