/*
 * anonfs: the inode of those who need none: eventfd, epoll and their kin.
 *
 * Owns: one super with one inode, for ever; anonfs_open_new() makes others, which go with the file.
 *   A file made here has its own dentry, whose private pointer is the name to show, and its own
 *   operations and private pointer.
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

static inline int open_on(struct inode *inode, const char *name, const struct file_ops *ops,
			  void *private, u32 flags, struct file **out)
{
	struct file *file;
	int err = libfs_open_inode(&anonfs, inode, flags, &file);

	if (err)
		return err;
	file->path.dentry->private = (void *)name;
	file->ops = ops;
	file->private = private;
	file->mode |= FILE_STREAM;
	*out = file;
	return 0;
}

int anonfs_open(const char *name, const struct file_ops *ops, void *private, u32 flags,
		struct file **out)
{
	return open_on(anon_inode, name, ops, private, flags, out);
}

/* NULL: out of memory. */
static struct inode *new_inode(void)
{
	struct inode *inode = inode_new(anonfs.sb);

	if (!inode)
		return NULL;
	inode->ino = super_next_ino(anonfs.sb);
	inode->mode = 0600; /* no type: it is no file of any kind */
	inode->ops = &anonfs_inode_ops;
	inode->fops = &anonfs_file_ops;
	return inode;
}

int anonfs_open_new(const char *name, const struct file_ops *ops, void *private, u32 flags,
		    struct file **out)
{
	struct inode *inode = new_inode();
	int err = inode ? open_on(inode, name, ops, private, flags, out) : -ENOMEM;

	inode_put(inode); /* the file has its own reference */
	return err;
}

void anonfs_init(void)
{
	pseudo_fs_init(&anonfs, "anon_inodefs", ANON_INODE_FS_MAGIC, &anonfs_super_ops);
	anonfs.sb->flags &= ~SB_NOEXEC; /* so mmap says ENODEV, whatever the protection */
	anon_inode = new_inode();
	if (!anon_inode)
		panic("no memory for the anonymous inode");
}
