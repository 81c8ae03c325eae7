/*
 * open: from flags to files; and changing a file's length.
 *
 * Owns: what open(2)'s flags mean for places: the checks, creation, O_TRUNC, O_PATH, O_TMPFILE; and
 *   inode->writers (> 0: that many files may write; < 0: that many run it; ETXTBSY keeps them
 * apart). Locks: none while ops->open runs, which may wait long (FIFOs). Creation holds the
 * directory's lock. What the flag bits may be together is checked by the system call; what they
 * mean is decided here. Follows: open(2), openat2(2), truncate(2)
 */
#include "fs/open.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include "lib/seqbuf.h"
#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/namei.h"
#include "fs/protect.h"
#include "fs/stat.h"

/* What concerns only the act of opening and is not shown by F_GETFL. */
#define OPEN_ONLY (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

/* ---- who may write */

static int inode_get_writer(struct inode *inode)
{
	s32 n = atomic_load_explicit(&inode->writers, memory_order_relaxed);

	do {
		if (n < 0)
			return -ETXTBSY;
	} while (!atomic_compare_exchange_weak_explicit(
		&inode->writers, &n, n + 1, memory_order_acquire, memory_order_relaxed));
	return 0;
}

static void inode_put_writer(struct inode *inode)
{
	atomic_fetch_sub_explicit(&inode->writers, 1, memory_order_release);
}

int file_deny_write(struct file *file)
{
	_Atomic s32 *writers = &file->inode->writers;
	s32 n = atomic_load_explicit(writers, memory_order_relaxed);

	if (file->mode & FILE_DENIER)
		return 0;
	do {
		if (n > 0)
			return -ETXTBSY;
	} while (!atomic_compare_exchange_weak_explicit(writers, &n, n - 1, memory_order_acquire,
							memory_order_relaxed));
	file->mode |= FILE_DENIER;
	return 0;
}

/* ---- opening a place */

static u32 flags_to_mask(u32 flags)
{
	static const u8 masks[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
				     MAY_READ | MAY_WRITE };

	return masks[flags & O_ACCMODE] | (unlikely(flags & O_TRUNC) ? MAY_WRITE : 0);
}

/* Of anything but the plainest open of a regular file. */
static __noinline int open_check_rest(const struct path *path, struct inode *inode, u32 flags,
				      u32 mask)
{
	u32 type = inode->mode & S_IFMT;

	if (type == S_IFLNK)
		return -ELOOP;
	if (type == S_IFDIR && ((mask & MAY_WRITE) || (flags & O_CREAT)))
		return -EISDIR;
	if ((flags & O_DIRECTORY) && type != S_IFDIR)
		return -ENOTDIR;
	if ((type == S_IFCHR || type == S_IFBLK) &&
	    ((path->mnt->flags & MNT_FLAG_NODEV) || (inode->sb->flags & SB_NODEV)))
		return -EACCES;
	return 0;
}

static inline int open_check(const struct path *path, u32 flags, bool is_new)
{
	struct inode *inode = dentry_inode(path->dentry);
	u32 mask = flags_to_mask(flags);
	bool is_reg = S_ISREG(inode->mode);
	int err = 0;

	if (unlikely(!is_reg || (flags & O_DIRECTORY)))
		err = open_check_rest(path, inode, flags, mask);
	if (likely(!err) && !is_new)
		err = inode_permission(inode, mask);
	if (!err && (mask & MAY_WRITE) && is_reg)
		err = path_want_write(path);
	if (unlikely(err))
		return err;
	if (unlikely(flags & (O_NOATIME | O_DIRECT))) {
		if ((flags & O_NOATIME) && !inode_is_owned(inode))
			return -EPERM;
		if ((flags & O_DIRECT) && !(is_reg && inode->pages))
			return -EINVAL;
	}
	return S_ISSOCK(inode->mode) ? -ENXIO : 0;
}

static int file_truncate(struct file *file, s64 size)
{
	struct iattr attr = { .valid = ATTR_SIZE, .size = size };

	return vfs_setattr(&file->path, &attr);
}

/* The checks are done. Fills file, or lets it go; the path's references become the file's, on
 * success only. */
static inline int open_with(struct path *path, u32 flags, struct file *file)
{
	struct inode *inode = dentry_inode(path->dentry);
	bool is_writer = S_ISREG(inode->mode) && ((flags + 1) & 2); /* O_WRONLY, O_RDWR */
	int err;

	if (is_writer && (err = inode_get_writer(inode))) {
		file_unalloc(file);
		return err;
	}
	file_fill(file, path->mnt, path->dentry, inode, flags & ~(u32)(OPEN_ONLY & ~O_NOCTTY));
	if (is_writer) {
		file->mode |= FILE_WRITER;
		atomic_fetch_add_explicit(&path->mnt->writers, 1, memory_order_seq_cst);
	}
	if (file->ops->open &&
	    (err = file->ops->open(inode, file))) { /* terminals look at O_NOCTTY */
		file_discard(file);
		return err;
	}
	*path = (struct path){ 0 };
	if (unlikely(flags & O_NOCTTY))
		atomic_fetch_and_explicit(&file->flags, ~(u32)O_NOCTTY, memory_order_relaxed);
	if (unlikely(flags & O_TRUNC) && S_ISREG(inode->mode) && (err = file_truncate(file, 0))) {
		file_put(file);
		return err;
	}
	return 0;
}

static inline int open_file(struct path *path, u32 flags, struct file **out)
{
	struct file *file = file_alloc();
	int err;

	if (unlikely(!file))
		return file_make_error();
	err = open_with(path, flags, file);
	if (likely(!err))
		*out = file;
	return err;
}

static int open_for_exec(const struct path *path, struct file **out)
{
	struct path own = *path;
	int err;

	path_get(&own);
	err = open_file(&own, O_RDONLY, out);
	path_put(&own);
	return err;
}

int file_open_exec(const struct path *path, struct file **out)
{
	struct inode *inode = dentry_inode(path->dentry);
	struct file *file = NULL;
	int err;

	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (!S_ISREG(inode->mode) || path_is_noexec(path))
		return -EACCES;
	err = inode_permission(inode, MAY_EXEC);
	if (!err)
		err = open_for_exec(path, &file);
	if (err)
		return err;
	file->mode |= FILE_EXEC;
	err = file_deny_write(file);
	if (err)
		file_put(file);
	else
		*out = file;
	return err;
}

/* ---- by name */

static int open_place_only(const struct path *path, u32 flags, struct file **out)
{
	int err;

	path_get(path);
	err = file_new(path, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), out);
	if (err)
		path_put(path);
	return err;
}

static int open_existing(struct walk *w, u32 flags, struct file **out)
{
	int err = walk_to_end(w);

	if (unlikely(err))
		return err;
	if (unlikely(flags & O_PATH))
		return open_place_only(&w->path, flags, out);
	err = open_check(&w->path, flags, false);
	return unlikely(err) ? err : open_file(&w->path, flags, out);
}

/* Makes the name in w->path, or finds that somebody else did: then *dentry is positive and 0 comes
 * too. */
static int create_last(struct walk *w, const struct qname *q, u32 mode, bool *is_new,
		       struct dentry **dentry)
{
	struct inode *dir = dentry_inode(w->path.dentry);
	int err;

	rwsem_write_lock(&dir->lock);
	err = dentry_lookup_locked(w->path.dentry, q, dentry);
	if (err)
		goto out_unlock;
	*is_new = !dentry_inode(*dentry);
	if (*is_new) {
		err = dir_check_create(&w->path);
		if (!err)
			err = path_want_write(&w->path);
		if (!err)
			err = dir->ops->create ? dir->ops->create(dir, *dentry, mode) : -EACCES;
		if (err)
			dentry_put(*dentry);
	}
out_unlock:
	rwsem_write_unlock(&dir->lock);
	return err;
}

/* One name with O_CREAT, of what is to be opened then. 1: it was a symlink, and w->name is to be
 * walked. */
static int find_or_create_last(struct walk *w, const struct last_component *last, u32 flags,
			       u32 mode, bool *is_new)
{
	struct qname q = qname_of(last->name, last->len);
	struct dentry *dentry;
	bool is_there = true;
	int err;

	err = dentry_lookup(w->path.dentry, &q, &dentry);
	if (err == -ENOENT)
		err = create_last(w, &q, mode, is_new, &dentry);
	if (err)
		return err;
	if (!*is_new && (flags & O_EXCL)) {
		err = walk_enter(w, dentry); /* where it may not go, RESOLVE_NO_XDEV comes first */
		return err ? err : -EEXIST;
	}
	if (S_ISLNK(dentry_inode(dentry)->mode) && !(flags & O_NOFOLLOW)) {
		err = protect_symlink(dentry_inode(w->path.dentry), dentry_inode(dentry));
		if (!err)
			err = walk_follow(w, dentry, "", &is_there);
		dentry_put(dentry);
		if (!err && !is_there)
			return 1;
	} else if (!*is_new &&
		   (err = protect_creation(dentry_inode(w->path.dentry), dentry_inode(dentry)))) {
		dentry_put(dentry);
	} else {
		err = walk_enter(w, dentry);
	}
	return err;
}

/* O_CREAT of ".", ".." or "/": always an error, but which? */
static int open_create_dots(struct walk *w, const struct last_component *last, u32 flags)
{
	int err;

	w->name = last->kind == LAST_DOTDOT ? ".." : "";
	err = walk_to_end(w);
	if (err)
		return err;
	return flags & O_EXCL ? -EEXIST : -EISDIR;
}

static int find_or_create(struct walk *w, u32 flags, u32 mode, bool *is_new)
{
	struct last_component last;
	int err;

	do {
		err = walk_to_last(w, &last);
		if (err)
			return err;
		if (last.kind != LAST_NORMAL)
			return open_create_dots(w, &last, flags);
		if (last.has_slash)
			return -EISDIR;
		err = find_or_create_last(w, &last, flags, mode, is_new);
	} while (err > 0);
	return err;
}

/* The file comes first: where there is none to be had, no name is made. */
static int open_create(struct walk *w, u32 flags, u32 mode, struct file **out)
{
	struct file *file = file_alloc();
	bool is_new = false;
	int err;

	if (!file)
		return file_make_error();
	mode = S_IFREG | (mode & 07777 & ~fs_ctx_umask(fs_ctx_current()));
	err = find_or_create(w, flags, mode, &is_new);
	if (is_new)
		flags &= ~(u32)O_TRUNC;
	if (!err)
		err = open_check(&w->path, flags, is_new);
	if (err) {
		file_unalloc(file);
		return err;
	}
	err = open_with(&w->path, flags, file);
	if (err)
		return err;
	if (is_new)
		file->mode |= FILE_CREATED;
	*out = file;
	return 0;
}

static int tmpfile_dentry(const struct path *dir, struct dentry **out)
{
	static _Atomic u64 last;
	char name[24];
	struct seqbuf s;
	struct qname q;

	seqbuf_init(&s, name, sizeof(name));
	seqbuf_putc(&s, '#');
	seqbuf_put_dec(&s, atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1);
	q = qname_of(name, s.len);
	*out = dentry_new(dir->dentry, &q);
	return *out ? 0 : -ENOMEM;
}

static int open_tmpfile(struct walk *w, u32 flags, u32 mode, struct file **out)
{
	struct inode *dir;
	struct path path;
	int err = walk_to_end(w);

	if (err)
		return err;
	dir = dentry_inode(w->path.dentry);
	err = path_want_write(&w->path);
	if (!err)
		err = dir_check_create(&w->path);
	if (!err && !dir->ops->tmpfile)
		err = -EOPNOTSUPP;
	if (!err)
		err = tmpfile_dentry(&w->path, &path.dentry);
	if (err)
		return err;
	path.mnt = w->path.mnt;
	rwsem_write_lock(&dir->lock);
	err = dir->ops->tmpfile(dir, path.dentry,
				S_IFREG | (mode & 07777 & ~fs_ctx_umask(fs_ctx_current())));
	rwsem_write_unlock(&dir->lock);
	if (!err && !(flags & O_EXCL))
		atomic_fetch_or_explicit(&dentry_inode(path.dentry)->state, INODE_LINKABLE,
					 memory_order_relaxed);
	mount_get(path.mnt);
	if (!err)
		err = open_file(&path, flags, out);
	path_put(&path);
	return err;
}

static inline u32 lookup_flags(u32 flags, u64 resolve)
{
	u32 lookup = 0;

	if (!(flags & O_NOFOLLOW))
		lookup |= LOOKUP_FOLLOW;
	if (flags & O_DIRECTORY)
		lookup |= LOOKUP_DIRECTORY;
	if (likely(!resolve))
		return lookup;
	if (resolve & RESOLVE_NO_XDEV)
		lookup |= LOOKUP_NO_XDEV;
	if (resolve & RESOLVE_NO_MAGICLINKS)
		lookup |= LOOKUP_NO_MAGIC;
	if (resolve & RESOLVE_NO_SYMLINKS)
		lookup |= LOOKUP_NO_SYMLINKS;
	if (resolve & RESOLVE_BENEATH)
		lookup |= LOOKUP_BENEATH;
	if (resolve & RESOLVE_IN_ROOT)
		lookup |= LOOKUP_IN_ROOT;
	return lookup;
}

/* With O_PATH, O_CREAT, O_TMPFILE or openat2's resolve. */
static __noinline int open_special(int dirfd, const char *name, const struct open_how *how,
				   struct file **out)
{
	u32 flags = how->flags;
	struct walk w __uninitialized;
	int err;

	/* Whatever would change something is not in any cache. */
	if ((how->resolve & RESOLVE_CACHED) && (flags & (O_TRUNC | O_CREAT | __O_TMPFILE)))
		return -EAGAIN;
	err = walk_start(&w, dirfd, name, lookup_flags(flags, how->resolve));
	if (err)
		return err;
	if (flags & O_PATH)
		err = open_existing(&w, flags, out);
	else if (flags & __O_TMPFILE)
		err = open_tmpfile(&w, flags | O_LARGEFILE, how->mode, out);
	else if (flags & O_CREAT)
		err = open_create(&w, flags | O_LARGEFILE, how->mode, out);
	else
		err = open_existing(&w, flags | O_LARGEFILE, out);
	walk_end(&w);
	return err;
}

int file_open_at(int dirfd, const char *name, const struct open_how *how, struct file **out)
{
	u32 flags = how->flags | O_LARGEFILE;
	struct path path;
	int err;

	if (unlikely((flags & (O_PATH | O_CREAT | __O_TMPFILE)) || how->resolve))
		return open_special(dirfd, name, how, out);
	err = path_lookup(dirfd, name, lookup_flags(flags, 0), &path);
	if (unlikely(err))
		return err;
	err = open_check(&path, flags, false);
	if (likely(!err))
		err = open_file(&path, flags, out);
	if (unlikely(err))
		path_put(&path);
	return err;
}

int file_open_kernel(const char *name, u32 flags, u32 mode, struct file **out)
{
	struct open_how how = { .flags = flags, .mode = mode };

	return file_open_at(AT_FDCWD, name, &how, out);
}

/* ---- length */

int vfs_truncate(const struct path *p, s64 size)
{
	struct iattr attr = { .valid = ATTR_SIZE, .size = size };
	struct inode *inode = dentry_inode(p->dentry);
	int err;

	if (size < 0)
		return -EINVAL;
	if (!S_ISREG(inode->mode))
		return S_ISDIR(inode->mode) ? -EISDIR : -EINVAL;
	err = path_want_write(p);
	if (!err)
		err = inode_permission(inode, MAY_WRITE);
	if (!err)
		err = inode_get_writer(inode);
	if (err)
		return err;
	err = vfs_setattr(p, &attr);
	inode_put_writer(inode);
	return err;
}

int vfs_ftruncate(struct file *file, s64 size)
{
	if (size < 0 || !(file->mode & FILE_WRITE) || !S_ISREG(file->inode->mode))
		return -EINVAL;
	return file_truncate(file, size);
}

/* ---- F_SETFL */

int file_set_flags(struct file *file, u32 flags)
{
	const u32 mask = FILE_SETFL_MASK;
	struct inode *inode = file->inode;
	u32 old = file->flags;

	if ((flags & O_NOATIME) && !(old & O_NOATIME) && !inode_is_owned(inode))
		return -EPERM;
	/* On a pipe O_DIRECT means packets. */
	if ((flags & O_DIRECT) && !S_ISFIFO(inode->mode) && !(S_ISREG(inode->mode) && inode->pages))
		return -EINVAL;
	while (!atomic_compare_exchange_weak_explicit(&file->flags, &old,
						      (old & ~mask) | (flags & mask),
						      memory_order_relaxed, memory_order_relaxed))
		;
	return 0;
}
