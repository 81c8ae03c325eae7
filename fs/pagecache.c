/*
 * pagecache: the pages of a file, by index.
 *
 * Owns: a tree of 64-way nodes per inode, as high as the largest index needs; a file of one page
 *   has none.
 * Life: a page belongs to the tree (one reference) and to whoever maps or copies it (one each).
 *   Truncation takes it out of the tree and out of every address space; the last user frees it.
 * Invariants: no page at or beyond inode->size once a truncation has returned: size is lowered
 *   first, a fault adds a page under the lock only if it is below size, then the pages go, then
 *   the mappings. A fault that was quicker holds its as->lock until the page is mapped, and the
 *   unmapping waits for that lock.
 * Locks: pc->lock (RANK_PGCACHE) for the tree and the list of mappings; nodes are allocated under
 *   it. No lock while bytes are copied, but writers hold inode->lock, so a write is whole to other
 *   writers.
 */
#include "fs/pagecache.h"

#include <linux/errno.h>
#include <linux/mman.h>

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/mm/as.h"
#include "kernel/mm/mmap.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/internal.h"

#define NODE_BITS  6
#define NODE_SLOTS (1u << NODE_BITS)
#define HEIGHT_MAX 10 /* 60 bits: more pages than a file can have */

struct node {
	void *slot[NODE_SLOTS]; /* nodes, or pages at the lowest level */
	u32 nr_used;
};

static struct slab_cache *node_cache;

void pagecache_init(struct pagecache *pc, struct inode *inode, bool (*charge)(struct inode *, s64))
{
	*pc = (struct pagecache){ .inode = inode, .charge = charge };
	spin_init(&pc->lock, RANK_PGCACHE);
	list_init(&pc->maps);
}

/* ---- the tree; pc->lock is held */

static bool tree_holds(const struct pagecache *pc, u64 index)
{
	return !(index >> (pc->height * NODE_BITS));
}

static struct page *tree_find(const struct pagecache *pc, u64 index)
{
	void *at = pc->root;

	if (!tree_holds(pc, index))
		return NULL;
	for (u32 height = pc->height; at && height; height--)
		at = ((struct node *)at)
			     ->slot[index >> ((height - 1) * NODE_BITS) & (NODE_SLOTS - 1)];
	return at;
}

/* One level more on top. */
static int tree_raise(struct pagecache *pc)
{
	struct node *node;

	if (pc->root) {
		node = cache_zalloc(node_cache);
		if (!node)
			return -ENOMEM;
		node->slot[0] = pc->root;
		node->nr_used = 1;
		pc->root = node;
	}
	pc->height++;
	return 0;
}

static int tree_insert(struct pagecache *pc, u64 index, struct page *page)
{
	void **link = &pc->root;
	struct node *parent = NULL;

	while (!tree_holds(pc, index))
		if (tree_raise(pc))
			return -ENOMEM;
	for (u32 height = pc->height; height; height--) {
		if (!*link) {
			*link = cache_zalloc(node_cache);
			if (!*link)
				return -ENOMEM; /* empty nodes above stay; tree_remove and destroy
						   bear them */
			if (parent)
				parent->nr_used++;
		}
		parent = *link;
		link = &parent->slot[index >> ((height - 1) * NODE_BITS) & (NODE_SLOTS - 1)];
	}
	*link = page;
	if (parent)
		parent->nr_used++;
	atomic_fetch_add_explicit(&pc->nr_pages, 1, memory_order_relaxed);
	return 0;
}

/* The page at index is there. Nodes that become empty go. */
static void tree_remove(struct pagecache *pc, u64 index)
{
	void **path[HEIGHT_MAX + 1] __uninitialized;
	void **link = &pc->root;
	u32 depth = 0;

	for (u32 height = pc->height; height; height--) {
		path[depth++] = link;
		link = &((struct node *)*link)
				->slot[index >> ((height - 1) * NODE_BITS) & (NODE_SLOTS - 1)];
	}
	*link = NULL;
	while (depth) {
		struct node *node = *path[--depth];

		if (--node->nr_used)
			break;
		*path[depth] = NULL;
		cache_free(node_cache, node);
	}
	if (!pc->root)
		pc->height = 0;
	atomic_fetch_sub_explicit(&pc->nr_pages, 1, memory_order_relaxed);
}

/* The first page at or after *index inside node, whose own first index is 0; *index becomes its. */
static struct page *node_next(void *at, u32 height, u64 *index)
{
	u64 rest, slot;
	struct page *page;
	u32 shift;

	if (!at || !height)
		return *index ? NULL : at;
	shift = (height - 1) * NODE_BITS;
	rest = *index & ((1ull << shift) - 1);
	for (slot = *index >> shift; slot < NODE_SLOTS; slot++, rest = 0) {
		page = node_next(((struct node *)at)->slot[slot], height - 1, &rest);
		if (page) {
			*index = slot << shift | rest;
			return page;
		}
	}
	return NULL;
}

static struct page *tree_next(const struct pagecache *pc, u64 *index)
{
	return tree_holds(pc, *index) ? node_next(pc->root, pc->height, index) : NULL;
}

static void node_free(void *at, u32 height)
{
	if (!at)
		return;
	if (!height) {
		page_put(at);
		return;
	}
	for (u32 i = 0; i < NODE_SLOTS; i++)
		node_free(((struct node *)at)->slot[i], height - 1);
	cache_free(node_cache, at);
}

/* ---- room */

static bool pages_charge(struct pagecache *pc, s64 pages)
{
	if (pc->charge && !pc->charge(pc->inode, pages))
		return false;
	atomic_fetch_add_explicit(&mem_cache_pages, pages, memory_order_relaxed);
	return true;
}

void pagecache_destroy(struct pagecache *pc)
{
	s64 nr = atomic_load_explicit(&pc->nr_pages, memory_order_relaxed);

	assert(list_empty(&pc->maps));
	node_free(pc->root, pc->height);
	pc->root = NULL;
	if (nr)
		pages_charge(pc, -nr);
}

/* ---- pages */

struct page *pagecache_find_get(struct pagecache *pc, u64 index)
{
	struct page *page;

	spin_lock(&pc->lock);
	page = tree_find(pc, index);
	if (page)
		page_get(page);
	spin_unlock(&pc->lock);
	return page;
}

/* Puts page, consumed, at index unless somebody was quicker; *out is what is there, +1. */
static int pagecache_add(struct pagecache *pc, u64 index, struct page *page, bool below_size,
			 struct page **out)
{
	struct page *there;
	int err = 0;

	if (!pages_charge(pc, 1)) {
		page_put(page);
		return -ENOSPC;
	}
	spin_lock(&pc->lock);
	there = tree_find(pc, index);
	if (there)
		page_get(there);
	else if (below_size && index >= DIV_ROUND_UP(pc->inode->size, PAGE_SIZE))
		err = -EFAULT;
	else
		err = tree_insert(pc, index, page);
	if (!there && !err)
		page_get(page);
	spin_unlock(&pc->lock);
	if (there || err) {
		pages_charge(pc, -1);
		page_put(page);
	}
	*out = there ? there : page;
	return err;
}

static int page_obtain(struct pagecache *pc, u64 index, bool below_size, struct page **out)
{
	struct page *page = pagecache_find_get(pc, index);

	if (page) {
		*out = page;
		return 0;
	}
	page = page_alloc_zeroed();
	return page ? pagecache_add(pc, index, page, below_size, out) : -ENOMEM;
}

int pagecache_get(struct pagecache *pc, u64 index, struct page **out)
{
	return page_obtain(pc, index, false, out);
}

u64 pagecache_next(struct pagecache *pc, u64 index, u64 end, bool is_data)
{
	spin_lock(&pc->lock);
	if (is_data) {
		if (!tree_next(pc, &index))
			index = end;
	} else {
		while (index < end && tree_find(pc, index))
			index++;
	}
	spin_unlock(&pc->lock);
	return MIN(index, end);
}

int pagecache_fill(struct pagecache *pc, u64 from, u64 to)
{
	struct page *page;
	int err;

	for (u64 index = from / PAGE_SIZE; index < DIV_ROUND_UP(to, PAGE_SIZE); index++) {
		err = pagecache_get(pc, index, &page);
		if (err)
			return err;
		page_put(page);
		cond_resched();
	}
	return 0;
}

/* ---- read and write */

long pagecache_read(struct pagecache *pc, struct uio *uio, u64 pos)
{
	long done = 0;

	while (uio->resid) {
		u64 size = atomic_load_explicit(&pc->inode->size, memory_order_relaxed);
		size_t offset = pos % PAGE_SIZE, n, copied;
		struct page *page;

		if (pos >= size)
			break;
		n = MIN(uio->resid, PAGE_SIZE - offset);
		n = MIN(n, size - pos);
		page = pagecache_find_get(pc, pos / PAGE_SIZE);
		if (page) {
			copied = uio_copy_out(uio, (char *)page_va(page) + offset, n);
			page_put(page);
		} else {
			copied = uio_zero(uio, n);
		}
		done += copied;
		pos += copied;
		if (copied < n)
			return done ? done : -EFAULT;
		if (uio->resid)
			cond_resched();
	}
	return done;
}

/* A whole new page: nobody sees it before its bytes are there, so it need not be zeroed. */
static long write_new_page(struct pagecache *pc, struct uio *uio, u64 index)
{
	struct page *page = page_alloc(0), *there;
	size_t copied;
	int err;

	if (!page)
		return -ENOMEM;
	copied = uio_copy_in(uio, page_va(page), PAGE_SIZE);
	if (!copied) {
		page_put(page);
		return -EFAULT;
	}
	memset((char *)page_va(page) + copied, 0, PAGE_SIZE - copied);
	err = pagecache_add(pc, index, page, false, &there);
	if (err) {
		uio_revert(uio, copied);
		return err;
	}
	if (there != page) /* a fault made a page of zeroes meanwhile */
		memcpy(page_va(there), page_va(page), copied);
	page_put(there);
	return copied;
}

static long write_page(struct pagecache *pc, struct uio *uio, u64 pos)
{
	size_t offset = pos % PAGE_SIZE, n = MIN(uio->resid, PAGE_SIZE - offset), copied;
	struct page *page = pagecache_find_get(pc, pos / PAGE_SIZE);
	int err;

	if (!page) {
		if (n == PAGE_SIZE)
			return write_new_page(pc, uio, pos / PAGE_SIZE);
		err = pagecache_get(pc, pos / PAGE_SIZE, &page);
		if (err)
			return err;
	}
	copied = uio_copy_in(uio, (char *)page_va(page) + offset, n);
	page_put(page);
	return copied ? (long)copied : -EFAULT;
}

long pagecache_write(struct pagecache *pc, struct uio *uio, u64 pos)
{
	long done = 0, n;

	rwsem_assert_write_held(&pc->inode->lock);
	while (uio->resid) {
		size_t want = MIN(uio->resid, PAGE_SIZE - pos % PAGE_SIZE);

		n = write_page(pc, uio, pos);
		if (n < 0)
			return done ? done : n;
		done += n;
		pos += n;
		if ((size_t)n < want)
			break;
		if (uio->resid)
			cond_resched();
	}
	return done;
}

/* ---- truncation */

/* From every address space that maps the file. Only one at a time is here: inode->lock is held. */
static void maps_zap(struct pagecache *pc, u64 from, u64 to)
{
	struct list cursor;
	struct as *as, *last = NULL;

	spin_lock(&pc->lock);
	list_add(&cursor, &pc->maps);
	while (cursor.next != &pc->maps) {
		struct list *next = cursor.next;

		list_del(&cursor);
		list_add(&cursor, next);
		as = list_entry(next, struct vma, backing_link)->as;
		if (as == last || !as_tryget(as))
			continue;
		spin_unlock(&pc->lock);
		as_zap_object(as, pc, from, to);
		as_put(as);
		last = as;
		spin_lock(&pc->lock);
	}
	list_del(&cursor);
	spin_unlock(&pc->lock);
}

static void page_zero_part(struct pagecache *pc, u64 from, u64 to)
{
	struct page *page = from < to ? pagecache_find_get(pc, from / PAGE_SIZE) : NULL;

	if (!page)
		return;
	memset((char *)page_va(page) + from % PAGE_SIZE, 0, to - from);
	page_put(page);
}

#define DROP_BATCH 16

/* Takes some pages of [*index, end) out; false: there were no more. */
static bool drop_some(struct pagecache *pc, u64 *index, u64 end)
{
	struct page *pages[DROP_BATCH] __uninitialized;
	u32 nr = 0;

	spin_lock(&pc->lock);
	while (nr < DROP_BATCH && (pages[nr] = tree_next(pc, index)) && *index < end) {
		tree_remove(pc, (*index)++);
		nr++;
	}
	spin_unlock(&pc->lock);
	for (u32 i = 0; i < nr; i++)
		page_put(pages[i]);
	if (nr)
		pages_charge(pc, -(s64)nr);
	return nr == DROP_BATCH;
}

void pagecache_drop(struct pagecache *pc, u64 from, u64 to)
{
	u64 first = DIV_ROUND_UP(from, PAGE_SIZE), end = to / PAGE_SIZE, index = first;
	bool is_mapped;

	rwsem_assert_write_held(&pc->inode->lock);
	if (first > end) { /* all inside one page */
		page_zero_part(pc, from, to);
		return;
	}
	page_zero_part(pc, from, first * PAGE_SIZE);
	if (to != UINT64_MAX)
		page_zero_part(pc, end * PAGE_SIZE, to);
	while (drop_some(pc, &index, end))
		;
	spin_lock(&pc->lock);
	is_mapped = !list_empty(&pc->maps);
	spin_unlock(&pc->lock);
	if (is_mapped)
		maps_zap(pc, first, end);
}

/* ---- mapping */

static bool map_is_writable(const struct vma *vma)
{
	return (vma->flags & VM_SHARED) && (vma->flags & VM_MAYWRITE);
}

static void map_link(struct vma *vma, struct pagecache *pc)
{
	spin_lock(&pc->lock);
	if (!vma->backing_link.next)
		list_add_tail(&vma->backing_link, &pc->maps);
	spin_unlock(&pc->lock);
}

/* A seal may have come between pagecache_mmap() and this. */
static void map_open(struct vma *vma)
{
	struct pagecache *pc = vma->private;
	s32 n = atomic_load_explicit(&pc->writable_maps, memory_order_relaxed);

	while (map_is_writable(vma)) {
		if (n < 0)
			vma->flags &= ~(u32)(VM_MAYWRITE | VM_WRITE);
		else if (atomic_compare_exchange_weak_explicit(&pc->writable_maps, &n, n + 1,
							       memory_order_relaxed,
							       memory_order_relaxed))
			break;
	}
	vma->backing_link.next = NULL;
	map_link(vma, pc);
}

static void map_dup(struct vma *vma)
{
	file_get(vma->file);
	map_open(vma);
}

static void map_close(struct vma *vma)
{
	struct pagecache *pc = vma->private;

	if (map_is_writable(vma))
		atomic_fetch_sub_explicit(&pc->writable_maps, 1, memory_order_relaxed);
	spin_lock(&pc->lock);
	if (vma->backing_link.next)
		list_del(&vma->backing_link);
	vma->backing_link.next = NULL;
	spin_unlock(&pc->lock);
	file_put(vma->file);
}

static int map_fault(struct vma *vma, u64 pgoff, bool write, struct page **out)
{
	struct pagecache *pc = vma->private;
	int err;

	if (pgoff >= DIV_ROUND_UP(pc->inode->size, PAGE_SIZE))
		return -EFAULT;
	err = page_obtain(pc, pgoff, true, out);
	return err == -ENOSPC ? -EFAULT : err; /* SIGBUS, as for a full file system */
}

static const struct vm_ops pagecache_vm_ops = {
	.fault = map_fault,
	.open = map_open,
	.dup = map_dup,
	.close = map_close,
};

int pagecache_mmap(struct file *file, struct mmap_request *req)
{
	struct pagecache *pc = file->inode->pages;

	if ((req->flags & MAP_SHARED) &&
	    (pc->no_new_writable ||
	     atomic_load_explicit(&pc->writable_maps, memory_order_relaxed) < 0)) {
		if (req->prot & PROT_WRITE)
			return -EPERM;
		req->vm_may &= ~VM_MAYWRITE;
	}
	req->ops = &pagecache_vm_ops;
	req->private = pc;
	inode_accessed(file);
	return 0;
}

int pagecache_forbid_writable(struct pagecache *pc)
{
	s32 none = 0;

	if (atomic_compare_exchange_strong_explicit(&pc->writable_maps, &none, -1,
						    memory_order_relaxed, memory_order_relaxed) ||
	    none < 0)
		return 0;
	return -EBUSY;
}

void pagecache_init_cache(void)
{
	node_cache = cache_create("pagecache_node", sizeof(struct node), 8);
}
