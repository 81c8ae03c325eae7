/*
 * What a program says about its mappings, and asks: madvise, mincore, msync, mlock.
 *
 * All go over the vmas of a range; holes make them fail with ENOMEM, some only after having done
 * the rest. There is no swap and no disk, so most advice changes nothing, and mlock is a promise
 * that is kept anyway once the pages are there; it is accounted because RLIMIT_MEMLOCK is.
 * Locks: as->lock; never across a copy to user memory.   Follows: madvise(2), mincore(2),
 *   msync(2), mlock(2)
 */
#include "kernel/mm/mmap.h"

#include <linux/errno.h>
#include <linux/mman.h>

#include "arch/x86_64/uaccess.h"

#include "kernel/mm/internal.h"

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
			  int (*fn)(struct vma **vma, u64 start, u64 end, u32 arg), u32 arg)
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

static int set_flags(struct vma **vma, u64 start, u64 end, u32 flags)
{
	struct as *as = (*vma)->as;
	int err;

	if ((*vma)->flags == flags)
		return 0;
	err = vma_isolate(*vma, start, end, vma);
	if (err)
		return err;
	as_account(as, (*vma)->flags, -(s64)vma_pages(*vma));
	(*vma)->flags = flags;
	as_account(as, flags, (s64)vma_pages(*vma));
	*vma = vma_merge(*vma);
	return 0;
}

static int advise_flags(struct vma **vma, u64 start, u64 end, u32 advice)
{
	u32 flags = (*vma)->flags;

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

static int advise_drop(struct vma **vma, u64 start, u64 end, u32 advice)
{
	struct gather g __uninitialized;

	if (((*vma)->flags & VM_LOCKED) && advice != MADV_DONTNEED_LOCKED)
		return -EINVAL;
	if (advice == MADV_FREE && !vma_is_anon(*vma))
		return -EINVAL;
	gather_begin(&g, (*vma)->as, false);
	tables_zap(&g, start, end);
	gather_end(&g);
	return 0;
}

static int advise_nothing(struct vma **vma, u64 start, u64 end, u32 advice)
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
	int (*fn)(struct vma **, u64, u64, u32);
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

/* ---- msync */

static int sync_piece(struct vma **vma, u64 start, u64 end, u32 flags)
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

static int lock_piece(struct vma **vma, u64 start, u64 end, u32 lock)
{
	u32 flags = ((*vma)->flags & ~VM_LOCKED) | (lock ? VM_LOCKED : 0);

	return set_flags(vma, start, end, flags);
}

int as_mlock(struct as *as, u64 addr, u64 len, bool lock)
{
	u64 start = addr & PAGE_MASK, end = ALIGN_UP(addr + len, PAGE_SIZE);
	u64 limit = lock ? upcall_rlimit_memlock() : ~0ull;
	int err;

	if (addr + len < addr || (len && end <= start))
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
	if (!err && lock)
		as_populate(as, start, end, false);
	return err;
}
