/*
 * What is known of a file, and changing it: stat, statfs, chmod, chown, utimes, access.
 */
#pragma once

#include <linux/stat.h>
#include <linux/statfs.h>

#include "fs/ops.h"
#include "fs/path.h"

int vfs_getattr(const struct path *p, struct kstat *st) __must_check;
int vfs_statfs(const struct path *p, struct statfs *out) __must_check;

void kstat_to_stat(const struct kstat *k, struct stat *out);
/* mask: what was asked (STATX_MNT_ID_UNIQUE changes what stx_mnt_id is). p: for the mount's ids. */
void kstat_to_statx(const struct kstat *k, const struct path *p, u32 mask, struct statx *out);
/* The device number of user space (linux/kdev_t.h) from MKDEV form, and back. */
u64 dev_to_user(u64 dev);
u64 dev_from_user(u64 dev);

/* Permission of the caller is checked as the man pages say; -EROFS too. */
int vfs_chmod(const struct path *p, u32 mode) __must_check;
int vfs_chown(const struct path *p, u32 uid, u32 gid) __must_check; /* ~0u: leave */
/* times NULL: both now; tv_nsec UTIME_NOW, UTIME_OMIT as utimensat(2). -EINVAL for other bad
 * tv_nsec. */
int vfs_utimes(const struct path *p, const struct timespec times[2]) __must_check;

/* access(2) with the fs credentials in force (the caller swaps in real ones for it). mask:
 * R_OK|W_OK|X_OK. */
int vfs_access(const struct path *p, u32 mask) __must_check;
/* Programs of p's file system may not be run: noexec mount or pseudo file system. mmap: PROT_EXEC
 * is EPERM. */
bool path_is_noexec(const struct path *p);
int path_permission(const struct path *p, u32 mask); /* MAY_*; with the mount's noexec and rdonly */

/* ops->setattr under inode->lock, nothing checked but -EROFS; ctime and set-id bits are seen to. */
int vfs_setattr(const struct path *p, struct iattr *attr) __must_check;
