/*
 * Physical memory: a buddy allocator of page frames, and struct page, one per frame.
 *
 * A page of order 0 that is mapped or cached is shared by count: each page-table entry and each
 * cache slot holds a reference (page_get/page_put); the last put frees it.
 */
#pragma once

#include "lib/list.h"
#include "arch/x86_64/atomic.h"
#include "arch/x86_64/memlayout.h"
#include "kernel/sync/refcount.h"

#define PAGE_MAX_ORDER 10 /* 4 MiB */

struct page {
	struct refcount refs; /* 4 bytes; 0: free */
	u8 order; /* of the block it heads */
	u8 flags; /* PAGE_* */
	u16 unused;
	union {
		struct list link; /* free list, or the owner's */
		struct page *next; /* the same, singly linked */
		struct { /* slab pages */
			void *cache; /* struct slab_cache */
			void *slab; /* private to slab.c */
		};
	};
	u64 private; /* owner's: page table use counts, slab counts */
};

#define PAGE_RESERVED 0x1u /* never allocated nor freed: holes, kernel image, the zero page */
#define PAGE_SLAB     0x2u
#define PAGE_FREE     0x8u /* heads a free block of the buddy system; debug kernels: any free page */

extern struct page *page_array;
extern u64 page_count; /* frames covered by page_array */

/* 2^order contiguous frames with refs 1; NULL: none. Not in interrupts. The contents are stale. */
struct page *page_alloc(unsigned order);
struct page *page_alloc_zeroed(void); /* order 0, all zero */
void page_free(struct page *page, unsigned order); /* refs must be 1 or 0 */

static inline void page_clear(void *va)
{
	u64 words = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(va), "+c"(words) : "a"(0ull) : "memory");
}
static inline void page_copy(void *to, const void *from)
{
	u64 words = PAGE_SIZE / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}

static inline u64 page_pa(const struct page *page)
{
	return (u64)(page - page_array) << PAGE_SHIFT;
}
static inline void *page_va(const struct page *page)
{
	return phys_to_virt(page_pa(page));
}
static inline struct page *pa_to_page(u64 pa)
{
	return page_array + (pa >> PAGE_SHIFT);
}
static inline struct page *va_to_page(const void *va)
{
	return pa_to_page(virt_to_phys(va));
}

/* As refcount_get() and refcount_put(), in fewer instructions: fork and exit do it for each page.
 */
static inline void page_get(struct page *page)
{
	if (unlikely(!atomic_inc_positive(&page->refs.count)))
		refcount_broken(&page->refs, refcount_read(&page->refs));
}
/* Drops a reference; true: it was the last, and the page is to be freed. */
static inline bool page_drop(struct page *page)
{
	/* Whoever holds the only reference needs no atomic operation to give it up. */
	if (refcount_read(&page->refs) == 1) {
		refcount_init(&page->refs, 0);
		return true;
	}
	if (likely(atomic_dec_positive(&page->refs.count)))
		return false;
	if (refcount_read(&page->refs))
		refcount_broken(&page->refs, refcount_read(&page->refs));
	return true;
}
void page_put(struct page *page); /* order 0; frees with the last */

extern struct page *zero_page; /* PAGE_RESERVED: counting it is harmless */

struct mem_stats {
	u64 total_pages, free_pages;
	u64 slab_pages, pgtable_pages, kstack_pages,
		cache_pages; /* cache: file pages, of tmpfs too */
};
void mem_stats(struct mem_stats *out);
/* Less than a sixteenth is left, roughly: the rest is for what runs already. Any context. */
bool mem_is_low(void);
extern _Atomic u64 mem_pgtable_pages, mem_kstack_pages, mem_cache_pages, mem_slab_pages;

void page_init(void); /* from the boot memory map, minus what the kernel and the initrd occupy */
void page_release_range(u64 pa,
			u64 size); /* gives boot memory (the unpacked initrd) to the allocator */
