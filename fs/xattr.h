/*
 * Extended attributes by name: prefix rules and permission; storage is the file systems'.
 */
#pragma once

#include "lib/rbtree.h"
#include "fs/path.h"

/* name: kernel string with prefix. size 0: only the size needed. Bytes, -ENODATA, -ERANGE,
 * -EOPNOTSUPP, -EPERM. */
long vfs_getxattr(const struct path *p, const char *name, void *buf, size_t size);
int vfs_setxattr(const struct path *p, const char *name, const void *value, size_t size,
		 int flags) __must_check;
int vfs_removexattr(const struct path *p, const char *name) __must_check;
/* Names, each with its zero. */
long vfs_listxattr(const struct path *p, char *buf, size_t size);

/* Kept in memory, for file systems that have no other place. Locks: inode->lock. */
struct xattr_list {
	struct rb_root entries; /* by name */
	u64 bytes; /* of all */
};
size_t xattr_bytes(const char *name, size_t size); /* what one of them adds */
void xattr_list_init(struct xattr_list *l);
void xattr_list_free(struct xattr_list *l);
long xattr_list_get(struct xattr_list *l, const char *name, void *buf, size_t size);
int xattr_list_set(struct xattr_list *l, const char *name, const void *value, size_t size,
		   int flags);
int xattr_list_remove(struct xattr_list *l, const char *name);
long xattr_list_names(struct xattr_list *l, char *buf, size_t size, bool show_trusted);
