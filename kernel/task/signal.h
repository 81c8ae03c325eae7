/*
 * Signals: sending, queueing, masks, delivery.
 */
#pragma once

#include <linux/signal.h>

#include "kernel/task/task.h"

#define SIGMASK(sig) (1ull << ((sig)-1))
#define SIG_KERNEL_ONLY                                                                            \
	(SIGMASK(SIGKILL) | SIGMASK(SIGSTOP)) /* cannot be blocked, caught, ignored */

enum signal_scope { SCOPE_THREAD, SCOPE_PROCESS };

/* Fills in si_signo, si_code (SI_USER or SI_TKILL), pid and uid of the current process. */
void siginfo_user(siginfo_t *info, int sig, int code);

/**
 * signal_send - queue a signal for a thread or its process, wake whoever takes it.
 * @info: NULL: kernel origin (SI_KERNEL), cannot be refused.   No permission check here.
 * Context: any but interrupts, unless info is NULL or the queue entry is not needed; takes
 * sig_lock. Returns 0; -EAGAIN when a real-time signal's queue is full; -ESRCH when the task has
 * gone.
 */
int signal_send(struct thread *t, enum signal_scope scope, int sig, const siginfo_t *info);
int signal_send_task(struct task *t, int sig, const siginfo_t *info); /* SCOPE_PROCESS */

/* kill(2)'s forms, with permission. sig 0 only checks. */
int signal_kill_pid(struct pid *pid, enum signal_scope scope, int sig, const siginfo_t *info);
/* No one can be hurt by it unless its handler says so: process 1 of a namespace. */
bool task_is_ns_init(const struct task *t);
/* kill(2)'s rule for all signals but SIGCONT: may who has cred do so to t? */
bool signal_may_kill(const struct cred *cred, struct task *t);
int signal_kill_self(int sig, const siginfo_t *info); /* the current process: needs no look-up */
int signal_kill_thread(int tgid, struct pid *pid, int sig,
		       const siginfo_t *info); /* tgid <= 0: whichever */
int signal_kill_group(struct pid *group, int sig,
		      const siginfo_t *info); /* with permission checks */
int signal_kill_all(int sig, const siginfo_t *info); /* kill(-1) */
void signal_group_kernel(struct pid *group,
			 int sig); /* tty: no permission check; tasks_lock taken inside */

/* A synchronous fault of the current thread: unblocks and un-ignores if it must, so that it cannot
 * be missed. */
void signal_force(int sig, int code, u64 addr);
void signal_force_info(siginfo_t *info);

/* Masks of the current thread; SIGKILL and SIGSTOP are taken out. */
void signal_set_blocked(u64 mask);
/* The same until the next return to user mode (sigsuspend, ppoll ...): the old mask comes back
 * there, after a handler ran, or at once if the caller does not return an error that lets one run
 * (signal_end_temporary_mask). */
void signal_set_temporary_mask(u64 mask);
void signal_end_temporary_mask(void); /* the call was not interrupted */
/* The current thread looks for signals before user mode: for whoever returns -ERESTARTSYS without a
 * signal of its own. */
void signal_mark_current(void);
void signal_recalc(struct thread *t); /* sig_lock held: WORK_SIGNAL as pending & ~blocked says */

/* Takes the next pending signal in set (lowest, synchronous first) for the current thread; 0: none.
 * All of info is written when there is one. Takes sig_lock. */
int signal_take(u64 set, siginfo_t *info);
/* Pending signals of the current thread, its process's included. */
u64 signal_pending_set(void);
/* sigtimedwait's core: sleeps till one of set is pending; signal number, -EAGAIN, -EINTR. */
int signal_timedwait(u64 set, u64 deadline_ns, siginfo_t *info);

/* rt_sigaction. act, old: may be NULL. -EINVAL. */
int signal_action(int sig, const struct kernel_sigaction *act, struct kernel_sigaction *old);
bool signal_is_ignored(struct task *t, int sig); /* sig_lock held */

/* All default; as t has them; the same as t's, counted. NULL: out of memory. */
struct sighand *sighand_new(void);
struct sighand *sighand_copy(struct task *t);
struct sighand *sighand_share(struct task *t);
/* exec of the only thread: handlers become default and its own, ignored stay. -ENOMEM. */
int sighand_exec(struct task *t) __must_check;
void sighand_put(struct sighand *s);
void sigpending_init(struct sigpending *p);
/* Drops pending ones in set. sig_lock held, or nobody else sees p. Entries to free go to garbage,
 * for sigqueue_free_list() once no spin lock is held and interrupts are on. task: whose nr_queued.
 */
void sigpending_flush(struct task *task, struct sigpending *p, u64 set, struct list *garbage);
void sigqueue_free_list(struct list *garbage);

/* Exit of the current thread, before it leaves task->threads; takes sig_lock: sets is_exiting,
 * hands the process's pending signals to the other threads, and completes a group stop that waited
 * only for this thread. */
void signal_exit_thread(void);

/* Tells parent of a child's exit, stop or continue (SIGCHLD and wait queue). tasks_lock held for
 * writing (exit) or reading. exit: returns true if the parent does not want a zombie (SIGCHLD
 * ignored or SA_NOCLDWAIT). */
bool signal_notify_parent_exit(struct task *child);
void signal_notify_parent_stop(struct task *child, int why /* CLD_STOPPED, CLD_CONTINUED */,
			       int sig);

/* From upcall_return_to_user with WORK_SIGNAL: delivers, stops or kills; sets up frames; handles
 * syscall restart. */
void signal_deliver(struct regs *regs);

/*
 * How a fatal signal ends a process: the sender sets task->is_exiting and group_exit_code and gives
 * every thread a pending SIGKILL; each thread then calls task_exit_group(), which keeps a
 * group_exit_code that is already set. While task->is_execing, a thread with SIGKILL pending and no
 * is_exiting calls task_exit_thread(0).
 */
/* Group stop and SIGKILL pressure used by exit/exec: every other thread of the current task is
 * killed. sig_lock held. */
void signal_kill_other_threads(struct task *t);
/* Poked whenever a signal is queued for anybody: signalfd readers of all processes sleep here. */
extern struct wait_queue signalfd_wait;
/* O_ASYNC of a file that sends_sigio, set or cleared through fd. -ENOMEM */
struct file;
int sigio_switch(struct file *file, int fd, bool is_on) __must_check;
void signal_init(void);
