/*
 * Kill on last close: a process that ends with the last pidfd of it.
 *
 * Owns: pidfs_attr.killer, and the inode's mark.
 * Life: PIDFD_SET_KILL_ON_CLOSE marks the inode and keeps the credentials of who asked; the end of
 *   the inode carries it out. The inode is there as long as any file, mount or message in flight
 *   that came from a pidfd, whoever opened it and however, so nothing else has to be counted.
 * Invariant: the kill is the setter's own, only later. It asks what kill(2) would ask of the setter
 *   at the moment it happens: a program that meanwhile has become somebody else's (a set-uid
 *   program that went on to change all its ids) is not killed, and the property holds nobody who
 *   could not be killed without it. Who drops privileges stays a victim.
 * Races: an opener gets a reference on the marked inode before the last one goes, and nothing
 *   happens; or finds the inode dead, makes another without a mark, and soon a dead process. The
 *   mark is the inode's and not the process's for that reason: the old inode's end must neither
 *   miss a mark nor take a new opener's.
 * Locks: tasks_lock; nobody is killed and no mark changes while it is held for writing.
 * Callers: pidfs.c; the end of an inode may come in the exit of its last holder.
 */
#include <linux/errno.h>
#include <linux/signal.h>

#include "fs/pidfs/internal.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/task/signal.h"
#include "fs/inode.h"

/* Only who may kill it now, and not its namespace's init, whom nobody inside can kill. */
static int check_target(const struct pid *pid)
{
	const struct task *t = pid->task;

	if (!pid->thread || pid_life(pid) != PID_LIVE)
		return -ESRCH;
	if (!pid->thread->task)
		return -EPERM; /* a kernel thread */
	if (!t)
		return -ENOENT; /* one thread of several: only a process can be killed */
	if (task_is_ns_init(t) && (!t->pid->level || pidns_current()->level == t->pid->level))
		return -EPERM;
	return signal_may_kill(cred_current(), pid->task) ? 0 : -EPERM;
}

long pidfs_set_kill_on_close(struct inode *inode, u64 is_on)
{
	struct pid *pid = inode->private;
	struct pidfs_attr *attr;
	const struct cred *old = NULL;
	int err;

	if (is_on > 1)
		return -EINVAL;
	if (!pid_vnr(pid))
		return pid_life(pid) == PID_REAPED ? -ESRCH : -EREMOTE;
	attr = pidfs_attr_make(pid);
	if (!attr)
		return -ENOMEM;
	rwspin_write_lock(&tasks_lock);
	err = check_target(pid);
	if (!err && is_on) {
		old = attr->killer;
		attr->killer = cred_get(cred_current());
		atomic_fetch_or_explicit(&inode->state, INODE_MARKED, memory_order_relaxed);
	} else if (!err) {
		atomic_fetch_and_explicit(&inode->state, ~INODE_MARKED, memory_order_relaxed);
	}
	rwspin_write_unlock(&tasks_lock);
	if (old)
		cred_put(old);
	return err;
}

void pidfs_kill_on_last_close(struct pid *pid)
{
	/* LAB 8 BEGIN last-close */
	struct task *t;

	rwspin_read_lock(&tasks_lock);
	t = pid->task;
	if (t && signal_may_kill(pid->attr->killer, t))
		signal_send_task(t, SIGKILL, NULL);
	rwspin_read_unlock(&tasks_lock);
	/* LAB 8 END */
}
