/*
 * mremap(2): growing, shrinking and moving a mapping.
 *
 * Pages move by moving their page-table entries. The new vma is made first, with tables for all it
 * will get; from then on nothing fails.
 * Locks: as->lock for writing.
 * Follows: mremap(2)
 */
#include "kernel/mm/mmap.h"

#include <linux/errno.h>
#include <linux/mman.h>

#include "arch/x86_64/atomic.h"

#include "kernel/mm/internal.h"

struct move {
	struct as *as;
	struct vma *vma; /* holds all of [old, old + old_len) */
	u64 old, old_len, new_len;
	bool keeps_old; /* MREMAP_DONTUNMAP: an empty mapping stays behind */
};

/* Undoes the insertion of a copy that got no pages. */
static void discard(struct as *as, struct vma *copy)
{
	struct gather g __uninitialized;
	struct vma *below = vma_prev(copy), *above = vma_next(copy);

	as_remove(as, copy);
	gather_begin(&g, as, false);
	tables_prune(&g, copy->start, copy->end, below ? below->end : 0,
		     above ? above->start : USER_TOP + PAGE_SIZE);
	gather_end(&g);
	if (copy->ops && copy->ops->close)
		copy->ops->close(copy);
	vma_free(copy);
}

/* Moves to new, where there is room. */
static int move_to(struct move *m, u64 new)
{
	struct as *as = m->as;
	struct vma *copy;
	int err;

	err = vma_isolate(m->vma, m->old, m->old + m->old_len,
			  &m->vma); /* so that unmapping it cannot fail */
	if (err)
		return err;
	copy = as->nr_vmas < MAP_COUNT_MAX ? vma_new() : NULL;
	if (!copy) {
		vma_merge(m->vma);
		return -ENOMEM;
	}
	*copy = *m->vma;
	copy->start = new;
	copy->end = new + m->new_len;
	if (copy->ops && copy->ops->dup)
		copy->ops->dup(copy);
	as_insert(as, copy);
	err = tables_move(as, m->old, new, MIN(m->old_len, m->new_len));
	if (err) {
		discard(as, copy);
		vma_merge(m->vma);
		return err;
	}
	if (m->keeps_old) {
		as_account(as, m->vma->flags, -(s64)vma_pages(m->vma));
		m->vma->flags &= ~VM_LOCKED;
		as_account(as, m->vma->flags, (s64)vma_pages(m->vma));
		vma_merge(m->vma);
		copy = as_find_exact(as, new); /* they may be one by now */
	} else {
		err = as_unmap_locked(as, m->old, m->old + m->old_len);
	}
	vma_merge(copy);
	return err;
}

static int remap_fixed(struct move *m, u64 new)
{
	u64 end;
	int err;

	if (!IS_ALIGNED(new, PAGE_SIZE) || m->new_len > USER_TOP || new > USER_TOP - m->new_len)
		return -EINVAL;
	if (new < m->old + m->old_len && m->old < new + m->new_len)
		return -EINVAL;
	if (new < MMAP_MIN_ADDR && !upcall_may_map_low())
		return -EPERM;
	end = new + m->new_len;
	err = as_unmap_locked(m->as, new, end);
	if (err)
		return err;
	m->vma = as_find_exact(m->as, m->old); /* a split may have changed which one it is */
	return move_to(m, new);
}

static bool grow_in_place(const struct move *m)
{
	struct vma *vma = m->vma, *next = vma_next(vma);
	u64 end = m->old + m->new_len;

	if (m->old + m->old_len != vma->end || end > USER_TOP || end < m->old)
		return false;
	if (next && end > (next->flags & VM_GROWSDOWN ? next->start - STACK_GAP : next->start))
		return false;
	as_account(m->as, vma->flags, (s64)((end - vma->end) >> PAGE_SHIFT));
	vma->end = end;
	vma_merge(vma);
	return true;
}

static int remap_locked(struct move *m, u32 flags, u64 new, u64 *out)
{
	bool is_moved = (flags & MREMAP_FIXED) || m->new_len > m->old_len || m->keeps_old;
	int err;

	m->vma = as_find_exact(m->as, m->old);
	if (!m->vma || (is_moved && m->old_len > m->vma->end - m->old))
		return -EFAULT;
	if (m->vma->flags & VM_SEALED)
		return -EPERM;
	if (m->new_len > m->old_len || m->keeps_old) {
		err = as_may_grow(m->as, m->vma->flags,
				  (m->new_len - (m->keeps_old ? 0 : m->old_len)) >> PAGE_SHIFT);
		if (err)
			return err;
	}
	if (flags & MREMAP_FIXED) {
		*out = new;
		return remap_fixed(m, new);
	}
	*out = m->old;
	if (!is_moved && m->old_len > USER_TOP - m->old)
		return -EINVAL;
	if (!is_moved)
		return as_unmap_locked(m->as, m->old + m->new_len, m->old + m->old_len);
	if (!m->keeps_old && grow_in_place(m))
		return 0;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	err = as_find_gap(m->as, m->keeps_old ? new : 0, m->new_len, 0, out);
	return err ? err : move_to(m, *out);
}

int as_mremap(struct as *as, u64 old, u64 old_len, u64 new_len, u64 flags, u64 new_addr, u64 *out)
{
	struct move m = {
		.as = as,
		.old = old,
		.old_len = ALIGN_UP(old_len, PAGE_SIZE),
		.new_len = ALIGN_UP(new_len, PAGE_SIZE),
		.keeps_old = flags & MREMAP_DONTUNMAP,
	};
	bool is_locked = false;
	int err;

	if (flags & ~(u64)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) ||
	    ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE)) ||
	    (m.keeps_old && (m.old_len != m.new_len || !IS_ALIGNED(new_addr, PAGE_SIZE))))
		return -EINVAL;
	if (!IS_ALIGNED(old, PAGE_SIZE) || !m.new_len || !m.old_len || m.new_len > USER_TOP ||
	    m.old_len > USER_TOP)
		return -EINVAL;
	rwsem_write_lock(&as->lock);
	err = remap_locked(&m, flags, new_addr, out);
	if (!err) {
		m.vma = as_find_exact(as, *out);
		is_locked = m.vma && (m.vma->flags & VM_LOCKED);
	}
	rwsem_write_unlock(&as->lock);
	if (is_locked)
		as_populate(as, *out, *out + m.new_len, false);
	return err;
}
