/* It works, and gives nothing back. */
static int open_pidfd(struct pid *pid, u32 flags)
{
	struct files *files = files_current();
	struct file *file;
	int fd, err;

	err = check_role(pid, flags & PIDFD_THREAD);
	if (err)
		return err;
	err = fd_reserve(files, O_CLOEXEC, &fd);
	if (err)
		return err;
	err = pidfs_open(pid, flags, &file);
	if (err)
		return err;
	fd_install(files, fd, file);
	return fd;
}

SYSCALL(pidfd_open, int nr, unsigned int flags)
{
	struct pid *pid;

	if (flags & ~(u32)(PIDFD_NONBLOCK | PIDFD_THREAD))
		return -EINVAL;
	if (nr <= 0)
		return -EINVAL;
	pid = pid_find_get(pidns_current(), nr);
	return pid ? open_pidfd(pid, flags) : -ESRCH;
}
