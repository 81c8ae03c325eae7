/*
 * fork: a new thread, or a new process with its first one.
 *
 * Three steps, composed by the system call (task.h): fork_create() makes everything that can fail,
 * seen by nobody; fork_publish() puts it into the process table; fork_start() lets it run. Between
 * the first two the caller may make the pidfd; until the second, fork_discard() undoes all.
 *
 * The child's first act in user mode is to return 0 from the same system call, on a copy of the
 * parent's registers.
 * vfork: the parent sleeps on a queue of its own stack until the child, done with its memory, says
 *   so through child->vfork_done. sig_lock of the child guards the pointer: a parent that is killed
 *   while it waits takes it back.
 * DOC: fork-signals. A signal to a group or to everybody reaches the parent before the fork, or both
 * after it. One that was there when the fork began is delivered first; if one comes before the
 * child is in the table, or the process is about to stop, the fork begins again.
 * Locks: tasks_lock, then sig_lock, to publish; sig_lock alone to copy what other threads might
 * change.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/sched.h>

#include "lib/string.h"

#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/id/userns.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/sched/trace.h"
#include "kernel/sched/sched.h"
#include "kernel/task/exec.h"
#include "kernel/task/signal.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/path.h"

/* The group and session of process 1 until it makes its own: number 0, as in Linux. */
static struct pid pid_zero = {
	.refs = REFCOUNT_INIT(1),
	.life = PID_LIVE,
	.group_members = LIST_INIT(pid_zero.group_members),
	.session_members = LIST_INIT(pid_zero.session_members),
	.exited = WAIT_QUEUE_INIT(pid_zero.exited),
	.numbers = { { 0, &pidns_initial } },
};

static int check_limits(const struct thread *self)
{
	if (uid_usage_add(self->uid_usage, USAGE_THREADS, 0) >= rlimit_get(RLIMIT_NPROC) &&
	    self->cred->uid && !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN))
		return -EAGAIN;
	if (thread_count() >= (unsigned)threads_max)
		return -EAGAIN;
	/* A newcomer is refused while those who are here can still be served: else a fork bomb
	 * leaves a crowd that waits for memory, and nobody who could give it back. */
	return mem_is_low() ? -ENOMEM : 0;
}

static int copy_cred(struct thread *t, const struct thread *self, u64 flags)
{
	struct cred *cred;

	t->uid_usage = uid_usage_join(uid_usage_get(self->uid_usage));
	if (likely(!(flags & (CLONE_NEWUSER | CLONE_NNP)))) {
		t->cred = cred_get(self->cred);
		return 0;
	}
	cred = cred_copy(self->cred);
	if (!cred)
		return -ENOMEM;
	t->cred = cred;
	if (flags & CLONE_NNP)
		cred->no_new_privs = true;
	if (!(flags & CLONE_NEWUSER))
		return 0;
	return fs_ctx_is_chrooted(self->fs) ? -EPERM : userns_new(cred);
}

/* Namespaces are made in the user namespace that the child will be in. */
static int copy_namespaces(struct thread *t, const struct thread *self, u64 flags)
{
	struct ns_common *const *ns = self->nsproxy->ns;

	if (likely(!(flags & CLONE_NAMESPACES) && ns[NS_TIME] == ns[NS_TIME_FOR_CHILDREN])) {
		t->nsproxy = nsproxy_get(self->nsproxy);
		return 0;
	}
	return nsproxy_for_child(self->nsproxy, flags, t->cred->userns, t->fs, &t->nsproxy);
}

/* CLONE_CLEAR_SIGHAND leaves handlers behind, as exec does; what is ignored stays so. */
static int copy_sighand(struct task *task, struct task *from, u64 flags)
{
	task->sighand = flags & CLONE_SIGHAND ? sighand_share(from) : sighand_copy(from);
	if (!task->sighand)
		return -ENOMEM;
	return flags & CLONE_CLEAR_SIGHAND ? sighand_exec(task) : 0;
}

/* The process of t: the current one, or a new one with t as its leader. */
static int copy_task(struct thread *t, const struct thread *self, const struct fork_args *args,
		     u32 nr_signals)
{
	struct task *from = self->task, *task;
	u64 irqflags;
	int err;

	if (args->flags & CLONE_THREAD) {
		task_get(from);
		t->task = from;
		return 0;
	}
	task = task_new(t);
	if (!task)
		return -ENOMEM;
	err = copy_sighand(task, from, args->flags);
	if (err)
		return err;
	irqflags = sig_lock(from);
	memcpy(task->rlimits, from->rlimits, sizeof(task->rlimits));
	sig_unlock(from, irqflags);
	task->exit_signal = args->exit_signal;
	/* LAB 8 BEGIN reaped */
	task->autoreap = args->flags & CLONE_AUTOREAP;
	/* LAB 8 END */
	task->personality = from->personality;
	task->thp_disable = from->thp_disable;
	task->oom_score_adj = from->oom_score_adj;
	task->oom_score_adj_min = from->oom_score_adj_min;
	task->creator_ino = self->pid->ino;
	atomic_init(&task->nr_group_signals, nr_signals);
	return 0;
}

static int copy_files(struct thread *t, struct thread *self, u64 flags)
{
	struct fs_ctx *fs = self->fs;
	int err;

	if (flags & CLONE_FS) {
		fs_ctx_get(fs);
		t->fs = fs;
	} else {
		err = fs_ctx_copy(fs, &t->fs);
		if (err)
			return err;
	}
	if (flags & CLONE_FILES) {
		files_get(self->files);
		t->files = self->files;
		return 0;
	}
	return files_copy(self->files, &t->files);
}

static int copy_as(struct thread *t, struct thread *self, u64 flags)
{
	int err;

	if (flags & CLONE_VM) {
		as_get(self->as);
		t->as = self->as;
		return 0;
	}
	err = as_fork(self->as, &t->as);
	if (!err)
		exec_share_exe(self->as, t->as);
	return err;
}

static int copy_registers(struct thread *t, struct thread *self, const struct fork_args *args)
{
	struct regs *regs;

	if ((args->flags & CLONE_SETTLS) && args->tls >= USER_TOP)
		return -EPERM;
	arch_thread_fork(&t->head, thread_regs(self));
	arch_thread_copy_user(&t->head);
	regs = thread_regs(t);
	regs->rax = 0;
	regs->orig_rax = ~0ull; /* nothing to restart */
	if (args->stack)
		regs->rsp = args->stack;
	if (args->flags & CLONE_SETTLS)
		t->head.arch.fs_base = args->tls;
	return 0;
}

/* Its own small things. */
static void copy_thread(struct thread *t, const struct thread *self, const struct fork_args *args)
{
	u64 flags = args->flags;

	sigpending_init(&t->pending);
	t->sig_blocked = self->sig_blocked;
	t->nice = self->resets_on_fork ? MAX(self->nice, (s8)0) : self->nice;
	if (!self->resets_on_fork || !self->rt_priority) {
		t->policy = self->policy;
		t->rt_priority = t->prio = self->rt_priority;
	}
	t->ioprio = self->ioprio;
	t->timer_slack_ns = t->default_slack_ns = self->timer_slack_ns;
	t->affinity = self->affinity;
	if (!(flags & CLONE_VM)) {
		t->rseq = self->rseq;
		t->rseq_len = self->rseq_len;
		t->rseq_sig = self->rseq_sig;
		t->rseq_cpu = ~0u; /* not told yet */
	}
	if ((flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM)
		t->altstack = self->altstack;
	else
		t->altstack = (stack_t){ .ss_flags = SS_DISABLE };
	if (flags & CLONE_CHILD_SETTID)
		t->set_child_tid = args->child_tid;
	if (flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = args->child_tid;
}

int fork_create(const struct fork_args *args, struct thread **out)
{
	struct thread *self = current, *t;
	u32 nr_signals = atomic_load(&self->task->nr_group_signals); /* before the question */
	int err;

	if (signal_pending_current())
		return -ERESTARTNOINTR;
	err = check_limits(self);
	if (!err)
		err = thread_new(self->comm, &t);
	if (err)
		return err;
	copy_thread(t, self, args);
	err = copy_registers(t, self, args);
	if (!err)
		err = copy_cred(t, self, args->flags);
	if (!err)
		err = copy_task(t, self, args, nr_signals);
	if (!err)
		err = copy_files(t, self, args->flags);
	if (!err)
		err = copy_as(t, self, args->flags);
	if (!err)
		err = copy_namespaces(t, self, args->flags);
	if (!err)
		err = pid_new_numbered(pidns_of(t->nsproxy->ns[NS_PID_FOR_CHILDREN]), args->set_tid,
				       args->nr_set_tid, &t->pid);
	if (err) {
		fork_discard(t);
		return err;
	}
	*out = t;
	return 0;
}

void fork_discard(struct thread *t)
{
	struct task *task = t->task;

	if (t->pid)
		pid_release_numbers(t->pid);
	if (t->as)
		as_put(t->as);
	if (t->files)
		files_put(t->files);
	if (t->fs)
		fs_ctx_put(t->fs);
	nsproxy_put(t->nsproxy);
	t->as = NULL;
	t->files = NULL;
	t->fs = NULL;
	t->nsproxy = NULL;
	if (task && task->leader == t && task->sighand)
		sighand_put(task->sighand);
	thread_put(t);
}

/* A thread joins the current process, unless that is dying, or stopping without it. */
static int publish_thread(struct thread *t, struct thread *self)
{
	struct task *task = t->task;
	u64 irqflags = sig_lock(task);
	int err = 0;

	if (task->is_exiting || task->is_execing) {
		err = -EINTR;
	} else if (self->stop_pending) {
		err = -ERESTARTNOINTR;
	} else {
		list_add_tail(&t->task_link, &task->threads);
		task->nr_threads++;
		atomic_fetch_add_explicit(&task->nr_live, 1, memory_order_relaxed);
	}
	sig_unlock(task, irqflags);
	if (err)
		return err;
	t->pid->thread = t;
	pid_advance(t->pid, PID_LIVE);
	threads_count_new();
	return 0;
}

/* Something sent to the group while the child was no member yet: the child must not miss it. */
static bool must_begin_again(struct thread *self, struct task *child)
{
	struct task *task = self->task;
	struct thread *thread;
	u64 irqflags = sig_lock(task);
	u64 pending = (self->pending.set | task->pending.set) & ~self->sig_blocked;
	bool is = task->nr_to_stop || (pending & SIG_STOP_MASK) ||
		  task->nr_group_signals != child->nr_group_signals;

	list_for_each(thread, &task->threads, task_link)
		is |= thread->stop_dequeued;
	sig_unlock(task, irqflags);
	if (is)
		signal_mark_current();
	return is;
}

/* Nobody is born where init ends, nor before init. */
static int check_pidns(const struct pid *pid)
{
	const struct pid_number *n = &pid->numbers[pid->level];

	if (likely(!pid->level))
		return 0;
	return pidns_is_closed(n->ns) || (!n->ns->init && n->nr != 1) ? -ENOMEM : 0;
}

/* tasks_lock held for writing. */
static int publish(struct thread *t, const struct fork_args *args)
{
	struct thread *self = current;
	struct task *parent = self->task;
	int err = check_pidns(t->pid);

	if (err)
		return err;
	if (fatal_signal_pending_current())
		return -EINTR;
	if (args->flags & CLONE_THREAD)
		return publish_thread(t, self);
	if (must_begin_again(self, t->task))
		return -ERESTARTNOINTR;
	if (args->flags & CLONE_PARENT) {
		t->task->exit_signal = parent->exit_signal;
		parent = parent->parent;
	}
	t->task->tty = self->task->tty;
	task_publish(t->task, parent, self->task->group, self->task->session);
	return 0;
}

int fork_publish(struct thread *t, const struct fork_args *args)
{
	int err;

	rwspin_write_lock(&tasks_lock);
	err = publish(t, args);
	rwspin_write_unlock(&tasks_lock);
	return err;
}

void fork_start(struct thread *t, const struct fork_args *args)
{
	struct wait_queue wq = WAIT_QUEUE_INIT(wq);
	_Atomic bool is_done = false;
	u64 irqflags;

	trace_fork(t);
	if (!(args->flags & CLONE_VFORK)) {
		sched_start(t);
		thread_put(t);
		return;
	}
	t->vfork_done = &wq;
	t->vfork_flag = &is_done;
	sched_start(t);
	if (wait_event_killable(&wq, is_done)) {
		/* Killed; the child goes on alone. */
	}
	irqflags = sig_lock(t->task); /* the child may still be waking us */
	t->vfork_done = NULL;
	sig_unlock(t->task, irqflags);
	thread_put(t);
}

/* ---- Process 1, and others that no process forks */

int task_init_fs(struct fs_ctx **out)
{
	struct fs_ctx *fs = NULL;
	struct path root;
	int err;

	rwspin_read_lock(&tasks_lock);
	if (pidns_initial.init)
		fs = thread_fs_get(pidns_initial.init->leader);
	rwspin_read_unlock(&tasks_lock);
	if (!fs)
		return -ESRCH;
	err = fs_ctx_copy(fs, out);
	fs_ctx_put(fs);
	if (err)
		return err;
	fs_ctx_root(*out, &root);
	fs_ctx_set_cwd(*out, &root);
	path_put(&root);
	return 0;
}

static int fill_kernel_started(struct thread *t)
{
	struct task *task;
	int err;

	sigpending_init(&t->pending);
	arch_fpu_init(t->head.arch.fpu);
	t->altstack = (stack_t){ .ss_flags = SS_DISABLE };
	t->cred = cred_get(&cred_root);
	t->uid_usage = uid_usage_join(uid_usage_of(0));
	t->nsproxy = nsproxy_get(&nsproxy_initial);
	task = task_new(t);
	if (!task)
		return -ENOMEM;
	task->sighand = sighand_new();
	if (!task->sighand)
		return -ENOMEM;
	rlimits_init(task->rlimits);
	task->exit_signal = SIGCHLD;
	err = pidns_initial.init ? task_init_fs(&t->fs) : fs_ctx_new(&t->fs);
	if (!err)
		err = files_new(&t->files);
	if (!err)
		err = pid_new(&pidns_initial, &t->pid);
	return err;
}

int task_start_kernel(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t;
	int err = thread_new(name, &t);

	if (err)
		return err;
	err = fill_kernel_started(t);
	if (err) {
		fork_discard(t);
		return err;
	}
	arch_thread_kernel(&t->head, fn, arg);
	rwspin_write_lock(&tasks_lock);
	t->task->autoreap = pidns_initial.init;
	task_publish(t->task, pidns_initial.init, &pid_zero, &pid_zero);
	rwspin_write_unlock(&tasks_lock);
	sched_start(t);
	thread_put(t);
	return 0;
}
