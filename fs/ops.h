/*
 * Every operations table of the VFS, and the contract of each operation.
 *
 * Form of a contract: locks held in / out (the same on error unless said); context; refs; NULL:
 * what the caller does when the operation is absent. Only the wrappers (vfs_* in fs/namei.c,
 * fs/rw.c, fs/poll.c, fs/stat.c, fs/open.c ...) call through these tables.
 */
#pragma once

#include <linux/stat.h>

#include "lib/base.h"
#include "lib/seqbuf.h"
#include "fs/uio.h"

struct cred;
struct dentry;
struct dir_context;
struct file;
struct pidns;
struct inode;
struct mmap_request;
struct mount;
struct path;
struct statfs;
struct poll_table;
struct super;
struct vma;

/* What changes in setattr; valid says which fields count. */
#define ATTR_MODE  0x01u
#define ATTR_UID   0x02u
#define ATTR_GID   0x04u
#define ATTR_SIZE  0x08u
#define ATTR_ATIME 0x10u
#define ATTR_MTIME 0x20u
#define ATTR_CTIME 0x40u
struct iattr {
	u32 valid;
	u32 mode, uid, gid;
	u64 size;
	u64 atime_ns, mtime_ns, ctime_ns; /* since 1970 */
};

/* What stat, statx and friends are made from. */
struct kstat {
	u64 dev, ino, rdev; /* dev, rdev: kernel form (fs/chrdev.h MKDEV) */
	u32 mode, nlink, uid, gid;
	u64 size, blocks; /* bytes; 512-byte units */
	u32 blksize;
	u64 atime_ns, mtime_ns, ctime_ns, btime_ns; /* btime 0: none */
	u32 attributes, attributes_mask; /* STATX_ATTR_* */
};

struct file_ops {
	/* read, write: move up to uio->resid bytes at *pos and advance both. locks: none, or
	 * file->pos_lock. context: may sleep. returns: bytes moved, or -errno if none. NULL:
	 * -EINVAL. */
	long (*read)(struct file *file, struct uio *uio, u64 *pos);
	long (*write)(struct file *file, struct uio *uio, u64 *pos);
	/* seek: returns the new position. NULL: -ESPIPE. file_seek_generic() suits files with a
	 * size. */
	s64 (*seek)(struct file *file, s64 offset, int whence);
	/* readdir: emits entries from ctx->pos on until dir_emit() says stop; "." and ".." were
	 * positions 0 and 1 and are done, so ctx->pos >= 2. locks: inode->lock read. NULL:
	 * -ENOTDIR. returns 0 or -errno. */
	int (*readdir)(struct file *file, struct dir_context *ctx);
	/* ioctl: NULL or -ENOTTY result: the generic ones (FIONBIO, FIOCLEX ...) were tried before.
	 */
	long (*ioctl)(struct file *file, u32 cmd, u64 arg);
	/* poll: locks: none. context: may not sleep after poll_wait(). returns POLL* bits; NULL:
	 * always POLLIN|POLLOUT|POLLRDNORM|POLLWRNORM. */
	u32 (*poll)(struct file *file, struct poll_table *pt);
	/* mmap: fills in req's ops/private/extra flags for this file; mm has checked flags and
	 * offset. refs: req->file's reference is the vma's if as_mmap succeeds. NULL: -ENODEV. */
	int (*mmap)(struct file *file, struct mmap_request *req);
	/* open: after the file is set up by fs/open.c; may replace file->ops and set file->private.
	 * NULL: fine. On error release is not called. */
	int (*open)(struct inode *inode, struct file *file);
	/* flush: at each close() of a descriptor. NULL: nothing. */
	int (*flush)(struct file *file);
	/* release: the last reference went. May sleep. NULL: nothing. */
	void (*release)(struct file *file);
	/* fsync: NULL: -EINVAL. */
	int (*fsync)(struct file *file, bool data_only);
	/* fallocate: NULL: -EOPNOTSUPP. */
	int (*fallocate)(struct file *file, int mode, u64 offset, u64 len);
	/* sends_sigio: O_ASYNC works, by what poll registers with. */
	bool sends_sigio;
	/* nowait: FILE_READ, FILE_WRITE: what heeds uio->is_nowait (RWF_NOWAIT). */
	u8 nowait;
	/* show_fdinfo: lines after pos, flags, mnt_id, ino. viewer: whose numbers of processes. NULL:
	 * none. */
	void (*show_fdinfo)(struct file *file, const struct pidns *viewer, struct seqbuf *out);
};

struct inode_ops {
	/* lookup: finds name in dir and attaches its inode (dentry_attach) to dentry, or leaves it
	 * negative. locks: dir->lock (read suffices). refs: dentry is the caller's. returns 0 also
	 * when there is none; else -errno. NULL: -ENOTDIR. */
	int (*lookup)(struct inode *dir, struct dentry *dentry);
	/* The next eight: locks: dir->lock (both dirs' in rename) for writing; permission and
	 * existence are checked. On success the dentry is attached or detached by the file system
	 * through dentry_attach() / dentry_detach(). NULL: -EPERM. */
	int (*create)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mknod)(struct inode *dir, struct dentry *dentry, u32 mode, u64 rdev);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*link)(struct inode *inode, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry); /* -ENOTEMPTY is its business */
	/* rename: flags RENAME_NOREPLACE is checked by the caller; RENAME_EXCHANGE passed on. The
	 * victim (target's inode, if any) loses a link. The VFS moves the dentry afterwards
	 * (dentry_move). */
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new, u32 flags);
	/* tmpfile: a new unlinked inode attached to dentry (O_TMPFILE). NULL: -EOPNOTSUPP. */
	int (*tmpfile)(struct inode *dir, struct dentry *dentry, u32 mode);
	/* readlink: the target's text; returns its length (no NUL), at most size. locks: none.
	 * NULL: -EINVAL. */
	int (*readlink)(struct inode *inode, char *buf, size_t size);
	/* follow: a magic link: *out gets the place itself, with references. NULL: readlink's text
	 * is walked. */
	int (*follow)(struct inode *inode, struct path *out);
	/* getattr: corrects what inode_fill_stat() filled in. NULL: nothing to correct. */
	int (*getattr)(struct inode *inode, struct kstat *st);
	/* setattr: permission is checked; locks: inode->lock for writing. NULL:
	 * inode_setattr_simple() (sizes: -EINVAL). A file system without changeable attributes sets
	 * setattr_unsupported (-EOPNOTSUPP). */
	int (*setattr)(struct inode *inode, const struct iattr *attr);
	/* permission: instead of the mode bits. mask: MAY_*. NULL: inode_permission_generic(). */
	int (*permission)(struct inode *inode, u32 mask);
	/* Extended attributes; permission by prefix is checked by fs/xattr.c. NULL: -EOPNOTSUPP. */
	int (*xattr_get)(struct inode *inode, const char *name, void *buf, size_t size);
	int (*xattr_set)(struct inode *inode, const char *name, const void *value, size_t size,
			 int flags);
	int (*xattr_remove)(struct inode *inode, const char *name);
	long (*xattr_list)(struct inode *inode, char *buf, size_t size, bool show_trusted);
};

struct super_ops {
	/* evict: the inode's last reference went; drop inode->private. May sleep. NULL: nothing. */
	void (*evict)(struct inode *inode);
	/* statfs numbers; type and name length are set. NULL: zeroes. */
	void (*statfs)(struct super *sb, struct statfs *out);
	/* dname: how an unhashed pseudo dentry is shown ("pipe:[7]"). NULL: its name. */
	void (*dname)(const struct dentry *dentry, struct seqbuf *out);
	/* revalidate: is this cached dentry still true? false: it is unhashed and looked up anew.
	 * NULL: yes. */
	bool (*revalidate)(struct dentry *dentry);
	/* show_options for /proc/mounts, each with a leading comma. NULL: none. */
	void (*show_options)(struct super *sb, struct seqbuf *out);
	/* shutdown: the last mount is gone; frees sb->private after all inodes are. NULL: nothing.
	 */
	void (*shutdown)(struct super *sb);
};

#define MAY_EXEC  1u
#define MAY_WRITE 2u
#define MAY_READ  4u

/* What fs/readdir hands to file_ops.readdir. */
struct dir_context {
	u64 pos; /* file systems number entries as they like; 0 is the start */
	/* true: taken, go on; false: full, stop and leave pos at this entry. */
	bool (*emit)(struct dir_context *ctx, const char *name, size_t len, u64 ino, u8 type);
};
static inline bool dir_emit(struct dir_context *ctx, const char *name, size_t len, u64 ino, u8 type)
{
	return ctx->emit(ctx, name, len, ino, type);
}

int setattr_unsupported(struct inode *inode, const struct iattr *attr); /* -EOPNOTSUPP */
