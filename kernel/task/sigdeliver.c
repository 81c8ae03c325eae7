/*
 * Receiving signals: what a thread does about them on its way to user mode.
 *
 * signal_deliver() takes pending signals one after another until one has a handler, and sets up one
 * frame for it; entry.asm calls again while WORK_SIGNAL is set, so further handlers stack up.
 * Signals without handler are acted on here: ignored, the group stop joined, the process ended.
 *
 * Group stop: the thread that takes a stop signal marks all threads (stop_pending, counted in
 * nr_to_stop). Each stops here when it comes by; the last one makes the stop official and tells the
 * parent. SIGCONT (signal.c) undoes every step of it; a stop signal that was taken but not yet
 * acted on is undone through stop_dequeued.
 *
 * System calls that gave up because of a signal are restarted here by moving rip back over the
 * SYSCALL instruction, see signal(7), "Interruption of system calls".
 *
 * Locks: sig_lock for every decision; tasks_lock (read) to tell the parent and to ask about
 * orphans, taken without sig_lock. Building the frame touches user memory and is done without
 * locks.
 */
#include "kernel/task/signal.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/sigframe.h"
#include "arch/x86_64/upcalls.h"

#include "kernel/sched/trace.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/lockcheck.h"
#include "kernel/sync/wait.h"
#include "kernel/task/coredump.h"
#include "kernel/task/session.h"
#include "kernel/task/rseq.h"
#include "kernel/task/sigqueue.h"

#define NR_restart_syscall 219
#define SYSCALL_INSN_SIZE  2

/* ---- masks ---- */

static void clear_work(struct thread *t, u32 work)
{
	atomic_fetch_and_explicit(&t->head.work_flags, ~work, memory_order_relaxed);
}

static inline void recalc(struct thread *t, struct task *task)
{
	bool has_work = ((t->pending.set | task->pending.set) & ~t->sig_blocked) ||
			t->stop_pending || task->notify_due;
	bool is_marked =
		atomic_load_explicit(&t->head.work_flags, memory_order_relaxed) & WORK_SIGNAL;

	if (has_work == is_marked)
		return;
	if (has_work)
		atomic_fetch_or_explicit(&t->head.work_flags, WORK_SIGNAL, memory_order_relaxed);
	else if (t == current)
		clear_work(t, WORK_SIGNAL);
}

void signal_recalc(struct thread *t)
{
	recalc(t, t->task);
}

void signal_mark_current(void)
{
	atomic_fetch_or_explicit(&current->head.work_flags, WORK_SIGNAL, memory_order_relaxed);
}

void signal_retarget(struct task *t, u64 set)
{
	struct thread *thread;

	set &= t->pending.set;
	if (!set || t->nr_threads <= 1)
		return;
	list_for_each(thread, &t->threads, task_link)
		if (thread != current && !thread->is_exiting &&
		    (set & (~thread->sig_blocked | thread->sig_waiting)))
			signal_wake(thread, false);
}

static inline void set_blocked(struct thread *self, struct task *t, u64 mask)
{
	u64 newly_blocked = mask & ~self->sig_blocked & t->pending.set;

	self->sig_blocked = mask;
	if (unlikely(newly_blocked))
		signal_retarget(t, newly_blocked);
	recalc(self, t);
}

void signal_set_blocked(u64 mask)
{
	struct thread *self = current;
	u64 irqflags;

	mask &= ~SIG_KERNEL_ONLY;
	if (mask == self->sig_blocked)
		return;
	irqflags = sig_lock(self->task);
	set_blocked(self, self->task, mask);
	sig_unlock(self->task, irqflags);
}

void signal_set_temporary_mask(u64 mask)
{
	current->saved_mask = current->sig_blocked;
	signal_set_blocked(mask);
	atomic_fetch_or_explicit(&current->head.work_flags, WORK_SIGMASK, memory_order_relaxed);
}

void signal_end_temporary_mask(void)
{
	if (!(atomic_load_explicit(&current->head.work_flags, memory_order_relaxed) & WORK_SIGMASK))
		return;
	clear_work(current, WORK_SIGMASK);
	signal_set_blocked(current->saved_mask);
}

/* ---- forced signals ---- */

void signal_force_info(siginfo_t *info)
{
	struct thread *self = current;
	struct task *t = self->task;
	int sig = info->si_signo;
	__sighandler_t handler;
	struct sigqueue *q = sigqueue_new();
	u64 irqflags = sig_lock(t);

	handler = t->sighand->actions->action[sig - 1].handler;
	if (handler == SIG_DFL || handler == SIG_IGN || (self->sig_blocked & SIGMASK(sig)))
		self->forced_sig = sig;
	self->sig_blocked &= ~SIGMASK(sig);
	if (!(self->pending.set & SIGMASK(sig)) && sigpending_add(t, &self->pending, sig, info, q))
		q = NULL;
	signal_recalc(self);
	sig_unlock(t, irqflags);
	sigqueue_free(q);
}

void signal_force(int sig, int code, u64 addr)
{
	siginfo_t info = { .si_signo = sig, .si_code = code };

	info.si_addr = (void *)addr;
	signal_force_info(&info);
}

/* ---- stopping ---- */

static void tell_parent(struct task *t, int why, int sig)
{
	rwspin_read_lock(&tasks_lock);
	signal_notify_parent_stop(t, why, sig);
	rwspin_read_unlock(&tasks_lock);
}

/* One thread less to wait for; true: it was the last, and the parent is to be told. sig_lock held.
 */
static bool count_stopped(struct task *t)
{
	if (!t->nr_to_stop || --t->nr_to_stop)
		return false;
	t->stop = TASK_STOPPED;
	t->stop_unreported = true;
	t->cont_unreported = false;
	return true;
}

static bool is_held_stopped(struct thread *self)
{
	struct task *t = self->task;
	u64 irqflags = sig_lock(t);
	/* stop_pending: it was continued and counted for the next stop before it got to run. */
	bool is_held = (t->stop == TASK_STOPPED || t->nr_to_stop) && !self->stop_pending &&
		       !(self->pending.set & SIGMASK(SIGKILL));

	/* Under sig_lock, so that SIGCONT sees whom to wake. */
	if (is_held)
		atomic_store_explicit(&self->state, THREAD_STOPPED, memory_order_seq_cst);
	sig_unlock(t, irqflags);
	return is_held;
}

static void join_stop(struct thread *self)
{
	struct task *t = self->task;
	u64 irqflags = sig_lock(t);
	bool is_due = self->stop_pending, is_last;

	self->stop_pending = false;
	is_last = is_due && count_stopped(t);
	sig_unlock(t, irqflags);
	if (is_last)
		tell_parent(t, CLD_STOPPED, t->stop_code);
	while (is_held_stopped(self))
		thread_block(WAIT_FOREVER);
}

static void begin_stop(struct thread *self, int sig)
{
	struct task *t = self->task;
	struct thread *thread;
	bool is_orphaned = false;
	u64 irqflags;

	if (sig != SIGSTOP) {
		rwspin_read_lock(&tasks_lock);
		is_orphaned = group_is_orphaned(t->group, NULL);
		rwspin_read_unlock(&tasks_lock);
	}
	irqflags = sig_lock(t);
	if (!is_orphaned && self->stop_dequeued && !t->is_exiting && !t->nr_to_stop) {
		t->stop_code = sig;
		list_for_each(thread, &t->threads, task_link) {
			if (thread->is_exiting)
				continue;
			thread->stop_pending = true;
			t->nr_to_stop++;
			if (thread != self)
				signal_wake(thread, false);
		}
	}
	self->stop_dequeued = false;
	sig_unlock(t, irqflags);
}

void signal_exit_thread(void)
{
	struct thread *self = current;
	struct task *t = self->task;
	bool is_last;
	u64 irqflags = sig_lock(t);

	if (unlikely(t->dump))
		irqflags = coredump_park(t, irqflags);
	self->is_exiting = true;
	signal_retarget(t, ~self->sig_blocked);
	is_last = self->stop_pending && count_stopped(t);
	self->stop_pending = false;
	sig_unlock(t, irqflags);
	if (is_last)
		tell_parent(t, CLD_STOPPED, t->stop_code);
}

/* ---- delivery ---- */

/* A signal with a handler, and what its frame needs. */
struct delivery {
	struct sigframe_args frame;
	siginfo_t info;
};

static __noreturn void die(struct task *t)
{
	if (t->is_exiting)
		task_exit_group(t->group_exit_code);
	if (t->is_execing)
		task_exit_thread(0);
	task_exit_group(SIGKILL);
}

static void default_action(struct thread *self, int sig, const siginfo_t *info)
{
	u64 bit = SIGMASK(sig);

	if (bit & SIG_DEFAULT_IGNORED)
		return;
	if (task_is_ns_init(self->task) && sig != self->forced_sig && !(bit & SIG_KERNEL_ONLY))
		return;
	if (bit & SIG_STOP_MASK) {
		begin_stop(self, sig);
		return;
	}
	if (bit & SIG_DUMP_MASK)
		coredump(sig, info);
	task_exit_group(sig);
}

/* Marks the handler as running: sig_lock held. */
static inline void enter_handler(struct thread *self, struct task *t, struct delivery *d, int sig,
				 const struct kernel_sigaction *action)
{
	u64 mask = self->sig_blocked | action->mask;

	d->frame = (struct sigframe_args){
		.sig = sig,
		.handler = (u64)action->handler,
		.restorer = (u64)action->restorer,
		.sa_flags = action->flags,
		.info = &d->info,
		.mask = self->sig_blocked,
		.altstack = self->altstack,
		.trap = self->fault_trap,
		.error = self->fault_error,
		.cr2 = self->fault_addr,
	};
	if (!(action->flags & SA_NODEFER))
		mask |= SIGMASK(sig);
	set_blocked(self, t, mask);
}

/* The action as a whole, which another task may be changing; sig_lock held. */
static void get_action(struct thread *self, struct task *t, int sig, struct kernel_sigaction *out)
{
	struct kernel_sigaction *action = &t->sighand->actions->action[sig - 1];

	spin_lock(&t->sighand->lock);
	*out = *action;
	if (unlikely(out->flags & SA_RESETHAND) && out->handler != SIG_IGN &&
	    sig != self->forced_sig)
		action->handler = SIG_DFL;
	spin_unlock(&t->sighand->lock);
}

enum next {
	NEXT_NOTHING,
	NEXT_HANDLER,
	NEXT_DEFAULT,
	NEXT_STOP,
	NEXT_TELL,
	NEXT_DEATH,
	NEXT_AGAIN
};

static enum next next_action(struct thread *self, struct task *t, struct delivery *d,
			     struct sigqueue **garbage)
{
	struct kernel_sigaction action;
	int sig;

	if (self->pending.set & SIGMASK(SIGKILL))
		return NEXT_DEATH;
	if (t->notify_due)
		return NEXT_TELL;
	if (self->stop_pending)
		return NEXT_STOP;
	sig = signal_take_locked(~self->sig_blocked, &d->info, garbage);
	if (!sig) {
		recalc(self, t);
		return NEXT_NOTHING;
	}
	get_action(self, t, sig, &action);
	if (action.handler == SIG_IGN && sig != self->forced_sig)
		return NEXT_AGAIN;
	if (action.handler == SIG_DFL || sig == self->forced_sig) {
		d->frame.sig = sig;
		self->stop_dequeued = SIGMASK(sig) & SIG_STOP_MASK;
		return NEXT_DEFAULT;
	}
	enter_handler(self, t, d, sig, &action);
	return NEXT_HANDLER;
}

static void tell_due(struct task *t)
{
	u64 irqflags = sig_lock(t);
	int why = t->notify_due;

	t->notify_due = 0;
	sig_unlock(t, irqflags);
	if (why)
		tell_parent(t, why, why == CLD_CONTINUED ? SIGCONT : t->stop_code);
}

/* True: a handler is to run. */
static bool get_signal(struct thread *self, struct delivery *d)
{
	struct task *t = self->task;

	for (;;) {
		struct sigqueue *garbage = NULL;
		u64 irqflags = sig_lock(t);
		enum next next = next_action(self, t, d, &garbage);

		sig_unlock(t, irqflags);
		if (garbage)
			sigqueue_free(garbage);
		switch (next) {
		case NEXT_NOTHING:
			return false;
		case NEXT_HANDLER:
			return true;
		case NEXT_DEFAULT:
			default_action(self, d->frame.sig, &d->info);
			break;
		case NEXT_STOP:
			join_stop(self);
			break;
		case NEXT_TELL:
			tell_due(t);
			break;
		case NEXT_DEATH:
			die(t);
		case NEXT_AGAIN:
			break;
		}
	}
}

/* What becomes of an interrupted system call. */
static void restart_syscall(struct regs *regs, bool has_handler, u64 sa_flags)
{
	bool is_restarted = true;
	u64 number = regs->orig_rax;

	if ((s64)regs->orig_rax < 0)
		return; /* not a system call, or dealt with */
	switch (-(s64)regs->rax) {
	case ERESTARTSYS:
		is_restarted = !has_handler || (sa_flags & SA_RESTART);
		break;
	case ERESTARTNOINTR:
		break;
	case ERESTARTNOHAND:
		is_restarted = !has_handler;
		break;
	case ERESTART_RESTARTBLOCK:
		is_restarted = !has_handler;
		number = NR_restart_syscall;
		break;
	default:
		return;
	}
	if (is_restarted) {
		regs->rax = number;
		regs->rip -= SYSCALL_INSN_SIZE;
	} else {
		regs->rax = (u64)-EINTR;
	}
	regs->orig_rax = ~0ull;
}

/* The frame could not be made: that is a fault of its own, and fatal if its handler's frame is the
 * one. */
static void frame_failed(struct thread *self, int sig, u64 mask)
{
	if (sig == SIGSEGV) {
		u64 irqflags = sig_lock(self->task);

		self->forced_sig = SIGSEGV;
		sig_unlock(self->task, irqflags);
	}
	signal_set_blocked(mask);
	signal_force(SIGSEGV, SI_KERNEL, 0);
}

static void run_handler(struct regs *regs, struct thread *self, struct delivery *d)
{
	restart_syscall(regs, true, d->frame.sa_flags);
	if (atomic_load_explicit(&self->head.work_flags, memory_order_relaxed) & WORK_SIGMASK) {
		d->frame.mask = self->saved_mask;
		clear_work(self, WORK_SIGMASK);
	}
	if (sigframe_build(regs, &d->frame))
		frame_failed(self, d->frame.sig, d->frame.mask);
	else if ((u32)self->altstack.ss_flags & SS_AUTODISARM)
		self->altstack = (stack_t){ 0 };
}

void signal_deliver(struct regs *regs)
{
	struct thread *self = current;
	struct delivery d __uninitialized;

	if (get_signal(self, &d)) {
		run_handler(regs, self, &d);
		return;
	}
	restart_syscall(regs, false, 0);
	signal_end_temporary_mask();
}

void upcall_return_to_user(struct regs *regs)
{
	u32 work = atomic_load_explicit(&current->head.work_flags, memory_order_acquire);

	lockcheck_return_to_user();
	if (unlikely(work & WORK_TRACE))
		trace_return(regs);
	if (work & WORK_RESCHED)
		sched_resched();
	if (unlikely(current->rseq || (work & WORK_RSEQ)))
		rseq_return_to_user(regs);
	if (work & (WORK_SIGNAL | WORK_SIGMASK))
		signal_deliver(regs);
}
