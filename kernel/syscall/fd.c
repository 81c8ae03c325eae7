/*
 * Descriptors: closing, duplicating, fcntl, and the ioctls that every file has.
 *
 *                                       Follows: close(2), dup(2), fcntl(2), ioctl(2),
 * close_range(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/ioctls.h>
#include <linux/kcmp.h>

#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/task/signal.h"
#include "fs/anonfs/epoll.h"
#include "fs/fdtable.h"
#include "fs/flock.h"
#include "fs/open.h"
#include "fs/pipefs/pipe.h"
#include "fs/rw.h"
#include "fs/tmpfs/tmpfs.h"

SYSCALL(close, u32 fd)
{
	return fd_close(files_current(), fd);
}

int fd_reserve_pair(struct files *files, u32 flags, int __user *ufds, int fd[2])
{
	int err = fd_reserve(files, flags, &fd[0]);

	if (err)
		return err;
	err = fd_reserve(files, flags, &fd[1]);
	if (err)
		goto out_first;
	err = copy_to_user(ufds, fd, 2 * sizeof(fd[0]));
	if (!err)
		return 0;
	fd_unreserve(files, fd[1]);
out_first:
	fd_unreserve(files, fd[0]);
	return err;
}

SYSCALL(close_range, u32 first, u32 last, u32 flags)
{
	struct files *copy;
	int err;

	if (first > last || (flags & ~(u32)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
		return -EINVAL;
	if ((flags & CLOSE_RANGE_UNSHARE) && files_is_shared(files_current())) {
		err = files_copy(files_current(), &copy);
		if (err)
			return err;
		thread_set_files(copy);
	}
	return fd_close_range(files_current(), first, last, flags & CLOSE_RANGE_CLOEXEC);
}

SYSCALL(dup, int fd)
{
	return fd_dup_from(files_current(), fd, 0, 0);
}

SYSCALL(dup3, int fd, int to, u32 flags)
{
	if ((flags & ~(u32)O_CLOEXEC) || fd == to)
		return -EINVAL;
	return fd_dup_to(files_current(), fd, to, flags);
}

SYSCALL(dup2, int fd, int to)
{
	struct fdref ref;

	if (fd != to)
		return fd_dup_to(files_current(), fd, to, 0);
	ref = fdref_get_any(fd);
	if (!ref.file)
		return -EBADF;
	fdref_put(ref);
	return fd;
}

/* ---- fcntl */

/* Whether fd is still that file; the table's lock orders it with a close: see flock_close(). */
static bool is_open_as(struct files *files, int fd, const struct file *file)
{
	struct file *now = fd_get_any(files, fd);

	if (now)
		file_put(now);
	return now == file;
}

static long fcntl_lock(int fd, struct file *file, u32 cmd, struct flock __user *ulock)
{
	struct files *files = files_current();
	struct flock lock;
	long err;

	if (copy_from_user(&lock, ulock, sizeof(lock)))
		return -EFAULT;
	err = flock_record(file, files, task_current()->pid, cmd, &lock);
	if (!err && (cmd == F_SETLK || cmd == F_SETLKW) && lock.l_type != F_UNLCK &&
	    !is_open_as(files, fd, file)) {
		flock_close(file, files); /* another thread was quicker to close it */
		return -EBADF;
	}
	if (!err && (cmd == F_GETLK || cmd == F_OFD_GETLK))
		err = copy_to_user(ulock, &lock, sizeof(lock));
	return err;
}

static long owner_set(struct file *file, int type, int nr)
{
	struct file_owner *owner = file_owner_get(file);
	struct pid *pid, *old;

	if (!owner)
		return -ENOMEM;
	if (type < F_OWNER_TID || type > F_OWNER_PGRP)
		return -EINVAL;
	pid = nr ? pid_find_get(pidns_current(), nr) : NULL;
	if (nr && !pid)
		return -ESRCH;
	spin_lock(&owner->lock);
	old = owner->pid;
	owner->pid = pid;
	owner->type = type;
	owner->uid = cred_current()->uid;
	owner->euid = cred_current()->euid;
	spin_unlock(&owner->lock);
	pid_put(old);
	return 0;
}

static void owner_read(struct file *file, struct f_owner_ex *out)
{
	struct file_owner *owner = file->owner;

	*out = (struct f_owner_ex){ .type = F_OWNER_PID };
	if (!owner)
		return;
	spin_lock(&owner->lock);
	if (owner->pid)
		*out = (struct f_owner_ex){ .type = owner->type, .pid = pid_vnr(owner->pid) };
	spin_unlock(&owner->lock);
}

/* A terminal that has no owner yet gets the caller's group, which is in its foreground. */
static long async_set(struct file *file, int fd, bool is_on)
{
	struct file_owner *owner = is_on ? file_owner_get(file) : NULL;

	if (owner && !owner->pid && S_ISCHR(file->inode->mode))
		(void)owner_set(file, F_OWNER_PGRP, pid_vnr(task_current()->group));
	return sigio_switch(file, fd, is_on);
}

static long flags_set(struct file *file, int fd, u32 flags)
{
	long err = file_set_flags(file, flags);

	if (err || !((file->flags ^ flags) & O_ASYNC) || !file->ops->sends_sigio)
		return err;
	return async_set(file, fd, flags & O_ASYNC);
}

static long fcntl_owner(struct file *file, u32 cmd, u64 arg)
{
	struct f_owner_ex ex;
	struct file_owner *owner;

	switch (cmd) {
	case F_SETOWN:
		if ((int)arg == INT32_MIN)
			return -EINVAL;
		return (int)arg < 0 ? owner_set(file, F_OWNER_PGRP, -(int)arg)
				    : owner_set(file, F_OWNER_PID, (int)arg);
	case F_GETOWN:
		owner_read(file, &ex);
		return ex.type == F_OWNER_PGRP ? -ex.pid : ex.pid;
	case F_SETOWN_EX:
		if (copy_from_user(&ex, (void __user *)arg, sizeof(ex)))
			return -EFAULT;
		return owner_set(file, ex.type, ex.pid);
	case F_GETOWN_EX:
		owner_read(file, &ex);
		return copy_to_user((void __user *)arg, &ex, sizeof(ex));
	case F_GETSIG:
		owner = file->owner;
		return owner ? owner->sig : 0;
	default: /* F_SETSIG */
		if ((u32)arg > NR_SIGNALS)
			return -EINVAL;
		owner = file_owner_get(file);
		if (!owner)
			return -ENOMEM;
		owner->sig = arg;
		return 0;
	}
}

static long fcntl_query_dup(struct file *file, int other_fd)
{
	struct fdref other = fdref_get_any(other_fd);
	long same;

	if (!other.file)
		return -EBADF;
	same = other.file == file;
	fdref_put(other);
	return same;
}

/* No directory notification here, as on a Linux without it; and a file that is none of ours to
 * lease. */
static long fcntl_rare(struct file *file, u32 cmd, u64 arg)
{
	switch (cmd) {
	case F_GETLEASE:
		return F_UNLCK;
	case F_SETLEASE:
		return arg == F_UNLCK ? -EAGAIN : -EINVAL;
	case F_NOTIFY:
		return INODE_TYPE(file->inode) == S_IFDIR ? -EINVAL : -ENOTDIR;
	case F_GET_RW_HINT:
		return put_user((u64)0, (u64 __user *)arg);
	case F_SETPIPE_SZ:
		return pipe_set_size(file, (u32)arg);
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	case F_ADD_SEALS:
		return tmpfs_add_seals(file, arg);
	case F_GET_SEALS:
		return tmpfs_get_seals(file);
	default:
		return -EINVAL;
	}
}

static long fcntl_run(int fd, struct file *file, u32 cmd, u64 arg)
{
	struct files *files = files_current();

	switch (cmd) {
	case F_DUPFD:
		return fd_dup_from(files, fd, arg, 0);
	case F_DUPFD_CLOEXEC:
		return fd_dup_from(files, fd, arg, O_CLOEXEC);
	case F_DUPFD_QUERY:
		return fcntl_query_dup(file, arg);
	case F_CREATED_QUERY:
		return !!(file->mode & FILE_CREATED);
	case F_GETFD:
		return fd_get_cloexec(files, fd);
	case F_SETFD:
		return fd_set_cloexec(files, fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return file->flags;
	}
	if (file->mode & FILE_PATH)
		return -EBADF;
	switch (cmd) {
	case F_SETFL:
		return flags_set(file, fd, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_lock(fd, file, cmd, (struct flock __user *)arg);
	case F_SETOWN:
	case F_GETOWN:
	case F_SETOWN_EX:
	case F_GETOWN_EX:
	case F_SETSIG:
	case F_GETSIG:
		return fcntl_owner(file, cmd, arg);
	default:
		return fcntl_rare(file, cmd, arg);
	}
}

SYSCALL(fcntl, int fd, u32 cmd, u64 arg)
{
	struct fdref ref = fdref_get_any(fd);
	long ret;

	if (!ref.file)
		return -EBADF;
	ret = fcntl_run(fd, ref.file, cmd, arg);
	fdref_put(ref);
	return ret;
}

SYSCALL(flock, int fd, int op)
{
	struct fdref ref = fdref_get(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = flock_whole(ref.file, op, task_current()->pid);
	fdref_put(ref);
	return err;
}

/* ---- ioctl */

static long ioctl_switch(int fd, struct file *file, u32 cmd, int __user *uon)
{
	int on;

	if (get_user(on, uon))
		return -EFAULT;
	if (cmd == FIOASYNC) {
		if (!on == !(file->flags & O_ASYNC))
			return 0;
		return file->ops->sends_sigio ? async_set(file, fd, on) : -ENOTTY;
	}
	if (on)
		atomic_fetch_or(&file->flags, O_NONBLOCK);
	else
		atomic_fetch_and(&file->flags, ~(u32)O_NONBLOCK);
	return 0;
}

static bool is_plain_file(const struct file *file)
{
	return INODE_TYPE(file->inode) == S_IFREG && !(file->inode->sb->flags & SB_NOUSER);
}

/* What any file answers; -ENOTTY: ask its own operation. */
static long ioctl_generic(int fd, struct file *file, u32 cmd, u64 arg)
{
	switch (cmd) {
	case FIOCLEX:
		return fd_set_cloexec(files_current(), fd, true);
	case FIONCLEX:
		return fd_set_cloexec(files_current(), fd, false);
	case FIOASYNC:
	case FIONBIO:
		return ioctl_switch(fd, file, cmd, (int __user *)arg);
	case FIGETBSZ:
		return put_user((int)PAGE_SIZE, (int __user *)arg);
	case FIFREEZE:
	case FITHAW:
		return capable(CAP_SYS_ADMIN) ? -EOPNOTSUPP : -EPERM;
	case FICLONE:
	case FS_IOC_FIEMAP:
		return -EOPNOTSUPP;
	case FIONREAD:
		if (is_plain_file(file))
			return put_user((int)(file->inode->size - file->pos), (int __user *)arg);
		return -ENOTTY;
	case FIOQSIZE:
		if (is_plain_file(file) || INODE_TYPE(file->inode) == S_IFDIR)
			return put_user((u64)file->inode->size, (u64 __user *)arg);
		return -ENOTTY;
	default:
		return -ENOTTY;
	}
}

SYSCALL(ioctl, int fd, u32 cmd, u64 arg)
{
	struct fdref ref = fdref_get(fd);
	long ret;

	if (!ref.file)
		return -EBADF;
	ret = ioctl_generic(fd, ref.file, cmd, arg);
	if (ret == -ENOTTY)
		ret = vfs_ioctl(ref.file, cmd, arg);
	fdref_put(ref);
	return ret;
}

/* ---- kcmp */

static long compare_pointers(const void *a, const void *b)
{
	/* An order that says nothing about addresses: multiplied by an odd constant it stays total.
	 */
	u64 x = (u64)a * 0x9e3779b97f4a7c15ull, y = (u64)b * 0x9e3779b97f4a7c15ull;

	return x == y ? 0 : x < y ? 1 : 2;
}

/* The file behind fd of t, +1, or NULL. */
static struct file *file_of_get(struct thread *t, int fd)
{
	struct files *files = thread_files_get(t);
	struct file *file = files ? fd_get_any(files, fd) : NULL;

	if (files)
		files_put(files);
	return file;
}

/* The file fd_a of a against the one fd_b of b or, with a slot, one that the epoll set there watches. */
static long kcmp_files(struct thread *a, struct thread *b, int fd_a, int fd_b,
		       const struct kcmp_epoll_slot *slot)
{
	struct file *file_a = file_of_get(a, fd_a), *file_b = file_of_get(b, fd_b);
	const struct file *other = file_b;
	long ret = file_a && file_b ? 0 : -EBADF;

	if (!ret && slot)
		ret = epoll_find_target(file_b, slot->tfd, slot->toff, &other);
	if (!ret)
		ret = compare_pointers(file_a, other);
	if (file_a)
		file_put(file_a);
	if (file_b)
		file_put(file_b);
	return ret;
}

static long kcmp_epoll(struct thread *a, struct thread *b, int fd,
		       const struct kcmp_epoll_slot __user *uslot)
{
	struct kcmp_epoll_slot slot;

	if (copy_from_user(&slot, uslot, sizeof(slot)))
		return -EFAULT;
	return kcmp_files(a, b, fd, slot.efd, &slot);
}

static long kcmp_run(struct thread *a, struct thread *b, int type, u64 index_a, u64 index_b)
{
	if (!task_may_access(a->task, PTRACE_MODE_READ | PTRACE_MODE_REALCREDS) ||
	    !task_may_access(b->task, PTRACE_MODE_READ | PTRACE_MODE_REALCREDS))
		return -EPERM;
	switch (type) {
	case KCMP_FILE:
		return kcmp_files(a, b, index_a, index_b, NULL);
	case KCMP_VM:
		return compare_pointers(a->as, b->as);
	case KCMP_FILES:
		return compare_pointers(a->files, b->files);
	case KCMP_FS:
		return compare_pointers(a->fs, b->fs);
	case KCMP_SIGHAND:
		return compare_pointers(a->task->sighand, b->task->sighand);
	case KCMP_IO: /* who has no priority of its own has no context */
		return compare_pointers(a->ioprio ? a : NULL, b->ioprio ? b : NULL);
	case KCMP_SYSVSEM:
		return 0; /* nobody has semaphores to undo */
	case KCMP_EPOLL_TFD:
		return kcmp_epoll(a, b, index_a, (const struct kcmp_epoll_slot __user *)index_b);
	default:
		return -EINVAL;
	}
}

SYSCALL(kcmp, int pid_a, int pid_b, int type, u64 index_a, u64 index_b)
{
	struct thread *a = pid_a ? thread_find_get(pid_a) : NULL;
	struct thread *b = pid_b ? thread_find_get(pid_b) : NULL;
	long ret = a && b ? kcmp_run(a, b, type, index_a, index_b) : -ESRCH;

	if (a)
		thread_put(a);
	if (b)
		thread_put(b);
	return ret;
}
