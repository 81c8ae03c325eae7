#include "fs/anonfs/anonfs.h"

/* What an ioctl tells of a process it finds through an inode of its own. */
static long anonymous_ioctl(struct file *file, u32 cmd, u64 arg)
{
	return file->inode->private ? pidfs_ioctl(file, cmd, arg) : -ENOTTY;
}

/* What a pidfd can do. It is a pidfd if it has these operations. */
static const struct file_ops pidfd_file_ops = {
	.poll = pidfd_poll,
	.ioctl = anonymous_ioctl,
	.release = pidfd_release, /* and who gives back the struct pid? */
	.show_fdinfo = pidfd_show_fdinfo,
};

/* Yours: a file for this process, made by anonfs_open(). */
int pidfs_open(struct pid *pid, u32 flags, struct file **out)
{
	return -ENOSYS;
}

/* Yours: where is the struct pid of this file? */
struct pid *pidfs_pid(const struct file *file)
{
	if (file->ops != &pidfd_file_ops)
		return NULL;
	return NULL;
}
