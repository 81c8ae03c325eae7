/*
 * Moving bytes: read and write in all their forms, seeking, syncing.
 *
 *                                    Follows: read(2), readv(2), lseek(2),
 * setrlimit(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/resource.h>
#include <linux/uio.h>

#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/task/signal.h"
#include "fs/fdtable.h"
#include "fs/readdir.h"
#include "fs/rw.h"

#define IOV_MAX_SEGMENTS 1024

/*
 * RLIMIT_FSIZE: cuts what a write may do to a regular file. -EFBIG with SIGXFSZ when not a byte is
 * left; -EINVAL for what would end beyond all files. pos < 0: the file's own.
 */
static int write_limit(struct file *file, s64 pos, size_t *n)
{
	u64 limit, start;

	if (pos >= 0 && *n > (u64)(INT64_MAX - pos))
		return -EINVAL;
	if (INODE_TYPE(file->inode) != S_IFREG || (file->inode->sb->flags & SB_NOUSER))
		return 0;
	limit = rlimit_get(RLIMIT_FSIZE);
	if (limit == RLIM_INFINITY)
		return 0;
	start = file->flags & O_APPEND ? file->inode->size : pos < 0 ? file->pos : (u64)pos;
	if (start >= limit && *n) {
		signal_send(current, SCOPE_THREAD, SIGXFSZ, NULL);
		return -EFBIG;
	}
	*n = MIN(*n, limit - start);
	return 0;
}

SYSCALL(read, int fd, char __user *ubuf, size_t n)
{
	struct fdref ref = fdref_get(fd);
	struct uio uio __uninitialized;
	long done = -EFAULT;

	if (!ref.file)
		return -EBADF;
	uio_init_user(&uio, ubuf, MIN(n, MAX_RW_COUNT));
	if (!(ref.file->mode & FILE_READ))
		done = -EBADF;
	else if (user_range_ok(ubuf, n))
		done = vfs_read(ref.file, &uio);
	fdref_put(ref);
	return done;
}

SYSCALL(write, int fd, const char __user *ubuf, size_t n)
{
	struct fdref ref = fdref_get(fd);
	struct uio uio __uninitialized;
	long done = -EFAULT;

	if (!ref.file)
		return -EBADF;
	if (!(ref.file->mode & FILE_WRITE))
		done = -EBADF;
	else if (user_range_ok(ubuf, n))
		done = write_limit(ref.file, -1, &n);
	if (!done) {
		uio_init_user(&uio, (char __user *)ubuf, MIN(n, MAX_RW_COUNT));
		done = vfs_write(ref.file, &uio);
	}
	fdref_put(ref);
	return done;
}

SYSCALL(pread64, int fd, char __user *ubuf, size_t n, s64 pos)
{
	struct uio uio __uninitialized;
	struct fdref ref;
	long done;

	if (pos < 0)
		return -EINVAL;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	uio_init_user(&uio, ubuf, MIN(n, MAX_RW_COUNT));
	done = user_range_ok(ubuf, n) ? vfs_pread(ref.file, &uio, pos) : -EFAULT;
	fdref_put(ref);
	return done;
}

SYSCALL(pwrite64, int fd, const char __user *ubuf, size_t n, s64 pos)
{
	struct uio uio __uninitialized;
	struct fdref ref;
	long done;

	if (pos < 0)
		return -EINVAL;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	done = user_range_ok(ubuf, n) ? write_limit(ref.file, pos, &n) : -EFAULT;
	if (!done) {
		uio_init_user(&uio, (char __user *)ubuf, MIN(n, MAX_RW_COUNT));
		done = vfs_pwrite(ref.file, &uio, pos);
	}
	fdref_put(ref);
	return done;
}

/* ---- vectors */

void iov_free(struct iov_import *in)
{
	if (in->iov != in->on_stack)
		kfree(in->iov);
}

/* Checks every segment; the sum is cut at MAX_RW_COUNT. */
static int iov_check(struct iov_import *in, u32 nr)
{
	size_t total = 0;

	for (u32 i = 0; i < nr; i++) {
		struct iovec *v = &in->iov[i];

		if ((s64)v->iov_len < 0)
			return -EINVAL;
		if (!user_range_ok((const void __user *)v->iov_base, v->iov_len))
			return -EFAULT;
		v->iov_len = MIN(v->iov_len, MAX_RW_COUNT - total);
		total += v->iov_len;
	}
	in->uio = (struct uio){ .iov = in->iov, .nr = nr, .resid = total };
	return 0;
}

int iov_from_user(struct iov_import *in, const struct iovec __user *uiov, u64 nr)
{
	int err;

	if (nr > IOV_MAX_SEGMENTS)
		return -EINVAL;
	in->iov = nr <= IOV_ON_STACK ? in->on_stack : kcalloc(nr, sizeof(*in->iov));
	if (!in->iov)
		return -ENOMEM;
	err = copy_from_user(in->iov, uiov, nr * sizeof(*in->iov));
	if (!err)
		err = iov_check(in, nr);
	if (err)
		iov_free(in);
	return err;
}

static int nowait_check(const struct file *file, u32 flags, u8 how)
{
	return (flags & RWF_NOWAIT) && !(file->ops->nowait & how) ? -EOPNOTSUPP : 0;
}

/* pos -1: the file's own position. */
static long vector_read(int fd, const struct iovec __user *uiov, u32 nr, s64 pos, u32 flags)
{
	struct iov_import in;
	struct fdref ref = fdref_get(fd);
	long done;

	if (!ref.file)
		return -EBADF;
	done = nowait_check(ref.file, flags, FILE_READ);
	if (!done)
		done = iov_from_user(&in, uiov, nr);
	if (!done) {
		in.uio.is_nowait = flags & RWF_NOWAIT;
		done = pos < 0 ? vfs_read(ref.file, &in.uio) : vfs_pread(ref.file, &in.uio, pos);
		iov_free(&in);
	}
	fdref_put(ref);
	return done;
}

static long vector_write(int fd, const struct iovec __user *uiov, u32 nr, s64 pos, u32 flags)
{
	struct iov_import in;
	struct fdref ref = fdref_get(fd);
	bool is_append;
	long done;

	if (!ref.file)
		return -EBADF;
	is_append = (ref.file->flags & O_APPEND) && !(flags & RWF_NOAPPEND);
	done = nowait_check(ref.file, flags, FILE_WRITE);
	if (!done)
		done = iov_from_user(&in, uiov, nr);
	if (!done) {
		in.uio.is_nowait = flags & RWF_NOWAIT;
		done = write_limit(ref.file, pos, &in.uio.resid);
		if (!done)
			done = vfs_pwrite_flags(ref.file, &in.uio, pos,
						is_append || (flags & RWF_APPEND));
		iov_free(&in);
	}
	fdref_put(ref);
	return done;
}

SYSCALL(readv, int fd, const struct iovec __user *uiov, u32 nr)
{
	return vector_read(fd, uiov, nr, -1, 0);
}

SYSCALL(writev, int fd, const struct iovec __user *uiov, u32 nr)
{
	return vector_write(fd, uiov, nr, -1, 0);
}

/* The position comes in two halves for the sake of 32-bit machines; here the first holds it all. */
SYSCALL(preadv, int fd, const struct iovec __user *uiov, u32 nr, s64 pos)
{
	return pos < 0 ? -EINVAL : vector_read(fd, uiov, nr, pos, 0);
}

SYSCALL(pwritev, int fd, const struct iovec __user *uiov, u32 nr, s64 pos)
{
	return pos < 0 ? -EINVAL : vector_write(fd, uiov, nr, pos, 0);
}

#define RWF_SUPPORTED (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND)

SYSCALL(preadv2, int fd, const struct iovec __user *uiov, u32 nr, s64 pos, u64 unused_high,
	u32 flags)
{
	if (pos < -1)
		return -EINVAL;
	if (flags & ~(u32)RWF_SUPPORTED)
		return -EOPNOTSUPP;
	return vector_read(fd, uiov, nr, pos, flags);
}

SYSCALL(pwritev2, int fd, const struct iovec __user *uiov, u32 nr, s64 pos, u64 unused_high,
	u32 flags)
{
	if (pos < -1)
		return -EINVAL;
	if (flags & ~(u32)RWF_SUPPORTED)
		return -EOPNOTSUPP;
	if ((flags & RWF_APPEND) && (flags & RWF_NOAPPEND))
		return -EINVAL;
	return vector_write(fd, uiov, nr, pos, flags);
}

/* ---- positions, sizes, syncing */

SYSCALL(lseek, int fd, s64 offset, u32 whence)
{
	struct fdref ref = fdref_get(fd);
	s64 pos;

	if (!ref.file)
		return -EBADF;
	pos = whence > SEEK_MAX ? -EINVAL : vfs_seek(ref.file, offset, whence);
	fdref_put(ref);
	return pos;
}

SYSCALL(fallocate, int fd, int mode, s64 offset, s64 len)
{
	struct fdref ref = fdref_get(fd);
	long err = 0;

	if (!ref.file)
		return -EBADF;
	if (offset >= 0 && len > 0 && (ref.file->mode & FILE_WRITE) &&
	    INODE_TYPE(ref.file->inode) == S_IFREG && !(mode & FALLOC_FL_PUNCH_HOLE))
		err = file_size_limit(ref.file->inode, (u64)offset + (u64)len);
	if (!err)
		err = vfs_fallocate(ref.file, mode, offset, len);
	fdref_put(ref);
	return err;
}

static long sync_fd(int fd, bool data_only)
{
	struct fdref ref = fdref_get(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = vfs_fsync(ref.file, data_only);
	fdref_put(ref);
	return err;
}

SYSCALL(fsync, int fd)
{
	return sync_fd(fd, false);
}

SYSCALL(fdatasync, int fd)
{
	return sync_fd(fd, true);
}

/* Every file system is memory: what is written is where it will ever be. */
SYSCALL(sync, void)
{
	return 0;
}

SYSCALL(syncfs, int fd)
{
	struct fdref ref = fdref_get(fd);

	if (!ref.file)
		return -EBADF;
	fdref_put(ref);
	return 0;
}

static bool has_pages(const struct file *file)
{
	u32 type = INODE_TYPE(file->inode);

	return type == S_IFREG || type == S_IFDIR || type == S_IFBLK || type == S_IFLNK;
}

SYSCALL(sync_file_range, int fd, s64 offset, s64 len, u32 flags)
{
	struct fdref ref = fdref_get(fd);
	long err = 0;

	if (!ref.file)
		return -EBADF;
	if ((flags & ~7u) || offset < 0 || len < 0 || offset + (u64)len > INT64_MAX)
		err = -EINVAL;
	else if (!has_pages(ref.file))
		err = -ESPIPE;
	fdref_put(ref);
	return err;
}

SYSCALL(fadvise64, int fd, s64 offset, s64 len, int advice)
{
	struct fdref ref = fdref_get(fd);
	long err = 0;

	if (!ref.file)
		return -EBADF;
	if (INODE_TYPE(ref.file->inode) == S_IFIFO)
		err = -ESPIPE;
	else if (len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		err = -EINVAL;
	fdref_put(ref);
	return err;
}

SYSCALL(readahead, int fd, s64 offset, size_t n)
{
	struct fdref ref = fdref_get(fd);
	long err = 0;

	if (!ref.file)
		return -EBADF;
	if (!(ref.file->mode & FILE_READ))
		err = -EBADF;
	else if (INODE_TYPE(ref.file->inode) != S_IFREG || !ref.file->ops->read || (s64)n < 0)
		err = -EINVAL;
	fdref_put(ref);
	return err;
}

SYSCALL(getdents64, int fd, void __user *ubuf, u32 size)
{
	struct fdref ref = fdref_get(fd);
	long done;

	if (!ref.file)
		return -EBADF;
	done = vfs_getdents64(ref.file, ubuf, size);
	fdref_put(ref);
	return done;
}

SYSCALL(getdents, int fd, void __user *ubuf, u32 size)
{
	struct fdref ref = fdref_get(fd);
	long done;

	if (!ref.file)
		return -EBADF;
	done = vfs_getdents(ref.file, ubuf, size);
	fdref_put(ref);
	return done;
}
