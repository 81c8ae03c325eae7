/*
 * anonfs: the inode of those who need none: eventfd, epoll and their kin.
 *
 * Owns: one super with one inode, for ever. A file made here has its own dentry, whose private
 *   pointer is the name to show, and its own operations and private pointer.
 * Locks: none.
 * Follows: Linux 7.3 fs/anon_inodes.c, as seen by stat
 */
#include "fs/anonfs/anonfs.h"

#include <linux/errno.h>
#include <linux/magic.h>

#include "kernel/debug/panic.h"
#include "fs/libfs.h"

static struct pseudo_fs anonfs;
static struct inode *anon_inode;

/* A second open through /proc/PID/fd has nothing to open. */
static int anonfs_reopen(struct inode *inode, struct file *file)
{
	return -ENXIO;
}

static void anonfs_dname(const struct dentry *dentry, struct seqbuf *out)
{
	seqbuf_printf(out, "anon_inode:%s", (const char *)dentry->private);
}

static const struct super_ops anonfs_super_ops = { .dname = anonfs_dname };

static const struct inode_ops anonfs_inode_ops = {
	.setattr = setattr_unsupported,
};

static const struct file_ops anonfs_file_ops = { .open = anonfs_reopen };

int anonfs_open(const char *name, const struct file_ops *ops, void *private, u32 flags,
		struct file **out)
{
	struct file *file;
	int err = libfs_open_inode(&anonfs, anon_inode, flags, &file);

	if (err)
		return err;
	file->path.dentry->private = (void *)name;
	file->ops = ops;
	file->private = private;
	file->mode |= FILE_STREAM;
	*out = file;
	return 0;
}

void anonfs_init(void)
{
	pseudo_fs_init(&anonfs, "anon_inodefs", ANON_INODE_FS_MAGIC, &anonfs_super_ops);
	anonfs.sb->flags &= ~SB_NOEXEC; /* so mmap says ENODEV, whatever the protection */
	anon_inode = inode_new(anonfs.sb);
	if (!anon_inode)
		panic("no memory for the anonymous inode");
	anon_inode->ino = super_next_ino(anonfs.sb);
	anon_inode->mode = 0600; /* no type: it is no file of any kind */
	anon_inode->ops = &anonfs_inode_ops;
	anon_inode->fops = &anonfs_file_ops;
}
