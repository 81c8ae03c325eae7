/*
 * libfs: the toolkit of pseudo file systems: files that have an inode but no name and no mount
 * point.
 *
 * A toolkit, not a framework: the caller fills in a template and makes one call; nothing here calls
 * back into pidfs, pipefs or nsfs.
 */
#pragma once

#include "fs/file.h"
#include "fs/ops.h"

/* A pseudo file system: one super, mounted where nobody can reach it. Made at boot, for ever. */
struct pseudo_fs {
	struct fs_type
		type; /* unregistered: absent from /proc/filesystems, mount by name is ENODEV */
	struct super *sb;
	struct mount *mnt;
};
/* name, magic, ops, extra SB_* flags beside NOUSER, NOEXEC, NODEV, NOCACHE. Panics at boot if
 * memory is out. */
void pseudo_fs_init(struct pseudo_fs *fs, const char *name, u64 magic, const struct super_ops *ops);

/* What all inodes of one kind have in common. */
struct node_template {
	struct pseudo_fs *fs;
	u32 mode; /* type and permissions */
	const struct inode_ops *iops;
	const struct file_ops *fops;
	/* What a new inode takes on its private, given back by super_ops.evict. Under a spin lock.
	 * NULL: nothing. */
	void (*private_get)(void *private);
};

/**
 * libfs_open - an open file on the one inode of (fs, ino), with a dentry of its own.
 * @ino: the object's number, never reused.   @private: becomes inode->private if the inode is new.
 * @flags: O_ACCMODE and O_NONBLOCK count; others are kept in file->flags as given.
 * @out: one reference.  Context: may sleep.  Errors: -ENOMEM, -ENFILE.
 */
int libfs_open(const struct node_template *t, u64 ino, void *private, u32 flags,
	       struct file **out) __must_check;

/* The place of that inode alone, with a dentry of its own; for links that lead there. -ENOMEM. */
int libfs_path(const struct node_template *t, u64 ino, void *private,
	       struct path *out) __must_check;

/* The same for objects that have exactly one inode per creation (pipes, sockets): an unhashed inode
 * is made, numbered as the super's next. */
int libfs_open_new(const struct node_template *t, void *private, u32 flags,
		   struct file **out) __must_check;
/* A further file on an existing inode (the pipe's other end). */
int libfs_open_inode(struct pseudo_fs *fs, struct inode *inode, u32 flags,
		     struct file **out) __must_check;
