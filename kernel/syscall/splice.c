/*
 * Moving bytes between files, pipes and processes: sendfile, copy_file_range, splice, process_vm.
 *
 * Follows: sendfile(2), copy_file_range(2), splice(2), tee(2), vmsplice(2), process_vm_readv(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/uio.h>

#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/pipefs/pipe.h"
#include "fs/rw.h"

/* ---- from file to file */

/* What may be sent is at a place; only a pipe takes from a socket, too. */
static int sendfile_check(const struct file *in, struct file *out, bool has_pos)
{
	bool is_place = !(in->mode & FILE_STREAM) && !(in->inode->sb->flags & SB_NOUSER);
	u32 type = INODE_TYPE(in->inode);

	if (has_pos && (in->mode & FILE_STREAM) && type != S_IFREG)
		return -ESPIPE;
	if (type == S_IFDIR || (out->flags & O_APPEND))
		return -EINVAL;
	return is_place || (type == S_IFSOCK && file_is_pipe(out)) ? 0 : -EINVAL;
}

SYSCALL(sendfile, int out_fd, int in_fd, s64 __user *upos, size_t n)
{
	struct fdref in = fdref_get(in_fd), out;
	long done = -EBADF;
	u64 pos = 0;

	if (!in.file)
		return -EBADF;
	out = fdref_get(out_fd);
	if (upos && get_user(pos, upos))
		done = -EFAULT;
	else if ((upos && (s64)pos < 0) || (s64)n < 0)
		done = -EINVAL;
	else if (out.file && (in.file->mode & FILE_READ) && (out.file->mode & FILE_WRITE))
		done = sendfile_check(in.file, out.file, upos);
	if (!done && n)
		done = vfs_copy(in.file, upos ? &pos : NULL, out.file, NULL, MIN(n, MAX_RW_COUNT));
	if (done >= 0 && upos && put_user(pos, upos))
		done = -EFAULT;
	if (out.file)
		fdref_put(out);
	fdref_put(in);
	return done;
}

static int copy_range_check(struct file *in, struct file *out)
{
	u32 in_type = INODE_TYPE(in->inode), out_type = INODE_TYPE(out->inode);

	if (in_type == S_IFDIR || out_type == S_IFDIR)
		return -EISDIR;
	if (in_type != S_IFREG || out_type != S_IFREG)
		return -EINVAL;
	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE) || (out->flags & O_APPEND))
		return -EBADF;
	return in->inode->sb == out->inode->sb ? 0 : -EXDEV;
}

static long copy_range(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, size_t n)
{
	u64 from = in_pos ? *in_pos : in->pos, to = out_pos ? *out_pos : out->pos;
	int err = copy_range_check(in, out);

	if (err)
		return err;
	if (from >= in->inode->size)
		return 0;
	n = MIN(n, in->inode->size - from);
	if (in->inode == out->inode && from < to + n && to < from + n)
		return -EINVAL;
	return vfs_copy(in, in_pos, out, out_pos, MIN(n, MAX_RW_COUNT));
}

SYSCALL(copy_file_range, int in_fd, u64 __user *uin, int out_fd, u64 __user *uout, size_t n,
	u32 flags)
{
	struct fdref in = fdref_get(in_fd), out;
	u64 in_pos = 0, out_pos = 0;
	long done = -EBADF;

	if (!in.file)
		return -EBADF;
	out = fdref_get(out_fd);
	if (out.file) {
		if ((uin && get_user(in_pos, uin)) || (uout && get_user(out_pos, uout)))
			done = -EFAULT;
		else if (flags || (s64)in_pos < 0 || (s64)out_pos < 0)
			done = -EINVAL;
		else
			done = copy_range(in.file, uin ? &in_pos : NULL, out.file,
					  uout ? &out_pos : NULL, n);
		if (done > 0 &&
		    ((uin && put_user(in_pos, uin)) || (uout && put_user(out_pos, uout))))
			done = -EFAULT;
		fdref_put(out);
	}
	fdref_put(in);
	return done;
}

/* ---- splice */

#define SPLICE_KNOWN (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* upos of a file, which is no pipe: *out points to pos, filled in. */
static int splice_position(struct file *file, u64 __user *upos, u64 *pos, u64 **out)
{
	*out = NULL;
	if (!upos)
		return 0;
	if (file->mode & FILE_STREAM)
		return -EINVAL;
	*out = pos;
	if (get_user(*pos, upos))
		return -EFAULT;
	return (s64)*pos < 0 ? -EINVAL : 0;
}

static long splice_files(struct file *in, u64 __user *uin, struct file *out, u64 __user *uout,
			 size_t n, u32 flags)
{
	u64 in_pos, out_pos, *in_at, *out_at;
	bool is_nowait = flags & SPLICE_F_NONBLOCK;
	long done;

	if ((uin && file_is_pipe(in)) || (uout && file_is_pipe(out)))
		return -ESPIPE;
	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE))
		return -EBADF;
	if ((s64)n < 0)
		return -EINVAL;
	if ((file_is_pipe(in) && (in->flags & O_NONBLOCK)) ||
	    (file_is_pipe(out) && (out->flags & O_NONBLOCK)))
		is_nowait = true;
	done = splice_position(in, uin, &in_pos, &in_at);
	if (!done)
		done = splice_position(out, uout, &out_pos, &out_at);
	if (!done)
		done = pipe_splice(in, in_at, out, out_at, MIN(n, MAX_RW_COUNT), is_nowait);
	if (done > 0 && ((in_at && put_user(in_pos, uin)) || (out_at && put_user(out_pos, uout))))
		return -EFAULT;
	return done;
}

SYSCALL(splice, int in_fd, u64 __user *uin, int out_fd, u64 __user *uout, size_t n, u32 flags)
{
	struct fdref in, out;
	long done = -EBADF;

	if (!n)
		return 0;
	if (flags & ~(u32)SPLICE_KNOWN)
		return -EINVAL;
	in = fdref_get(in_fd);
	if (!in.file)
		return -EBADF;
	out = fdref_get(out_fd);
	if (out.file) {
		done = splice_files(in.file, uin, out.file, uout, n, flags);
		fdref_put(out);
	}
	fdref_put(in);
	return done;
}

SYSCALL(tee, int in_fd, int out_fd, size_t n, u32 flags)
{
	struct fdref in, out;
	long done = -EBADF;

	if (flags & ~(u32)SPLICE_KNOWN)
		return -EINVAL;
	if (!n)
		return 0;
	in = fdref_get(in_fd);
	if (!in.file)
		return -EBADF;
	out = fdref_get(out_fd);
	if (out.file && (in.file->mode & FILE_READ) && (out.file->mode & FILE_WRITE))
		done = pipe_tee(in.file, out.file, MIN(n, MAX_RW_COUNT),
				(flags & SPLICE_F_NONBLOCK) ||
					((in.file->flags | out.file->flags) & O_NONBLOCK));
	if (out.file)
		fdref_put(out);
	fdref_put(in);
	return done;
}

/* The pages stay the caller's: the bytes are copied. */
SYSCALL(vmsplice, int fd, const struct iovec __user *uiov, u32 nr, u32 flags)
{
	struct iov_import in;
	struct fdref ref;
	long done;

	if (flags & ~(u32)SPLICE_KNOWN)
		return -EINVAL;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	done = file_is_pipe(ref.file) ? iov_from_user(&in, uiov, nr) : -EBADF;
	if (!done) {
		in.uio.is_nowait = flags & SPLICE_F_NONBLOCK;
		if (in.uio.resid)
			done = ref.file->mode & FILE_WRITE ? vfs_write(ref.file, &in.uio)
							   : vfs_read(ref.file, &in.uio);
		iov_free(&in);
	}
	fdref_put(ref);
	return done;
}

/* ---- another process's memory */

/* Copies between the local segments and [addr, addr + n) there; the bytes done. */
static size_t vm_copy(struct as *as, struct uio *local, u64 addr, size_t n, bool is_write,
		      void *page)
{
	size_t done = 0, part, moved;

	n = MIN(n, local->resid);
	while (done < n) {
		part = MIN(n - done, PAGE_SIZE - (addr & ~PAGE_MASK));
		if (is_write) {
			moved = uio_copy_in(local, page, part);
			moved = as_access_allowed(as, addr, page, moved, true);
		} else {
			moved = as_access_allowed(as, addr, page, part, false);
			moved = uio_copy_out(local, page, moved);
		}
		done += moved;
		addr += moved;
		if (moved < part || fatal_signal_pending_current())
			break;
		cond_resched();
	}
	return done;
}

static long vm_copy_all(struct as *as, struct uio *local, const struct uio *remote, bool is_write)
{
	struct page *page = page_alloc(0);
	long done = 0;

	if (!page)
		return -ENOMEM;
	for (u32 i = 0; i < remote->nr && local->resid; i++) {
		size_t n = MIN(remote->iov[i].iov_len, local->resid);
		size_t moved = vm_copy(as, local, (u64)remote->iov[i].iov_base, n, is_write,
				       page_va(page));

		done += moved;
		if (moved < n) {
			done = done ? done : -EFAULT;
			break;
		}
	}
	page_put(page);
	return done;
}

static long vm_transfer(int nr, struct uio *local, const struct uio *remote, bool is_write)
{
	struct task *task = nr > 0 ? task_find_get(nr) : NULL;
	struct as *as;
	long done;

	if (!task)
		return -ESRCH;
	as = task_may_access(task, PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS) ? task_as_get(task)
									       : NULL;
	done = as ? vm_copy_all(as, local, remote, is_write) : -EPERM;
	if (as)
		as_put(as);
	task_put(task);
	return done;
}

static long process_vm(int nr, const struct iovec __user *ulocal, u32 nr_local,
		       const struct iovec __user *uremote, u64 nr_remote, u64 flags, bool is_write)
{
	struct iov_import local, remote;
	long done;

	if (flags)
		return -EINVAL;
	done = iov_from_user(&local, ulocal, nr_local);
	if (done)
		return done;
	if (local.uio.resid) {
		done = iov_from_user(&remote, uremote, nr_remote);
		if (!done) {
			done = vm_transfer(nr, &local.uio, &remote.uio, is_write);
			iov_free(&remote);
		}
	}
	iov_free(&local);
	return done;
}

SYSCALL(process_vm_readv, int nr, const struct iovec __user *ulocal, u32 nr_local,
	const struct iovec __user *uremote, u64 nr_remote, u64 flags)
{
	return process_vm(nr, ulocal, nr_local, uremote, nr_remote, flags, false);
}

SYSCALL(process_vm_writev, int nr, const struct iovec __user *ulocal, u32 nr_local,
	const struct iovec __user *uremote, u64 nr_remote, u64 flags)
{
	return process_vm(nr, ulocal, nr_local, uremote, nr_remote, flags, true);
}
