/*
 * readdir: listing directories.
 *
 * Owns: "." and "..", the position, and the records of getdents. Positions: each entry has a
 *   number, unique in its directory and rising in the order of listing; a listing goes on at the
 *   first entry whose number is at least the position. So d_off of an entry is its own number plus
 *   one, known without looking at the next.
 * Locks: file's position, then the directory's inode->lock for reading, held while user memory is
 *   written (RANK_DIR is below MM).
 */
#include "fs/readdir.h"

#include <linux/dirent.h>
#include <linux/errno.h>

#include "lib/string.h"
#include "arch/x86_64/uaccess.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/rw.h"

static u64 parent_ino(struct dentry *dir)
{
	struct dentry *parent = dentry_parent_get(dir);
	u64 ino = dentry_inode(parent)->ino;

	dentry_put(parent);
	return ino;
}

/* false: stopped. */
static bool emit_dots(struct file *file, struct dir_context *ctx)
{
	if (ctx->pos == 0) {
		if (!dir_emit(ctx, ".", 1, file->inode->ino, DT_DIR))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!dir_emit(ctx, "..", 2, parent_ino(file->path.dentry), DT_DIR))
			return false;
		ctx->pos = 2;
	}
	return true;
}

int vfs_readdir(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->inode;
	bool is_locked;
	int err;

	if (!file->ops->readdir)
		return -ENOTDIR;
	is_locked = file_pos_lock(file);
	err = rwsem_read_lock_killable(&dir->lock);
	if (err)
		goto out_unlock_pos;
	ctx->pos = file->pos;
	if (dentry_flags(file->path.dentry) & DENTRY_DEAD)
		err = -ENOENT;
	else if (emit_dots(file, ctx))
		err = file->ops->readdir(file, ctx);
	file->pos = ctx->pos;
	rwsem_read_unlock(&dir->lock);
	if (!err)
		inode_accessed(file);
out_unlock_pos:
	if (is_locked)
		file_pos_unlock(file);
	return err;
}

/* ---- getdents */

struct getdents {
	struct dir_context ctx; /* first: emit is handed this */
	char __user *to;
	size_t room;
	int err;
};

#define RECORD_MAX ALIGN_UP(offsetof(struct linux_dirent64, d_name) + NAME_MAX_LEN + 2, 8)

static bool put_record(struct getdents *g, const void *record, size_t n)
{
	if (n > g->room) {
		g->err = -EINVAL; /* matters only if it is the first */
		return false;
	}
	if (copy_to_user(g->to, record, n)) {
		g->err = -EFAULT;
		return false;
	}
	g->to += n;
	g->room -= n;
	return true;
}

static bool emit_dirent64(struct dir_context *ctx, const char *name, size_t len, u64 ino, u8 type)
{
	char buf[RECORD_MAX] __aligned(8) __uninitialized;
	struct linux_dirent64 *d = (struct linux_dirent64 *)buf;
	size_t used = offsetof(struct linux_dirent64, d_name) + len + 1;

	d->d_ino = ino;
	d->d_off = ctx->pos + 1;
	d->d_reclen = ALIGN_UP(used, 8);
	d->d_type = type;
	memcpy(d->d_name, name, len);
	memset(d->d_name + len, 0, d->d_reclen - used + 1);
	return put_record(container_of(ctx, struct getdents, ctx), d, d->d_reclen);
}

static bool emit_dirent(struct dir_context *ctx, const char *name, size_t len, u64 ino, u8 type)
{
	char buf[RECORD_MAX] __aligned(8) __uninitialized;
	struct linux_dirent *d = (struct linux_dirent *)buf;
	size_t used = offsetof(struct linux_dirent, d_name) + len + 2;

	d->d_ino = ino;
	d->d_off = ctx->pos + 1;
	d->d_reclen = ALIGN_UP(used, 8);
	memcpy(d->d_name, name, len);
	memset(d->d_name + len, 0, d->d_reclen - used + 2);
	buf[d->d_reclen - 1] = type;
	return put_record(container_of(ctx, struct getdents, ctx), d, d->d_reclen);
}

static long getdents(struct file *file, void __user *ubuf, size_t size,
		     __typeof__(&emit_dirent) emit)
{
	size_t room = size > INT32_MAX ? 0 : size;
	struct getdents g = { .ctx.emit = emit, .to = ubuf, .room = room };
	int err = vfs_readdir(file, &g.ctx);

	size = room;
	if (g.room < size)
		return size - g.room;
	return err ? err : g.err;
}

long vfs_getdents64(struct file *file, void __user *ubuf, size_t size)
{
	return getdents(file, ubuf, size, emit_dirent64);
}

long vfs_getdents(struct file *file, void __user *ubuf, size_t size)
{
	return getdents(file, ubuf, size, emit_dirent);
}
