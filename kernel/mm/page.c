/*
 * Physical memory.
 *
 * Owns: page_array, and every frame the boot code left over. A buddy system under one lock holds
 *   blocks of 2^order frames; before it, each CPU has a list of single frames, and one of frames
 *   known to be zero.
 * Invariant: a free block's head has PAGE_FREE and its order, and no free block's buddy of the
 *   same order is free. The per-CPU lists' frames are not in the buddy system and so never merged.
 *   Per-CPU lists need no lock: nothing allocates in interrupts, and the kernel is not preempted.
 *   Zeroed frames: page tables are empty when they are freed, so they are kept for the next page
 *   table.
 * Locks: zone.lock (FRAMES).
 */
#include "kernel/mm/page.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/thread.h"
#include "arch/x86_64/upcalls.h"

#include "boot/bootinfo.h"
#include "kernel/mm/internal.h"
#include "kernel/sync/spinlock.h"

#define NR_ORDERS    (PAGE_MAX_ORDER + 1)
#define REFILL_ORDER 5 /* how much a per-CPU list takes or gives at a time */
#define LIST_MAX     512 /* frames in a per-CPU list; less on small machines */
#define ZEROED_MAX   128
#define ZEROED_SPARE 64 /* what is beyond is not needed for page tables */

struct page *page_array;
u64 page_count;
struct page *zero_page;
_Atomic u64 mem_pgtable_pages, mem_kstack_pages, mem_cache_pages, mem_slab_pages;

static struct {
	struct spinlock lock;
	struct list free[NR_ORDERS]; /* [l] */
	u32 orders; /* [l] bit per list that is not empty */
	u64 nr_free; /* [l] frames */
	u64 nr_total; /* [l] */
} zone = { .lock = SPINLOCK_INIT(RANK_FRAMES) };

static struct page_cpu {
	struct page *free, *zeroed; /* by page->next */
	u32 nr_free, nr_zeroed;
} __aligned(64) page_cpus[MAX_CPUS];

static u32 list_max = LIST_MAX, zeroed_max = ZEROED_MAX;

/* ---- The buddy system. All REQUIRES(zone.lock). */

static void block_insert(struct page *page, unsigned int order)
{
	page->order = (u8)order;
	page->flags = PAGE_FREE;
	list_add(&page->link, &zone.free[order]);
	zone.orders |= 1u << order;
}

static void block_remove(struct page *page, unsigned int order)
{
	list_del(&page->link);
	page->flags = 0;
	if (list_empty(&zone.free[order]))
		zone.orders &= ~(1u << order);
}

static struct page *block_alloc(unsigned int order)
{
	u32 fitting = zone.orders & ~0u << order;
	unsigned int at;
	struct page *page;

	if (!fitting)
		return NULL;
	at = (unsigned int)__builtin_ctz(fitting);
	page = list_first(&zone.free[at], struct page, link);
	block_remove(page, at);
	while (at > order) {
		at--;
		block_insert(page + (1ul << at), at);
	}
	zone.nr_free -= 1ul << order;
	return page;
}

static void block_free(struct page *page, unsigned int order)
{
	u64 index = (u64)(page - page_array);

	zone.nr_free += 1ul << order;
	for (; order < PAGE_MAX_ORDER; order++) {
		u64 buddy = index ^ 1ul << order;

		if (buddy >= page_count || !(page_array[buddy].flags & PAGE_FREE) ||
		    page_array[buddy].order != order)
			break;
		block_remove(&page_array[buddy], order);
		index &= ~(1ul << order);
	}
	block_insert(&page_array[index], order);
}

/* Frames [start, end), which nobody uses. */
static void free_range(u64 start, u64 end)
{
	zone.nr_total += end - start;
	while (start < end) {
		unsigned int order = start ? (unsigned int)__builtin_ctzl(start) : PAGE_MAX_ORDER;

		order = MIN(order, (unsigned int)PAGE_MAX_ORDER);
		while (start + (1ul << order) > end)
			order--;
		block_free(&page_array[start], order);
		start += 1ul << order;
	}
}

/* ---- Per-CPU lists */

#ifdef CONFIG_DEBUG
bool can_allocate(void)
{
	const struct thread_head *head = (const struct thread_head *)current;

	return !in_interrupt() && (irqs_enabled() || !head || !head->arch.fpu);
}
#endif

/* Debug kernels mark free frames, to notice one that is freed twice, and spoil their contents. */
static void debug_mark_free(struct page *page, bool is_zeroed)
{
#ifdef CONFIG_DEBUG
	u64 *words = page_va(page);
	u64 count = PAGE_SIZE / 8;

	assert(refcount_read(&page->refs) <= 1 && !(page->flags & (PAGE_RESERVED | PAGE_FREE)));
	page->flags = PAGE_FREE;
	page->order = NR_ORDERS; /* merges with nothing */
	if (!is_zeroed)
		__asm__ volatile("rep stosq"
				 : "+D"(words), "+c"(count)
				 : "a"(0xfefefefefefefefeull)
				 : "memory");
#endif
}

static void debug_check_zeroed(const struct page *page)
{
#ifdef CONFIG_DEBUG
	const u64 *words = page_va(page);

	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		if (words[i])
			panic("page table page %p: entry %u is %#llx, should be 0",
			      (const void *)words, i, (unsigned long long)words[i]);
#endif
}

static __noinline struct page *refill(struct page_cpu *cpu)
{
	struct page *page = NULL;
	unsigned int order = REFILL_ORDER + 1;

	spin_lock(&zone.lock);
	while (!page && order-- > 0)
		page = block_alloc(order);
	spin_unlock(&zone.lock);
	if (!page) {
		page = cpu->zeroed;
		if (!page)
			return NULL;
		cpu->zeroed = page->next;
		cpu->nr_zeroed--;
		page->next = NULL;
		order = 0;
	}
	for (u32 i = 0; i < 1u << order; i++)
		page[i].next = i + 1 < 1u << order ? &page[i + 1] : NULL;
	cpu->nr_free = 1u << order;
	cpu->free = page;
	return page;
}

/* Gives count frames of the list back. */
static void drain(struct page_cpu *cpu, u32 count)
{
	spin_lock(&zone.lock);
	for (; count; count--) {
		struct page *page = cpu->free;

		cpu->free = page->next;
		cpu->nr_free--;
		page->flags = 0;
		block_free(page, 0);
	}
	spin_unlock(&zone.lock);
}

static struct page *alloc_block(unsigned int order)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];
	struct page *page;

	if (order > PAGE_MAX_ORDER)
		return NULL;
	spin_lock(&zone.lock);
	page = block_alloc(order);
	spin_unlock(&zone.lock);
	if (unlikely(!page) && cpu->nr_free) {
		drain(cpu, cpu->nr_free); /* perhaps some merge */
		spin_lock(&zone.lock);
		page = block_alloc(order);
		spin_unlock(&zone.lock);
	}
	if (!page)
		return NULL;
	refcount_init(&page->refs, 1);
	page->order = (u8)order;
	page->flags = 0;
	return page;
}

static inline struct page *take(struct page_cpu *cpu, struct page *page)
{
	cpu->free = page->next;
	cpu->nr_free--;
	refcount_init(&page->refs, 1);
	page->order = 0;
	page->flags = 0;
	return page;
}

static __noinline struct page *alloc_slow(unsigned int order)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];
	struct page *page;

	if (order)
		return alloc_block(order);
	page = refill(cpu);
	return page ? take(cpu, page) : NULL;
}

struct page *page_alloc_uncounted(unsigned int order)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];
	struct page *page = cpu->free;

	assert_can_allocate();
	if (unlikely(order || !page))
		return alloc_slow(order);
	return take(cpu, page);
}

struct page *page_alloc(unsigned int order)
{
	if (unlikely(alloc_should_fail()))
		return NULL;
	return page_alloc_uncounted(order);
}

static struct page *take_zeroed(struct page_cpu *cpu)
{
	struct page *page = cpu->zeroed;

	cpu->zeroed = page->next;
	cpu->nr_zeroed--;
	refcount_init(&page->refs, 1);
	page->order = 0;
	page->flags = 0;
	debug_check_zeroed(page);
	return page;
}

struct page *page_alloc_zeroed(void)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];
	struct page *page;

	if (cpu->nr_zeroed > ZEROED_SPARE && likely(!alloc_should_fail()))
		return take_zeroed(cpu);
	page = page_alloc(0);
	if (likely(page))
		page_clear(page_va(page));
	return page;
}

static __noinline void drain_some(void)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];

	while (cpu->nr_free > list_max)
		drain(cpu, 1u << REFILL_ORDER);
}

static inline void free_one(struct page *page)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];

	assert_can_allocate();
	debug_mark_free(page, false);
	refcount_init(&page->refs, 0);
	page->next = cpu->free;
	cpu->free = page;
	if (unlikely(++cpu->nr_free > list_max))
		drain_some();
}

void pages_free_chain(const struct page_chain *chain)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];

	assert_can_allocate();
#ifdef CONFIG_DEBUG
	for (struct page *page = chain->first; page != chain->last; page = page->next)
		debug_mark_free(page, false);
	debug_mark_free(chain->last, false);
#endif
	chain->last->next = cpu->free;
	cpu->free = chain->first;
	cpu->nr_free += chain->count;
	if (unlikely(cpu->nr_free > list_max))
		drain_some();
}

void page_free(struct page *page, unsigned int order)
{
	if (likely(!order)) {
		free_one(page);
		return;
	}
	assert_can_allocate();
	assert(refcount_read(&page->refs) <= 1 && page->order == order);
	assert(!(page->flags & (PAGE_RESERVED | PAGE_FREE)));
	refcount_init(&page->refs, 0);
	spin_lock(&zone.lock);
	block_free(page, order);
	spin_unlock(&zone.lock);
}

void page_put(struct page *page)
{
	if (page_drop(page))
		free_one(page);
}

void pages_put(struct page **pages, u32 count)
{
	for (u32 i = 0; i < count; i++)
		page_put(pages[i]);
}

/* ---- Page tables (arch/x86_64/upcalls.h) */

u64 upcall_table_alloc(void)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];
	struct page *page;

	if (likely(cpu->zeroed) && likely(!alloc_should_fail())) {
		page = take_zeroed(cpu);
	} else {
		page = page_alloc(0);
		if (!page)
			return 0;
		page_clear(page_va(page));
	}
	atomic_fetch_add_explicit(&mem_pgtable_pages, 1, memory_order_relaxed);
	return page_pa(page);
}

void upcall_table_free(u64 pa)
{
	struct page_cpu *cpu = &page_cpus[cpu_id()];
	struct page *page = pa_to_page(pa);

	assert_can_allocate();
	atomic_fetch_sub_explicit(&mem_pgtable_pages, 1, memory_order_relaxed);
	if (unlikely(cpu->nr_zeroed >= zeroed_max)) {
		free_one(page);
		return;
	}
	debug_mark_free(page, true);
	refcount_init(&page->refs, 0);
	page->next = cpu->zeroed;
	cpu->zeroed = page;
	cpu->nr_zeroed++;
}

void tables_free_chain(const struct page_chain *chain)
{
	struct page *page = chain->first, *next;

	for (u32 i = 0; i < chain->count; i++, page = next) {
		next = page->next;
		upcall_table_free(page_pa(page));
	}
}

/* ---- Boot, statistics */

bool mem_is_low(void)
{
	return READ_ONCE(zone.nr_free) < READ_ONCE(zone.nr_total) / 16;
}

void mem_stats(struct mem_stats *out)
{
	out->total_pages = READ_ONCE(zone.nr_total);
	out->free_pages = READ_ONCE(zone.nr_free);
	for_each_cpu(i)
		out->free_pages +=
			READ_ONCE(page_cpus[i].nr_free) + READ_ONCE(page_cpus[i].nr_zeroed);
	out->slab_pages = load_relaxed(&mem_slab_pages);
	out->pgtable_pages = load_relaxed(&mem_pgtable_pages);
	out->kstack_pages = load_relaxed(&mem_kstack_pages);
	out->cache_pages = load_relaxed(&mem_cache_pages);
}

static void reserve(u64 start, u64 end)
{
	for (u64 i = start; i < end; i++) {
		page_array[i].flags = PAGE_RESERVED;
		refcount_init(&page_array[i].refs, 1);
	}
}

void page_init(void)
{
	static struct boot_range ranges[BOOT_MAX_RANGES];
	unsigned int nr_ranges;
	u64 done = 0;

	for (unsigned int order = 0; order < NR_ORDERS; order++)
		list_init(&zone.free[order]);
	page_count = bootinfo_memory_end() >> PAGE_SHIFT;
	page_array = phys_to_virt(bootmem_alloc(page_count * sizeof(struct page)));
	nr_ranges = bootmem_free_ranges(ranges, ARRAY_SIZE(ranges));
	spin_lock(&zone.lock);
	for (unsigned int i = 0; i < nr_ranges; i++) {
		u64 start = ranges[i].start >> PAGE_SHIFT;
		u64 end = MIN(ranges[i].end >> PAGE_SHIFT, page_count);

		reserve(done, start);
		free_range(start, end);
		done = end;
	}
	reserve(done, page_count);
	list_max = (u32)MIN(zone.nr_total / 64, (u64)LIST_MAX);
	zeroed_max = list_max / 4;
	spin_unlock(&zone.lock);

	zero_page = page_alloc_zeroed();
	if (!zero_page)
		panic("no memory");
	zero_page->flags = PAGE_RESERVED;
}

void page_release_range(u64 pa, u64 size)
{
	u64 start = ALIGN_UP(pa, PAGE_SIZE) >> PAGE_SHIFT;
	u64 end = MIN((pa + size) >> PAGE_SHIFT, page_count);

	for (u64 i = start; i < end; i++) {
		page_array[i].flags = 0;
		refcount_init(&page_array[i].refs, 0);
	}
	spin_lock(&zone.lock);
	if (start < end)
		free_range(start, end);
	spin_unlock(&zone.lock);
}

static_assert(sizeof(struct page) == 32, "one per frame of memory");
