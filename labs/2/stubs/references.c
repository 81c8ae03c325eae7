/* A descriptor of the current process for pid, which stays the caller's; or an error. */
static int open_pidfd(struct pid *pid, u32 flags)
{
	int err = check_role(pid, flags & PIDFD_THREAD);

	return err ? err : -ENOSYS;
}

SYSCALL(pidfd_open, int nr, unsigned int flags)
{
	struct pid *pid = pid_find_get(pidns_current(), nr);
	int fd = pid ? open_pidfd(pid, flags) : -ESRCH;

	pid_put(pid);
	return fd;
}
