/*
 * Page tables in bulk: emptying, copying, protecting and moving ranges of entries.
 *
 * A walk goes from one last-level table to the next and skips what a missing upper table covers,
 * so its cost is that of what is there. Gathering: a page may be freed only when no CPU can reach
 * it through a stale translation. Entries are emptied first and their pages collected; the flush
 * comes before the collection is let go. If nobody else can run in the address space meanwhile,
 * the flush waits until the end and pages go at once: this thread, in the kernel, is the only one
 * that could use the translations. Tables always wait for the flush. Tables go with the last
 * mapping they serve, except that those of the last small range that was unmapped stay until
 * another is: as->spare_start.
 * Locks: as->lock for writing, which keeps faults out.
 */
#include <linux/errno.h>

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/tlb.h"

#include "kernel/mm/internal.h"

static inline u64 table_entry(u64 *table, u64 va, unsigned int level)
{
	return pte_read(&table[pgtable_slot(va, level)]);
}

/* The first address that an entry for va at level does not cover. */
static inline u64 entry_end(u64 va, unsigned int level)
{
	return (va | ((1ull << pgtable_shift(level)) - 1)) + 1;
}

/* The last-level table for va, or NULL. *next: where what it covers, or what is missing, ends. */
static inline u64 *table_at(const struct pgtable *pgt, u64 va, u64 *next)
{
	u64 entry = table_entry(pgtable_root(pgt), va, 3);

	*next = entry_end(va, 3);
	if (unlikely(!entry))
		return NULL;
	entry = table_entry(pte_table(entry), va, 2);
	*next = entry_end(va, 2);
	if (unlikely(!entry))
		return NULL;
	entry = table_entry(pte_table(entry), va, 1);
	*next = entry_end(va, 1);
	return entry ? pte_table(entry) : NULL;
}

/* The first entry of [pte, stop) that is not empty, or stop. */
static inline u64 *skip_empty(u64 *pte, u64 *stop)
{
	while (pte + 8 <= stop &&
	       !(pte[0] | pte[1] | pte[2] | pte[3] | pte[4] | pte[5] | pte[6] | pte[7]))
		pte += 8;
	while (pte < stop && !pte_read(pte))
		pte++;
	return pte;
}

/* Goes over those of [pte, stop) that are not empty. */
#define for_each_used(pte, entry, stop)                                                            \
	for (; (pte) < (stop); (pte)++)                                                            \
		if (!((entry) = pte_read(pte)))                                                    \
			(pte) = skip_empty((pte) + 1, stop) - 1;                                   \
		else

/* As pa_to_page(pte_pa(entry)), with what does not change in a loop kept out of it. */
static inline struct page *entry_page(u64 array, u64 entry)
{
	static_assert(sizeof(struct page) == 1u << 5, "a shift does");
	return (struct page *)(array + ((entry & PTE_ADDR) >> (PAGE_SHIFT - 5)));
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
	g->region = ~0ull;
	g->nr_all = g->nr_anon = 0;
	g->tables = NULL;
}

static void gather_flush_tlb(struct gather *g)
{
	if (!g->is_dead && g->start < g->end)
		tlb_flush_range(&g->as->pgtable, g->start, g->end);
	g->start = ~0ull;
	g->end = 0;
}

/* What was noted stays noted: more entries of it may yet be emptied. */
static void gather_release(struct gather *g)
{
	if (g->has_others && g->nr)
		tlb_flush_range(&g->as->pgtable, g->start, g->end);
	pages_put(g->pages, g->nr);
	g->nr = 0;
}

void gather_end(struct gather *g)
{
	struct page *table;

	gather_flush_tlb(g);
	pages_put(g->pages, g->nr);
	while ((table = g->tables)) {
		g->tables = table->next;
		upcall_table_free(page_pa(table));
		atomic_fetch_sub_explicit(&g->as->pgtable.nr_tables, 1, memory_order_relaxed);
	}
	if (g->nr_anon)
		atomic_fetch_sub_explicit(&g->as->nr_anon, g->nr_anon, memory_order_relaxed);
	if (g->nr_all > g->nr_anon)
		atomic_fetch_sub_explicit(&g->as->nr_file, g->nr_all - g->nr_anon,
					  memory_order_relaxed);
}

static inline void gather_note(struct gather *g, u64 start, u64 end)
{
	g->start = MIN(g->start, start);
	g->end = MAX(g->end, end);
}

/* ---- Emptying */

struct zapped {
	u64 nr_all, anon; /* entries; PTE_ANON times those that had it */
	struct page_chain free;
};

/* When nobody else runs in it. Pages that are free then are handed back in one chain. */
static inline void zap_table(struct zapped *z, u64 *pte, u64 *stop)
{
	const u64 array = (u64)page_array;
	u64 entry;

	for_each_used(pte, entry, stop) {
		struct page *page = entry_page(array, entry);

		pte_write(pte, 0);
		if (entry & PTE_UNCOUNTED)
			continue;
		z->nr_all++;
		z->anon += entry & PTE_ANON;
		if (page_drop(page))
			page_chain_add(&z->free, page);
	}
}

static inline void zap_table_alone(struct gather *g, u64 *pte, u64 *stop)
{
	struct zapped z = { 0 };

	zap_table(&z, pte, stop);
	if (z.free.count)
		pages_free_chain(&z.free);
	g->nr_all += z.nr_all;
	g->nr_anon += z.anon / PTE_ANON;
}

static void zap_table_gather(struct gather *g, u64 *pte, u64 *stop)
{
	u64 entry;

	for_each_used(pte, entry, stop) {
		if (g->keeps_anon && (entry & PTE_ANON))
			continue;
		pte_write(pte, 0);
		if (entry & PTE_UNCOUNTED)
			continue;
		g->nr_all++;
		g->nr_anon += entry / PTE_ANON & 1;
		g->pages[g->nr++] = pa_to_page(pte_pa(entry));
		if (unlikely(g->nr == GATHER_PAGES))
			gather_release(g);
	}
}

void tables_zap(struct gather *g, u64 start, u64 end)
{
	u64 next;

	for (; start < end; start = next) {
		u64 *table = g->table, *pte;

		next = entry_end(start, 1);
		if (start / PT_SPAN != g->region) {
			table = table_at(&g->as->pgtable, start, &next);
			g->table = table;
			g->region = table ? start / PT_SPAN : ~0ull;
		}
		next = MIN(next, end);
		if (!table)
			continue;
		gather_note(g, start, next);
		pte = &table[pgtable_slot(start, 0)];
		if (unlikely(g->has_others || g->keeps_anon))
			zap_table_gather(g, pte, pte + ((next - start) >> PAGE_SHIFT));
		else
			zap_table_alone(g, pte, pte + ((next - start) >> PAGE_SHIFT));
		if (unlikely(next < end)) {
			if (!g->has_others)
				gather_flush_tlb(g); /* others may come and run in it */
			cond_resched();
		}
	}
}

/* What lies between the neighbours of a range being unmapped. */
struct hole {
	u64 low, high; /* the range, cut to whole last-level tables */
	u64 floor, ceiling; /* the hole */
};

static inline void prune_entry(struct gather *g, u64 *entry, u64 base, u64 size,
			       const struct hole *hole)
{
	struct page *page;

	if (base < hole->floor || base + size > hole->ceiling)
		return;
	page = pa_to_page(pte_pa(pte_read(entry)));
	pte_write(entry, 0);
	page->next = g->tables;
	g->tables = page;
}

/* The tables below one of level 1, and those one of level 2 points to. */
static void prune_level1(struct gather *g, u64 *table, u64 base, const struct hole *hole)
{
	const u64 span = 1ull << pgtable_shift(1);
	u64 end = MIN(base + span * PGTABLE_SLOTS, hole->high);

	for (u64 va = MAX(base, hole->low); va < end; va += span) {
		u64 *entry = &table[pgtable_slot(va, 1)];

		if (pte_read(entry))
			prune_entry(g, entry, va, span, hole);
	}
}

static void prune_level2(struct gather *g, u64 *table, u64 base, const struct hole *hole)
{
	const u64 span = 1ull << pgtable_shift(2);
	u64 end = MIN(base + span * PGTABLE_SLOTS, hole->high);

	for (u64 va = MAX(base, ALIGN_DOWN(hole->low, span)); va < end; va += span) {
		u64 *entry = &table[pgtable_slot(va, 2)];

		if (!pte_read(entry))
			continue;
		prune_level1(g, pte_table(pte_read(entry)), va, hole);
		prune_entry(g, entry, va, span, hole);
	}
}

/* Where nothing is mapped there are no tables already, so those around [start, end) are all that
 * can be left over. */
static void prune(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling)
{
	const u64 span = 1ull << pgtable_shift(3);
	u64 *root = pgtable_root(&g->as->pgtable);
	struct hole hole = { ALIGN_DOWN(start, PT_SPAN), ALIGN_UP(end, PT_SPAN), floor, ceiling };

	if (hole.low < floor)
		hole.low += PT_SPAN;
	if (hole.high > ceiling)
		hole.high -= PT_SPAN;
	if (hole.low >= hole.high)
		return;
	for (u64 va = ALIGN_DOWN(hole.low, span); va < hole.high; va += span) {
		u64 *entry = &root[pgtable_slot(va, 3)];

		if (!pte_read(entry))
			continue;
		prune_level2(g, pte_table(pte_read(entry)), va, &hole);
		prune_entry(g, entry, va, span, &hole);
	}
	g->region = ~0ull;
	gather_note(g, start, end);
}

/*
 * The spare ones, before those of [start, end), which is unmapped too but has its tables yet: upper
 * tables above both are left to whoever prunes that.
 */
static void prune_spare(struct gather *g, u64 start, u64 end)
{
	struct as *as = g->as;
	u64 spare = as->spare_start, spare_end = as->spare_end, floor, ceiling;
	struct vma *above, *below;

	if (!spare_end)
		return;
	as->spare_end = 0;
	if (spare / PT_SPAN >= start / PT_SPAN && spare / PT_SPAN <= (end - 1) / PT_SPAN)
		return; /* it is one of them */
	above = as_find(as, spare);
	if (above && above->start < spare_end)
		return; /* mapped again: whoever unmaps that prunes */
	below = above ? vma_prev(above) : as_find_below(as, spare);
	floor = below ? below->end : 0;
	ceiling = above ? above->start : USER_TOP + PAGE_SIZE;
	if (spare < start)
		ceiling = MIN(ceiling, start);
	else
		floor = MAX(floor, end);
	prune(g, spare, spare_end, floor, ceiling);
}

void tables_prune(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling)
{
	prune_spare(g, start, end);
	prune(g, start, end, floor, ceiling);
}

void tables_prune_spare(struct gather *g)
{
	prune_spare(g, USER_TOP + PAGE_SIZE, USER_TOP + PAGE_SIZE);
}

void tables_prune_later(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling)
{
	struct as *as = g->as;

	if (start / PT_SPAN != (end - 1) / PT_SPAN) {
		tables_prune(g, start, end, floor, ceiling);
		return;
	}
	prune_spare(g, start, end);
	as->spare_start = start;
	as->spare_end = end;
}

/* ---- The end of an address space */

void burial_begin(struct burial *b, struct as *as)
{
	b->root = pgtable_root(&as->pgtable);
	b->va = 0;
	b->level = PGTABLE_LEVELS;
	b->pages.count = b->tables.count = 0;
}

static void burial_free_pages(struct burial *b)
{
	if (b->pages.count)
		pages_free_chain(&b->pages);
	b->pages.count = 0;
}

/* Takes out the tables on the path that cover nothing from va on. */
static inline void leave_tables(struct burial *b, u64 va)
{
	while (b->level < PGTABLE_LEVELS && (b->va ^ va) >> pgtable_shift(b->level)) {
		u64 *entry = b->path[b->level++];

		page_chain_add(&b->tables, pa_to_page(pte_pa(pte_read(entry))));
		pte_write(entry, 0);
	}
}

/* As table_at(), and notes the path. */
static inline u64 *enter_tables(struct burial *b, u64 va, u64 *next)
{
	unsigned int level = b->level;
	u64 *table = level == PGTABLE_LEVELS ? b->root : pte_table(pte_read(b->path[level]));

	b->va = va;
	for (; level > 1; b->level = level) {
		u64 *entry = &table[pgtable_slot(va, --level)];

		if (!pte_read(entry)) {
			*next = entry_end(va, level);
			return NULL;
		}
		b->path[level] = entry;
		table = pte_table(pte_read(entry));
	}
	*next = entry_end(va, 1);
	return table;
}

void burial_zap(struct burial *b, u64 start, u64 end)
{
	u64 next;

	for (; start < end; start = next) {
		struct zapped z = { .free = b->pages };
		u64 *table, *pte;

		leave_tables(b, start);
		table = enter_tables(b, start, &next);
		next = MIN(next, end);
		if (!table)
			continue;
		pte = &table[pgtable_slot(start, 0)];
		zap_table(&z, pte, pte + ((next - start) >> PAGE_SHIFT));
		b->pages = z.free;
		if (unlikely(next < end)) {
			burial_free_pages(b);
			cond_resched();
		}
	}
}

void burial_end(struct burial *b)
{
	leave_tables(b, ~0ull);
	burial_free_pages(b);
	tables_free_chain(&b->tables);
}

/* ---- Copying */

static inline void copy_entries(struct table_copy *c, u64 *from, u64 *to, u64 *stop, u64 keep)
{
	const u64 array = (u64)page_array;
	u64 nr_all = 0, anon = 0, dropped = 0, entry;
	s64 distance = to - from;

	for_each_used(from, entry, stop) {
		if (entry & ~keep) {
			dropped |= entry & ~keep;
			entry &= keep;
			pte_write(from, entry);
		}
		pte_write(from + distance, entry);
		if (entry & PTE_UNCOUNTED)
			continue;
		page_get(entry_page(array, entry));
		nr_all++;
		anon += entry & PTE_ANON;
	}
	c->nr_all += nr_all;
	c->nr_anon += anon / PTE_ANON;
	c->is_downgraded |= dropped != 0;
}

int tables_copy(struct table_copy *c, const struct vma *vma)
{
	u64 keep = vma->flags & VM_SHARED ? ~0ull : ~PTE_WRITE, next;

	for (u64 va = vma->start; va < vma->end; va = next) {
		u64 *table = c->from_table, *from, *stop;

		next = entry_end(va, 1);
		if (va / PT_SPAN != c->region) {
			table = table_at(&c->from->pgtable, va, &next);
			c->from_table = table;
			c->to_table = NULL;
			c->region = table ? va / PT_SPAN : ~0ull;
		}
		next = MIN(next, vma->end);
		if (!table)
			continue;
		from = &table[pgtable_slot(va, 0)];
		stop = from + ((next - va) >> PAGE_SHIFT);
		from = skip_empty(from, stop);
		if (from == stop)
			continue;
		if (!c->to_table) {
			u64 *pte = pgtable_walk_alloc(&c->to->pgtable, va);

			if (!pte)
				return -ENOMEM;
			c->to_table = pte - pgtable_slot(va, 0);
		}
		copy_entries(c, from, c->to_table + (from - table), stop, keep);
		if (unlikely(next < vma->end))
			cond_resched();
	}
	return 0;
}

void tables_copy_now(struct table_copy *c, u64 addr)
{
	const struct vma *vma = as_find_exact(c->from, addr);
	u64 *from, *to, entry;
	struct page *page, *copy;

	if (!vma || (vma->flags & (VM_WRITE | VM_SHARED | VM_DONTFORK | VM_WIPEFORK)) != VM_WRITE)
		return;
	from = pgtable_walk(&c->from->pgtable, addr);
	to = pgtable_walk(&c->to->pgtable, addr);
	entry = from ? pte_read(from) : 0;
	if (!to || (entry & (PTE_ANON | PTE_UNCOUNTED | PTE_WRITE)) != PTE_ANON)
		return;
	page = pa_to_page(pte_pa(entry));
	if (refcount_read(&page->refs) != 2)
		return;
	copy = page_alloc(0);
	if (!copy)
		return;
	page_copy(page_va(copy), page_va(page));
	pte_write(to, page_pa(copy) | vma_pte_bits(vma) | PTE_ANON | PTE_WRITE | PTE_DIRTY);
	pte_write(from, entry | PTE_WRITE | PTE_DIRTY);
	page_put(page);
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
