/*
 * Mapping, unmapping, protecting, and the heap.
 *
 * Where things go: without MAP_FIXED, at the hint if that is free, else in the highest hole that
 * fits below as->mmap_top. The search starts where the last one ended; search_hole is the largest
 * hole passed over, so it starts from the top again only if that can help. Order of a change:
 * everything that may fail comes first (limits, memory for vmas), then what is in the way is
 * unmapped, then the new vma goes in. Limits: RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK,
 * MAP_COUNT_MAX; and no single writable private mapping larger than all memory, unless
 * MAP_NORESERVE (overcommit as Linux guesses it, without its finer points).
 * Locks: as->lock for writing.               Follows: mmap(2), mprotect(2), brk(2), Linux 7.3
 *   mm/mmap.c
 */
#include "kernel/mm/mmap.h"

#include <linux/errno.h>
#include <linux/mman.h>

#include "lib/string.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/tlb.h"

#include "kernel/mm/internal.h"

#define PROT_MASK (PROT_READ | PROT_WRITE | PROT_EXEC)
#define LOW_2G    0x80000000ull /* MAP_32BIT */

/* ---- Limits */

static bool is_data(u32 vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

/* Would more pages of writable private memory be too many? */
static int may_add_data(struct as *as, u32 vm_flags, u64 pages)
{
	struct mem_stats mem;

	if (!is_data(vm_flags))
		return 0;
	if (as->nr_data + pages > upcall_rlimit_data() >> PAGE_SHIFT)
		return -ENOMEM;
	if (likely(pages < 4096) || (vm_flags & VM_NORESERVE))
		return 0;
	mem_stats(&mem);
	return pages > mem.total_pages ? -ENOMEM : 0;
}

int as_may_grow(struct as *as, u32 vm_flags, u64 pages)
{
	if (as->nr_pages + pages > upcall_rlimit_as() >> PAGE_SHIFT)
		return -ENOMEM;
	if ((vm_flags & VM_LOCKED) && as->nr_locked + pages > upcall_rlimit_memlock() >> PAGE_SHIFT)
		return -EAGAIN;
	return may_add_data(as, vm_flags, pages);
}

/* ---- Finding room */

/* How low something below vma may reach up to. */
static u64 ceiling_of(const struct vma *vma)
{
	if (!(vma->flags & VM_GROWSDOWN))
		return vma->start;
	return vma->start > STACK_GAP ? vma->start - STACK_GAP : 0;
}

/* Is [addr, addr + len) free, with the gap a stack above wants? */
static bool is_free(struct as *as, u64 addr, u64 len)
{
	struct vma *vma = as_find(as, addr);

	return !vma || addr + len <= ceiling_of(vma);
}

/* The highest hole of len bytes that ends at or below end; 0: none. *hole: the largest passed over.
 */
static u64 search_down(struct as *as, u64 end, u64 len, u64 *hole)
{
	struct vma *above = as_find(as, end - 1), *vma = as_find_below(as, end);

	if (above && above->start >= end)
		end = MIN(end, ceiling_of(above));
	for (;;) {
		u64 start = vma ? vma->end : 0;

		start = MAX(start, MMAP_MIN_ADDR);
		if (end > start && end - start >= len)
			return end - len;
		if (end > start)
			*hole = MAX(*hole, end - start);
		if (!vma)
			return 0;
		end = ceiling_of(vma);
		vma = vma_prev(vma);
	}
}

static u64 find_hole(struct as *as, u64 len)
{
	u64 from = as->search_from ? as->search_from : as->mmap_top, hole = as->search_hole, addr;

	if (len <= hole || from > as->mmap_top) {
		from = as->mmap_top;
		hole = 0;
	}
	addr = search_down(as, from, len, &hole);
	if (!addr && from != as->mmap_top) {
		hole = 0;
		addr = search_down(as, as->mmap_top, len, &hole);
	}
	if (addr) {
		as->search_from = addr;
		as->search_hole = hole;
		return addr;
	}
	return search_down(as, USER_TOP, len, &hole); /* beside the stack */
}

int as_find_gap(struct as *as, u64 hint, u64 len, u32 map_flags, u64 *out)
{
	u64 hole = 0;

	if (len > USER_TOP - MMAP_MIN_ADDR)
		return -ENOMEM;
	hint = ALIGN_UP(hint, PAGE_SIZE);
	if (hint >= MMAP_MIN_ADDR && hint <= USER_TOP - len && is_free(as, hint, len)) {
		*out = hint;
		return 0;
	}
	if (map_flags & MAP_32BIT)
		*out = search_down(as, LOW_2G, len, &hole);
	else
		*out = find_hole(as, len);
	return *out ? 0 : -ENOMEM;
}

/* ---- Unmapping */

/* Cuts [start, end) off an end of vma, or takes all of it out: then it is returned, to be closed.
 */
static struct vma *cut(struct vma *vma, u64 start, u64 end)
{
	struct as *as = vma->as;

	if (vma->start >= start && vma->end <= end) {
		as_remove(as, vma);
		return vma;
	}
	if (vma->start < start) {
		as_account(as, vma->flags, -(s64)((vma->end - start) >> PAGE_SHIFT));
		vma->end = start;
	} else {
		as_account(as, vma->flags, -(s64)((end - vma->start) >> PAGE_SHIFT));
		vma->pgoff += (end - vma->start) >> PAGE_SHIFT;
		vma->start = end;
	}
	return NULL;
}

/* vmas is a chain by node.left. */
static void close_vmas(struct vma *vma)
{
	struct vma *next;

	for (; vma; vma = next) {
		next = rb_entry_safe(vma->node.left, struct vma, node);
		if (vma->ops && vma->ops->close)
			vma->ops->close(vma);
		vma_free(vma);
	}
}

int as_unmap_locked(struct as *as, u64 start, u64 end)
{
	struct gather g __uninitialized;
	struct vma *vma = as_find(as, start), *next, *below, *gone = NULL;
	int err;

	if (!vma || vma->start >= end)
		return 0;
	if (as_range_is_sealed(as, start, end))
		return -EPERM;
	if (vma->start < start && vma->end > end) {
		err = vma_split(vma, end);
		if (err)
			return err;
	}
	below = vma->start < start ? vma : vma_prev(vma);
	for (; vma && vma->start < end; vma = next) {
		next = vma_next(vma);
		if (cut(vma, start, end) == vma) {
			vma->node.left = gone ? &gone->node : NULL;
			gone = vma;
		} else if (vma->start == end) {
			break;
		}
	}
	gather_begin(&g, as, false);
	tables_zap(&g, start, end);
	tables_prune_later(&g, start, end, below ? below->end : 0,
			   vma ? vma->start : USER_TOP + PAGE_SIZE);
	gather_end(&g);
	close_vmas(gone);
	if (end > as->search_from)
		as->search_from = MIN(end, as->mmap_top);
	return 0;
}

/* Page-aligned, in user space, not empty; *end is set. */
static int check_range(u64 addr, u64 len, u64 *end)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE) || len > USER_TOP || addr > USER_TOP - len)
		return -EINVAL;
	*end = addr + ALIGN_UP(len, PAGE_SIZE);
	return *end > addr ? 0 : -EINVAL;
}

int as_munmap(struct as *as, u64 addr, u64 len)
{
	u64 end;
	int err = check_range(addr, len, &end);

	if (err)
		return err;
	rwsem_write_lock(&as->lock);
	err = as_unmap_locked(as, addr, end);
	rwsem_write_unlock(&as->lock);
	return err;
}

void as_release(struct as *as)
{
	struct vma *vma;
	u64 end = 0;

	do {
		rwsem_write_lock(&as->lock);
		vma = as_find(as, end);
		if (vma) {
			end = vma->end;
			if (!(vma->flags & VM_SHARED) && as_unmap_locked(as, vma->start, end)) {
				/* It is sealed, and stays. */
			}
		}
		rwsem_write_unlock(&as->lock);
	} while (vma);
}

void as_zap_range(struct as *as, u64 start, u64 end)
{
	struct gather g __uninitialized;

	rwsem_write_lock(&as->lock);
	gather_begin(&g, as, false);
	tables_zap(&g, start, end);
	gather_end(&g);
	rwsem_write_unlock(&as->lock);
}

void as_zap_object(struct as *as, const void *object, u64 from, u64 to)
{
	struct gather g __uninitialized;

	rwsem_write_lock(&as->lock);
	gather_begin(&g, as, false);
	g.keeps_anon = to < UINT64_MAX >> PAGE_SHIFT;
	for (struct vma *vma = vma_first(as); vma; vma = vma_next(vma)) {
		u64 first = MAX(from, vma->pgoff), last = MIN(to, vma->pgoff + vma_pages(vma));

		if (vma->ops && vma->private == object && first < last)
			tables_zap(&g, vma->start + ((first - vma->pgoff) << PAGE_SHIFT),
				   vma->start + ((last - vma->pgoff) << PAGE_SHIFT));
	}
	gather_end(&g);
	rwsem_write_unlock(&as->lock);
}

/* ---- Mapping */

static bool is_shared(const struct mmap_request *req)
{
	return (req->flags & MAP_TYPE) != MAP_PRIVATE;
}

static u32 prot_flags(u32 prot)
{
	static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC,
		      "protection bits are the same");
	return prot & PROT_MASK;
}

static u32 request_flags(const struct mmap_request *req)
{
	return prot_flags(req->prot) | req->vm_may | req->extra_vm_flags |
	       (is_shared(req) ? VM_SHARED : 0) |
	       ((req->flags & MAP_LOCKED) || req->as->lock_future ? VM_LOCKED : 0) |
	       (req->flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) |
	       (req->flags & MAP_NORESERVE ? VM_NORESERVE : 0);
}

/* Decides on the address; len is rounded already. */
static int place(const struct mmap_request *req, u64 len, u64 *addr)
{
	bool is_fixed = req->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
	struct vma *vma;

	if (!is_fixed)
		return as_find_gap(req->as, req->addr, len, req->flags, addr);
	*addr = req->addr;
	if (len > USER_TOP || req->addr > USER_TOP - len)
		return -ENOMEM;
	if (!IS_ALIGNED(req->addr, PAGE_SIZE))
		return -EINVAL;
	if (req->addr < MMAP_MIN_ADDR && !upcall_may_map_low())
		return -EPERM;
	if (!(req->flags & MAP_FIXED_NOREPLACE))
		return 0;
	vma = as_find(req->as, req->addr);
	return vma && vma->start < req->addr + len ? -EEXIST : 0;
}

static bool range_is_mapped(struct as *as, u64 start, u64 end)
{
	struct vma *vma = as_find(as, start);

	return vma && vma->start < end;
}

/* Anonymous memory next to memory of the same kind: makes that larger. */
static bool extend_neighbour(struct as *as, u64 start, u64 end, u32 flags, const char *name)
{
	struct vma *above = as_find(as, end), *below = as_find_below(as, start);

	if (flags & VM_GROWSDOWN)
		return false;
	if (above && above->start == end && !above->ops && above->flags == flags &&
	    above->name == name) {
		above->start = start;
		vma_merge(above);
	} else if (below && below->end == start && !below->ops && below->flags == flags &&
		   below->name == name) {
		below->end = end;
	} else {
		return false;
	}
	as_account(as, flags, (s64)((end - start) >> PAGE_SHIFT));
	return true;
}

/* Fills in vma; the caller holds the lock and has made room. */
static void map_new(struct vma *vma, const struct mmap_request *req, u64 start, u64 end, u32 flags)
{
	*vma = (struct vma){
		.start = start,
		.end = end,
		.flags = flags,
		.pgoff = req->pgoff,
		.ops = req->ops,
		.file = req->file,
		.private = req->private,
		.name = req->name ? req->name : "",
	};
	as_insert(req->as, vma);
	store_relaxed(&req->as->cached, vma); /* it will be touched soon */
	if (vma->ops && vma->ops->open)
		vma->ops->open(vma);
}

/* Unmaps what is in the way of MAP_FIXED. *spare: memory for the new vma, so that it cannot fail
 * any more. */
static int make_room(struct as *as, u64 start, u64 end, struct vma **spare)
{
	int err;

	*spare = vma_new();
	if (!*spare)
		return -ENOMEM;
	err = as_unmap_locked(as, start, end);
	if (err)
		vma_free(*spare);
	return err;
}

static int map_locked(const struct mmap_request *req, u64 len, u64 *out)
{
	const char *name = req->name ? req->name : "";
	struct as *as = req->as;
	u32 flags = request_flags(req);
	struct vma *vma = NULL;
	u64 start;
	int err = place(req, len, &start);

	if (err)
		return err;
	if (as->nr_vmas >= MAP_COUNT_MAX)
		return -ENOMEM;
	if (as->deny_exec && (flags & VM_WRITE) && (flags & VM_EXEC))
		return -EACCES;
	err = as_may_grow(as, flags, len >> PAGE_SHIFT);
	if (err)
		return err;
	*out = start;
	if ((req->flags & MAP_FIXED) && range_is_mapped(as, start, start + len)) {
		err = make_room(as, start, start + len, &vma);
		if (err)
			return err;
	}
	if (!req->ops && extend_neighbour(as, start, start + len, flags, name)) {
		vma_free(vma);
		return 0;
	}
	if (!vma)
		vma = vma_new();
	if (!vma)
		return -ENOMEM;
	map_new(vma, req, start, start + len, flags);
	return 0;
}

int as_mmap(struct mmap_request *req, u64 *out)
{
	u64 len = ALIGN_UP(req->len, PAGE_SIZE);
	int err;

	if (!req->len)
		return -EINVAL;
	if (!len)
		return -ENOMEM;
	if (req->pgoff + (len >> PAGE_SHIFT) < req->pgoff)
		return -EOVERFLOW;
	rwsem_write_lock(&req->as->lock);
	err = map_locked(req, len, out);
	rwsem_write_unlock(&req->as->lock);
	if (unlikely(!err && ((req->flags & (MAP_POPULATE | MAP_LOCKED)) || req->as->lock_future) &&
		     !(req->flags & MAP_NONBLOCK) && !(req->as->lock_future & MCL_ONFAULT)))
		as_populate(req->as, *out, *out + len, (req->prot & PROT_WRITE) && !is_shared(req));
	return err;
}

/* ---- Protecting */

static int protect_vma(struct vma *vma, u64 start, u64 end, u32 prot, struct vma **out)
{
	struct as *as = vma->as;
	u32 may = (vma->flags & VM_MAYREAD ? VM_READ : 0) |
		  (vma->flags & VM_MAYWRITE ? VM_WRITE : 0) |
		  (vma->flags & VM_MAYEXEC ? VM_EXEC : 0);
	u32 flags;
	int err;

	if (prot & ~may)
		return -EACCES;
	if (as->deny_exec && (prot & VM_EXEC) && ((prot & VM_WRITE) || !(vma->flags & VM_EXEC)))
		return -EACCES;
	*out = vma;
	flags = (vma->flags & ~(u32)PROT_MASK) | prot;
	if (flags == vma->flags)
		return 0;
	if (is_data(flags) && !is_data(vma->flags)) {
		err = may_add_data(as, flags, (end - start) >> PAGE_SHIFT);
		if (err)
			return err;
	}
	err = vma_isolate(vma, start, end, &vma);
	if (err)
		return err;
	as_account(as, vma->flags, -(s64)vma_pages(vma));
	vma->flags = flags;
	as_account(as, flags, (s64)vma_pages(vma));
	tables_protect(vma, start, end);
	*out = vma_merge(vma);
	return 0;
}

static int protect_locked(struct as *as, u64 start, u64 end, u32 prot)
{
	struct vma *vma = as_find(as, start);
	int err = 0;

	if (!vma)
		return -ENOMEM;
	if (as_range_is_sealed(as, start, end))
		return -EPERM;
	if (prot & PROT_GROWSDOWN) {
		if (!(vma->flags & VM_GROWSDOWN) || vma->start >= end)
			return -EINVAL;
		start = vma->start;
	}
	while (!err && start < end) {
		u64 stop;

		if (!vma || vma->start > start)
			return -ENOMEM;
		stop = MIN(end, vma->end);
		err = protect_vma(vma, start, stop, prot_flags(prot), &vma);
		start = stop;
		if (vma->end <= start)
			vma = vma_next(vma);
	}
	return err;
}

int as_mprotect(struct as *as, u64 addr, u64 len, u64 prot)
{
	u64 end = addr + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (prot & ~(u64)(PROT_MASK | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP) ||
	    (prot & PROT_GROWSUP) || !IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (!len)
		return 0;
	if (end <= addr)
		return -ENOMEM;
	rwsem_write_lock(&as->lock);
	err = protect_locked(as, addr, end, prot);
	rwsem_write_unlock(&as->lock);
	return err;
}

/* ---- The heap */

/* From old to new end, both page-aligned; false: no. */
static bool brk_grow(struct as *as, u64 old, u64 new)
{
	u32 flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
		    (as->lock_future ? VM_LOCKED : 0);
	struct mmap_request req = { .as = as, .name = "[heap]" };
	struct vma *vma = as_find(as, old);

	if (vma && ceiling_of(vma) < new + PAGE_SIZE)
		return false;
	if (as->nr_vmas >= MAP_COUNT_MAX || as_may_grow(as, flags, (new - old) >> PAGE_SHIFT))
		return false;
	if (extend_neighbour(as, old, new, flags, req.name))
		return true;
	vma = vma_new();
	if (vma)
		map_new(vma, &req, old, new, flags);
	return vma;
}

u64 as_brk(struct as *as, u64 brk)
{
	u64 old, new, limit = upcall_rlimit_data();

	rwsem_write_lock(&as->lock);
	old = ALIGN_UP(as->brk, PAGE_SIZE);
	new = ALIGN_UP(brk, PAGE_SIZE);
	if (brk < as->brk_start || brk > USER_TOP || !as->brk_start)
		goto out;
	if (brk - as->brk_start + (as->data_end - as->data_start) > limit)
		goto out;
	if (new < old ? as_unmap_locked(as, new, old) != 0 : new > old && !brk_grow(as, old, new))
		goto out;
	as->brk = brk;
out:
	brk = as->brk;
	rwsem_write_unlock(&as->lock);
	return brk;
}
