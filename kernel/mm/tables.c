/*
 * Page tables in bulk: emptying, copying, protecting and moving ranges of entries.
 *
 * A walk goes from one last-level table to the next and skips what a missing upper table covers, so its cost
 *   is that of what is there.
 * Gathering: a page may be freed only when no CPU can reach it through a stale translation. Entries are
 *   emptied first and their pages collected; the flush comes before the collection is let go. If nobody else
 *   can run in the address space meanwhile, the flush waits until the end and pages go at once: this thread,
 *   in the kernel, is the only one that could use the translations. Tables always wait for the flush.
 * Locks: as->lock for writing, which keeps faults out.
 */
#include <linux/errno.h>

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/tlb.h"

#include "kernel/mm/internal.h"

/* The last-level table for va, or NULL. *next: where what it covers, or what is missing, ends. */
static inline u64 *table_at(const struct pgtable *pgt, u64 va, u64 *next)
{
	u64 *table = pgtable_root(pgt);
	unsigned int level = PGTABLE_LEVELS - 1;

	for (;;) {
		u64 entry = pte_read(&table[pgtable_slot(va, level)]);

		if (!entry || level == 1) {
			*next = (va | ((1ull << pgtable_shift(level)) - 1)) + 1;
			return entry ? pte_table(entry) : NULL;
		}
		table = pte_table(entry);
		level--;
	}
}

/* ---- Gathering */

void gather_begin(struct gather *g, struct as *as, bool is_dead)
{
	g->as = as;
	g->is_dead = is_dead;
	g->has_others = !is_dead && (refcount_read(&as->users) > 1 || as != as_current());
	g->keeps_anon = false;
	g->nr = 0;
	g->start = ~0ull;
	g->end = 0;
	g->nr_anon = g->nr_file = 0;
	g->tables = NULL;
}

static void gather_flush_tlb(struct gather *g)
{
	if (!g->is_dead && g->start < g->end)
		tlb_flush_range(&g->as->pgtable, g->start, g->end);
	g->start = ~0ull;
	g->end = 0;
}

static void gather_release(struct gather *g)
{
	if (g->has_others)
		gather_flush_tlb(g);
	for (u32 i = 0; i < g->nr; i++)
		page_put(g->pages[i]);
	g->nr = 0;
}

void gather_end(struct gather *g)
{
	struct page *table;

	gather_release(g);
	gather_flush_tlb(g);
	while ((table = g->tables)) {
		g->tables = table->next;
		upcall_table_free(page_pa(table));
	}
	if (g->nr_anon)
		atomic_fetch_sub_explicit(&g->as->nr_anon, g->nr_anon, memory_order_relaxed);
	if (g->nr_file)
		atomic_fetch_sub_explicit(&g->as->nr_file, g->nr_file, memory_order_relaxed);
}

static inline void gather_note(struct gather *g, u64 start, u64 end)
{
	g->start = MIN(g->start, start);
	g->end = MAX(g->end, end);
}

/* ---- Emptying */

static void zap_table(struct gather *g, u64 *table, u64 start, u64 end)
{
	u64 *pte = &table[pgtable_slot(start, 0)], *stop = pte + ((end - start) >> PAGE_SHIFT);

	for (; pte < stop; pte++) {
		u64 entry = pte_read(pte);

		if (!entry)
			continue;
		if (unlikely(g->keeps_anon) && (entry & PTE_ANON))
			continue;
		pte_write(pte, 0);
		if (entry & PTE_UNCOUNTED)
			continue;
		if (entry & PTE_ANON)
			g->nr_anon++;
		else
			g->nr_file++;
		g->pages[g->nr++] = pa_to_page(pte_pa(entry));
		if (unlikely(g->nr == GATHER_PAGES)) {
			gather_note(g, start, end);
			gather_release(g);
		}
	}
	gather_note(g, start, end);
}

void tables_zap(struct gather *g, u64 start, u64 end)
{
	u64 next;

	for (; start < end; start = next) {
		u64 *table = table_at(&g->as->pgtable, start, &next);

		next = MIN(next, end);
		if (!table)
			continue;
		zap_table(g, table, start, next);
		if (unlikely(next < end)) {
			if (!g->has_others && !g->is_dead)
				gather_flush_tlb(g); /* others may come and run in it */
			cond_resched();
		}
	}
}

/* What lies between the neighbours of a range being unmapped. */
struct hole {
	u64 low, high;	    /* the range, cut to whole last-level tables */
	u64 floor, ceiling; /* the hole */
};

/* Looks for tables to take out in the one below entry, which is at level and covers from base on; then at that. */
static void prune(struct gather *g, u64 *entry, unsigned int level, u64 base, const struct hole *hole)
{
	u64 size = 1ull << pgtable_shift(level), span = size / PGTABLE_SLOTS;
	u64 *table = pte_table(pte_read(entry));
	struct page *page;

	if (level > 1) {
		u64 va = MAX(base, ALIGN_DOWN(hole->low, span)), end = MIN(base + size, hole->high);

		for (; va < end; va += span) {
			u64 *lower = &table[pgtable_slot(va, level - 1)];

			if (pte_read(lower))
				prune(g, lower, level - 1, va, hole);
		}
	}
	if (base < hole->floor || base + size > hole->ceiling)
		return;
	pte_write(entry, 0);
	page = va_to_page(table);
	page->next = g->tables;
	g->tables = page;
}

/* Where nothing is mapped there are no tables already, so those around [start, end) are all that can be left over. */
void tables_prune(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling)
{
	const unsigned int level = PGTABLE_LEVELS - 1;
	const u64 span = 1ull << pgtable_shift(level);
	u64 *root = pgtable_root(&g->as->pgtable);
	struct hole hole = { ALIGN_DOWN(start, PT_SPAN), ALIGN_UP(end, PT_SPAN), floor, ceiling };

	if (hole.low < floor)
		hole.low += PT_SPAN;
	if (hole.high > ceiling)
		hole.high -= PT_SPAN;
	if (hole.low >= hole.high)
		return;
	for (u64 va = ALIGN_DOWN(hole.low, span); va < hole.high; va += span) {
		u64 *entry = &root[pgtable_slot(va, level)];

		if (pte_read(entry))
			prune(g, entry, level, va, &hole);
	}
	gather_note(g, start, end);
}

/* ---- Copying */

struct copy {
	u64 keep;	/* bits of entries that stay */
	u64 nr_anon, nr_file;
	bool downgraded;
};

static void copy_table(struct copy *c, u64 *from, u64 *to, u64 *stop)
{
	for (; from < stop; from++, to++) {
		u64 entry = pte_read(from), kept = entry & c->keep;

		if (!entry)
			continue;
		if (kept != entry) {
			pte_write(from, kept);
			c->downgraded = true;
		}
		pte_write(to, kept);
		if (kept & PTE_UNCOUNTED)
			continue;
		page_get(pa_to_page(pte_pa(kept)));
		if (kept & PTE_ANON)
			c->nr_anon++;
		else
			c->nr_file++;
	}
}

int tables_copy(const struct vma *vma, struct as *to, bool *downgraded)
{
	struct copy c = { .keep = vma->flags & VM_SHARED ? ~0ull : ~PTE_WRITE };
	u64 next;
	int err = 0;

	for (u64 va = vma->start; va < vma->end; va = next) {
		u64 *from = table_at(&vma->as->pgtable, va, &next), *stop, *pte;

		next = MIN(next, vma->end);
		if (!from)
			continue;
		from += pgtable_slot(va, 0);
		stop = from + ((next - va) >> PAGE_SHIFT);
		while (from < stop && !pte_read(from)) /* perhaps no table is needed */
			from++;
		if (from == stop)
			continue;
		va = next - ((u64)(stop - from) << PAGE_SHIFT);
		pte = pgtable_walk_alloc(&to->pgtable, va);
		if (!pte) {
			err = -ENOMEM;
			break;
		}
		copy_table(&c, from, pte, stop);
		if (unlikely(next < vma->end))
			cond_resched();
	}
	to->nr_anon += c.nr_anon;
	to->nr_file += c.nr_file;
	*downgraded |= c.downgraded;
	return err;
}

/* ---- Protecting and moving */

void tables_protect(const struct vma *vma, u64 start, u64 end)
{
	const u64 all = PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_NX;
	u64 bits = vma_pte_bits(vma), drop = all | (vma->flags & VM_WRITE ? 0 : PTE_WRITE);
	bool is_restricted = false;
	u64 next;

	for (u64 va = start; va < end; va = next) {
		u64 *pte = table_at(&vma->as->pgtable, va, &next), *stop;

		next = MIN(next, end);
		if (!pte)
			continue;
		pte += pgtable_slot(va, 0);
		for (stop = pte + ((next - va) >> PAGE_SHIFT); pte < stop; pte++) {
			u64 entry = pte_read(pte);

			if (!entry)
				continue;
			pte_write(pte, (entry & ~drop) | bits);
			is_restricted |= entry & PTE_PRESENT;
		}
	}
	if (is_restricted)
		tlb_flush_range(&vma->as->pgtable, start, end);
}

static int tables_make(struct as *as, u64 from, u64 to, u64 len)
{
	u64 next;

	for (u64 at = 0; at < len; at = next - from) {
		if (!table_at(&as->pgtable, from + at, &next))
			continue;
		next = MIN(next, from + len);
		if (!pgtable_walk_alloc(&as->pgtable, to + at) ||
		    !pgtable_walk_alloc(&as->pgtable, to + (next - from) - PAGE_SIZE))
			return -ENOMEM;
	}
	return 0;
}

int tables_move(struct as *as, u64 from, u64 to, u64 len)
{
	u64 next;
	int err = tables_make(as, from, to, len);

	if (err)
		return err;
	for (u64 at = 0; at < len; at = next - from) {
		u64 *table = table_at(&as->pgtable, from + at, &next);

		next = MIN(next, from + len);
		if (!table)
			continue;
		for (; from + at < next; at += PAGE_SIZE) {
			u64 *pte = &table[pgtable_slot(from + at, 0)], entry = pte_read(pte);

			if (!entry)
				continue;
			pte_write(pte, 0);
			pte_write(pgtable_walk(&as->pgtable, to + at), entry);
		}
	}
	tlb_flush_range(&as->pgtable, from, from + len);
	return 0;
}
