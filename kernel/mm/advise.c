/*
 * What a program says about its mappings, and asks: madvise, mincore, msync, mlock, mseal, names.
 *
 * All go over the vmas of a range; holes make them fail with ENOMEM, some only after having done
 * the rest. There is no swap and no disk, so most advice changes nothing, and mlock is a promise
 * that is kept anyway once the pages are there; it is accounted because RLIMIT_MEMLOCK is.
 * Names (PR_SET_VMA) are kept once each and for ever, for there are few: a vma only points to one.
 * Locks: as->lock; never across a copy to user memory.   Follows: madvise(2), mincore(2),
 *   msync(2), mlock(2), mseal(2), PR_SET_VMA(2const)
 */
#include "kernel/mm/mmap.h"

#include <linux/errno.h>
#include <linux/mman.h>

#include "lib/string.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/uaccess.h"

#include "kernel/mm/internal.h"
#include "kernel/mm/slab.h"

/* Page-aligned and not wrapping; *end is set. */
static int check_range(u64 addr, u64 len, u64 *end)
{
	*end = addr + ALIGN_UP(len, PAGE_SIZE);
	if (!IS_ALIGNED(addr, PAGE_SIZE) || *end < addr || (len && *end == addr))
		return -EINVAL;
	return 0;
}

/*
 * Calls fn for each piece of [start, end) that lies in one vma; fn returns that vma, or the one it
 * has become, through *vma. Stops at an error; -ENOMEM at the end if there was a hole.
 */
static int for_each_piece(struct as *as, u64 start, u64 end,
			  int (*fn)(struct vma **vma, u64 start, u64 end, u64 arg), u64 arg)
{
	struct vma *vma = as_find(as, start);
	bool has_hole = false;
	int err = 0;

	while (!err && vma && start < end && vma->start < end) {
		u64 stop = MIN(end, vma->end);

		if (vma->start > start) {
			has_hole = true;
			start = vma->start;
		}
		err = fn(&vma, start, stop, arg);
		start = stop;
		if (vma->end <= start)
			vma = vma_next(vma);
	}
	return err ? err : has_hole || start < end ? -ENOMEM : 0;
}

/* ---- Flags of vmas */

static int set_flags_and_name(struct vma **vma, u64 start, u64 end, u32 flags, const char *name)
{
	struct as *as = (*vma)->as;
	int err;

	if ((*vma)->flags == flags && (*vma)->name == name)
		return 0;
	err = vma_isolate(*vma, start, end, vma);
	if (err)
		return err;
	as_account(as, (*vma)->flags, -(s64)vma_pages(*vma));
	(*vma)->flags = flags;
	(*vma)->name = name;
	as_account(as, flags, (s64)vma_pages(*vma));
	*vma = vma_merge(*vma);
	return 0;
}

static int set_flags(struct vma **vma, u64 start, u64 end, u32 flags)
{
	return set_flags_and_name(vma, start, end, flags, (*vma)->name);
}

/* mseal(2): read-only memory of its own keeps its contents. */
static bool keeps_contents(const struct vma *vma)
{
	return (vma->flags & VM_SEALED) && vma_is_anon(vma) && !(vma->flags & VM_WRITE);
}

static int advise_flags(struct vma **vma, u64 start, u64 end, u64 advice)
{
	u32 flags = (*vma)->flags;

	if ((advice == MADV_DONTFORK || advice == MADV_WIPEONFORK) && keeps_contents(*vma))
		return -EPERM;
	switch (advice) {
	case MADV_DONTFORK:
		flags |= VM_DONTFORK;
		break;
	case MADV_DOFORK:
		flags &= ~VM_DONTFORK;
		break;
	case MADV_WIPEONFORK:
		if (!vma_is_anon(*vma))
			return -EINVAL;
		flags |= VM_WIPEFORK;
		break;
	case MADV_KEEPONFORK:
		flags &= ~VM_WIPEFORK;
		break;
	case MADV_DONTDUMP:
		flags |= VM_DONTDUMP;
		break;
	case MADV_DODUMP:
		flags &= ~VM_DONTDUMP;
		break;
	}
	return set_flags(vma, start, end, flags);
}

/* ---- madvise */

static int advise_drop(struct vma **vma, u64 start, u64 end, u64 advice)
{
	struct gather g __uninitialized;

	if (keeps_contents(*vma))
		return -EPERM;
	if (((*vma)->flags & VM_LOCKED) && advice != MADV_DONTNEED_LOCKED)
		return -EINVAL;
	if (advice == MADV_FREE && !vma_is_anon(*vma))
		return -EINVAL;
	gather_begin(&g, (*vma)->as, false);
	tables_zap(&g, start, end);
	gather_end(&g);
	return 0;
}

static int advise_nothing(struct vma **vma, u64 start, u64 end, u64 advice)
{
	return 0;
}

static int advise_populate(struct as *as, u64 start, u64 end, bool write)
{
	switch (as_populate(as, start, end, write)) {
	case FAULT_OK:
		return 0;
	case FAULT_SEGV_ACCERR:
		return -EINVAL;
	case FAULT_BUS:
		return -EFAULT;
	default:
		return -ENOMEM;
	}
}

int as_madvise(struct as *as, u64 addr, u64 len, int advice)
{
	int (*fn)(struct vma **, u64, u64, u64);
	u64 end;
	int err;

	switch (advice) {
	case MADV_NORMAL ... MADV_WILLNEED:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_COLD:
	case MADV_PAGEOUT:
		fn = advise_nothing;
		break;
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_DONTNEED_LOCKED:
		fn = advise_drop;
		break;
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
		fn = advise_flags;
		break;
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		fn = NULL;
		break;
	default:
		return -EINVAL;
	}
	err = check_range(addr, len, &end);
	if (err || addr == end)
		return err;
	if (!fn)
		return advise_populate(as, addr, end, advice == MADV_POPULATE_WRITE);
	rwsem_write_lock(&as->lock);
	err = for_each_piece(as, addr, end, fn, (u32)advice);
	rwsem_write_unlock(&as->lock);
	return err;
}

/* ---- mincore */

#define MINCORE_BATCH 128

/* One byte for each page from start on, at most MINCORE_BATCH; how many, or -ENOMEM. */
static int resident_bytes(struct as *as, u64 start, u64 end, unsigned char *out)
{
	struct vma *vma = NULL;
	int n = 0;

	rwsem_read_lock(&as->lock);
	for (; n < MINCORE_BATCH && start < end; start += PAGE_SIZE, n++) {
		const u64 *pte;

		if (!vma || start >= vma->end)
			vma = as_find_exact(as, start);
		if (!vma) {
			n = -ENOMEM;
			break;
		}
		pte = pgtable_walk(&as->pgtable, start);
		out[n] = pte && pte_read(pte);
	}
	rwsem_read_unlock(&as->lock);
	return n;
}

int as_mincore(struct as *as, u64 addr, u64 len, unsigned char __user *vec)
{
	unsigned char bytes[MINCORE_BATCH];
	u64 end = addr + ALIGN_UP(len, PAGE_SIZE);

	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (end < addr || end > USER_TOP || (len && end == addr))
		return -ENOMEM;
	while (addr < end) {
		int n = resident_bytes(as, addr, end, bytes);

		if (n < 0)
			return n;
		if (copy_to_user(vec, bytes, (size_t)n))
			return -EFAULT;
		vec += n;
		addr += (u64)n * PAGE_SIZE;
		cond_resched();
	}
	return 0;
}

/* ---- core dumps */

u64 as_next_anon(const struct as *as, u64 addr, u64 end)
{
	while (addr < end) {
		const u64 *pte = pgtable_walk(&as->pgtable, addr);

		if (!pte)
			addr = ALIGN_DOWN(addr, PT_SPAN) + PT_SPAN;
		else if ((pte_read(pte) & (PTE_ANON | PTE_UNCOUNTED)) == PTE_ANON)
			return addr;
		else
			addr += PAGE_SIZE;
	}
	return end;
}

/* ---- msync */

static int sync_piece(struct vma **vma, u64 start, u64 end, u64 flags)
{
	return (flags & MS_INVALIDATE) && ((*vma)->flags & VM_LOCKED) ? -EBUSY : 0;
}

int as_msync(struct as *as, u64 addr, u64 len, int flags)
{
	u64 end = addr + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || !IS_ALIGNED(addr, PAGE_SIZE) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	if (end == addr)
		return 0;
	rwsem_read_lock(&as->lock);
	err = for_each_piece(as, addr, end, sync_piece, (u32)flags);
	rwsem_read_unlock(&as->lock);
	return err;
}

/* ---- mlock */

static int lock_piece(struct vma **vma, u64 start, u64 end, u64 lock)
{
	return set_flags(vma, start, end, ((*vma)->flags & ~VM_LOCKED) | (u32)lock);
}

int as_mlock(struct as *as, u64 addr, u64 len, u32 lock, bool is_lazy)
{
	u64 start = addr & PAGE_MASK, end = ALIGN_UP(addr + len, PAGE_SIZE);
	u64 limit = lock ? upcall_rlimit_memlock() : ~0ull;
	int err;

	if (!ALIGN_UP(len + (addr - start), PAGE_SIZE))
		end = start; /* a length that wraps to nothing, as Linux computes it */
	if (end < start)
		return -EINVAL;
	if (!limit)
		return -EPERM;
	if (start == end)
		return 0;
	rwsem_write_lock(&as->lock);
	if (lock && as->nr_locked + ((end - start) >> PAGE_SHIFT) > limit >> PAGE_SHIFT)
		err = -ENOMEM;
	else
		err = for_each_piece(as, start, end, lock_piece, lock);
	rwsem_write_unlock(&as->lock);
	if (!err && lock && !is_lazy)
		as_populate(as, start, end, false);
	return err;
}

/* Brings in what is locked; mappings that come or go meanwhile are none of its business. */
static void populate_locked(struct as *as)
{
	u64 start = 0, end;
	struct vma *vma;

	do {
		rwsem_read_lock(&as->lock);
		vma = as_find(as, start);
		while (vma && !(vma->flags & VM_LOCKED))
			vma = vma_next(vma);
		start = vma ? MAX(start, vma->start) : 0;
		end = vma ? vma->end : 0;
		rwsem_read_unlock(&as->lock);
		as_populate(as, start, end, false);
		start = end;
	} while (start);
}

int as_mlockall(struct as *as, u32 mcl_flags)
{
	u64 limit = mcl_flags ? upcall_rlimit_memlock() : ~0ull;
	bool is_change = !mcl_flags || (mcl_flags & MCL_CURRENT);
	struct vma *vma;
	int err = 0;

	if (!limit)
		return -EPERM;
	rwsem_write_lock(&as->lock);
	if ((mcl_flags & MCL_CURRENT) && as->nr_pages > limit >> PAGE_SHIFT) {
		err = -ENOMEM;
	} else {
		as->lock_future = mcl_flags & MCL_FUTURE ? mcl_flags : 0;
		for (vma = vma_first(as); vma && is_change; vma = vma_next(vma))
			(void)lock_piece(&vma, vma->start, vma->end, mcl_flags ? VM_LOCKED : 0);
	}
	rwsem_write_unlock(&as->lock);
	if (!err && (mcl_flags & (MCL_CURRENT | MCL_ONFAULT)) == MCL_CURRENT)
		populate_locked(as);
	return err;
}

/* ---- mseal */

static int check_piece(struct vma **vma, u64 start, u64 end, u64 arg)
{
	return 0;
}

static int seal_piece(struct vma **vma, u64 start, u64 end, u64 arg)
{
	return set_flags(vma, start, end, (*vma)->flags | VM_SEALED);
}

int as_mseal(struct as *as, u64 addr, u64 len)
{
	u64 end;
	int err = check_range(addr, len, &end);

	if (err || addr == end)
		return err;
	rwsem_write_lock(&as->lock);
	err = for_each_piece(as, addr, end, check_piece, 0);
	as->has_seals |= !err;
	if (!err)
		err = for_each_piece(as, addr, end, seal_piece, 0);
	rwsem_write_unlock(&as->lock);
	return err;
}

bool as_range_is_sealed(struct as *as, u64 start, u64 end)
{
	if (likely(!as->has_seals))
		return false;
	for (struct vma *vma = as_find(as, start); vma && vma->start < end; vma = vma_next(vma))
		if (vma->flags & VM_SEALED)
			return true;
	return false;
}

/* ---- Names */

#define NAMES_MAX 1024

struct vma_name {
	struct vma_name *next;
	char text[];
};

const char *vma_name_intern(const char *name)
{
	static struct vma_name *_Atomic names;
	static _Atomic u32 count;
	size_t size = strlen(name) + 1;
	struct vma_name *first = load_acquire(&names), *n;

	for (n = first; n; n = n->next)
		if (str_eq(n->text, name))
			return n->text;
	if (atomic_fetch_add(&count, 1) >= NAMES_MAX) {
		atomic_fetch_sub(&count, 1);
		return NULL;
	}
	n = kmalloc(sizeof(*n) + size);
	if (!n)
		return NULL;
	memcpy(n->text, name, size);
	do /* twice in the list, if somebody else has the same idea, does no harm */
		n->next = first;
	while (!atomic_compare_exchange_strong(&names, &first, n));
	return n->text;
}

static int name_piece(struct vma **vma, u64 start, u64 end, u64 name)
{
	if (!vma_is_anon(*vma))
		return -EBADF;
	return set_flags_and_name(vma, start, end, (*vma)->flags, (const char *)name);
}

int as_set_name(struct as *as, u64 addr, u64 len, const char *name)
{
	u64 end;
	int err = check_range(addr, len, &end);

	if (err || addr == end)
		return err;
	rwsem_write_lock(&as->lock);
	err = for_each_piece(as, addr, end, name_piece, (u64)name);
	rwsem_write_unlock(&as->lock);
	return err;
}
