/*
 * What tmpfs.c (files) and mount.c (instances, nameless files, seals) share.
 */
#pragma once

#include "fs/pagecache.h"
#include "fs/tmpfs/tmpfs.h"
#include "fs/xattr.h"

struct tmpfs_super {
	_Atomic u64 used_pages, used_inodes;
	u64 max_pages, max_inodes; /* 0: no limit */
};

struct tmpfs_node {
	u64 btime_ns;
	u32 seals; /* [inode->lock] F_SEAL_* */
	struct xattr_list xattrs;
	union {
		struct pagecache pages; /* regular files */
		char *link; /* symlinks */
	};
};

/* A new inode without a name; dir (or NULL) decides its group. */
int tmpfs_inode_new(struct super *sb, const struct inode *dir, u32 mode, u64 rdev,
		    struct inode **out);
void tmpfs_evict(struct inode *inode);
