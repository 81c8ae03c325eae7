/*
 * Job control: which session a terminal belongs to, and who may read from it.
 *
 * A session has at most one controlling terminal and a terminal controls at most one session. The
 * terminal knows its session and foreground group (counted pids); each process of the session knows
 * the terminal (weak: the terminal clears those pointers before it goes).
 *
 * Locks: tasks_lock for all of these links. Comparing task->group with tty->group needs no lock:
 *   neither is followed, and a change at the same moment could as well come a moment later.
 * Follows: tty_ioctl(4) (TIOCSCTTY, TIOCNOTTY ...), credentials(7).
 */
#include "drivers/tty/tty.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/signal.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"

#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/task/session.h"
#include "kernel/task/signal.h"

#include "fs/poll.h"

/* ---- foreground and background ---- */

static bool is_ignored_or_blocked(int sig)
{
	struct task *t = current->task;
	u64 irqflags = spin_lock_irqsave(&t->sig_lock);
	bool is = (current->sig_blocked & SIGMASK(sig)) || signal_is_ignored(t, sig);

	spin_unlock_irqrestore(&t->sig_lock, irqflags);
	return is;
}

static struct pid *group_get(struct tty *tty)
{
	struct pid *group;

	rwspin_read_lock(&tasks_lock);
	group = tty->group ? pid_get(tty->group) : NULL;
	rwspin_read_unlock(&tasks_lock);
	return group;
}

int tty_check_foreground(struct tty *tty, int sig)
{
	struct task *t = current->task;
	struct pid *group;
	bool is_orphaned;

	if (!t || t->tty != tty || !tty->group || t->group == tty->group)
		return 0;
	if (is_ignored_or_blocked(sig))
		return sig == SIGTTIN ? -EIO : 0;
	rwspin_read_lock(&tasks_lock);
	group = pid_get(t->group);
	is_orphaned = group_is_orphaned(group, NULL);
	rwspin_read_unlock(&tasks_lock);
	if (!is_orphaned) {
		signal_group_kernel(group, sig);
		signal_mark_current(); /* another thread may take the signal */
	}
	pid_put(group);
	return is_orphaned ? -EIO : -ERESTARTSYS;
}

void tty_signal_foreground(struct tty *tty, int sig)
{
	struct pid *group = group_get(tty);

	if (!group)
		return;
	signal_group_kernel(group, sig);
	pid_put(group);
}

/* ---- the session's terminal ---- */

struct tty *tty_of_current_get(void)
{
	struct tty *tty;

	rwspin_read_lock(&tasks_lock);
	tty = current->task->tty;
	if (tty && !refcount_tryget(&tty->refs))
		tty = NULL; /* it is just being freed */
	rwspin_read_unlock(&tasks_lock);
	return tty;
}

/* What was displaced, to be put without locks. */
struct old_links {
	struct pid *session, *group;
};

static void put_links(const struct old_links *old)
{
	pid_put(old->session);
	pid_put(old->group);
}

/* tasks_lock held for writing. */
static void unlink_session(struct tty *tty, struct old_links *old)
{
	*old = (struct old_links){ tty->session, tty->group };
	tty->session = tty->group = NULL;
	if (old->session)
		session_clear_tty(old->session);
}

/* tasks_lock held for writing. */
static void link_session(struct tty *tty, struct task *t)
{
	tty->session = pid_get(t->session);
	tty->group = pid_get(t->group);
	t->tty = tty;
}

void tty_acquire_by_open(struct tty *tty, const struct file *file)
{
	struct task *t = current->task;

	if (!t || !t->is_session_leader || t->tty)
		return;
	rwspin_write_lock(&tasks_lock);
	/* A dead file's tty may be about to go; the hang-up that killed it will not come again to
	 * unlink it. */
	if (!t->tty && !tty->session && !tty_file_is_dead(file))
		link_session(tty, t);
	rwspin_write_unlock(&tasks_lock);
}

static long set_controlling(struct tty *tty, struct file *file, u64 arg)
{
	struct old_links old = { NULL, NULL };
	struct task *t = current->task;
	bool may_steal = arg == 1 && capable(CAP_SYS_ADMIN);
	long err = 0;

	rwspin_write_lock(&tasks_lock);
	if (t->is_session_leader && t->session == tty->session && t->tty == tty)
		goto out;
	err = -EPERM;
	if (!t->is_session_leader || t->tty)
		goto out;
	if ((tty->session && !may_steal) || tty_file_is_dead(file))
		goto out;
	if (!(file->mode & FILE_READ) && !capable(CAP_SYS_ADMIN))
		goto out;
	unlink_session(tty, &old);
	link_session(tty, t);
	err = 0;
out:
	rwspin_write_unlock(&tasks_lock);
	put_links(&old);
	return err;
}

void tty_hangup(struct tty *tty, bool signal_foreground)
{
	struct old_links old;

	mutex_lock(&tty->lock);
	atomic_fetch_add_explicit(&tty->hangups, 1, memory_order_seq_cst);
	ldisc_flush(tty);
	mutex_unlock(&tty->lock);
	tty_set_stopped(tty, false);
	tty_flush_output(tty);

	rwspin_write_lock(&tasks_lock);
	unlink_session(tty, &old);
	if (old.session && old.session->task) {
		signal_send_task(old.session->task, SIGHUP, NULL);
		signal_send_task(old.session->task, SIGCONT, NULL);
	}
	rwspin_write_unlock(&tasks_lock);
	if (signal_foreground && old.group)
		signal_group_kernel(old.group, SIGHUP);
	put_links(&old);
	wake_all(&tty->read_wait);
	wake_all(&tty->write_wait);
}

void tty_hangup_session(struct task *leader)
{
	struct tty *tty = tty_of_current_get();

	if (!tty)
		return;
	if (tty->session == leader->session)
		tty_hangup(tty, true);
	tty_put(tty);
}

static long give_up_controlling(struct tty *tty)
{
	struct task *t = current->task;

	if (t->tty != tty)
		return -ENOTTY;
	if (t->is_session_leader) {
		tty_hangup(tty, true);
		return 0;
	}
	rwspin_write_lock(&tasks_lock);
	t->tty = NULL;
	rwspin_write_unlock(&tasks_lock);
	return 0;
}

/* ---- the foreground group ---- */

static bool is_controlling(const struct tty *tty)
{
	return current->task->tty == tty;
}

static int set_foreground(struct tty *tty, struct pid *group)
{
	struct task *t = current->task;
	struct pid *old = NULL;
	int err = 0;

	rwspin_write_lock(&tasks_lock);
	if (tty->session != t->session) {
		err = -ENOTTY;
	} else if (list_empty(&group->group_members)) {
		err = -ESRCH;
	} else if (list_first(&group->group_members, struct task, group_link)->session !=
		   t->session) {
		err = -EPERM;
	} else {
		old = tty->group;
		tty->group = pid_get(group);
	}
	rwspin_write_unlock(&tasks_lock);
	pid_put(old);
	return err;
}

static long set_foreground_user(struct tty *tty, const int __user *unr)
{
	struct pid *group;
	int nr, err;

	if (get_user(nr, unr))
		return -EFAULT;
	err = tty_check_foreground(tty, SIGTTOU);
	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (!is_controlling(tty))
		return -ENOTTY;
	if (nr < 0)
		return -EINVAL;
	group = pid_find_get(pidns_current(), nr);
	if (!group)
		return -ESRCH;
	err = set_foreground(tty, group);
	pid_put(group);
	return err;
}

static long get_number(struct tty *tty, bool is_session, int __user *unr)
{
	struct pid *pid;
	int nr;

	rwspin_read_lock(&tasks_lock);
	pid = is_session ? tty->session : tty->group;
	nr = pid ? pid_vnr(pid) : 0;
	rwspin_read_unlock(&tasks_lock);
	if (is_session && !pid)
		return -ENOTTY;
	return put_user(nr, unr);
}

long tty_job_ioctl(struct tty *tty, struct file *file, u32 cmd, u64 arg)
{
	struct tty *real = tty->is_master ? tty->link : tty;

	switch (cmd) {
	case TIOCSCTTY:
		return tty->is_master ? -EPERM : set_controlling(tty, file, arg);
	case TIOCNOTTY:
		return give_up_controlling(tty);
	case TIOCGPGRP:
		if (!tty->is_master && !is_controlling(tty))
			return -ENOTTY;
		return get_number(real, false, (int __user *)arg);
	case TIOCSPGRP:
		return set_foreground_user(real, (const int __user *)arg);
	case TIOCGSID:
		if (!tty->is_master && !is_controlling(tty))
			return -ENOTTY;
		return get_number(real, true, (int __user *)arg);
	default:
		return -ENOTTY;
	}
}
