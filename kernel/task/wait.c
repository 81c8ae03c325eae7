/*
 * Waiting for children: the core of wait4(2) and waitid(2).
 *
 * A parent's children are on two lists, living and dead, so that finding a zombie costs the same
 * however many live; one child is found through its struct pid. Only a caller who asks for stopped
 * or continued children of any kind looks at each of the living.
 * Locks: tasks_lock for writing, as what is found may be reaped at once. The waiter sleeps on its
 *   process's child_wait; exit and stop wake that after the change.
 */
#include <linux/errno.h>
#include <linux/signal.h>
#include <linux/wait.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/userns.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/task.h"

struct search {
	const struct wait_request *request;
	struct wait_result *result;
	struct task *parent;
	bool has_candidates; /* there is a child that may have something to report one day */
	struct task *reaped; /* its table reference is to be put */
};

static bool is_eligible(const struct wait_request *req, const struct task *child)
{
	bool is_clone = child->exit_signal != SIGCHLD;

	if ((req->options & __WNOTHREAD) && child->creator_ino != current->pid->ino)
		return false;
	return (req->options & __WALL) || is_clone == !!(req->options & __WCLONE);
}

static void fill_common(struct search *s, struct task *child)
{
	s->result->uid = uid_to_user(task_uid(child));
	s->result->pid = pid_vnr(child->pid);
	if (s->request->wants_rusage)
		task_rusage(child, RUSAGE_BOTH, &s->result->rusage);
}

static void report_exit(struct search *s, struct task *child)
{
	struct wait_result *r = s->result;
	int code = child->pid->exit.code;

	fill_common(s, child);
	r->wait_status = code;
	if (code & 0x7f) {
		r->cause = code & 0x80 ? CLD_DUMPED : CLD_KILLED;
		r->status = code & 0x7f;
	} else {
		r->cause = CLD_EXITED;
		r->status = code >> 8;
	}
	if (!(s->request->options & WNOWAIT)) {
		task_reap(child);
		s->reaped = child;
	}
}

/* Clears a flag that was reported, unless the caller only looks. */
static void was_reported(struct search *s, struct task *child, bool *flag)
{
	u64 irqflags;

	if (s->request->options & WNOWAIT)
		return;
	irqflags = sig_lock(child);
	*flag = false;
	sig_unlock(child, irqflags);
}

static void report_stop(struct search *s, struct task *child)
{
	fill_common(s, child);
	s->result->cause = CLD_STOPPED;
	s->result->status = child->stop_code;
	s->result->wait_status = child->stop_code << 8 | 0x7f;
	was_reported(s, child, &child->stop_unreported);
}

static void report_continue(struct search *s, struct task *child)
{
	fill_common(s, child);
	s->result->cause = CLD_CONTINUED;
	s->result->status = SIGCONT;
	s->result->wait_status = 0xffff;
	was_reported(s, child, &child->cont_unreported);
}

/* True: child has something to report, and it is in the result. */
static bool consider(struct search *s, struct task *child)
{
	u32 options = s->request->options;

	if (!is_eligible(s->request, child))
		return false;
	s->has_candidates = true;
	if (child->is_zombie) {
		if (!(options & WEXITED))
			return false;
		report_exit(s, child);
		return true;
	}
	if ((options & WSTOPPED) && child->stop_unreported) {
		report_stop(s, child);
		return true;
	}
	if ((options & WCONTINUED) && child->cont_unreported) {
		report_continue(s, child);
		return true;
	}
	return false;
}

static bool search_all(struct search *s)
{
	bool wants_living = s->request->options & (WSTOPPED | WCONTINUED);
	struct task *child;

	list_for_each(child, &s->parent->zombies, child_link)
		if (consider(s, child))
			return true;
	list_for_each(child, &s->parent->children, child_link) {
		if (s->has_candidates && !wants_living)
			break;
		if (consider(s, child))
			return true;
	}
	return false;
}

static bool search_group(struct search *s)
{
	struct task *t;

	list_for_each(t, &s->request->pid->group_members, group_link)
		if (t->parent == s->parent && consider(s, t))
			return true;
	return false;
}

static bool search_one(struct search *s)
{
	struct task *t = s->request->pid->task;

	return t && t->parent == s->parent && consider(s, t);
}

/* True: there is no reason to sleep. */
static bool search(struct search *s)
{
	bool is_found;

	s->has_candidates = false;
	rwspin_write_lock(&tasks_lock);
	switch (s->request->which) {
	case P_PID:
		is_found = search_one(s);
		break;
	case P_PGID:
		is_found = search_group(s);
		break;
	default:
		is_found = search_all(s);
	}
	rwspin_write_unlock(&tasks_lock);
	return is_found || !s->has_candidates;
}

/* LAB 6 BEGIN sleep */
/* WAIT_EVENT() for search(), which costs enough not to be called more often than needed. */
static int sleep_until_found(struct search *s)
{
	struct wait_queue *wq = &s->parent->child_wait;
	struct wait_entry entry;
	int err;

	wait_begin(wq, &entry);
	do {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (search(s)) {
			err = 0;
			break;
		}
		err = wait_block(BLOCK_INTERRUPTIBLE, WAIT_FOREVER);
	} while (!err);
	wait_end(wq, &entry);
	return err;
}
/* LAB 6 END */

int wait_child(const struct wait_request *req, struct wait_result *result)
{
	struct search s = { .request = req, .result = result, .parent = task_current() };
	int err = 0;

	*result = (struct wait_result){ 0 };
	if (!search(&s)) {
		if (req->options & WNOHANG)
			return 0;
		if (req->nonblock_eagain)
			return -EAGAIN;
		err = sleep_until_found(&s);
	}
	if (s.reaped)
		thread_put(s.reaped->leader);
	if (err)
		return err;
	return s.has_candidates ? 0 : -ECHILD;
}
