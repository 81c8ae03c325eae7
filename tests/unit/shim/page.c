/*
 * kernel/mm/page.h and kvmalloc over the C library.
 */
#include "kernel/mm/page.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/debug/panic.h"
#include "kernel/mm/kmap.h"
#include "kernel/mm/slab.h"
#include "slab.h"

_Atomic u64 mem_pgtable_pages, mem_kstack_pages, mem_cache_pages, mem_slab_pages;

struct page *page_alloc(unsigned order)
{
	struct page *page = kmalloc(sizeof(*page)); /* may be told to fail */

	if (!page)
		return NULL;
	memset(page, 0x5a, sizeof(*page));
	refcount_init(&page->refs, 1);
	page->order = order;
	page->va = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
	memset(page->va, 0x5a, PAGE_SIZE << order);
	return page;
}

struct page *page_alloc_zeroed(void)
{
	struct page *page = page_alloc(0);

	if (page)
		page_clear(page->va);
	return page;
}

void page_free(struct page *page, unsigned order)
{
	assert(page->order == order && refcount_read(&page->refs) <= 1);
	free(page->va);
	kfree(page);
}

void page_put(struct page *page)
{
	if (refcount_put(&page->refs))
		page_free(page, 0);
}

void mem_stats(struct mem_stats *out)
{
	*out = (struct mem_stats){ .total_pages = 1 << 18, .free_pages = 1 << 17 };
}

void *kvmalloc(size_t size)
{
	return kmalloc(size);
}

void kvfree(void *p)
{
	kfree(p);
}
