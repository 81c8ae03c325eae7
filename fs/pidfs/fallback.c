/*
 * pidfds without pidfs (CONFIG_PIDFS=n): files on the one anonymous inode.
 *
 * Here file->private holds the counted struct pid, as pidfds did before they had a file system. All
 * that concerns the process is the same; what concerns identity is lost: every pidfd shows the same
 * inode number, and there is no PIDFD_GET_INFO.
 */
#include "fs/pidfs/internal.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "fs/anonfs/anonfs.h"
#include "kernel/id/pid.h"

static void fallback_release(struct file *file)
{
	pidfd_release(file);
	pid_put(file->private);
}

static const struct file_ops pidfd_file_ops = {
	.poll = pidfd_poll,
	.release = fallback_release,
	.show_fdinfo = pidfd_show_fdinfo,
};

int pidfs_open(struct pid *pid, u32 flags, struct file **out)
{
	int err = anonfs_open("[pidfd]", &pidfd_file_ops, pid, O_RDWR | flags, out);

	if (!err)
		pid_get(pid);
	return err;
}

int pidfs_open_handle(u64 ino, u32 flags, struct file **out)
{
	return -EBADF; /* there is no FD_PIDFS_ROOT */
}

struct pid *pidfs_pid(const struct file *file)
{
	return file->ops == &pidfd_file_ops ? file->private : NULL;
}

void pidfs_init(void)
{
}
