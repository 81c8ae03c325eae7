/*
 * The pages of one file in memory: read, write, map, truncate.
 *
 * Holds whole files (tmpfs, memfd, shared anonymous memory): a page that is absent is a hole.
 *
 *   [P] lock (RANK_PGCACHE)   [L] inode->lock   [I] constant
 */
#pragma once

#include "lib/list.h"
#include "kernel/mm/vma.h"
#include "kernel/sync/spinlock.h"
#include "fs/uio.h"

struct file;
struct inode;
struct mmap_request;

struct pagecache {
	struct spinlock lock;
	u32 height; /* [P] of the tree; 0: root is page 0 itself, or NULL */
	void *root; /* [P] struct page or a tree node */
	struct list maps; /* [P] struct vma.backing_link */
	struct inode *inode; /* [I] whose; weak */
	_Atomic u64 nr_pages; /* [P] for writing */
	_Atomic s32
		writable_maps; /* shared mappings that are or may become writable; <0: forbidden */
	_Atomic bool no_new_writable; /* F_SEAL_FUTURE_WRITE: the writable maps there are stay */
	/* Asks for (or gives back) room for pages; false: -ENOSPC. May not sleep. NULL: no limit.
	 */
	bool (*charge)(struct inode *inode, s64 pages);
};

void pagecache_init(struct pagecache *pc, struct inode *inode, bool (*charge)(struct inode *, s64));
void pagecache_destroy(struct pagecache *pc); /* at evict: nothing maps it any more */

/* Bytes read up to inode->size; holes are zeroes. Locks: none. */
long pagecache_read(struct pagecache *pc, struct uio *uio, u64 pos);
/* Locks: inode->lock for writing; inode->size is the caller's to raise. Bytes, -ENOSPC, -ENOMEM,
 * -EFAULT. */
long pagecache_write(struct pagecache *pc, struct uio *uio, u64 pos);
/* The page at index, +1: NULL if a hole; pagecache_get makes it. */
struct page *pagecache_find_get(struct pagecache *pc, u64 index);
int pagecache_get(struct pagecache *pc, u64 index, struct page **out) __must_check;
/* Drops the pages wholly inside [from, to) and zeroes what is partly inside; unmaps them
 * everywhere. Locks: inode->lock for writing; inode->size was lowered before. */
void pagecache_drop(struct pagecache *pc, u64 from, u64 to);
/* fallocate: makes the pages of [from, to). */
int pagecache_fill(struct pagecache *pc, u64 from, u64 to) __must_check;
/* The first page that exists (or, !is_data, does not) at or after index, below end; end if none. */
u64 pagecache_next(struct pagecache *pc, u64 index, u64 end, bool is_data);

/* A file_ops.mmap for files with inode->pages. -EPERM: shared and writable but forbidden. */
int pagecache_mmap(struct file *file, struct mmap_request *req);
/* F_SEAL_WRITE: no shared writable mapping from now on; -EBUSY if there is one. */
int pagecache_forbid_writable(struct pagecache *pc);
void pagecache_init_cache(void);
