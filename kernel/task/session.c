/*
 * Process groups and sessions.
 *
 * A group is a struct pid that tasks point to as theirs, likewise a session; both live while
 * anybody is in them, with or without the process they are named after. The rules are those of
 * setsid(2), setpgid(2) and credentials(7).
 *
 * Orphans: a group is orphaned when none of its members has a parent in another group of the same
 * session, that is, when no shell is left to continue it. Its stopped members would sleep for ever,
 * so whoever orphans it by exiting sends them SIGHUP and SIGCONT (_exit(2) NOTES).
 *
 * Locks: tasks_lock for all links.
 */
#include "kernel/task/session.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"

#include "kernel/id/pidns.h"
#include "kernel/task/signal.h"

void (*session_hangup_tty)(struct task *leader);

/* tasks_lock held for writing. The old pid is returned for a put without locks. */
static struct pid *move_to_group(struct task *t, struct pid *group)
{
	struct pid *old = t->group;

	list_del(&t->group_link);
	list_add_tail(&t->group_link, &group->group_members);
	t->group = pid_get(group);
	return old;
}

static struct pid *move_to_session(struct task *t, struct pid *session)
{
	struct pid *old = t->session;

	list_del(&t->session_link);
	list_add_tail(&t->session_link, &session->session_members);
	t->session = pid_get(session);
	return old;
}

int session_new(void)
{
	struct task *t = current->task;
	struct pid *old_group, *old_session;

	rwspin_write_lock(&tasks_lock);
	if (t->is_session_leader || !list_empty(&t->pid->group_members)) {
		rwspin_write_unlock(&tasks_lock);
		return -EPERM;
	}
	old_group = move_to_group(t, t->pid);
	old_session = move_to_session(t, t->pid);
	pid_drop_if_unused(old_group);
	pid_drop_if_unused(old_session);
	t->is_session_leader = true;
	t->tty = NULL;
	rwspin_write_unlock(&tasks_lock);
	pid_put(old_group);
	pid_put(old_session);
	return pid_vnr(t->pid);
}

/* setpgid(2): may the current process put t into a group? tasks_lock held. */
static int may_move(const struct task *t)
{
	const struct task *self = current->task;

	if (t->parent == self) {
		if (t->session != self->session)
			return -EPERM;
		if (t->did_exec)
			return -EACCES;
	} else if (t != self) {
		return -ESRCH;
	}
	return t->is_session_leader ? -EPERM : 0;
}

static bool group_is_in_session(const struct pid *group, const struct pid *session)
{
	if (list_empty(&group->group_members))
		return false;
	return list_first(&group->group_members, struct task, group_link)->session == session;
}

/* who, group: found by number; either may be NULL. tasks_lock held for writing. *old: to be put. */
static int set_group(struct pid *who, struct pid *group, struct pid **old)
{
	struct task *t;
	int err;

	if (!who || !who->thread)
		return -ESRCH;
	t = who->task;
	if (!t)
		return -EINVAL; /* a thread, not a process */
	err = may_move(t);
	if (err)
		return err;
	if (group != who && (!group || !group_is_in_session(group, current->task->session)))
		return -EPERM;
	if (t->group != group) {
		*old = move_to_group(t, group);
		pid_drop_if_unused(*old);
	}
	return 0;
}

int group_set(int pid, int pgid)
{
	struct pidns *ns = pidns_current();
	struct pid *who, *group, *old = NULL;
	int err;

	if (!pid)
		pid = pid_vnr(current->task->pid);
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	who = pid_find_get(ns, pid);
	group = pid_find_get(ns, pgid);
	rwspin_write_lock(&tasks_lock);
	err = set_group(who, group, &old);
	rwspin_write_unlock(&tasks_lock);
	pid_put(old);
	pid_put(group);
	pid_put(who);
	return err;
}

enum which { GROUP, SESSION };

static int number_of(int pid, enum which which)
{
	struct pid *who = pid ? pid_find_get(pidns_current(), pid) : pid_get(current->pid);
	int nr = -ESRCH;
	struct task *t;

	if (!who)
		return -ESRCH;
	rwspin_read_lock(&tasks_lock);
	t = who->thread ? who->thread->task : NULL;
	if (t)
		nr = pid_vnr(which == GROUP ? t->group : t->session);
	rwspin_read_unlock(&tasks_lock);
	pid_put(who);
	return nr;
}

int group_of(int pid)
{
	return number_of(pid, GROUP);
}

int session_of(int pid)
{
	return number_of(pid, SESSION);
}

/* Whether t's parent, which dying will cease to be, could continue t's group. */
static bool has_keeper(const struct task *t, const struct task *dying)
{
	const struct task *parent = t->parent;

	return parent && parent != dying && parent->group != t->group &&
	       parent->session == t->session && parent->pid->numbers[0].nr != 1;
}

static bool is_orphaned(struct pid *group, const struct task *ignoring, const struct task *dying)
{
	struct task *t;

	list_for_each(t, &group->group_members, group_link)
		if (t != ignoring && !t->is_zombie && has_keeper(t, dying))
			return false;
	return true;
}

bool group_is_orphaned(struct pid *group, const struct task *ignoring)
{
	return is_orphaned(group, ignoring, NULL);
}

static bool has_stopped_member(struct pid *group)
{
	struct task *t;

	list_for_each(t, &group->group_members, group_link)
		if (t->stop == TASK_STOPPED)
			return true;
	return false;
}

static void release_orphans(struct pid *group)
{
	struct task *t;

	list_for_each(t, &group->group_members, group_link) {
		signal_send_task(t, SIGHUP, NULL);
		signal_send_task(t, SIGCONT, NULL);
	}
}

void session_exit_orphans(struct task *t)
{
	struct task *child;

	rwspin_assert_write_held(&tasks_lock);
	/* t may have been the keeper's child that kept its own group from being orphaned... */
	if (has_keeper(t, NULL) && is_orphaned(t->group, t, NULL) && has_stopped_member(t->group))
		release_orphans(t->group);
	/* ...and the keeper of its children's. */
	list_for_each(child, &t->children, child_link)
		if (child->group != t->group && child->session == t->session &&
		    is_orphaned(child->group, NULL, t) && has_stopped_member(child->group))
			release_orphans(child->group);
}

void session_clear_tty(struct pid *session)
{
	struct task *t;

	rwspin_assert_write_held(&tasks_lock);
	list_for_each(t, &session->session_members, session_link)
		t->tty = NULL;
}

void session_exit_leader(struct task *t)
{
	if (t->is_session_leader && t->tty && session_hangup_tty)
		session_hangup_tty(t);
}
