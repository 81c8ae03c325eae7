/*
 * tmpfs: files that are nothing but memory.
 *
 * Owns: struct tmpfs_node behind each inode (contents, link text, attributes), and the limits of an
 * instance. Life: a directory is its dentries (fs/dentry.c pins linked names), so an inode lives
 * while it has a name or an opener, and evict frees its pages. The instance goes with its last
 * mount, nameless files with the last descriptor or mapping. Locks: the callers' inode->locks
 * (fs/namei.c) for names; write, truncate and fallocate take inode->lock themselves. Limits are
 * atomic counters. Not here: pages (fs/pagecache.c), mount options and nameless files (mount.c).
 *                                                     Follows: tmpfs(5), memfd_create(2)
 */
#include "fs/tmpfs/internal.h"

#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/statfs.h>

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/mm/slab.h"
#include "kernel/time/clock.h"
#include "fs/chrdev.h"
#include "fs/dentry.h"
#include "fs/inode.h"
#include "fs/pipefs/pipe.h"
#include "fs/readdir.h"
#include "fs/rw.h"

#define DIRENT_SIZE 20 /* what an entry adds to st_size of its directory, as on Linux */

static const struct inode_ops tmpfs_dir_inode_ops, tmpfs_inode_ops, tmpfs_link_inode_ops;
static const struct file_ops tmpfs_file_ops, tmpfs_dir_ops;

static struct tmpfs_super *super_of(const struct inode *inode)
{
	return inode->sb->private;
}

/* ---- limits */

static bool charge(_Atomic u64 *used, u64 max, s64 n)
{
	u64 old = atomic_fetch_add_explicit(used, n, memory_order_relaxed);

	if (n > 0 && max && old + n > max) {
		atomic_fetch_sub_explicit(used, n, memory_order_relaxed);
		return false;
	}
	return true;
}

static bool charge_inodes(struct super *sb, s64 n)
{
	struct tmpfs_super *ts = sb->private;

	return charge(&ts->used_inodes, ts->max_inodes, n);
}

/* Attributes take the place of inodes, which are counted as 1 KiB. */
#define INODE_BYTES 1024u

static s64 xattr_inodes(const struct xattr_list *xattrs)
{
	return DIV_ROUND_UP(xattrs->bytes, INODE_BYTES);
}

static bool tmpfs_charge_pages(struct inode *inode, s64 pages)
{
	struct tmpfs_super *ts = super_of(inode);

	return charge(&ts->used_pages, ts->max_pages, pages);
}

/* ---- inodes */

static void inode_set_type(struct inode *inode, struct tmpfs_node *node, u64 rdev)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		pagecache_init(&node->pages, inode, tmpfs_charge_pages);
		inode->pages = &node->pages;
		inode->ops = &tmpfs_inode_ops;
		inode->fops = &tmpfs_file_ops;
		break;
	case S_IFDIR:
		inode->ops = &tmpfs_dir_inode_ops;
		inode->fops = &tmpfs_dir_ops;
		atomic_store_explicit(&inode->nlink, 2, memory_order_relaxed);
		inode->size = 2 * DIRENT_SIZE;
		break;
	case S_IFLNK:
		inode->ops = &tmpfs_link_inode_ops;
		break;
	case S_IFIFO:
		inode->ops = &tmpfs_inode_ops;
		inode->fops = &fifo_file_ops;
		break;
	case S_IFSOCK:
		inode->ops = &tmpfs_inode_ops;
		break;
	default:
		inode->rdev = rdev;
		inode->ops = &tmpfs_inode_ops;
		inode->fops = &chrdev_file_ops;
	}
}

int tmpfs_inode_new(struct super *sb, const struct inode *dir, u32 mode, u64 rdev,
		    struct inode **out)
{
	struct tmpfs_node *node;
	struct inode *inode;

	if (!charge_inodes(sb, 1))
		return -ENOSPC;
	node = kzalloc(sizeof(*node));
	inode = node ? inode_new(sb) : NULL;
	if (!inode) {
		kfree(node);
		charge_inodes(sb, -1);
		return -ENOMEM;
	}
	xattr_list_init(&node->xattrs);
	node->seals = F_SEAL_SEAL; /* a file with a name takes none */
	inode->private = node;
	inode->ino = super_next_ino(sb);
	inode_init_owner(inode, dir, mode);
	node->btime_ns = inode->ctime_ns;
	inode_set_type(inode, node, rdev);
	*out = inode;
	return 0;
}

/* A symbolic link that is no short one costs a page, as in Linux. */
#define SHORT_LINK 128u

static bool link_charge(struct inode *inode, const char *text, s64 n)
{
	return strlen(text) < SHORT_LINK || tmpfs_charge_pages(inode, n);
}

static void link_free(struct inode *inode, char *text)
{
	link_charge(inode, text, -1);
	kfree(text);
}

void tmpfs_evict(struct inode *inode)
{
	struct tmpfs_node *node = inode->private;

	if (S_ISREG(inode->mode))
		pagecache_destroy(&node->pages);
	else if (S_ISLNK(inode->mode))
		link_free(inode, node->link);
	charge_inodes(inode->sb, -1 - xattr_inodes(&node->xattrs));
	xattr_list_free(&node->xattrs);
	kfree(node);
}

/* ---- names; the directories are locked */

static void dir_changed(struct inode *dir, s64 entries)
{
	atomic_fetch_add_explicit(&dir->size, entries * DIRENT_SIZE, memory_order_relaxed);
	inode_touch(dir, ATTR_MTIME | ATTR_CTIME);
}

static void nlink_add(struct inode *inode, s32 n)
{
	atomic_fetch_add_explicit(&inode->nlink, n, memory_order_relaxed);
}

static int tmpfs_mknod(struct inode *dir, struct dentry *dentry, u32 mode, u64 rdev)
{
	struct inode *inode;
	int err = tmpfs_inode_new(dir->sb, dir, mode, rdev, &inode);

	if (err)
		return err;
	dentry_attach(dentry, inode);
	dir_changed(dir, 1);
	return 0;
}

static int tmpfs_create(struct inode *dir, struct dentry *dentry, u32 mode)
{
	return tmpfs_mknod(dir, dentry, mode, 0);
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *dentry, u32 mode)
{
	int err = tmpfs_mknod(dir, dentry, mode, 0);

	if (!err)
		nlink_add(dir, 1);
	return err;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	char *text = kstrdup(target);
	struct inode *inode;
	int err;

	if (!text)
		return -ENOMEM;
	if (!link_charge(dir, text, 1)) {
		kfree(text);
		return -ENOSPC;
	}
	err = tmpfs_inode_new(dir->sb, dir, S_IFLNK | 0777, 0, &inode);
	if (err) {
		link_free(dir, text);
		return err;
	}
	((struct tmpfs_node *)inode->private)->link = text;
	inode->size = strlen(text);
	dentry_attach(dentry, inode);
	dir_changed(dir, 1);
	return 0;
}

/* Each name costs as much as an inode, as it cannot be forgotten either. */
static int tmpfs_link(struct inode *inode, struct inode *dir, struct dentry *dentry)
{
	if (inode->nlink && !charge_inodes(inode->sb, 1))
		return -ENOSPC;
	nlink_add(inode, 1);
	inode_touch(inode, ATTR_CTIME);
	dentry_attach(dentry, inode_get(inode));
	dir_changed(dir, 1);
	return 0;
}

static void unlink_one(struct inode *inode)
{
	if (atomic_fetch_sub_explicit(&inode->nlink, 1, memory_order_relaxed) > 1)
		charge_inodes(inode->sb, -1);
}

static int tmpfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry_inode(dentry);

	unlink_one(inode);
	inode_touch(inode, ATTR_CTIME);
	dentry_detach(dentry);
	dir_changed(dir, -1);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry_inode(dentry);

	if (!list_empty(&dentry->children))
		return -ENOTEMPTY;
	nlink_add(inode, -2);
	nlink_add(dir, -1);
	inode_touch(inode, ATTR_CTIME);
	dentry_detach(dentry);
	dir_changed(dir, -1);
	return 0;
}

static int tmpfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *new, u32 flags)
{
	struct inode *inode = dentry_inode(old), *victim = dentry_inode(new);
	s32 dirs_moved = S_ISDIR(inode->mode);
	bool is_exchange = flags & RENAME_EXCHANGE;

	if (is_exchange) {
		dirs_moved -= S_ISDIR(victim->mode) ? 1 : 0;
	} else if (victim) {
		if (S_ISDIR(victim->mode)) {
			if (!list_empty(&new->children))
				return -ENOTEMPTY;
			nlink_add(victim, -2);
			nlink_add(new_dir, -1);
		} else {
			unlink_one(victim);
		}
	}
	if (victim)
		inode_touch(victim, ATTR_CTIME);
	nlink_add(old_dir, -dirs_moved);
	nlink_add(new_dir, dirs_moved);
	inode_touch(inode, ATTR_CTIME);
	dir_changed(old_dir, is_exchange ? 0 : -1);
	dir_changed(new_dir, is_exchange || victim ? 0 : 1);
	return 0;
}

static int tmpfs_tmpfile(struct inode *dir, struct dentry *dentry, u32 mode)
{
	struct inode *inode;
	int err = tmpfs_inode_new(dir->sb, dir, mode, 0, &inode);

	if (err)
		return err;
	inode->nlink = 0;
	dentry_attach_unlinked(dentry, inode);
	return 0;
}

static int tmpfs_readlink(struct inode *inode, char *buf, size_t size)
{
	const struct tmpfs_node *node = inode->private;
	size_t n = MIN(size, strlen(node->link));

	memcpy(buf, node->link, n);
	return n;
}

/* ---- attributes */

static int tmpfs_getattr(struct inode *inode, struct kstat *st)
{
	struct tmpfs_node *node = inode->private;

	st->btime_ns = node->btime_ns;
	if (S_ISREG(inode->mode))
		st->blocks = atomic_load_explicit(&node->pages.nr_pages, memory_order_relaxed) *
			     (PAGE_SIZE / 512);
	return 0;
}

static int tmpfs_setattr(struct inode *inode, const struct iattr *attr)
{
	struct tmpfs_node *node = inode->private;
	struct iattr rest = *attr;

	if (attr->valid & ATTR_SIZE) {
		u64 old = inode->size;

		if (!S_ISREG(inode->mode))
			return -EINVAL;
		if ((attr->size < old && (node->seals & F_SEAL_SHRINK)) ||
		    (attr->size > old && (node->seals & F_SEAL_GROW)))
			return -EPERM;
		inode->size = attr->size;
		if (attr->size < old)
			pagecache_drop(&node->pages, attr->size, UINT64_MAX);
		rest.valid &= ~ATTR_SIZE;
	}
	return inode_setattr_simple(inode, &rest);
}

static int tmpfs_xattr_get(struct inode *inode, const char *name, void *buf, size_t size)
{
	return xattr_list_get(&((struct tmpfs_node *)inode->private)->xattrs, name, buf, size);
}

static int tmpfs_xattr_set(struct inode *inode, const char *name, const void *value, size_t size,
			   int flags)
{
	struct xattr_list *xattrs = &((struct tmpfs_node *)inode->private)->xattrs;
	s64 before = xattr_inodes(xattrs),
	    most = DIV_ROUND_UP(xattr_bytes(name, size), INODE_BYTES);
	int err;

	if (!charge_inodes(inode->sb, most))
		return -ENOSPC;
	err = xattr_list_set(xattrs, name, value, size, flags);
	charge_inodes(inode->sb, xattr_inodes(xattrs) - before - most);
	if (!err)
		inode_touch(inode, ATTR_CTIME);
	return err;
}

static int tmpfs_xattr_remove(struct inode *inode, const char *name)
{
	struct xattr_list *xattrs = &((struct tmpfs_node *)inode->private)->xattrs;
	s64 before = xattr_inodes(xattrs);
	int err = xattr_list_remove(xattrs, name);

	charge_inodes(inode->sb, xattr_inodes(xattrs) - before);
	if (!err)
		inode_touch(inode, ATTR_CTIME);
	return err;
}

static long tmpfs_xattr_list(struct inode *inode, char *buf, size_t size, bool show_trusted)
{
	return xattr_list_names(&((struct tmpfs_node *)inode->private)->xattrs, buf, size,
				show_trusted);
}

/* ---- contents */

static long tmpfs_read(struct file *file, struct uio *uio, u64 *pos)
{
	long n = pagecache_read(file->inode->pages, uio, *pos);

	if (n > 0) {
		*pos += n;
		inode_accessed(file);
	}
	return n;
}

/* inode->lock held. */
static long write_locked(struct inode *inode, struct uio *uio, u64 pos)
{
	struct tmpfs_node *node = inode->private;
	long n;

	if (pos > INT64_MAX - uio->resid)
		return -EFBIG;
	if (node->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if ((node->seals & F_SEAL_GROW) && pos + uio->resid > inode->size)
		return -EPERM;
	inode_kill_suid(inode);
	n = pagecache_write(&node->pages, uio, pos);
	if (n > 0) {
		if (pos + n > inode->size)
			inode->size = pos + n;
		inode_touch(inode, ATTR_MTIME | ATTR_CTIME);
	}
	return n;
}

static long tmpfs_write(struct file *file, struct uio *uio, u64 *pos)
{
	struct inode *inode = file->inode;
	long n;

	if (!uio->resid)
		return 0;
	rwsem_write_lock(&inode->lock);
	if (uio->is_append)
		*pos = inode->size;
	n = write_locked(inode, uio, *pos);
	rwsem_write_unlock(&inode->lock);
	if (n > 0)
		*pos += n;
	return n;
}

static int fallocate_locked(struct inode *inode, int mode, u64 offset, u64 len)
{
	struct tmpfs_node *node = inode->private;
	u64 end = offset + len;
	int err;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (node->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		pagecache_drop(&node->pages, offset, end);
		inode_touch(inode, ATTR_MTIME | ATTR_CTIME);
		return 0;
	}
	if ((node->seals & F_SEAL_GROW) && end > inode->size)
		return -EPERM;
	if (super_of(inode)->max_pages && len / PAGE_SIZE > super_of(inode)->max_pages)
		return -ENOSPC;
	err = pagecache_fill(&node->pages, offset, end);
	if (err)
		return err;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && end > inode->size)
		inode->size = end;
	inode_touch(inode, ATTR_MTIME | ATTR_CTIME);
	return 0;
}

static int tmpfs_fallocate(struct file *file, int mode, u64 offset, u64 len)
{
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	rwsem_write_lock(&file->inode->lock);
	err = fallocate_locked(file->inode, mode, offset, len);
	rwsem_write_unlock(&file->inode->lock);
	return err;
}

static int tmpfs_fsync(struct file *file, bool data_only)
{
	return 0;
}

static int tmpfs_readdir(struct file *file, struct dir_context *ctx)
{
	struct dentry *child;

	list_for_each(child, &file->path.dentry->children, child_link) {
		const struct inode *inode = dentry_inode(child);

		if (child->dir_pos < ctx->pos)
			continue;
		ctx->pos = child->dir_pos;
		if (!dir_emit(ctx, child->name, child->name_len, inode->ino,
			      mode_to_dt(inode->mode)))
			return 0;
		ctx->pos++;
	}
	return 0;
}

#define TMPFS_COMMON                                                                               \
	.getattr = tmpfs_getattr, .setattr = tmpfs_setattr, .xattr_get = tmpfs_xattr_get,          \
	.xattr_set = tmpfs_xattr_set, .xattr_remove = tmpfs_xattr_remove,                          \
	.xattr_list = tmpfs_xattr_list

static const struct inode_ops tmpfs_inode_ops = { TMPFS_COMMON };
static const struct inode_ops tmpfs_link_inode_ops = { TMPFS_COMMON, .readlink = tmpfs_readlink };
static const struct inode_ops tmpfs_dir_inode_ops = {
	TMPFS_COMMON,
	.create = tmpfs_create,
	.mkdir = tmpfs_mkdir,
	.mknod = tmpfs_mknod,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
};

static const struct file_ops tmpfs_file_ops = {
	.read = tmpfs_read,
	.write = tmpfs_write,
	.seek = file_seek_generic,
	.mmap = pagecache_mmap,
	.fsync = tmpfs_fsync,
	.fallocate = tmpfs_fallocate,
};

static s64 tmpfs_dir_seek(struct file *file, s64 offset, int whence)
{
	if (whence == SEEK_END)
		return -EINVAL;
	return file_seek_within(file, offset, whence, 0, INT64_MAX);
}

static const struct file_ops tmpfs_dir_ops = {
	.readdir = tmpfs_readdir,
	.seek = tmpfs_dir_seek,
	.fsync = tmpfs_fsync,
};
