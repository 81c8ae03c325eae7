/*
 * Page faults.
 *
 * Anonymous memory: a read gets the zero page, a write a page of zeroes. A private mapping of a
 * file is read from the file's own page, and written in a copy, which is anonymous from then on. A
 * shared mapping has the file's page, writable only once it has been written, so that the file
 * system hears of it. Copy on write: an anonymous page that only one entry refers to is written in
 * place; else it is copied. The count is exact because whatever else can find the page holds a
 * reference. Races: faults hold as->lock for reading, so several may be at one entry. Under the
 * read lock an entry only goes forward (nothing, a page without write permission, the page for
 * writing), always by compare-and-swap from the value that was examined; the loser drops what it
 * made and lets the access be tried again. A page that is replaced is let go only after a flush:
 * another CPU may still read it.
 * Locks: as->lock for reading; for writing to let a stack grow, and to write to another's memory.
 */
#include "kernel/mm/fault.h"

#include <linux/errno.h>

#include "lib/string.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/tlb.h"

#include "kernel/mm/internal.h"
#include "kernel/mm/mmap.h"

struct fault {
	struct as *as;
	struct vma *vma;
	u64 addr; /* of the page */
	u64 *pte;
	u64 entry; /* what *pte was */
	bool is_write;
};

static inline void count_page(struct as *as, bool is_anon)
{
	u64 rss;

	atomic_fetch_add_explicit(is_anon ? &as->nr_anon : &as->nr_file, 1, memory_order_relaxed);
	rss = as_resident_pages(as);
	if (rss > as->hiwater_rss)
		as->hiwater_rss = rss;
}

/* The bits of a private page that is written through this entry alone. */
static u64 private_bits(const struct vma *vma)
{
	return vma_pte_bits(vma) | PTE_ANON | (vma->flags & VM_WRITE ? PTE_WRITE | PTE_DIRTY : 0);
}

/* Into an empty entry. Takes over the reference on page. */
static void install(struct fault *f, struct page *page, u64 bits)
{
	if (likely(pte_replace(f->pte, 0, page_pa(page) | bits)))
		count_page(f->as, bits & PTE_ANON);
	else
		page_put(page);
}

static enum fault_result fault_anon(struct fault *f)
{
	struct page *page;

	if (!f->is_write) {
		pte_replace(f->pte, 0,
			    page_pa(zero_page) | vma_pte_bits(f->vma) | PTE_ANON | PTE_UNCOUNTED);
		return FAULT_OK;
	}
	page = page_alloc_zeroed();
	if (!page)
		return FAULT_OOM;
	install(f, page, private_bits(f->vma));
	return FAULT_OK;
}

/* The backing object's page, with a reference. */
static enum fault_result file_page(struct fault *f, bool is_write, struct page **out)
{
	const struct vma *vma = f->vma;
	u64 pgoff = vma->pgoff + ((f->addr - vma->start) >> PAGE_SHIFT);
	int err = vma->ops->fault ? vma->ops->fault(f->vma, pgoff, is_write, out) : -EFAULT;

	if (likely(!err))
		return FAULT_OK;
	return err == -ENOMEM ? FAULT_OOM : FAULT_BUS;
}

static struct page *copy_of(struct page *page)
{
	struct page *copy = page_alloc(0);

	if (copy)
		page_copy(page_va(copy), page_va(page));
	return copy;
}

static enum fault_result fault_file(struct fault *f)
{
	bool is_shared = f->vma->flags & VM_SHARED;
	struct page *page, *copy;
	enum fault_result result = file_page(f, f->is_write && is_shared, &page);

	if (result != FAULT_OK)
		return result;
	if (f->is_write && !is_shared) {
		copy = copy_of(page);
		page_put(page);
		if (!copy)
			return FAULT_OOM;
		install(f, copy, private_bits(f->vma));
	} else {
		install(f, page, vma_pte_bits(f->vma) | (f->is_write ? PTE_WRITE | PTE_DIRTY : 0));
	}
	return FAULT_OK;
}

/* Puts page where another one is, whose reference goes unless it had none. Takes over the one on
 * page. */
static void replace(struct fault *f, struct page *page, u64 bits)
{
	struct page *old = pa_to_page(pte_pa(f->entry));

	if (unlikely(!pte_replace(f->pte, f->entry, page_pa(page) | bits))) {
		page_put(page);
		return;
	}
	if (page != old)
		tlb_flush_page(&f->as->pgtable, f->addr);
	if (f->entry & PTE_UNCOUNTED) {
		count_page(f->as, bits & PTE_ANON);
		return;
	}
	if ((bits ^ f->entry) & PTE_ANON) { /* a file's page became a private copy */
		count_page(f->as, true);
		atomic_fetch_sub_explicit(&f->as->nr_file, 1, memory_order_relaxed);
	}
	page_put(old);
}

/* A write to a private page that is there without write permission. */
static enum fault_result fault_copy(struct fault *f)
{
	struct page *page = pa_to_page(pte_pa(f->entry)), *copy;

	if (f->entry & PTE_UNCOUNTED) {
		copy = page_alloc_zeroed();
	} else if ((f->entry & PTE_ANON) && refcount_read(&page->refs) == 1) {
		pte_replace(f->pte, f->entry, page_pa(page) | private_bits(f->vma));
		tlb_flush_page_local(f->addr);
		return FAULT_OK;
	} else {
		f->as->writes_after_fork = true;
		copy = copy_of(page);
	}
	if (!copy)
		return FAULT_OOM;
	replace(f, copy, private_bits(f->vma));
	return FAULT_OK;
}

/* The first write to a shared page that is there already. */
static enum fault_result fault_shared_write(struct fault *f)
{
	u64 bits = vma_pte_bits(f->vma) | PTE_WRITE | PTE_DIRTY;
	struct page *page;
	enum fault_result result = file_page(f, true, &page);

	if (result == FAULT_OK)
		replace(f, page, bits);
	return result;
}

static bool is_allowed(const struct vma *vma, u32 access)
{
	if (access & FAULT_WRITE)
		return vma->flags & VM_WRITE;
	if (access & FAULT_EXEC)
		return vma->flags & VM_EXEC;
	return vma->flags & (VM_READ | VM_WRITE | VM_EXEC);
}

/* One step towards what the access needs. REQUIRES(as->lock) */
static enum fault_result resolve(struct fault *f)
{
	f->pte = pgtable_walk_alloc(&f->as->pgtable, f->addr);
	if (unlikely(!f->pte))
		return FAULT_OOM;
	f->entry = pte_read(f->pte);
	if (!f->entry)
		return vma_is_anon(f->vma) ? fault_anon(f) : fault_file(f);
	if (f->is_write && !(f->entry & PTE_WRITE))
		return f->vma->flags & VM_SHARED ? fault_shared_write(f) : fault_copy(f);
	tlb_flush_page_local(f->addr); /* somebody else was here first */
	return FAULT_OK;
}

/* Lets the stack above addr reach down to it. REQUIRES(as->lock) for writing. */
static enum fault_result grow_stack(struct as *as, u64 addr)
{
	struct vma *vma = as_find(as, addr), *below;
	u64 start = addr & PAGE_MASK, pages;

	if (!vma || !(vma->flags & VM_GROWSDOWN))
		return FAULT_SEGV_MAPERR;
	if (vma->start <= addr)
		return FAULT_OK;
	below = vma_prev(vma);
	if (start < MMAP_MIN_ADDR || vma->end - start > upcall_rlimit_stack())
		return FAULT_SEGV_MAPERR;
	if (below && start - below->end < STACK_GAP && !(below->flags & VM_GROWSDOWN) &&
	    (below->flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return FAULT_SEGV_MAPERR;
	pages = (vma->start - start) >> PAGE_SHIFT;
	if (as_may_grow(as, vma->flags, pages))
		return FAULT_SEGV_MAPERR;
	vma->start = start;
	as_account(as, vma->flags, (s64)pages);
	return FAULT_OK;
}

/* The lock is held for reading, here and on return. NULL: addr is no stack's either. */
static __noinline struct vma *find_or_grow(struct as *as, u64 addr)
{
	struct vma *vma;
	enum fault_result result;

	while ((vma = as_find(as, addr)) && vma->start > addr) {
		if (!(vma->flags & VM_GROWSDOWN))
			return NULL;
		rwsem_read_unlock(&as->lock);
		rwsem_write_lock(&as->lock);
		result = grow_stack(as, addr);
		rwsem_write_unlock(&as->lock);
		rwsem_read_lock(&as->lock);
		if (result != FAULT_OK)
			return NULL;
	}
	return vma;
}

/* The vma of addr, or NULL. The lock is held for reading on return. */
static inline struct vma *lock_and_find(struct as *as, u64 addr)
{
	struct vma *vma;

	rwsem_read_lock(&as->lock);
	vma = load_relaxed(&as->cached);
	if (likely(vma && addr >= vma->start && addr < vma->end))
		return vma;
	return find_or_grow(as, addr);
}

enum fault_result as_fault(struct as *as, u64 addr, u32 access)
{
	struct fault f = { .as = as, .addr = addr & PAGE_MASK, .is_write = access & FAULT_WRITE };
	enum fault_result result;

	f.vma = lock_and_find(as, addr);
	if (unlikely(!f.vma))
		result = FAULT_SEGV_MAPERR;
	else if (unlikely(!is_allowed(f.vma, access)))
		result = FAULT_SEGV_ACCERR;
	else
		result = resolve(&f);
	rwsem_read_unlock(&as->lock);
	return result;
}

enum fault_result as_populate(struct as *as, u64 start, u64 end, bool write)
{
	enum fault_result result = FAULT_OK;

	for (; start < end && result == FAULT_OK; start += PAGE_SIZE) {
		result = as_fault(as, start, write ? FAULT_WRITE : 0);
		cond_resched();
	}
	return result;
}

/* ---- Another process's memory */

/* Whether f->entry will do. For writing, the page must be shared or this mapping's own; a mapping
 * that is not writable now gets no PTE_WRITE, and its own page is known by the count. */
static bool is_reachable(const struct fault *f)
{
	if (!f->entry)
		return false;
	if (!f->is_write || (f->entry & PTE_WRITE))
		return true;
	return !(f->vma->flags & VM_WRITE) && (f->entry & (PTE_ANON | PTE_UNCOUNTED)) == PTE_ANON &&
	       refcount_read(&pa_to_page(pte_pa(f->entry))->refs) == 1;
}

static bool may_access(const struct vma *vma, bool write)
{
	if (!write)
		return vma->flags & VM_MAYREAD;
	if (vma->flags & VM_SHARED)
		return vma->flags & VM_WRITE;
	return vma->flags & VM_MAYWRITE; /* in a private copy */
}

/* The vma of addr, or NULL. Whoever writes is alone: another who wrote would find the page shared,
 * namely by the first, and replace it. */
static struct vma *lock_for_access(struct as *as, u64 addr, bool write)
{
	if (!write)
		return lock_and_find(as, addr);
	rwsem_write_lock(&as->lock);
	(void)grow_stack(as, addr);
	return as_find_exact(as, addr);
}

/* The page at addr, with a reference, or NULL. REQUIRES(as->lock) */
static struct page *reach(struct as *as, struct vma *vma, u64 addr, bool write, bool is_forced)
{
	struct fault f = { .as = as, .vma = vma, .addr = addr & PAGE_MASK, .is_write = write };
	enum fault_result result = FAULT_OK;
	struct page *page;

	if (!vma || !may_access(vma, write) ||
	    (!is_forced && !(vma->flags & (write ? VM_WRITE : VM_READ))))
		return NULL;
	while (result == FAULT_OK) {
		f.pte = pgtable_walk(&as->pgtable, f.addr);
		f.entry = f.pte ? pte_read(f.pte) : 0;
		if (is_reachable(&f)) {
			page = pa_to_page(pte_pa(f.entry));
			page_get(page);
			return page;
		}
		result = resolve(&f);
	}
	return NULL;
}

/* A page under the lock, so that fork does not come between: what is written goes to this process
 * alone. */
static bool access_page(struct as *as, u64 addr, void *buf, size_t n, bool write, bool is_forced)
{
	struct vma *vma = lock_for_access(as, addr, write);
	struct page *page = reach(as, vma, addr, write, is_forced);
	u8 *at;

	if (page) {
		at = (u8 *)page_va(page) + (addr & ~PAGE_MASK);
		memcpy(write ? at : (u8 *)buf, write ? (u8 *)buf : at, n);
		page_put(page);
	}
	if (write)
		rwsem_write_unlock(&as->lock);
	else
		rwsem_read_unlock(&as->lock);
	return page;
}

static size_t access(struct as *as, u64 addr, void *buf, size_t n, bool write, bool is_forced)
{
	size_t done = 0;

	while (done < n && addr < USER_TOP) {
		size_t part = MIN(n - done, PAGE_SIZE - (addr & ~PAGE_MASK));

		if (!access_page(as, addr, (u8 *)buf + done, part, write, is_forced))
			break;
		done += part;
		addr += part;
	}
	return done;
}

size_t as_access(struct as *as, u64 addr, void *buf, size_t n, bool write)
{
	return access(as, addr, buf, n, write, true);
}

size_t as_access_allowed(struct as *as, u64 addr, void *buf, size_t n, bool write)
{
	return access(as, addr, buf, n, write, false);
}
