/*
 * Page tables: roots, walks, and the kernel's own mappings.
 *
 * Owns: the format of entries, the shape of the tree. What lies in the user half, and who may
 *   change it when, is kernel/mm's business; the tables between are made here and taken apart
 *   there.
 * Invariant: the entries of the kernel's half of the root never change after paging_init(), so
 *   every root copies the few that are in use, and a kernel mapping made later is in all of them
 *   at once. Races: a missing table is hung in by compare-and-swap, and the loser gives its own
 *   back.
 */
#include "arch/x86_64/paging.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/upcalls.h"

u64 pte_nx;

/* The entries of the kernel's half that are in use. */
static struct {
	unsigned int slot;
	u64 entry;
} kernel_slots[PGTABLE_SLOTS / 2];
static unsigned int nr_kernel_slots;

bool pgtable_new(struct pgtable *pgt)
{
	u64 *root;

	pgt->root_pa = upcall_table_alloc();
	pgt->cpus = 0;
	pgt->nr_tables = 1;
	if (!pgt->root_pa)
		return false;
	root = pgtable_root(pgt);
	for (unsigned int i = 0; i < nr_kernel_slots; i++)
		root[kernel_slots[i].slot] = kernel_slots[i].entry;
	return true;
}

void pgtable_free(struct pgtable *pgt)
{
	u64 *root = pgtable_root(pgt);

	for (unsigned int i = 0; i < nr_kernel_slots; i++)
		root[kernel_slots[i].slot] = 0;
	upcall_table_free(pgt->root_pa);
}

u64 *pgtable_walk(const struct pgtable *pgt, u64 va)
{
	u64 entry = pte_read(&pgtable_root(pgt)[pgtable_slot(va, 3)]);

	if (entry)
		entry = pte_read(&pte_table(entry)[pgtable_slot(va, 2)]);
	if (entry)
		entry = pte_read(&pte_table(entry)[pgtable_slot(va, 1)]);
	return entry ? &pte_table(entry)[pgtable_slot(va, 0)] : NULL;
}

/* A table for an empty entry; returns what the entry is then, or 0: out of memory. nr_tables: NULL
 * where nobody counts. */
static __noinline u64 fill(u64 *entry, _Atomic u64 *nr_tables)
{
	phys_addr pa = upcall_table_alloc();

	if (!pa)
		return 0;
	if (pte_replace(entry, 0, pa | PTE_TABLE)) {
		if (nr_tables)
			atomic_fetch_add_explicit(nr_tables, 1, memory_order_relaxed);
		return pa | PTE_TABLE;
	}
	upcall_table_free(pa); /* somebody was faster */
	return pte_read(entry);
}

/* The table that the entry for va points to, made if missing; NULL: out of memory. */
static inline u64 *next_table(u64 *table, u64 va, unsigned int level, _Atomic u64 *nr_tables)
{
	u64 *at = &table[pgtable_slot(va, level)], entry = pte_read(at);

	if (unlikely(!entry)) {
		entry = fill(at, nr_tables);
		if (!entry)
			return NULL;
	}
	return pte_table(entry);
}

static inline u64 *walk_alloc(u64 *root, u64 va, _Atomic u64 *nr_tables)
{
	u64 *table = next_table(root, va, 3, nr_tables);

	if (table)
		table = next_table(table, va, 2, nr_tables);
	if (table)
		table = next_table(table, va, 1, nr_tables);
	return table ? &table[pgtable_slot(va, 0)] : NULL;
}

u64 *pgtable_walk_alloc(struct pgtable *pgt, u64 va)
{
	return walk_alloc(pgtable_root(pgt), va, &pgt->nr_tables);
}

u64 *kernel_pte(u64 va)
{
	struct pgtable kernel = { .root_pa = virt_to_phys(kernel_pml4) };

	return pgtable_walk(&kernel, va);
}

bool kernel_map(u64 va, phys_addr pa, u64 flags)
{
	u64 *pte = walk_alloc(kernel_pml4, va, NULL);

	if (!pte)
		return false;
	pte_write(pte, pa | flags | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL | pte_nx);
	return true;
}

phys_addr kernel_unmap(u64 va)
{
	u64 *pte = kernel_pte(va);
	phys_addr pa = pte_pa(pte_read(pte));

	pte_write(pte, 0);
	return pa;
}

void paging_init(void)
{
	pte_nx = cpu_features.has_nx ? PTE_NX : 0;
	if (!kernel_pml4[pgtable_slot(KMAP_BASE, 3)] &&
	    !fill(&kernel_pml4[pgtable_slot(KMAP_BASE, 3)], NULL))
		upcall_panic(NULL, "no memory for the kernel's page tables");
	for (unsigned int slot = PGTABLE_SLOTS / 2; slot < PGTABLE_SLOTS; slot++) {
		if (!kernel_pml4[slot])
			continue;
		kernel_slots[nr_kernel_slots].slot = slot;
		kernel_slots[nr_kernel_slots++].entry = kernel_pml4[slot];
	}
}
