/*
 * Page tables: four levels of 512 entries; this file knows their format.
 *
 * Every entry the kernel writes has its accessed (and, if writable, dirty) bit set already, so the
 * CPU never changes an entry: a plain load, store or compare-and-swap is all that updating one
 * takes.
 *
 * An entry of the last level that is not zero refers to a page, even when it is not PTE_PRESENT: so
 * PROT_NONE keeps the contents. Unused bits are the kernel's: PTE_ANON, PTE_UNCOUNTED.
 */
#pragma once

#include "lib/base.h"

#include "arch/x86_64/memlayout.h"

#define PTE_PRESENT   0x001ull
#define PTE_WRITE     0x002ull
#define PTE_USER      0x004ull
#define PTE_UNCACHED  0x018ull
#define PTE_ACCESSED  0x020ull
#define PTE_DIRTY     0x040ull
#define PTE_LARGE     0x080ull
#define PTE_GLOBAL    0x100ull
#define PTE_ANON      0x200ull /* an anonymous page; counts in as->nr_anon */
#define PTE_UNCOUNTED 0x400ull /* holds no reference on its page: the zero page */
#define PTE_NX        (1ull << 63)
#define PTE_ADDR      0x000ffffffffff000ull

#define PTE_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

#define PGTABLE_LEVELS 4
#define PGTABLE_SLOTS  512

struct pgtable {
	phys_addr root_pa;
	_Atomic u64 nr_tables; /* of the user half, the root among them */
	_Atomic u64 cpus; /* where it is loaded, be it for a kernel thread that does not care */
};

extern u64 pte_nx; /* PTE_NX, or 0 on a CPU without it; constant after paging_init() */

static inline u64 pte_read(const u64 *pte)
{
	return *(const volatile u64 *)pte;
}
static inline void pte_write(u64 *pte, u64 value)
{
	*(volatile u64 *)pte = value;
}
/* False: it was not old any more. */
static inline bool pte_replace(u64 *pte, u64 old, u64 value)
{
	return __atomic_compare_exchange_n(pte, &old, value, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}
static inline phys_addr pte_pa(u64 pte)
{
	return pte & PTE_ADDR;
}
/* The table an entry of a higher level points to. */
static inline u64 *pte_table(u64 entry)
{
	return phys_to_virt(entry & PTE_ADDR);
}

/* How much one entry covers: level 0 is the last (4 KiB), 3 the root (512 GiB). */
static inline unsigned int pgtable_shift(unsigned int level)
{
	return PAGE_SHIFT + 9 * level;
}
static inline unsigned int pgtable_slot(u64 va, unsigned int level)
{
	return va >> pgtable_shift(level) & (PGTABLE_SLOTS - 1);
}
static inline u64 *pgtable_root(const struct pgtable *pgt)
{
	return phys_to_virt(pgt->root_pa);
}

/* A root whose upper half is the kernel's. False: out of memory. */
bool pgtable_new(struct pgtable *pgt) __must_check;
/* Gives the root back; its user half must be empty and no CPU may have it loaded
 * (pgtable_retire()). */
void pgtable_free(struct pgtable *pgt);

/* The last-level entry for va; NULL: there is no table. */
u64 *pgtable_walk(const struct pgtable *pgt, u64 va);
/* The same, making tables; NULL: out of memory. Safe against others doing it at the same time. */
u64 *pgtable_walk_alloc(struct pgtable *pgt, u64 va);

/* The kernel's own table, KMAP_BASE + 512 GiB. flags: PTE_WRITE, PTE_UNCACHED. False: out of
 * memory. Callers keep their ranges apart; the TLB is theirs to flush after unmapping. */
#define KMAP_SIZE (1ull << 39)
bool kernel_map(u64 va, phys_addr pa, u64 flags) __must_check;
phys_addr kernel_unmap(u64 va);
u64 *kernel_pte(u64 va); /* NULL: no table yet */

/* Boot CPU, once pages can be allocated and before the first pgtable_new(). */
void paging_init(void);
