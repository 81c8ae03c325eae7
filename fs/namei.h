/*
 * Changing the tree of names: the system calls' cores, by kernel string.
 *
 * dirfd and name are as for path_lookup(). All check permission, mount flags and everything else
 * the man pages name; the umask is applied here. Context: may sleep; no locks held. Errors:
 * man-pages.
 */
#pragma once

#include "fs/path.h"

/* mode: type and permissions; S_IFREG, 0 (regular), S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK. rdev:
 * MKDEV form. out: the new place with references, or NULL (bind(2) of a unix socket wants it). */
int vfs_mknod(int dirfd, const char *name, u32 mode, u64 rdev, struct path *out) __must_check;
int vfs_mkdir(int dirfd, const char *name, u32 mode) __must_check;
int vfs_symlink(const char *target, int dirfd, const char *name) __must_check;
/* at_flags: AT_SYMLINK_FOLLOW, AT_EMPTY_PATH. */
int vfs_link(int old_dirfd, const char *old, int new_dirfd, const char *new,
	     u32 at_flags) __must_check;
int vfs_unlink(int dirfd, const char *name) __must_check;
int vfs_rmdir(int dirfd, const char *name) __must_check;
/* flags: RENAME_NOREPLACE or RENAME_EXCHANGE; others -EINVAL. */
int vfs_rename(int old_dirfd, const char *old, int new_dirfd, const char *new,
	       u32 flags) __must_check;

/* The text of the symlink p; bytes, at most size. -EINVAL: p is none. */
long vfs_readlink(const struct path *p, char *buf, size_t size);

/* May p's mount and super be written to? 0 or -EROFS. */
int path_want_write(const struct path *p);
