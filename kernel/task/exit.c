/*
 * The end of threads and processes.
 *
 * DOC: exit-steps. A thread that exits
 *   1. declares it (signal_exit_thread: no more signals for it);
 *   2. gives back files, root and directory, and the files that its memory maps, so that whoever
 * learns of the death finds pipes closed, locks free and the program's file writable;
 *   3. as the last thread of a pid namespace's init, ends everybody else in it, and waits for that;
 *   4. under tasks_lock leaves its process: a thread that is not the leader is REAPED at once; the
 * last thread makes the process a zombie, hands its children on, writes the exit record, advances
 *      pid->life to EXITED, and tells the parent, or, if nobody wants to know, reaps it;
 *   5. frees its memory, if it was the last to use it: that takes long, so whoever waits at a pidfd
 * goes first; before step 4 when little is left, as who hears of the death may count on that memory;
 *   6. leaves its stack for ever (thread_exit).
 * A leader that exits before other threads waits as a husk: its struct pid stays LIVE until step 3
 * of the last thread. exec by another thread than the leader is here too, as it ends the other
 * threads: see task_dethread(). Locks: tasks_lock for writing around step 3, sig_lock inside it.
 * Memory that may not be freed with them held is put afterwards.
 */
#include <linux/errno.h>
#include <linux/signal.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/task/exec.h"
#include "kernel/task/session.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/task.h"
#include "kernel/task/timers.h"
#include "fs/fdtable.h"
#include "fs/path.h"

/* What step 3 leaves to be freed once no lock is held. */
struct leftovers {
	struct list signals; /* struct sigqueue */
	struct list reaped; /* struct task.child_link */
	struct sighand *sighand; /* NULL: the process lives on */
	bool is_awaited; /* somebody polls its pidfd */
};

/* ---- Memory and files */

static void vfork_complete(struct thread *self)
{
	u64 irqflags;

	if (!self->vfork_done)
		return;
	irqflags = sig_lock(self->task);
	if (self->vfork_done) {
		atomic_store(self->vfork_flag, true);
		wake_all(self->vfork_done);
		self->vfork_done = NULL;
	}
	sig_unlock(self->task, irqflags);
}

/* set_tid_address(2): whoever joins the thread sleeps on the word. */
static void clear_child_tid(struct thread *self)
{
	int __user *tid = self->clear_child_tid;

	self->clear_child_tid = NULL;
	if (!tid || refcount_read(&self->as->users) < 2)
		return;
	if (put_user(0, tid) == 0)
		futex_wake((u32 __user *)tid, true, 1, FUTEX_BITSET_MATCH_ANY);
}

void task_leave_as(void)
{
	struct thread *self = current;

	if (!self->as)
		return;
	futex_exit();
	clear_child_tid(self);
	vfork_complete(self);
}

/* Returns the address space if nobody else has it: its memory is to be freed yet. */
static struct as *release_resources(struct thread *self)
{
	struct files *files = self->files;
	struct fs_ctx *fs = self->fs;
	struct as *as = self->as;
	struct nsproxy *nsproxy = self->nsproxy;
	u64 irqflags;

	irqflags = sig_lock(self->task);
	self->as = NULL;
	self->files = NULL;
	self->fs = NULL;
	self->nsproxy = NULL;
	if (as && as->hiwater_rss > self->task->max_rss_pages)
		self->task->max_rss_pages = as->hiwater_rss;
	sig_unlock(self->task, irqflags);
	if (files)
		files_put(files);
	if (fs)
		fs_ctx_put(fs);
	nsproxy_put(nsproxy);
	if (!as)
		return NULL;
	sched_use_as(NULL);
	return as_close(as) ? as : NULL;
}

/* ---- Children of the dead */

/* prctl(2), PR_SET_CHILD_SUBREAPER: the nearest living ancestor that asked for it, else init. Both in
 * t's own pid namespace. */
static struct task *find_reaper(struct task *t)
{
	u32 level = t->pid->level;
	struct task *init = t->pid->numbers[level].ns->init;

	for (struct task *p = t->parent; p && p != init && p->pid->level == level; p = p->parent)
		if (p->is_subreaper && !p->is_exiting)
			return p;
	return init;
}

static void adopt(struct task *child, struct task *reaper, struct leftovers *left)
{
	child->parent = reaper;
	if (!child->autoreap)
		child->exit_signal = SIGCHLD;
	list_del(&child->child_link);
	if (!child->is_zombie) {
		list_add_tail(&child->child_link, &reaper->children);
		if (child->pdeath_signal)
			signal_send_task(child, child->pdeath_signal, NULL);
		return;
	}
	list_add_tail(&child->child_link, &reaper->zombies);
	if (signal_notify_parent_exit(child)) {
		task_reap(child);
		list_add_tail(&child->child_link, &left->reaped);
	}
}

static void give_children_away(struct task *t, struct leftovers *left)
{
	struct task *child, *next, *reaper;

	if (list_empty(&t->children) && list_empty(&t->zombies))
		return;
	reaper = find_reaper(t);
	list_for_each_safe(child, next, &t->children, child_link)
		adopt(child, reaper, left);
	list_for_each_safe(child, next, &t->zombies, child_link)
		adopt(child, reaper, left);
}

/* ---- The end of a pid namespace */

static void free_leftovers(struct leftovers *left)
{
	struct task *t, *next;

	sigqueue_free_list(&left->signals);
	if (left->sighand)
		sighand_put(left->sighand);
	list_for_each_safe(t, next, &left->reaped, child_link) {
		list_del_init(&t->child_link);
		thread_put(t->leader);
	}
}

/* pid_namespaces(7): nobody outlives the namespace's init. Children that die from now on are reaped
 * at once (signal_notify_parent_exit); those whose parents are outside are waited for like all. */
static void close_pidns(struct thread *self)
{
	struct pidns *ns = self->pid->numbers[self->pid->level].ns;
	struct leftovers left = { .signals = LIST_INIT(left.signals),
				  .reaped = LIST_INIT(left.reaped) };
	u32 own = self == self->task->leader ? 1 : 2; /* the leader's husk has a number too */
	struct task *t, *next;

	rwspin_write_lock(&tasks_lock);
	pidns_close(ns);
	list_for_each(t, &all_tasks, all_link)
		if (t != self->task && pid_nr_in(t->pid, ns))
			signal_send_task(t, SIGKILL, NULL);
	list_for_each_safe(t, next, &self->task->zombies, child_link) {
		task_reap(t);
		list_add_tail(&t->child_link, &left.reaped);
	}
	rwspin_write_unlock(&tasks_lock);
	free_leftovers(&left);
	wait_event(&ns->drained, READ_ONCE(ns->nr_numbers) <= own);
}

/* ---- Leaving the process table */

/* The thread's share goes into the process's sums; it leaves the list unless it is the leader.
 * sig_lock held. */
static bool leave_task(struct thread *self, struct leftovers *left)
{
	struct task *t = self->task;
	bool is_last = --t->nr_threads == 0;

	t->dead_run_ns += thread_run_ns(self);
	t->dead_user_ns += self->user_ns;
	t->dead_system_ns += self->system_ns;
	t->minor_faults += self->minor_faults;
	t->major_faults += self->major_faults;
	io_usage_add(&t->dead_io, &self->io);
	t->nr_voluntary += self->nr_voluntary;
	t->nr_involuntary += self->nr_involuntary;
	self->is_accounted = true;
	if (self != t->leader)
		list_del_init(&self->task_link);
	sigpending_flush(t, &self->pending, ~0ull, &left->signals);
	if (is_last) {
		sigpending_flush(t, &t->pending, ~0ull, &left->signals);
		left->sighand = t->sighand;
		t->sighand = NULL;
	}
	return is_last;
}

/* The end of a thread id that is not a process id. tasks_lock held for writing. */
static void retire_thread_pid(struct pid *pid, int code)
{
	pid->exit.code = code;
	pid->thread = NULL;
	pid_drop_if_unused(pid);
	pid_advance(pid, PID_REAPED);
}

/* tasks_lock held for writing; every thread has left. */
static void become_zombie(struct task *t, struct leftovers *left)
{
	int code = t->group_exit_code;

	if (unlikely(t == pidns_initial.init))
		panic("init exited: status 0x%04x", code);
	session_exit_orphans(t);
	give_children_away(t, left);
	t->is_zombie = true;
	t->pid->exit.code = code;
	list_del(&t->child_link);
	list_add_tail(&t->child_link, &t->parent->zombies);
	left->is_awaited = wait_queue_active(&t->pid->exited);
	pid_advance(t->pid, PID_EXITED);
	if (signal_notify_parent_exit(t)) {
		task_reap(t);
		list_add_tail(&t->child_link, &left->reaped);
	}
}

/* True: somebody was waiting for it, and may go on. */
static bool leave_process_table(struct thread *self)
{
	struct task *t = self->task;
	struct leftovers left = { .signals = LIST_INIT(left.signals),
				  .reaped = LIST_INIT(left.reaped) };
	bool is_last;
	u64 irqflags;

	rwspin_write_lock(&tasks_lock);
	irqflags = sig_lock(t);
	is_last = leave_task(self, &left);
	if (t->is_execing)
		wake_all(&t->exec_wait);
	sig_unlock(t, irqflags);
	threads_count_gone();
	if (self != t->leader)
		retire_thread_pid(self->pid, self->exit_code);
	if (is_last)
		become_zombie(t, &left);
	rwspin_write_unlock(&tasks_lock);
	free_leftovers(&left);
	return left.is_awaited;
}

/* ---- Exit */

/* A process that nobody ends as one ends with what its last thread says. */
static void end_by_last(struct task *t, int code)
{
	u64 irqflags = sig_lock(t);

	if (!t->is_exiting)
		t->group_exit_code = code;
	t->is_exiting = true;
	sig_unlock(t, irqflags);
	timers_exit_task(t);
}

void task_exit_thread(int code)
{
	struct thread *self = current;
	struct task *t = self->task;
	struct as *as;
	bool is_last;

	signal_exit_thread();
	self->exit_code = code;
	is_last = atomic_fetch_sub(&t->nr_live, 1) == 1;
	if (is_last)
		end_by_last(t, code);
	task_leave_as();
	as = release_resources(self);
	if (is_last && t->is_session_leader)
		session_exit_leader(t);
	if (is_last && unlikely(task_is_ns_init(t)) && t->pid->level)
		close_pidns(self);
	if (as && mem_is_low()) {
		as_destroy(as);
		as = NULL;
	}
	if (leave_process_table(self) && as)
		sched_yield_current();
	if (as)
		as_destroy(as);
	thread_exit();
}

void task_exit_group(int code)
{
	struct task *t = current->task;
	u64 irqflags = sig_lock(t);

	if (t->is_exiting) {
		code = t->group_exit_code;
	} else if (t->is_execing) {
		code = 0; /* another thread is the future of this process */
	} else {
		t->is_exiting = true;
		t->group_exit_code = code;
		signal_kill_other_threads(t);
	}
	sig_unlock(t, irqflags);
	task_exit_thread(code);
}

/* ---- exec ends the other threads */

/* The leader is gone but for its husk; self becomes the leader, under the leader's struct pid. What
 * was self's goes with the old leader, and its record is the old leader's. tasks_lock held for
 * writing. */
static void take_over_leader(struct thread *self)
{
	struct task *t = self->task;
	struct thread *old = t->leader;
	struct pid *own = self->pid;
	u64 irqflags = sig_lock(t);

	self->pid = old->pid;
	old->pid = own;
	t->leader = self;
	sigqueue_move_charge(t, old->uid_usage, self->uid_usage);
	list_del_init(&old->task_link);
	sig_unlock(t, irqflags);
	self->pid->thread = self;
	retire_thread_pid(own, old->exit_code);
}

static bool others_are_gone(struct task *t)
{
	u64 irqflags = sig_lock(t);
	bool are_gone = t->nr_threads == 1;

	sig_unlock(t, irqflags);
	return are_gone;
}

int task_dethread(void)
{
	struct thread *self = current, *old;
	struct task *t = self->task;
	u64 irqflags = sig_lock(t);
	int err = 0;

	if (t->is_exiting || t->is_execing) {
		sig_unlock(t, irqflags);
		return -EAGAIN;
	}
	if (t->nr_threads == 1 && t->leader == self) {
		sig_unlock(t, irqflags);
		return 0;
	}
	t->is_execing = true;
	signal_kill_other_threads(t);
	sig_unlock(t, irqflags);
	if (wait_event_killable(&t->exec_wait, others_are_gone(t)))
		err = -EAGAIN; /* killed meanwhile */
	rwspin_write_lock(&tasks_lock);
	old = t->leader;
	if (!err && old != self) {
		thread_get(self); /* the process table's */
		take_over_leader(self);
	}
	irqflags = sig_lock(t);
	t->is_execing = false;
	sig_unlock(t, irqflags);
	rwspin_write_unlock(&tasks_lock);
	if (!err && old != self)
		thread_put(old);
	return err;
}
