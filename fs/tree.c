/*
 * tree: directories from tables.
 *
 * Owns: the inodes of such trees: each has a struct tree_place (inode->private) that says which
 *   entry it is and what object it is about.
 * Life: inodes and dentries live as long as somebody uses them (SB_NOCACHE); the place holds one
 *   reference on its object. A held dentry is asked by is_valid at each look-up. Numbers: an inode
 *   number is a hash of the directory's number and the name, so a listing need not make inodes to
 *   know it, and a name keeps it. Positions of a listing: 2 + index for static children,
 *   DYNAMIC_POS + cookie for dynamic ones.
 * Locks: look-ups hold the directory's inode->lock for writing, listings for reading; callbacks
 *   may sleep.
 */
#include "fs/tree.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "lib/hash.h"
#include "lib/string.h"
#include "kernel/mm/slab.h"
#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/readdir.h"
#include "fs/rw.h"
#include "fs/seqfile.h"

#define DYNAMIC_POS   4096
#define TREE_ROOT_INO 1

static const struct inode_ops tree_dir_iops, tree_file_iops, tree_link_iops, tree_magic_iops;
static const struct file_ops tree_dir_ops, tree_file_ops;

struct tree_place *tree_place(const struct inode *inode)
{
	return inode->private;
}

const struct tree_entry *tree_find(const struct tree_entry *table, const char *name, u32 len)
{
	for (; table && table->name; table++)
		if (table->name[0] == name[0] && !strncmp(table->name, name, len) &&
		    !table->name[len])
			return table;
	return NULL;
}

static u64 child_ino(u64 dir_ino, const char *name, u32 len)
{
	return (hash_combine(dir_ino, hash_string(name, len, dir_ino)) >> 8) | 2;
}

/* ---- inodes */

static void inode_set_kind(struct inode *inode, const struct tree_entry *e)
{
	if (S_ISDIR(e->mode)) {
		inode_set_dir_rank(inode);
		atomic_store_explicit(&inode->nlink, 2, memory_order_relaxed);
		inode->ops = &tree_dir_iops;
		inode->fops = e->fops ? e->fops : &tree_dir_ops;
	} else if (S_ISLNK(e->mode)) {
		inode->ops = e->follow ? &tree_magic_iops : &tree_link_iops;
	} else {
		inode->ops = &tree_file_iops;
		inode->fops = e->fops ? e->fops : &tree_file_ops;
	}
}

static void place_owner(const struct tree_place *p, struct inode *inode)
{
	u32 uid = 0, gid = 0;

	if (p->fs->owner)
		p->fs->owner(p, &uid, &gid);
	inode->uid = uid;
	inode->gid = gid;
}

/* Consumes the reference on child->object on success. */
static struct inode *tree_inode(struct super *sb, u64 ino, const struct tree_child *child)
{
	struct tree_place *p = kmalloc(sizeof(*p));
	struct inode *inode = p ? inode_new_timeless(sb) : NULL;

	if (!inode) {
		kfree(p);
		return NULL;
	}
	*p = (struct tree_place){ child->entry, container_of(sb->type, struct tree_fs, type),
				  sb->private, child->object, child->index };
	inode->ino = ino;
	inode->private = p;
	inode->mode = child->entry->mode;
	inode_set_kind(inode, child->entry);
	place_owner(p, inode);
	return inode;
}

static void object_put(const struct tree_fs *fs, void *object)
{
	if (object)
		fs->object_put(object);
}

static void tree_evict(struct inode *inode)
{
	struct tree_place *p = tree_place(inode);

	object_put(p->fs, p->object);
	kfree(p);
}

static bool tree_revalidate(struct dentry *dentry)
{
	struct inode *inode = dentry_inode(dentry);
	const struct tree_place *p = tree_place(inode);

	if (p->fs->is_valid && !p->fs->is_valid(p))
		return false;
	place_owner(p, inode);
	return true;
}

/* ---- directories */

static int child_find(const struct tree_place *dir, const struct dentry *d, struct tree_child *out)
{
	const struct tree_entry *e;

	if (dir->fs->is_valid && !dir->fs->is_valid(dir))
		return -ENOENT;
	e = tree_find(dir->entry->children, d->name, d->name_len);
	if (e) {
		*out = (struct tree_child){ e, dir->object, dir->index };
		if (dir->object)
			dir->fs->object_get(dir->object);
		return 0;
	}
	return dir->entry->dynamic ? dir->entry->dynamic->lookup(dir, d->name, d->name_len, out)
				   : -ENOENT;
}

/* A missing name is -ENOENT also for who would create it. */
static int tree_lookup(struct inode *dir, struct dentry *dentry)
{
	const struct tree_place *p = tree_place(dir);
	struct tree_child child = { 0 };
	struct inode *inode;
	int err = child_find(p, dentry, &child);

	if (err)
		return err;
	inode = tree_inode(dir->sb, child_ino(dir->ino, dentry->name, dentry->name_len), &child);
	if (!inode) {
		object_put(p->fs, child.object);
		return -ENOMEM;
	}
	dentry_attach(dentry, inode);
	return 0;
}

/* false: stopped. */
static bool list_static(struct inode *dir, const struct tree_entry *e, struct dir_context *ctx)
{
	u64 i = 2;

	for (; e && e->name; e++, i++) {
		size_t len = strlen(e->name);

		if (i < ctx->pos)
			continue;
		ctx->pos = i;
		if (!dir_emit(ctx, e->name, len, child_ino(dir->ino, e->name, len),
			      mode_to_dt(e->mode)))
			return false;
	}
	ctx->pos = MAX(ctx->pos, i);
	return true;
}

static int tree_readdir(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->inode;
	const struct tree_place *p = tree_place(dir);
	const struct tree_dynamic *dynamic = p->entry->dynamic;
	struct tree_child child = { 0 };
	char name[32];
	u64 cookie;

	if (p->fs->is_valid && !p->fs->is_valid(p))
		return -ENOENT;
	if (ctx->pos < DYNAMIC_POS && !list_static(dir, p->entry->children, ctx))
		return 0;
	if (!dynamic)
		return 0;
	ctx->pos = MAX(ctx->pos, (u64)DYNAMIC_POS);
	for (;;) {
		size_t len;

		cookie = ctx->pos - DYNAMIC_POS;
		if (!dynamic->next(p, &cookie, name, &child))
			return 0;
		ctx->pos = DYNAMIC_POS + cookie;
		len = strlen(name);
		if (!dir_emit(ctx, name, len, child_ino(dir->ino, name, len),
			      mode_to_dt(child.entry->mode)))
			return 0;
		ctx->pos++;
	}
}

static s64 tree_dir_seek(struct file *file, s64 offset, int whence)
{
	return file_seek_within(file, offset, whence, 0, INT64_MAX);
}

/* ---- attributes and links */

static int tree_permission(struct inode *inode, u32 mask)
{
	const struct tree_place *p = tree_place(inode);

	return p->entry->permission ? p->entry->permission(p, mask)
				    : inode_permission_generic(inode, mask);
}

static int tree_getattr(struct inode *inode, struct kstat *st)
{
	const struct tree_place *p = tree_place(inode);

	st->blksize = 1024;
	if (p->entry->getattr)
		p->entry->getattr(p, st);
	return 0;
}

/* Times and O_TRUNC, as shells write to a file, mean nothing. */
static int tree_setattr(struct inode *inode, const struct iattr *attr)
{
	return attr->valid & (ATTR_MODE | ATTR_UID | ATTR_GID) ? -EPERM : 0;
}

static int tree_readlink(struct inode *inode, char *buf, size_t size)
{
	const struct tree_place *p = tree_place(inode);

	return p->entry->readlink ? (int)p->entry->readlink(p, buf, size) : -EINVAL;
}

static int tree_follow(struct inode *inode, struct path *out)
{
	const struct tree_place *p = tree_place(inode);

	return p->entry->follow(p, out);
}

/* ---- text files */

static int tree_show(struct file *file, struct seqbuf *out)
{
	const struct tree_place *p = tree_place(file->inode);

	return p->entry->show ? p->entry->show(p, out) : -EINVAL;
}

static int tree_open(struct inode *inode, struct file *file)
{
	const struct tree_place *p = tree_place(inode);
	int err = p->entry->open ? p->entry->open(p, file) : 0;

	return err ? err : seqfile_open(file, tree_show);
}

static long tree_write(struct file *file, struct uio *uio, u64 *pos)
{
	const struct tree_place *p = tree_place(file->inode);
	size_t n = uio->resid, len;
	char *text;
	int err;

	if (!p->entry->write)
		return -EINVAL;
	if (n >= PAGE_SIZE)
		return -EINVAL;
	text = kmalloc(n + 1);
	if (!text)
		return -ENOMEM;
	len = uio_copy_in(uio, text, n);
	if (len < n) {
		kfree(text);
		return -EFAULT;
	}
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = 0;
	err = p->entry->write(p, text, len);
	kfree(text);
	if (err)
		return err;
	*pos += n;
	return n;
}

#define TREE_COMMON .permission = tree_permission, .getattr = tree_getattr, .setattr = tree_setattr

static const struct inode_ops tree_dir_iops = { TREE_COMMON, .lookup = tree_lookup };
static const struct inode_ops tree_file_iops = { TREE_COMMON };
static const struct inode_ops tree_link_iops = { TREE_COMMON, .readlink = tree_readlink };
static const struct inode_ops tree_magic_iops = { TREE_COMMON, .readlink = tree_readlink,
						  .follow = tree_follow };

static const struct file_ops tree_dir_ops = { .readdir = tree_readdir, .seek = tree_dir_seek };
static const struct file_ops tree_file_ops = {
	.open = tree_open,
	.read = seqfile_read,
	.write = tree_write,
	.seek = seqfile_seek,
	.release = seqfile_release,
};

static void tree_shutdown(struct super *sb)
{
	const struct tree_fs *fs = container_of(sb->type, struct tree_fs, type);

	if (fs->instance_put)
		fs->instance_put(sb->private);
}

static const struct super_ops tree_super_ops = {
	.evict = tree_evict,
	.revalidate = tree_revalidate,
	.shutdown = tree_shutdown,
};

/* ---- mounting */

int tree_mount(const struct fs_type *type, const char *options, struct super **out)
{
	struct tree_fs *fs = container_of(type, struct tree_fs, type);
	struct tree_child child = { .entry = &fs->root };
	struct inode *inode;
	struct super *sb;
	int err = super_new(type, &tree_super_ops, fs->magic, SB_NODEV | SB_NOCACHE, &sb);

	if (err)
		return err;
	sb->private = fs->instance_get ? fs->instance_get() : NULL;
	inode = tree_inode(sb, TREE_ROOT_INO, &child);
	if (inode)
		sb->root = dentry_new_root(inode);
	if (!sb->root) {
		super_put(sb);
		return -ENOMEM;
	}
	*out = sb;
	return 0;
}

void tree_register(struct tree_fs *fs)
{
	fs->type.flags |= FS_NODEV;
	fs->type.mount = tree_mount;
	fs_type_register(&fs->type);
}
