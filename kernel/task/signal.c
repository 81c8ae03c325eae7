/*
 * Sending signals: permission, what a signal does before anybody receives it, and who receives it.
 *
 * A signal passes three gates under the target's sig_lock:
 *   prepare   stop signals and SIGCONT cancel each other, SIGCONT sets a stopped process going, and
 * what nobody would notice (ignored, not blocked) is dropped; add       it becomes pending, for one
 * thread or for the process; complete  a thread that does not block it is chosen and woken. If it
 * is fatal for sure, the whole process is condemned at once, so that even threads in killable sleep
 * hear of it. Delivery is the receiver's own work, on its way to user mode (sigdeliver.c).
 *
 * Locks: sig_lock with interrupts off, as timers send from interrupts; tasks_lock (read) around it
 *   wherever the target is found through a struct pid. Two sig_locks are never held together.
 * Invariant: WORK_SIGNAL is set by anybody and cleared only by the thread itself, so that a system
 *   call that gave up because of it always passes through signal_deliver().
 */
#include "kernel/task/signal.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/wait.h>

#include "lib/string.h"

#include "arch/x86_64/percpu.h"

#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/id/userns.h"
#include "kernel/sched/sched.h"
#include "kernel/task/sigqueue.h"
#include "kernel/time/clock.h"

#define TICKS_PER_SEC 100 /* USER_HZ */

/* ---- what a signal would do ---- */

static const struct pidns *task_pidns(const struct task *t)
{
	return t->pid->numbers[t->pid->level].ns;
}

bool task_is_ns_init(const struct task *t)
{
	return t->pid->numbers[t->pid->level].nr == 1;
}

static __sighandler_t handler_of(const struct task *t, int sig)
{
	return t->sighand->actions->action[sig - 1].handler;
}

bool signal_is_ignored(struct task *t, int sig)
{
	__sighandler_t handler = handler_of(t, sig);

	return handler == SIG_IGN || (handler == SIG_DFL && (SIGMASK(sig) & SIG_DEFAULT_IGNORED));
}

/* pid_namespaces(7): init hears only what it has a handler for; SIGKILL and SIGSTOP only from
 * outside. */
static bool init_is_immune(const struct task *t, int sig, bool from_inside)
{
	if (!task_is_ns_init(t) || handler_of(t, sig) != SIG_DFL)
		return false;
	if (SIGMASK(sig) & SIG_KERNEL_ONLY)
		return from_inside || t->pid->level == 0;
	return true;
}

static bool is_dropped(struct task *t, const struct thread *target, int sig, bool from_inside)
{
	__sighandler_t handler = handler_of(t, sig);

	if (handler != SIG_DFL && handler != SIG_IGN)
		return false;
	if (target->sig_blocked & SIGMASK(sig))
		return false; /* it may be wanted by the time it is unblocked */
	return init_is_immune(t, sig, from_inside) || signal_is_ignored(t, sig);
}

static bool is_fatal(struct task *t, int sig)
{
	if (handler_of(t, sig) != SIG_DFL || (SIGMASK(sig) & (SIG_DEFAULT_IGNORED | SIG_STOP_MASK)))
		return false;
	return sig == SIGKILL || !task_is_ns_init(t);
}

/* ---- prepare, add, complete ---- */

bool signal_pending_current(void)
{
	return atomic_load_explicit(&current->head.work_flags, memory_order_relaxed) & WORK_SIGNAL;
}

bool fatal_signal_pending_current(void)
{
	return signal_pending_current() && (current->pending.set & SIGMASK(SIGKILL));
}

void signal_wake(struct thread *t, bool fatal)
{
	atomic_fetch_or_explicit(&t->head.work_flags, WORK_SIGNAL, memory_order_seq_cst);
	if (t != current || in_interrupt()) /* the interrupted thread may be about to block */
		thread_signal_wake(t, fatal);
}

/* SIGCONT's side effect, whether or not it is blocked or ignored. */
static void resume(struct task *t)
{
	bool was_stopped = t->stop == TASK_STOPPED;
	struct thread *thread;

	if (was_stopped || t->nr_to_stop) {
		t->notify_due = was_stopped ? CLD_CONTINUED : CLD_STOPPED;
		t->cont_unreported = was_stopped;
		t->stop_unreported = false;
	}
	t->stop = TASK_RUNNING;
	t->nr_to_stop = 0;
	sigpending_forget(&t->pending, SIG_STOP_MASK);
	list_for_each(thread, &t->threads, task_link) {
		sigpending_forget(&thread->pending, SIG_STOP_MASK);
		thread->stop_pending = thread->stop_dequeued = false;
		if (t->notify_due && !thread->is_exiting)
			signal_wake(thread, false);
		if (atomic_load_explicit(&thread->state, memory_order_relaxed) == THREAD_STOPPED)
			thread_wake(thread);
	}
}

static void forget_cont(struct task *t)
{
	struct thread *thread;

	sigpending_forget(&t->pending, SIGMASK(SIGCONT));
	list_for_each(thread, &t->threads, task_link)
		sigpending_forget(&thread->pending, SIGMASK(SIGCONT));
}

/* False: there is nothing to make pending. */
static bool prepare(struct task *t, const struct thread *target, int sig, bool from_inside)
{
	if (t->is_exiting && !(t->dump && sig == SIGKILL))
		return false;
	if (unlikely(SIGMASK(sig) & SIG_STOP_MASK))
		forget_cont(t);
	else if (unlikely(sig == SIGCONT))
		resume(t);
	return !is_dropped(t, target, sig, from_inside);
}

static bool wants_signal(const struct thread *t, int sig)
{
	if ((t->sig_blocked & ~t->sig_waiting & SIGMASK(sig)) || t->is_exiting)
		return false;
	if (sig == SIGKILL)
		return true;
	if (atomic_load_explicit(&t->state, memory_order_relaxed) == THREAD_STOPPED)
		return false;
	return atomic_load_explicit(&t->on_cpu, memory_order_relaxed) ||
	       !(atomic_load_explicit(&t->head.work_flags, memory_order_relaxed) & WORK_SIGNAL);
}

void signal_condemn(struct task *t, int code)
{
	struct thread *thread;

	t->is_exiting = true;
	t->group_exit_code = code;
	t->nr_to_stop = 0;
	list_for_each(thread, &t->threads, task_link) {
		thread->stop_pending = false;
		thread->pending.set |= SIGMASK(SIGKILL);
		if (!thread->is_exiting)
			signal_wake(thread, true);
	}
}

static void complete(struct task *t, struct thread *target, enum signal_scope scope, int sig)
{
	struct thread *chosen = NULL, *thread;

	if (wants_signal(target, sig)) {
		chosen = target;
	} else if (scope == SCOPE_PROCESS && (t->nr_threads > 1 || target->is_exiting)) {
		list_for_each(thread, &t->threads, task_link) {
			if (wants_signal(thread, sig)) {
				chosen = thread;
				break;
			}
		}
	}
	if (!chosen) { /* whoever unblocks it, or is busy delivering, finds it */
		atomic_thread_fence(
			memory_order_seq_cst); /* DOC: wait-ordering: for poke_signalfd() */
		return;
	}
	if (is_fatal(t, sig) && !(SIGMASK(sig) & (SIG_DUMP_MASK | chosen->sig_blocked)))
		signal_condemn(t, sig);
	else
		signal_wake(chosen, sig == SIGKILL);
}

struct wait_queue signalfd_wait = WAIT_QUEUE_INIT(signalfd_wait);

/* After complete(), which ends with a full fence after the signal became pending. */
static void poke_signalfd(void)
{
	if (unlikely(signalfd_wait.entries.next != &signalfd_wait.entries))
		wake_all(&signalfd_wait);
}

#define NEEDS_ENTRY 1

/* q: NULL, or a heap entry that is taken (then *q is NULL). may_allocate: answer NEEDS_ENTRY
 * instead of losing info. */
static int send_locked(struct task *t, struct thread *target, enum signal_scope scope, int sig,
		       const siginfo_t *info, struct sigqueue **q, bool may_allocate)
{
	struct sigpending *p = scope == SCOPE_THREAD ? &target->pending : &t->pending;
	bool must_queue = info && info->si_code != SI_USER && sig >= SIGRTMIN;

	if (!t->sighand)
		return -ESRCH;
	if (!prepare(t, target, sig, info && pid_nr_in(current->pid, task_pidns(t))))
		return 0;
	if (scope == SCOPE_THREAD && target->is_exiting)
		return 0; /* its queue has been emptied for good: only a leader's husk is left */
	if (sig < SIGRTMIN && (p->set & SIGMASK(sig)))
		return 0; /* it is pending already */
	if (sig != SIGKILL) {
		bool is_over =
			(sig >= SIGRTMIN || (info && info->si_code < 0)) && sigqueue_is_full(t);

		if (is_over && must_queue)
			return -EAGAIN;
		if (info && !is_over && sigpending_needs_entry(p) && !*q) {
			if (may_allocate)
				return NEEDS_ENTRY;
			if (must_queue)
				return -EAGAIN;
		}
		if (is_over)
			p->set |= SIGMASK(sig);
		else if (sigpending_add(t, p, sig, info, *q))
			*q = NULL;
	} else {
		p->set |= SIGMASK(SIGKILL);
	}
	complete(t, target, scope, sig);
	poke_signalfd();
	return 0;
}

/* Whether the sender may be called otherwise in the receiver's namespaces than in its own. */
static bool is_foreign(const struct task *t, const siginfo_t *info)
{
	const struct pid *own;

	if (!info || t == current->task || info->si_code > 0 || info->si_code == SI_TIMER ||
	    info->si_code == SI_SIGIO)
		return false;
	own = current->task->pid;
	return task_pidns(t) != own->numbers[own->level].ns || userns_is_used;
}

static int send(struct task *t, struct thread *target, enum signal_scope scope, int sig,
		const siginfo_t *info)
{
	bool may_allocate = info != NULL;
	struct sigqueue *q = NULL;
	int err;

	for (;;) {
		u64 irqflags = sig_lock(t);

		if (!target)
			target = t->leader;
		err = send_locked(t, target, scope, sig, info, &q, may_allocate);
		sig_unlock(t, irqflags);
		if (likely(err != NEEDS_ENTRY))
			break;
		q = sigqueue_new();
		may_allocate = false;
	}
	if (q)
		sigqueue_free(q);
	return err;
}

static u32 uid_seen_by(struct task *t, u32 uid)
{
	const struct cred *cred;

	if (likely(!userns_is_used))
		return uid;
	cred = task_cred_get(t);
	uid = id_shown(cred->userns, ID_USER, uid);
	cred_put(cred);
	return uid;
}

static __noinline int send_abroad(struct task *t, struct thread *target, enum signal_scope scope,
				  int sig, const siginfo_t *info)
{
	siginfo_t copy = *info;

	copy.si_pid = pid_nr_in(current->task->pid, task_pidns(t));
	copy.si_uid = uid_seen_by(t, current->cred->uid);
	return send(t, target, scope, sig, &copy);
}

static int send_translated(struct task *t, struct thread *target, enum signal_scope scope, int sig,
			   const siginfo_t *info)
{
	if (unlikely(is_foreign(t, info)))
		return send_abroad(t, target, scope, sig, info);
	return send(t, target, scope, sig, info);
}

int signal_send(struct thread *t, enum signal_scope scope, int sig, const siginfo_t *info)
{
	if (!t->task)
		return 0; /* kernel threads hear nothing */
	return send_translated(t->task, t, scope, sig, info);
}

int signal_send_task(struct task *t, int sig, const siginfo_t *info)
{
	return send_translated(t, NULL, SCOPE_PROCESS, sig, info);
}

bool signal_send_timer(struct task *t, struct thread *target, enum signal_scope scope,
		       struct sigqueue *q)
{
	struct sigpending *p = scope == SCOPE_THREAD ? &target->pending : &t->pending;

	if (!t->sighand || !prepare(t, target, q->signo, false))
		return false;
	sigpending_add_timer(p, q);
	complete(t, target, scope, q->signo);
	poke_signalfd();
	return true;
}

/* ---- kill ---- */

void siginfo_user(siginfo_t *info, int sig, int code)
{
	const struct pid *own = current->task->pid;

	__builtin_memset(info, 0, SIGINFO_BYTES);
	info->si_signo = sig;
	info->si_code = code;
	info->si_pid = own->numbers[own->level].nr; /* send() translates both */
	info->si_uid = current->cred->uid;
}

bool signal_may_kill(const struct cred *cred, struct task *t)
{
	const struct cred *other;
	bool is_allowed;
	u64 irqflags;

	irqflags = sig_lock(t);
	other = t->leader->cred;
	is_allowed = cred->euid == other->suid || cred->euid == other->uid ||
		     cred->uid == other->suid || cred->uid == other->uid ||
		     cred_capable(cred, other->userns, CAP_KILL);
	sig_unlock(t, irqflags);
	return is_allowed;
}

/* Whether the ids allow it, or that it is SIGCONT within the session: kill(2). */
static __noinline int check_ids(struct task *t, int sig)
{
	if (signal_may_kill(current->cred, t) ||
	    (sig == SIGCONT && t->session == current->task->session))
		return 0;
	return -EPERM;
}

static inline int check_permission(struct task *t, int sig, const siginfo_t *info)
{
	if (t == current->task || !info || info->si_code > 0 || capable(CAP_KILL))
		return 0;
	return check_ids(t, sig);
}

/* A zombie may still be signalled; it just does not notice. */
static inline int kill_task(struct task *t, struct thread *target, enum signal_scope scope, int sig,
			    const siginfo_t *info)
{
	int err;

	if ((unsigned)sig > NR_SIGNALS)
		return -EINVAL;
	err = check_permission(t, sig, info);
	if (err || !sig)
		return err;
	err = send_translated(t, target, scope, sig, info);
	return err == -ESRCH ? 0 : err;
}

/* One of many: counted, so that a fork under way finds out (DOC: fork-signals). */
static int kill_member(struct task *t, int sig, const siginfo_t *info)
{
	int err = kill_task(t, NULL, SCOPE_PROCESS, sig, info);

	if (!err && sig)
		atomic_fetch_add_explicit(&t->nr_group_signals, 1, memory_order_relaxed);
	return err;
}

int signal_kill_pid(struct pid *pid, enum signal_scope scope, int sig, const siginfo_t *info)
{
	struct thread *t;
	int err;

	rwspin_read_lock(&tasks_lock);
	t = pid->thread;
	if (!t)
		err = -ESRCH;
	else
		err = t->task ? kill_task(t->task, t, scope, sig, info) : 0;
	rwspin_read_unlock(&tasks_lock);
	return err;
}

int signal_kill_self(int sig, const siginfo_t *info)
{
	return kill_task(current->task, current, SCOPE_PROCESS, sig, info);
}

int signal_kill_thread(int tgid, struct pid *pid, int sig, const siginfo_t *info)
{
	struct thread *t;
	int err = -ESRCH;

	rwspin_read_lock(&tasks_lock);
	t = pid->thread;
	if (t && t->task && (tgid <= 0 || pid_vnr(t->task->pid) == tgid))
		err = kill_task(t->task, t, SCOPE_THREAD, sig, info);
	else if (t && !t->task && tgid <= 0)
		err = 0;
	rwspin_read_unlock(&tasks_lock);
	return err;
}

int signal_kill_group(struct pid *group, int sig, const siginfo_t *info)
{
	bool has_succeeded = false;
	int err = -ESRCH;
	struct task *t;

	rwspin_read_lock(&tasks_lock);
	list_for_each(t, &group->group_members, group_link) {
		err = kill_member(t, sig, info);
		has_succeeded |= !err;
	}
	rwspin_read_unlock(&tasks_lock);
	return has_succeeded ? 0 : err;
}

int signal_kill_all(int sig, const siginfo_t *info)
{
	struct pidns *ns = pidns_current();
	int result = 0, count = 0;
	struct task *t;

	rwspin_read_lock(&tasks_lock);
	list_for_each(t, &all_tasks, all_link) {
		int err;

		if (pid_nr_in(t->pid, ns) <= 1 || t == current->task)
			continue;
		count++;
		err = kill_member(t, sig, info);
		if (err != -EPERM)
			result = err;
	}
	rwspin_read_unlock(&tasks_lock);
	return count ? result : -ESRCH;
}

void signal_group_kernel(struct pid *group, int sig)
{
	struct task *t;

	rwspin_read_lock(&tasks_lock);
	list_for_each(t, &group->group_members, group_link)
		(void)kill_member(t, sig, NULL);
	rwspin_read_unlock(&tasks_lock);
}

void signal_kill_other_threads(struct task *t)
{
	struct thread *thread;

	spin_assert_held(&t->sig_lock);
	t->nr_to_stop = 0;
	list_for_each(thread, &t->threads, task_link) {
		if (thread == current || thread->is_exiting)
			continue;
		thread->stop_pending = false;
		thread->pending.set |= SIGMASK(SIGKILL);
		signal_wake(thread, true);
	}
}

/* ---- the parent ---- */

static u64 ns_to_ticks(u64 ns)
{
	return ns / (NS_PER_SEC / TICKS_PER_SEC);
}

static void fill_child_info(siginfo_t *info, struct task *child, struct task *parent, int sig,
			    int why, int status)
{
	u64 user_ns, system_ns;

	memset(info, 0, sizeof(*info));
	task_times(child, &user_ns, &system_ns);
	info->si_signo = sig;
	info->si_code = why;
	info->si_pid = pid_nr_in(child->pid, task_pidns(parent));
	info->si_uid = uid_seen_by(parent, task_uid(child));
	info->si_status = status;
	info->si_utime = ns_to_ticks(user_ns);
	info->si_stime = ns_to_ticks(system_ns);
}

/* Init of a closed pid namespace reaps whoever dies. */
static bool ns_is_ending(const struct task *parent)
{
	return parent && unlikely(task_is_ns_init(parent)) && task_pidns(parent)->is_closed;
}

bool signal_notify_parent_exit(struct task *child)
{
	struct task *parent = child->parent;
	int sig = child->exit_signal, code = child->pid->exit.code;
	bool is_unwanted = child->autoreap || ns_is_ending(parent);
	bool is_signalled = sig != 0 && !is_unwanted;
	siginfo_t info __uninitialized;
	u64 irqflags;

	if (!parent)
		return true;
	if (sig == SIGCHLD) {
		irqflags = sig_lock(parent);
		if (parent->sighand) {
			const struct kernel_sigaction *a =
				&parent->sighand->actions->action[SIGCHLD - 1];

			if (a->handler == SIG_IGN || (a->flags & SA_NOCLDWAIT))
				is_unwanted = true;
			/* Most parents do not listen: that is found out before there is anything to
			 * say. */
			if (a->handler == SIG_IGN || (parent->pending.set & SIGMASK(SIGCHLD)) ||
			    is_dropped(parent, parent->leader, SIGCHLD, false))
				is_signalled = false;
		}
		sig_unlock(parent, irqflags);
	}
	if (is_signalled) {
		if (code & 0x7f)
			fill_child_info(&info, child, parent, sig,
					code & 0x80 ? CLD_DUMPED : CLD_KILLED, code & 0x7f);
		else
			fill_child_info(&info, child, parent, sig, CLD_EXITED, code >> 8);
		send(parent, NULL, SCOPE_PROCESS, sig, &info);
	}
	wake_all(&parent->child_wait);
	return is_unwanted;
}

void signal_notify_parent_stop(struct task *child, int why, int sig)
{
	struct task *parent = child->parent;
	bool is_wanted = false;
	siginfo_t info __uninitialized;
	u64 irqflags;

	if (!parent)
		return;
	irqflags = sig_lock(parent);
	if (parent->sighand) {
		const struct kernel_sigaction *a = &parent->sighand->actions->action[SIGCHLD - 1];

		is_wanted = a->handler != SIG_IGN && !(a->flags & SA_NOCLDSTOP);
	}
	sig_unlock(parent, irqflags);
	if (is_wanted) {
		fill_child_info(&info, child, parent, SIGCHLD, why, sig);
		send(parent, NULL, SCOPE_PROCESS, SIGCHLD, &info);
	}
	wake_all(&parent->child_wait);
}
