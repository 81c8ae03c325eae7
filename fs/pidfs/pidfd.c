/*
 * pidfd: the behaviour of a descriptor that stands for a process, on pidfs or off it.
 *
 * Owns: poll, fdinfo and kill-on-close. Everything goes through pidfs_pid(), so nothing here knows
 *   whether the inode is pidfs' own or the anonymous one.
 * Invariant: what poll reports only moves forward, none -> IN -> IN|HUP, because pid->life does.
 * Locks: none. exit.c and wait.c fill pid->exit, then advance pid->life with release order, then
 * wake pid->exited; poll registers on the queue before it loads life with acquire order, so a
 * change either is seen or wakes.                                             DOC: exit-order
 */
#include "fs/pidfs/internal.h"

#include <linux/pidfd.h>

#include "kernel/id/pid.h"
#include "kernel/id/pidns.h"
#include "kernel/task/signal.h"
#include "fs/inode.h"

/* LAB 6 BEGIN poll */
/* pidfd_open(2): readable once the whole process has exited; a hang-up once it is reaped. */
u32 pidfd_poll(struct file *file, struct poll_table *pt)
{
	struct pid *pid = pidfs_pid(file);

	poll_wait(pt, file, &pid->exited);
	switch (pid_life(pid)) {
	case PID_EXITED:
		return POLLIN | POLLRDNORM;
	case PID_REAPED:
		return POLLIN | POLLRDNORM | POLLHUP;
	default:
		return 0;
	}
}
/* LAB 6 END */

/* Numbers from the viewer's namespace downwards; -1 when the process has been reaped, 0 out of
 * view. */
void pidfd_show_fdinfo(struct file *file, const struct pidns *viewer, struct seqbuf *out)
{
	const struct pid *pid = pidfs_pid(file);
	int nr = pid_life(pid) == PID_REAPED ? -1 : pid_nr_in(pid, viewer);

	seqbuf_printf(out, "Pid:\t%d\nNSpid:\t%d", nr, nr);
	if (nr > 0)
		for (u32 level = viewer->level + 1; level <= pid->level; level++)
			seqbuf_printf(out, "\t%d", pid->numbers[level].nr);
	seqbuf_putc(out, '\n');
	if (file->inode->state & INODE_MARKED)
		seqbuf_puts(out, "KillOnClose:\t1\n");
}

/* The one file that clone3(CLONE_PIDFD_AUTOKILL) made takes its process with it. */
void pidfd_release(struct file *file)
{
	/* LAB 8 BEGIN release */
	struct task *task;

	if (!(atomic_load_explicit(&file->flags, memory_order_relaxed) & PIDFD_AUTOKILL))
		return;
	task = task_of_pid_get(pidfs_pid(file));
	if (!task)
		return;
	signal_send_task(task, SIGKILL, NULL);
	task_put(task);
	/* LAB 8 END */
}
