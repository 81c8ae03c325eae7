/*
 * xattr: extended attributes: who may touch which, and a tree to keep them in.
 *
 * Rules: user.* on regular files and directories only, with the file's own permission; trusted.*
 * for CAP_SYS_ADMIN, and invisible to others; security.* to read for all, to write for
 * CAP_SYS_ADMIN; system.* (ACLs) is not supported.
 * Locks: inode->lock, for reading or writing, around the file system's operation.
 * Follows: xattr(7), listxattr(2)
 */
#include "fs/xattr.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/stat.h>
#include <linux/xattr.h>

#include "lib/string.h"
#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "fs/dentry.h"
#include "fs/inode.h"
#include "fs/namei.h"

/* mask: MAY_READ or MAY_WRITE. */
static int xattr_permission(const struct path *p, const char *name, u32 mask)
{
	struct inode *inode = dentry_inode(p->dentry);
	bool is_write = mask & MAY_WRITE;

	if (is_write && path_want_write(p))
		return -EROFS;
	if (str_has_prefix(name, XATTR_SECURITY_PREFIX))
		return is_write && !capable(CAP_SYS_ADMIN) ? -EPERM : 0;
	if (str_has_prefix(name, XATTR_TRUSTED_PREFIX)) {
		if (capable(CAP_SYS_ADMIN))
			return 0;
		return is_write ? -EPERM : -ENODATA;
	}
	if (!str_has_prefix(name, XATTR_USER_PREFIX))
		return -EOPNOTSUPP;
	if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
		return is_write ? -EPERM : -ENODATA;
	if (S_ISDIR(inode->mode) && (inode->mode & S_ISVTX) && is_write && !inode_is_owned(inode))
		return -EPERM;
	return inode_permission(inode, mask);
}

static int xattr_check_name(const char *name)
{
	size_t len = strlen(name);

	return !len || len > XATTR_NAME_MAX ? -ERANGE : 0;
}

long vfs_getxattr(const struct path *p, const char *name, void *buf, size_t size)
{
	struct inode *inode = dentry_inode(p->dentry);
	long n = xattr_check_name(name);

	if (!n)
		n = xattr_permission(p, name, MAY_READ);
	if (n)
		return n;
	if (!inode->ops->xattr_get)
		return -EOPNOTSUPP;
	rwsem_read_lock(&inode->lock);
	n = inode->ops->xattr_get(inode, name, buf, size);
	rwsem_read_unlock(&inode->lock);
	return n;
}

int vfs_setxattr(const struct path *p, const char *name, const void *value, size_t size, int flags)
{
	struct inode *inode = dentry_inode(p->dentry);
	int err;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	err = xattr_check_name(name);
	if (!err && str_has_prefix(name, "system.posix_acl_") && size && size < sizeof(u32))
		err = -EINVAL; /* not even a version: asked before whether there are ACLs */
	if (!err)
		err = xattr_permission(p, name, MAY_WRITE);
	if (!err && !inode->ops->xattr_set)
		err = -EOPNOTSUPP;
	if (err)
		return err;
	rwsem_write_lock(&inode->lock);
	err = inode->ops->xattr_set(inode, name, value, size, flags);
	rwsem_write_unlock(&inode->lock);
	return err;
}

int vfs_removexattr(const struct path *p, const char *name)
{
	struct inode *inode = dentry_inode(p->dentry);
	int err = xattr_check_name(name);

	if (!err)
		err = xattr_permission(p, name, MAY_WRITE);
	if (!err && !inode->ops->xattr_remove)
		err = -EOPNOTSUPP;
	if (err)
		return err;
	rwsem_write_lock(&inode->lock);
	err = inode->ops->xattr_remove(inode, name);
	rwsem_write_unlock(&inode->lock);
	return err;
}

long vfs_listxattr(const struct path *p, char *buf, size_t size)
{
	struct inode *inode = dentry_inode(p->dentry);
	long n;

	if (!inode->ops->xattr_list)
		return 0;
	rwsem_read_lock(&inode->lock);
	n = inode->ops->xattr_list(inode, buf, size, capable(CAP_SYS_ADMIN));
	rwsem_read_unlock(&inode->lock);
	return n;
}

/* ---- the tree */

struct xattr {
	struct rb_node node;
	u32 size;
	char *value;
	char name[];
};

size_t xattr_bytes(const char *name, size_t size)
{
	return sizeof(struct xattr) + strlen(name) + size;
}

void xattr_list_init(struct xattr_list *l)
{
	rb_init(&l->entries);
	l->bytes = 0;
}

static void xattr_drop(struct xattr_list *l, struct xattr *x)
{
	rb_erase(&l->entries, &x->node);
	l->bytes -= xattr_bytes(x->name, x->size);
	kfree(x->value);
	kfree(x);
}

void xattr_list_free(struct xattr_list *l)
{
	struct rb_node *node;

	while ((node = rb_first(&l->entries)))
		xattr_drop(l, rb_entry(node, struct xattr, node));
}

static struct xattr *xattr_find(struct xattr_list *l, const char *name)
{
	struct rb_node *node = l->entries.node;

	while (node) {
		struct xattr *x = rb_entry(node, struct xattr, node);
		int order = strcmp(name, x->name);

		if (!order)
			return x;
		node = order < 0 ? node->left : node->right;
	}
	return NULL;
}

static bool xattr_less(const struct rb_node *a, const struct rb_node *b)
{
	return strcmp(rb_entry(a, struct xattr, node)->name,
		      rb_entry(b, struct xattr, node)->name) < 0;
}

long xattr_list_get(struct xattr_list *l, const char *name, void *buf, size_t size)
{
	struct xattr *x = xattr_find(l, name);

	if (!x)
		return -ENODATA;
	if (!size)
		return x->size;
	if (size < x->size)
		return -ERANGE;
	memcpy(buf, x->value, x->size);
	return x->size;
}

static struct xattr *xattr_new(const char *name, const void *value, size_t size)
{
	size_t len = strlen(name);
	struct xattr *x = kmalloc(sizeof(*x) + len + 1);

	if (!x)
		return NULL;
	x->value = kmalloc(size ? size : 1);
	if (!x->value) {
		kfree(x);
		return NULL;
	}
	memcpy(x->name, name, len + 1);
	if (size) /* value may be NULL */
		memcpy(x->value, value, size);
	x->size = size;
	return x;
}

int xattr_list_set(struct xattr_list *l, const char *name, const void *value, size_t size,
		   int flags)
{
	struct xattr *old = xattr_find(l, name), *x;

	if (old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!old && (flags & XATTR_REPLACE))
		return -ENODATA;
	x = xattr_new(name, value, size);
	if (!x)
		return -ENOMEM;
	if (old)
		xattr_drop(l, old);
	rb_insert(&l->entries, &x->node, xattr_less);
	l->bytes += xattr_bytes(name, size);
	return 0;
}

int xattr_list_remove(struct xattr_list *l, const char *name)
{
	struct xattr *x = xattr_find(l, name);

	if (!x)
		return -ENODATA;
	xattr_drop(l, x);
	return 0;
}

long xattr_list_names(struct xattr_list *l, char *buf, size_t size, bool show_trusted)
{
	size_t done = 0, len;

	for (struct rb_node *n = rb_first(&l->entries); n; n = rb_next(n)) {
		const struct xattr *x = rb_entry(n, struct xattr, node);

		if (!show_trusted && str_has_prefix(x->name, XATTR_TRUSTED_PREFIX))
			continue;
		len = strlen(x->name) + 1;
		if (size) {
			if (done + len > size)
				return -ERANGE;
			memcpy(buf + done, x->name, len);
		}
		done += len;
	}
	return done;
}
