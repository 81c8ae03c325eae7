/*
 * Kernel virtual ranges: stacks with guard pages, device registers, big tables.
 *
 * Stacks: slots of STACK_SLOT bytes, of which the lowest page is never mapped and the highest
 * KSTACK_SIZE bytes are the stack. Free stacks stay mapped, a few per CPU and some more in common,
 * linked through their own top word. Beyond that a slot loses its pages but keeps its translations
 * in the TLBs, where they do no harm: nobody uses the address until the slot is mapped again. Such
 * stale slots wait until there are many, or no others; then one flush of all CPUs makes them
 * clean. So freeing a stack, which happens anywhere, never waits for other CPUs. The list of slots
 * without pages runs through the guard pages' entries, which are never present. Ranges of
 * kvmalloc() are never reused for another size class; the same clean-before-reuse applies, done at
 * once, as kvfree() may sleep.
 * Locks: kmap_lock (SLAB; it is never held while allocating).
 */
#include "kernel/mm/kmap.h"

#include "lib/list.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/tlb.h"
#include "arch/x86_64/upcalls.h"

#include "kernel/mm/internal.h"
#include "kernel/mm/slab.h"

#define STACK_SLOT  0x8000ull
#define STACK_PAGES (KSTACK_SIZE / PAGE_SIZE)
#define STACK_BASE  KMAP_BASE
#define STACK_END   (KMAP_BASE + KMAP_SIZE / 2)
#define RANGE_END   (KMAP_BASE + KMAP_SIZE)

#define CPU_STACKS    8 /* cached per CPU */
#define COMMON_STACKS 64 /* cached for all */
#define STALE_SLOTS   1024 /* that many make a flush worth it */

static_assert(KSTACK_SIZE + PAGE_SIZE <= STACK_SLOT, "room for a guard page");

/* By the word below the top of each. */
struct stack_list {
	u64 first; /* a top; 0: none */
	u32 count;
};

/* By slot_link(): slots without pages. */
struct slot_list {
	u64 first; /* a base; 0: none */
	u32 count;
};

static struct spinlock kmap_lock = SPINLOCK_INIT(RANK_SLAB);
static struct {
	struct stack_list list;
} __aligned(64) cpu_stacks[MAX_CPUS];
static struct stack_list common_stacks; /* [kmap_lock] */
static struct slot_list clean_slots, stale_slots; /* [kmap_lock] */
static u64 next_slot = STACK_BASE; /* [kmap_lock] never used from here on */
static u64 next_range = STACK_END; /* [kmap_lock] likewise */

/* ---- Lists */

static void stack_push(struct stack_list *list, u64 top)
{
	((u64 *)top)[-1] = list->first;
	list->first = top;
	list->count++;
}

static u64 stack_pop(struct stack_list *list)
{
	u64 top = list->first;

	if (top) {
		list->first = ((u64 *)top)[-1];
		list->count--;
	}
	return top;
}

/* An entry that is not present may hold anything but PTE_PRESENT; bases are multiples of
 * STACK_SLOT. */
static void slot_push(struct slot_list *list, u64 base)
{
	pte_write(kernel_pte(base), list->first);
	list->first = base;
	list->count++;
}

static u64 slot_pop(struct slot_list *list)
{
	u64 base = list->first;

	if (base) {
		list->first = pte_read(kernel_pte(base));
		list->count--;
	}
	return base;
}

/* ---- Stacks */

static void unmap_pages(u64 va, u64 count)
{
	for (; count; count--, va += PAGE_SIZE)
		page_free(pa_to_page(kernel_unmap(va)), 0);
}

static bool map_pages(u64 va, u64 count)
{
	for (u64 i = 0; i < count; i++) {
		struct page *page = page_alloc(0);

		if (page && kernel_map(va + i * PAGE_SIZE, page_pa(page), PTE_WRITE))
			continue;
		if (page)
			page_free(page, 0);
		unmap_pages(va, i);
		return false;
	}
	return true;
}

/* Makes the stale slots clean. Others may free stacks meanwhile: those are stale afterwards still.
 */
static void flush_stale_slots(void)
{
	struct slot_list slots;
	u64 end, base;

	spin_lock(&kmap_lock);
	slots = stale_slots;
	stale_slots = (struct slot_list){ 0 };
	end = next_slot;
	spin_unlock(&kmap_lock);

	tlb_flush_kernel(STACK_BASE, end);
	spin_lock(&kmap_lock);
	while ((base = slot_pop(&slots)))
		slot_push(&clean_slots, base);
	spin_unlock(&kmap_lock);
}

/* The base of a slot without pages and without translations; 0: none. */
static u64 slot_alloc(void)
{
	u64 base;

	if (stale_slots.count >= STALE_SLOTS && irqs_enabled())
		flush_stale_slots();
	spin_lock(&kmap_lock);
	base = slot_pop(&clean_slots);
	if (!base && next_slot < STACK_END) {
		base = next_slot;
		next_slot += STACK_SLOT;
	}
	spin_unlock(&kmap_lock);
	return base;
}

static void *stack_new(void)
{
	u64 base = slot_alloc(), top = base + STACK_SLOT;

	if (!base)
		return NULL;
	if (!map_pages(top - KSTACK_SIZE, STACK_PAGES)) {
		if (!kernel_pte(base)) /* not even a table to keep it in: it is lost */
			return NULL;
		spin_lock(&kmap_lock);
		slot_push(&stale_slots, base);
		spin_unlock(&kmap_lock);
		return NULL;
	}
	atomic_fetch_add_explicit(&mem_kstack_pages, STACK_PAGES, memory_order_relaxed);
	return (void *)top;
}

void *kstack_alloc(void)
{
	u64 top;

	assert_can_allocate();
	if (unlikely(alloc_should_fail()))
		return NULL;
	top = stack_pop(&cpu_stacks[cpu_id()].list);
	if (likely(top))
		return (void *)top;
	spin_lock(&kmap_lock);
	top = stack_pop(&common_stacks);
	spin_unlock(&kmap_lock);
	return top ? (void *)top : stack_new();
}

void kstack_free(void *top)
{
	struct stack_list *list = &cpu_stacks[cpu_id()].list;
	u64 base = (u64)top - STACK_SLOT;

	assert_can_allocate();
	if (!top)
		return;
	if (likely(list->count < CPU_STACKS)) {
		stack_push(list, (u64)top);
		return;
	}
	spin_lock(&kmap_lock);
	if (common_stacks.count < COMMON_STACKS) {
		stack_push(&common_stacks, (u64)top);
		spin_unlock(&kmap_lock);
		return;
	}
	spin_unlock(&kmap_lock);
	unmap_pages((u64)top - KSTACK_SIZE, STACK_PAGES);
	atomic_fetch_sub_explicit(&mem_kstack_pages, STACK_PAGES, memory_order_relaxed);
	spin_lock(&kmap_lock);
	slot_push(&stale_slots, base);
	spin_unlock(&kmap_lock);
}

u64 upcall_alloc_stack(void)
{
	return (u64)kstack_alloc();
}

/* ---- Other ranges */

/* An unused range of so many pages and an unmapped one behind it; 0: no room. */
static u64 range_alloc(u64 pages)
{
	u64 size = (pages + 1) * PAGE_SIZE, va = 0;

	spin_lock(&kmap_lock);
	if (size < RANGE_END - next_range) {
		va = next_range;
		next_range += size;
	}
	spin_unlock(&kmap_lock);
	return va;
}

void *mmio_map(u64 pa, size_t size)
{
	u64 first = pa & PAGE_MASK;
	u64 pages = DIV_ROUND_UP(pa + size - first, PAGE_SIZE);
	u64 va = range_alloc(pages);

	if (!va)
		return NULL;
	for (u64 i = 0; i < pages; i++)
		if (!kernel_map(va + i * PAGE_SIZE, first + i * PAGE_SIZE,
				PTE_WRITE | PTE_UNCACHED))
			return NULL;
	return (void *)(va + pa - first);
}

/* A range of kvmalloc(), in use or free. */
struct kv_range {
	struct list link;
	u64 va;
	unsigned int order; /* of its size in pages */
};
static struct list kv_used = LIST_INIT(kv_used), kv_free = LIST_INIT(kv_free); /* [kmap_lock] */

static struct kv_range *kv_take(struct list *list, u64 va, unsigned int order)
{
	struct kv_range *r;

	spin_lock(&kmap_lock);
	list_for_each(r, list, link) {
		if (va ? r->va == va : r->order == order) {
			list_del(&r->link);
			spin_unlock(&kmap_lock);
			return r;
		}
	}
	spin_unlock(&kmap_lock);
	return NULL;
}

static void kv_put(struct list *list, struct kv_range *r)
{
	spin_lock(&kmap_lock);
	list_add(&r->link, list);
	spin_unlock(&kmap_lock);
}

static void *kvmalloc_mapped(size_t size)
{
	unsigned int order = 0;
	struct kv_range *r;

	while (PAGE_SIZE << order < size)
		order++;
	r = kv_take(&kv_free, 0, order);
	if (!r) {
		r = kmalloc(sizeof(*r));
		if (!r)
			return NULL;
		r->order = order;
		r->va = range_alloc(1ull << order);
		if (!r->va) {
			kfree(r);
			return NULL;
		}
	}
	if (!map_pages(r->va, 1ull << order)) {
		tlb_flush_kernel(r->va, r->va + (PAGE_SIZE << order));
		kv_put(&kv_free, r);
		return NULL;
	}
	kv_put(&kv_used, r);
	return (void *)r->va;
}

void *kvmalloc(size_t size)
{
	void *p = size <= PAGE_SIZE << PAGE_MAX_ORDER ? kmalloc(size) : NULL;

	if (likely(p) || size <= PAGE_SIZE || size > page_count << PAGE_SHIFT)
		return p;
	return kvmalloc_mapped(size);
}

void kvfree(void *p)
{
	struct kv_range *r;
	u64 va = (u64)p, pages;

	if (va < KMAP_BASE || va >= KMAP_BASE + KMAP_SIZE) {
		kfree(p);
		return;
	}
	r = kv_take(&kv_used, va, 0);
	assert(r);
	if (!r)
		return;
	pages = 1ull << r->order;
	for (u64 i = 0; i < pages; i++) {
		u64 *pte = kernel_pte(va + i * PAGE_SIZE);

		pte_write(pte, pte_read(pte) & ~PTE_PRESENT);
	}
	tlb_flush_kernel(va, va + pages * PAGE_SIZE);
	unmap_pages(va, pages);
	kv_put(&kv_free, r);
}

void kmap_init(void)
{
	paging_init();
}
