/*
 * libfs: files with an inode but no name. See libfs.h.
 *
 * Owns: nothing; it composes inode, dentry and file.
 * Invariant: at any time there is at most one live inode of (super, ino), because
 *   inode_get_or_add() says so; each open has a dentry and a file of its own, so nothing is cached
 *   and the last close frees all.
 * Locks: a new inode is filled in under the super's icache_lock, so private_get may not sleep.
 */
#include "fs/libfs.h"

#include <linux/errno.h>

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/mount.h"
#include "fs/super.h"

void pseudo_fs_init(struct pseudo_fs *fs, const char *name, u64 magic, const struct super_ops *ops)
{
	struct inode *inode;

	fs->type = (struct fs_type){ .name = name, .flags = FS_NODEV };
	if (super_new(&fs->type, ops, magic, SB_NOUSER | SB_NOEXEC | SB_NODEV | SB_NOCACHE,
		      &fs->sb))
		panic("no memory for %s", name);
	inode = inode_new(fs->sb);
	if (!inode)
		panic("no memory for %s", name);
	inode->ino = super_next_ino(fs->sb);
	inode->mode = S_IFDIR | 0755;
	inode_set_dir_rank(inode);
	/* The root's evict would be handed a private it does not know; it is never evicted. */
	fs->sb->root = dentry_new_root(inode);
	if (!fs->sb->root || mount_internal(fs->sb, &fs->mnt))
		panic("no memory for %s", name);
}

/* All but the number: others look at that already. */
static inline void inode_fill(struct inode *inode, const struct node_template *t, void *private)
{
	inode->mode = t->mode;
	inode->ops = t->iops;
	inode->fops = t->fops;
	inode->private = private;
	if (t->private_get)
		t->private_get(private);
}

/* Consumes the reference on inode, also on failure. */
static inline int open_inode(struct pseudo_fs *fs, struct inode *inode, u32 flags,
			     struct file **out)
{
	struct dentry *dentry = dentry_new_pseudo(inode);
	struct file *file;

	/* LAB 5 BEGIN unwind */
	if (unlikely(!dentry)) {
		inode_put(inode);
		return -ENOMEM;
	}
	file = file_make(mount_get(fs->mnt), dentry, inode, flags);
	if (unlikely(!file)) {
		dentry_put(dentry);
		mount_put(fs->mnt);
		return file_make_error();
	}
	/* LAB 5 END */
	*out = file;
	return 0;
}

/* LAB 4 BEGIN one-inode */
static inline struct inode *inode_of(const struct node_template *t, u64 ino, void *private)
{
	struct inode *inode = inode_get_or_add(t->fs->sb, ino);

	if (likely(inode) && inode_is_unseen(inode)) {
		inode_fill(inode, t, private);
		inode_touch(inode,
			    ATTR_ATIME | ATTR_MTIME | ATTR_CTIME); /* stat shows the first open */
		inode_publish(inode);
	}
	return inode;
}
/* LAB 4 END */

int libfs_open(const struct node_template *t, u64 ino, void *private, u32 flags, struct file **out)
{
	struct inode *inode = inode_of(t, ino, private);

	return likely(inode) ? open_inode(t->fs, inode, flags, out) : -ENOMEM;
}

int libfs_path(const struct node_template *t, u64 ino, void *private, struct path *out)
{
	struct inode *inode = inode_of(t, ino, private);

	out->dentry = inode ? dentry_new_pseudo(inode) : NULL;
	if (!out->dentry) {
		if (inode)
			inode_put(inode);
		return -ENOMEM;
	}
	out->mnt = mount_get(t->fs->mnt);
	return 0;
}

int libfs_open_new(const struct node_template *t, void *private, u32 flags, struct file **out)
{
	struct inode *inode = inode_new(t->fs->sb);
	const struct cred *cred;

	if (unlikely(!inode))
		return -ENOMEM;
	inode_fill(inode, t, private);
	cred = cred_current();
	inode->uid = cred->fsuid;
	inode->gid = cred->fsgid;
	inode->ino = super_next_ino(t->fs->sb);
	return open_inode(t->fs, inode, flags, out);
}

int libfs_open_inode(struct pseudo_fs *fs, struct inode *inode, u32 flags, struct file **out)
{
	return open_inode(fs, inode_get(inode), flags, out);
}
