/*
 * SIGIO: a signal when a file becomes ready, for who has set O_ASYNC and an owner.
 *
 * The file's own poll queues tell of it, as they tell epoll: an entry hangs there from O_ASYNC's
 * setting to its clearing or the file's end. Its callback runs under the queue's lock, where no
 * signal can be sent; it notes the events and leaves the rest to the work thread.
 * Life: file->owner is counted by the file and by work that is due, so a signal may come just after
 *   the close, but never of a freed file.
 * Locks: switch_lock for setting and clearing; owner->lock for who is told.
 * Follows: fcntl(2), "Managing signals"; signal(7)
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "kernel/id/cred.h"
#include "kernel/sync/mutex.h"
#include "kernel/task/signal.h"
#include "fs/poll.h"

static struct mutex switch_lock = MUTEX_INIT(RANK_EPOLL);

/* ---- telling */

static const struct reason {
	u32 events; /* POLL*, any of them */
	int code;
	long band;
} reasons[] = {
	{ POLLHUP, POLL_HUP, POLLHUP | POLLERR },
	{ POLLERR, POLL_ERR, POLLERR },
	{ POLLPRI, POLL_PRI, POLLPRI | POLLRDBAND },
	{ POLLIN, POLL_IN, POLLIN | POLLRDNORM },
	{ POLLOUT, POLL_OUT, POLLOUT | POLLWRNORM | POLLWRBAND },
};

/* Without F_SETSIG it is SIGIO, and says nothing more. */
static void tell(struct thread *t, enum signal_scope scope, const struct file_owner *o,
		 const struct reason *why)
{
	siginfo_t info = { .si_signo = o->sig, .si_code = why->code };
	const struct cred *cred = thread_cred_get(t);
	bool may = !o->euid || o->euid == cred->suid || o->euid == cred->uid ||
		   o->uid == cred->suid || o->uid == cred->uid;

	cred_put(cred);
	if (!may)
		return;
	info.si_band = why->band;
	info.si_fd = o->fd;
	if (!o->sig || signal_send(t, scope, o->sig, &info) == -EAGAIN)
		signal_send(t, scope, SIGIO, NULL);
}

static void tell_all(const struct file_owner *o, const struct reason *why)
{
	struct task *t;

	rwspin_read_lock(&tasks_lock);
	if (o->type == F_OWNER_PGRP)
		list_for_each(t, &o->pid->group_members, group_link)
			tell(t->leader, SCOPE_PROCESS, o, why);
	else if (o->pid->thread && o->pid->thread->task)
		tell(o->pid->thread, o->type == F_OWNER_TID ? SCOPE_THREAD : SCOPE_PROCESS, o, why);
	rwspin_read_unlock(&tasks_lock);
}

static void sigio_work(struct work *w)
{
	struct file_owner *o = container_of(w, struct file_owner, work), now;
	u32 events;

	atomic_store(&o->is_due, false);
	events = atomic_exchange(&o->events, 0);
	spin_lock(&o->lock);
	now = (struct file_owner){ .type = o->type,
				   .sig = o->sig,
				   .uid = o->uid,
				   .euid = o->euid,
				   .fd = o->fd,
				   .pid = o->pid ? pid_get(o->pid) : NULL };
	spin_unlock(&o->lock);
	for (size_t i = 0; now.pid && i < ARRAY_SIZE(reasons); i++)
		if (events & reasons[i].events)
			tell_all(&now, &reasons[i]);
	pid_put(now.pid);
	file_owner_put(o);
}

/* Any context. Who wakes all means whatever this end of the file waits for. */
static bool sigio_wake(struct wait_entry *entry, u32 key)
{
	struct file_owner *o = container_of(entry, struct file_async, entry)->owner;

	atomic_fetch_or(&o->events, key == WAKE_ANY_KEY ? o->usual : key);
	if (atomic_exchange(&o->is_due, true))
		return false;
	refcount_get(&o->refs);
	work_queue_nested(&o->work);
	return false;
}

/* ---- O_ASYNC */

struct async_table {
	struct poll_table table;
	struct file_owner *owner;
};

static void hang_entry(struct poll_table *pt, struct file *file, struct wait_queue *wq)
{
	struct file_owner *o = container_of(pt, struct async_table, table)->owner;
	struct file_async *async;

	if (o->nr_async == ARRAY_SIZE(o->async))
		return;
	async = &o->async[o->nr_async++];
	wait_entry_init(&async->entry);
	async->entry.wake = sigio_wake;
	async->entry.key = POLLIN | POLLOUT | POLLPRI | POLLERR | POLLHUP;
	async->owner = o;
	async->wq = wq;
	wait_add(wq, &async->entry);
}

int sigio_switch(struct file *file, int fd, bool is_on)
{
	struct file_owner *o = file_owner_get(file);
	struct async_table table = { { hang_entry }, o };

	if (!o)
		return -ENOMEM;
	mutex_lock(&switch_lock);
	file_owner_mute(o);
	if (is_on) {
		if (!o->work.fn)
			work_setup(&o->work, sigio_work);
		o->fd = fd;
		o->usual = file->mode & FILE_READ ? POLLIN : POLLOUT;
		(void)vfs_poll(file, &table.table);
		atomic_fetch_or(&file->flags, O_ASYNC);
	} else {
		atomic_fetch_and(&file->flags, ~(u32)O_ASYNC);
	}
	mutex_unlock(&switch_lock);
	return 0;
}
