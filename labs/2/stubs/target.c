/* Fills in out, with a reference on the file that is kept in out->ref until target_put(). */
static int target_get(int pidfd, struct target *out)
{
	out->ref.file = NULL;
	switch (pidfd) {
	case PIDFD_SELF_THREAD:
		out->pid = current->pid;
		out->scope = PIDFD_SIGNAL_THREAD;
		return 0;
	case PIDFD_SELF_THREAD_GROUP:
		out->pid = current->task->pid;
		out->scope = PIDFD_SIGNAL_THREAD_GROUP;
		return 0;
	}
	/* Yours: a pidfd (of a thread, or of a process), or, as before there were pidfds, an open
	 * /proc/PID directory: procfs_dir_pid(). fdref_get() finds the file of a descriptor. */
	return -EBADF;
}
