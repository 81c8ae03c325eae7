/*
 * Shared by the files of kernel/mm only.
 */
#pragma once

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/upcalls.h"

#include "kernel/debug/panic.h"
#include "kernel/mm/as.h"
#include "kernel/mm/fault.h"
#include "kernel/mm/page.h"
#include "kernel/sync/spinlock.h"

/* Allocators keep per-CPU lists without a lock: no interrupts. A user thread with interrupts off
 * holds a lock that interrupts take, and that ranks below the allocators'; while booting they are
 * off all the time. */
#ifdef CONFIG_DEBUG
bool can_allocate(void);
#define assert_can_allocate() assert(can_allocate())
/* True if fault injection wants this allocation to fail (slab_fail_nth()). */
bool alloc_should_fail(void);
#else
#define assert_can_allocate() ((void)0)
static inline bool alloc_should_fail(void)
{
	return false;
}
#endif

/* Pages by page->next. */
struct page_chain {
	struct page *first, *last; /* valid if count */
	u32 count;
};
static inline void page_chain_add(struct page_chain *chain, struct page *page)
{
	if (!chain->count++)
		chain->last = page;
	page->next = chain->first;
	chain->first = page;
}
/* Frees page tables that are empty. */
void tables_free_chain(const struct page_chain *chain);
/* Gives up count references to single pages. */
void pages_put(struct page **pages, u32 count);
/* Frees single pages with no reference left; there is at least one. */
void pages_free_chain(const struct page_chain *chain);

/* page_alloc() without fault injection, for allocators whose own callers were asked already. */
struct page *page_alloc_uncounted(unsigned int order);

/* What slab.c and slabcheck.c know of a cache. Debug kernels precede each object by a struct
 * slab_head and follow it by a red zone. */
struct slab_cache {
	const char *name;
	struct slab_cpu *lists; /* CPU 0's; the next CPU's are a row of all caches further */
	u32 id; /* index in the rows */
	u32 max_free; /* objects in a per-CPU list */
	u32 size; /* of an object, as asked for */
	u32 stride; /* from one object to the next */
	u32 first; /* offset of the first object in a slab */
	u32 per_slab; /* objects */
	u32 batch; /* objects a per-CPU list takes or gives at a time */
	u8 order; /* of a slab's pages */
	struct spinlock lock; /* RANK_SLAB; guards the rest, and every slab of the cache */
	struct list partial; /* slabs with a free object */
	u64 nr_slabs, nr_empty;
	u64 nr_taken; /* objects that are not free in a slab */
};

#ifdef CONFIG_DEBUG
struct slab_head {
	void *next; /* in a free list */
	u64 size; /* that was asked for; the red zone begins there */
	u64 caller; /* of the last alloc or free */
	u64 magic;
};
#define SLAB_HEAD_SIZE  sizeof(struct slab_head)
#define SLAB_RED_ZONE   16u
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

/* ---- Address spaces. All REQUIRES(as->lock), for writing, unless it says otherwise. */

#define PT_SPAN       (1ull << 21) /* what one last-level table covers */
#define MAP_COUNT_MAX 65530u /* vm.max_map_count */
#define MMAP_MIN_ADDR 65536ull
#define STACK_GAP     (256 * PAGE_SIZE) /* kept free below a stack */
#define GATHER_PAGES  64

/*
 * Pages and tables taken out of an address space, to be let go when no CPU can use them any more.
 * Between gather_begin() and gather_end() nothing else may change the page table.
 */
struct gather {
	struct as *as;
	bool has_others; /* other CPUs may be running in it: flush before any page is freed */
	bool is_dead; /* nobody will ever run in it again: no flush at all */
	bool keeps_anon; /* leave private copies alone */
	u32 nr;
	u64 region, *table; /* the last-level table used last: which PT_SPAN it covers, or ~0 */
	u64 start, end; /* to be flushed */
	u64 nr_all, nr_anon; /* pages taken out */
	struct page *tables; /* by page->next */
	struct page *pages[GATHER_PAGES];
};
/* For a struct gather on the stack, most of which is never used. */
#define __uninitialized __attribute__((uninitialized))
void gather_begin(struct gather *g, struct as *as, bool is_dead);
void gather_end(struct gather *g);

/* Empties every entry of [start, end). */
void tables_zap(struct gather *g, u64 start, u64 end);
/* Takes out the tables that serve only [start, end): its neighbours end at floor and begin at
 * ceiling. */
void tables_prune(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling);
/* The same after unmapping, later: a small range's tables are kept, for it is often mapped again at
 * once. */
void tables_prune_later(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling);
void tables_prune_spare(struct gather *g);

/* The end of an address space that no CPU will run in again: empties [start, end), as tables_zap()
 * and tables_prune() do for the living, for all vmas upwards; a table goes when the next range lies
 * beyond it, the last ones at the end. */
struct burial {
	u64 *root;
	u64 va; /* where path[] leads to */
	unsigned int level; /* the lowest level that path[] is valid for */
	u64 *path[PGTABLE_LEVELS]; /* by level: the entry, in a table of that level, on the way to
				      va */
	struct page_chain pages, tables;
};
void burial_begin(struct burial *b, struct as *as);
void burial_zap(struct burial *b, u64 start, u64 end);
void burial_end(struct burial *b);

/* Fork: from one address space to another, vma by vma upwards. Both locks are held. */
struct table_copy {
	struct as *from, *to;
	u64 region, *from_table, *to_table; /* as in struct gather */
	u64 nr_all, nr_anon; /* pages copied so far */
	bool is_downgraded; /* some of from's entries lost PTE_WRITE */
};
int tables_copy(struct table_copy *c, const struct vma *vma) __must_check;
/* Both will write to the page of addr at once: the copy gets its own now, without two faults. */
void tables_copy_now(struct table_copy *c, u64 addr);

/* The entries of [start, end) get what vma->flags allow, but no new PTE_WRITE. Flushes. */
void tables_protect(const struct vma *vma, u64 start, u64 end);
/* Moves entries of [from, from + len) to [to, ...). Errors: -ENOMEM, nothing moved. Flushes. */
int tables_move(struct as *as, u64 from, u64 to, u64 len) __must_check;

/* The PTE bits of a page that may be read but not written through vma; without PTE_PRESENT for
 * PROT_NONE. */
static inline u64 vma_pte_bits(const struct vma *vma)
{
	u64 bits = PTE_USER | PTE_ACCESSED | (vma->flags & VM_EXEC ? 0 : pte_nx);

	return vma->flags & (VM_READ | VM_WRITE | VM_EXEC) ? bits | PTE_PRESENT : bits;
}

/* Anonymous private memory. */
static inline bool vma_is_anon(const struct vma *vma)
{
	return !vma->ops;
}
static inline u64 vma_pages(const struct vma *vma)
{
	return (vma->end - vma->start) >> PAGE_SHIFT;
}
static inline struct vma *vma_prev(const struct vma *vma)
{
	return vma->link.prev == &vma->as->vma_list ? NULL
						    : list_entry(vma->link.prev, struct vma, link);
}

struct vma *vma_new(void);
void vma_free(struct vma *vma); /* just the memory */
/* The last vma that begins below addr. */
struct vma *as_find_below(struct as *as, u64 addr);
void as_insert(struct as *as, struct vma *vma);
/* Out of the tree and the counts, not closed. */
void as_remove(struct as *as, struct vma *vma);
/* Adds pages (or takes them away) to the counts that flags say. */
void as_account(struct as *as, u32 flags, s64 pages);
/* Cuts vma in two at addr; vma keeps the lower part. Errors: -ENOMEM. */
int vma_split(struct vma *vma, u64 addr) __must_check;
/* Joins vma with its neighbours where they differ in nothing. Returns the result. */
struct vma *vma_merge(struct vma *vma);
/* Splits so that [start, end), which lies in vma, is a vma of its own, and returns it in *out. */
int vma_isolate(struct vma *vma, u64 start, u64 end, struct vma **out) __must_check;

int as_unmap_locked(struct as *as, u64 start, u64 end) __must_check; /* -EPERM: sealed */
bool as_range_is_sealed(struct as *as, u64 start, u64 end);
/* A free place; as for mmap(2) without MAP_FIXED. */
int as_find_gap(struct as *as, u64 hint, u64 len, u32 map_flags, u64 *out) __must_check;
/* May so many pages with these flags be added? Errors: -ENOMEM, -EAGAIN. */
int as_may_grow(struct as *as, u32 vm_flags, u64 pages) __must_check;

/* Brings the pages of [start, end) in, as far as possible; lock not held. */
enum fault_result as_populate(struct as *as, u64 start, u64 end, bool write);

/* Upcall (kernel/sched): lets others run if it is time. No spin lock held. */
void cond_resched(void);
