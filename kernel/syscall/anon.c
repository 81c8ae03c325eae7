/*
 * Files made by a call of their own: pipes, eventfd, timerfd, signalfd.
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/eventfd.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/signalfd.h>
#include <linux/timerfd.h>

#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "fs/anonfs/eventfd.h"
#include "fs/anonfs/signalfd.h"
#include "fs/anonfs/timerfd.h"
#include "fs/fdtable.h"
#include "fs/pipefs/pipe.h"
#include "fs/tmpfs/tmpfs.h"

static long pipe_publish(struct file *ends[2], int __user *ufds, u32 flags)
{
	struct files *files = files_current();
	int fd[2];
	int err = fd_reserve_pair(files, flags, ufds, fd);

	if (err) {
		file_put(ends[0]);
		file_put(ends[1]);
		return err;
	}
	fd_install(files, fd[0], ends[0]);
	fd_install(files, fd[1], ends[1]);
	return 0;
}

SYSCALL(pipe2, int __user *ufds, u32 flags)
{
	struct file *ends[2];
	int err;

	if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_open(flags & ~(u32)O_CLOEXEC, ends);
	return err ? err : pipe_publish(ends, ufds, flags & O_CLOEXEC);
}

SYSCALL(pipe, int __user *ufds)
{
	return sys_pipe2(ufds, 0);
}

SYSCALL(eventfd2, u32 initial, u32 flags)
{
	struct file *file;
	int err;

	if (flags & ~(u32)(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	err = eventfd_open(initial, flags, &file);
	return err ? err : fd_publish(files_current(), file, flags & O_CLOEXEC);
}

SYSCALL(eventfd, u32 initial)
{
	return sys_eventfd2(initial, 0);
}

SYSCALL(timerfd_create, int clock, u32 flags)
{
	struct file *file;
	int err;

	if (flags & ~(u32)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) &&
	    !capable(CAP_WAKE_ALARM))
		return -EPERM;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return -EINVAL;
	err = timerfd_open(clock, flags, &file);
	return err ? err : fd_publish(files_current(), file, flags & O_CLOEXEC);
}

SYSCALL(timerfd_settime, int fd, int flags, const struct itimerspec __user *unew,
	struct itimerspec __user *uold)
{
	struct itimerspec new, old;
	struct fdref ref;
	long err;

	if (copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	err = timerfd_settime(ref.file, flags, &new, &old);
	fdref_put(ref);
	if (!err && uold)
		err = copy_to_user(uold, &old, sizeof(old));
	return err;
}

SYSCALL(timerfd_gettime, int fd, struct itimerspec __user *uout)
{
	struct itimerspec out;
	struct fdref ref = fdref_get(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = timerfd_gettime(ref.file, &out);
	fdref_put(ref);
	return err ? err : copy_to_user(uout, &out, sizeof(out));
}

SYSCALL(signalfd4, int fd, const u64 __user *umask, size_t mask_size, u32 flags)
{
	struct fdref ref;
	struct file *file;
	u64 mask;
	int err;

	if ((flags & ~(u32)(SFD_CLOEXEC | SFD_NONBLOCK)) || mask_size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	if (fd == -1) {
		err = signalfd_open(mask, flags, &file);
		return err ? err : fd_publish(files_current(), file, flags & O_CLOEXEC);
	}
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	err = signalfd_set_mask(ref.file, mask);
	fdref_put(ref);
	return err ? err : fd;
}

SYSCALL(signalfd, int fd, const u64 __user *umask, size_t mask_size)
{
	return sys_signalfd4(fd, umask, mask_size, 0);
}

#define MEMFD_NAME_MAX 249

SYSCALL(memfd_create, const char __user *uname, u32 flags)
{
	char name[MEMFD_NAME_MAX + 8] = "memfd:";
	struct file *file;
	long len;
	int err;

	if (flags & ~(u32)(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	if ((flags & MFD_NOEXEC_SEAL) && (flags & MFD_EXEC))
		return -EINVAL;
	len = strncpy_from_user(name + 6, uname, MEMFD_NAME_MAX + 1);
	if (len < 0)
		return len;
	if (len > MEMFD_NAME_MAX)
		return -EINVAL;
	err = tmpfs_anon_file(name, 0, flags & MFD_NOEXEC_SEAL ? 0666 : 0777, O_RDWR | O_LARGEFILE,
			      &file);
	if (!err && (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)))
		tmpfs_set_seals(file, flags & MFD_NOEXEC_SEAL ? F_SEAL_EXEC : 0);
	return err ? err : fd_publish(files_current(), file, flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
}
