/*
 * Which page table a CPU has loaded, and making CPUs forget translations.
 *
 * A CPU that goes on to a kernel thread keeps the table it has. The table's `cpus` says so, and a
 * flush reaches that CPU once: instead of flushing, it drops the table.
 */
#pragma once

#include "arch/x86_64/paging.h"
#include "arch/x86_64/percpu.h"

extern struct pgtable *pgtable_loaded[MAX_CPUS]; /* NULL: the kernel's own; by its CPU only */

/* Ask this, not one's own memory, whether pgtable_load() can be left out. Interrupts off or no
 * blocking. */
static inline bool pgtable_is_loaded(const struct pgtable *pgt)
{
	return pgtable_loaded[cpu_id()] == pgt;
}

/* Of this CPU. Interrupts off (or it is early boot). */
void pgtable_load(struct pgtable *pgt);
void pgtable_load_kernel(void);

/* Makes all CPUs drop a table that nobody will load again. Context as for tlb_flush_range(). */
void pgtable_retire(struct pgtable *pgt);

/*
 * After entries of [start, end) were taken away or restricted: no CPU uses the old ones any more on
 * return. The pages they referred to may be freed after it. Context: interrupts on, no spin lock
 * held (it waits for other CPUs), thread context.
 */
void tlb_flush_range(struct pgtable *pgt, u64 start, u64 end);
void tlb_flush_all(struct pgtable *pgt);
void tlb_flush_kernel(u64 start, u64 end); /* of the kernel's half, on all CPUs */

static inline void tlb_flush_page(struct pgtable *pgt, u64 va)
{
	tlb_flush_range(pgt, va, va + PAGE_SIZE);
}

/* This CPU only: after a fault replaced an entry that was less permissive. Others fault and see for
 * themselves. */
void tlb_flush_page_local(u64 va);
