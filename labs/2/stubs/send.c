/* Yours: to a thread and to a process goes signal_kill_pid(), to a group signal_kill_group(). */
static int send(const struct target *target, int sig, const siginfo_t __user *uinfo)
{
	siginfo_t info;
	int err = fill_info(target, sig, uinfo, &info);

	return err ? err : -ENOSYS;
}

/* Yours: flags. Which are there, how many at once, and what do they change? */
SYSCALL(pidfd_send_signal, int pidfd, int sig, const siginfo_t __user *uinfo, unsigned int flags)
{
	struct target target;
	int err = target_get(pidfd, &target);

	if (err)
		return err;
	err = send(&target, sig, uinfo);
	target_put(&target);
	return err;
}
