/*
 * file: the life of open file descriptions.
 *
 * Owns: struct file, its cache, and the number of open files (file_max is /proc/sys/fs/file-max).
 * Life: file_new() makes one on a path whose references it takes over; the last file_put() runs
 *   ops->release in the thread that put it, and may sleep: nobody may hold a spin lock when he
 *   puts a file.
 * Locks: none. Whoever finds a file in a descriptor table or an epoll set counts it there.
 */
#include "fs/file.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "fs/flock.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/open.h"

u64 file_max;
void (*file_hook_epoll_release)(struct file *f);

static _Atomic u64 nr_files;
static struct slab_cache *file_cache;

u64 file_count(void)
{
	return atomic_load_explicit(&nr_files, memory_order_relaxed);
}

static_assert(((O_RDONLY + 1) & 3) == FILE_READ && ((O_WRONLY + 1) & 3) == FILE_WRITE,
	      "see file_fill()");

static void file_uncharge(void)
{
	atomic_fetch_sub_explicit(&nr_files, 1, memory_order_relaxed);
}

struct file *file_alloc(void)
{
	struct file *f = NULL;

	if (likely(atomic_fetch_add_explicit(&nr_files, 1, memory_order_relaxed) < file_max) ||
	    capable(CAP_SYS_ADMIN))
		f = cache_alloc(file_cache);
	if (unlikely(!f))
		file_uncharge();
	return f;
}

void file_unalloc(struct file *f)
{
	cache_free(file_cache, f);
	file_uncharge();
}

void file_fill(struct file *f, struct mount *mnt, struct dentry *dentry, struct inode *inode,
	       u32 flags)
{
	const struct file_ops *ops = inode->fops;

	refcount_init(&f->refs, 1);
	atomic_init(&f->flags, flags);
	f->mode = ((flags + 1) & 3) | FILE_PREAD | (ops->seek ? 0 : FILE_STREAM);
	atomic_init(&f->pos_lock, 0);
	f->ops = ops;
	f->inode = inode;
	f->path = (struct path){ mnt, dentry };
	f->private = NULL;
	f->pos = 0;
	list_init(&f->ep_links);
	atomic_init(&f->owner, NULL);
}

struct file *file_make(struct mount *mnt, struct dentry *dentry, struct inode *inode, u32 flags)
{
	struct file *f = file_alloc();

	if (likely(f))
		file_fill(f, mnt, dentry, inode, flags);
	return f;
}

int file_make_error(void)
{
	return file_count() >= file_max && !capable(CAP_SYS_ADMIN) ? -ENFILE : -ENOMEM;
}

int file_new(const struct path *path, u32 flags, struct file **out)
{
	struct file *f = file_make(path->mnt, path->dentry, dentry_inode(path->dentry), flags);

	if (unlikely(!f))
		return file_make_error();
	if (flags & O_PATH) {
		f->ops = &file_ops_none;
		f->mode = FILE_PATH | FILE_STREAM;
	}
	*out = f;
	return 0;
}

void file_set_ops(struct file *file, const struct file_ops *ops)
{
	file->ops = ops;
	if (ops->seek)
		file->mode &= ~FILE_STREAM;
	else
		file->mode |= FILE_STREAM;
}

void file_owner_put(struct file_owner *owner)
{
	if (!refcount_put(&owner->refs))
		return;
	pid_put(owner->pid);
	kfree(owner);
}

void file_owner_mute(struct file_owner *owner)
{
	while (owner->nr_async) {
		struct file_async *async = &owner->async[--owner->nr_async];

		wait_remove(async->wq, &async->entry);
	}
}

/* What few files have: a count among the inode's runners, an owner. */
static __noinline void file_free_rest(struct file *f)
{
	struct file_owner *owner = atomic_load_explicit(&f->owner, memory_order_relaxed);

	if (f->mode & FILE_DENIER)
		atomic_fetch_add_explicit(&f->inode->writers, 1, memory_order_release);
	if (owner)
		file_owner_put(owner);
}

/* All but the path's references. */
static inline void file_free(struct file *f)
{
	if (f->mode & FILE_WRITER) {
		atomic_fetch_sub_explicit(&f->inode->writers, 1, memory_order_release);
		atomic_fetch_sub_explicit(&f->path.mnt->writers, 1, memory_order_release);
	}
	if (unlikely((f->mode & FILE_DENIER) || f->owner))
		file_free_rest(f);
	file_unalloc(f);
}

void file_discard(struct file *f)
{
	assert(refcount_read(&f->refs) == 1 && list_empty(&f->ep_links));
	file_free(f);
}

void file_release(struct file *f)
{
	struct mount *mnt = f->path.mnt;
	struct dentry *dentry = f->path.dentry;

	if (unlikely(!list_empty(&f->ep_links)) && file_hook_epoll_release)
		file_hook_epoll_release(f);
	if (unlikely(f->inode->locks))
		flock_release(f);
	if (unlikely(f->owner))
		file_owner_mute(f->owner);
	if (f->ops->release)
		f->ops->release(f);
	file_free(f);
	dentry_put(dentry);
	mount_put(mnt);
}

struct file_owner *file_owner_get(struct file *file)
{
	struct file_owner *owner = atomic_load_explicit(&file->owner, memory_order_acquire),
			  *none = NULL;

	if (owner)
		return owner;
	owner = kzalloc(sizeof(*owner));
	if (!owner)
		return NULL;
	refcount_init(&owner->refs, 1);
	spin_init(&owner->lock, RANK_FILES);
	if (atomic_compare_exchange_strong_explicit(&file->owner, &none, owner,
						    memory_order_acq_rel, memory_order_acquire))
		return owner;
	kfree(owner);
	return none;
}

void file_init_cache(void)
{
	struct mem_stats mem;

	mem_stats(&mem); /* about 1 KiB for each, with inode and name: a tenth of it, as in Linux */
	file_max = MAX(mem.total_pages * (PAGE_SIZE / 1024) / 10, (u64)8192);
	file_cache = cache_create("file", sizeof(struct file), 8);
	rw_init();
}
