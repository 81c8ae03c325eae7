/*
 * struct thread: what the scheduler knows of one flow of control.
 *
 * Why two types: a thread is scheduled, a task (kernel/task/task.h) is a process that has threads,
 * a parent and an exit status. The scheduler and the file system need only the thread, with opaque
 * pointers to the rest, so they can sit below the process table.
 *
 * Fields are grouped by who may touch them:
 *   [I] set at creation, constant      [o] only the thread itself (or before it runs)
 *   [r] run queue lock of thread->cpu  [a] atomic
 *   [S] task->sig_lock                 [T] tasks_lock
 */
#pragma once

#include <linux/signal.h>

#include "lib/list.h"
#include "arch/x86_64/thread.h"
#include "arch/x86_64/regs.h"
#include "kernel/sched/usage.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/lockcheck.h"
#include "kernel/time/timer.h"

struct as;
struct cred;
struct files;
struct fs_ctx;
struct nsproxy;
struct pid;
struct scm_files;
struct task;
struct uid_usage;

#define COMM_LEN       16
#define TIMER_SLACK_NS 50000 /* of process 1 */

/* thread->head.work_flags: reasons to call upcall_return_to_user() before user mode. */
#define WORK_RESCHED 0x1u /* give the CPU to somebody else */
#define WORK_SIGNAL  0x2u /* a signal may be deliverable, or a stop or death is due */
#define WORK_RSEQ    0x8u /* it runs on another CPU, or others ran while it was interrupted */
#define WORK_TRACE   0x10u /* the trace wants the result of the system call */
#define WORK_SIGMASK 0x4u /* restore saved_mask when no handler runs (sigsuspend, ppoll) */

enum thread_state {
	THREAD_NEW,
	THREAD_RUNNABLE, /* running or on a run queue */
	THREAD_BLOCKED, /* until thread_wake() */
	THREAD_KILLABLE, /* blocked; a fatal signal wakes it too */
	THREAD_SLEEPING, /* blocked; any signal wakes it too */
	THREAD_STOPPED, /* by a job control stop; SIGCONT and SIGKILL wake it */
	THREAD_DEAD, /* never runs again */
};

/* Only so many bytes of a siginfo_t say something; the rest is always zero. */
#define SIGINFO_BYTES 48

enum sigqueue_kind { SIGQUEUE_SLOT, SIGQUEUE_HEAP, SIGQUEUE_TIMER };

/* The siginfo of one pending signal. */
struct sigqueue {
	struct list link; /* points to itself while unused */
	u8 kind; /* enum sigqueue_kind */
	union {
		u64 words[SIGINFO_BYTES / 8];
		struct {
			int signo, error, code;
		};
	};
};

/* Pending signals: the set for quick tests, the queue for their siginfo. */
struct sigpending {
	u64 set; /* bit sig-1 */
	struct list queue; /* struct sigqueue.link */
	struct sigqueue slot; /* room for one, so that sending rarely allocates */
};

/* User and system time as told to somebody; guarded inside cputime_show(). */
struct cputime_shown {
	u64 user_ns, system_ns;
};

struct thread {
	struct thread_head head; /* must be first: entry.asm knows its offsets */

	/* Scheduling. */
	_Atomic u32 state; /* [a] enum thread_state */
	_Atomic bool on_cpu; /* [a] still using its stack on a CPU */
	u32 cpu; /* [r] whose run queue it is, or was last, on */
	u64 affinity; /* [r] bit per CPU it may run on */
	struct rseq __user *rseq; /* [o] rseq(2), these four: kernel/task/rseq.c */
	u32 rseq_cpu; /* [o] that it was told last */
	u32 rseq_len, rseq_sig; /* [o] */
	u64 slice_start_ns; /* [r] when it was switched in */
	u64 ran_since_ns; /* [o] up to when its run queue has counted it: the last tick or switch */
	_Atomic u64 run_ns; /* [a] CPU time used in all; while it runs less the clock, so that it
			       goes on by itself: thread_run_ns() */
	_Atomic u64 user_ns, system_ns; /* [a] ticks seen in either mode: only their ratio counts */
	struct cputime_shown times; /* what thread_times() said last */
	s8 nice; /* [r] -20..19 */
	u8 policy; /* [r] SCHED_* */
	u8 rt_priority; /* [r] 1..99 by policy; 0: not real-time */
	u8 inherited; /* [r] that of the most urgent thread it keeps waiting */
	u8 prio; /* [r] the larger of the two */
	bool resets_on_fork; /* [r] SCHED_RESET_ON_FORK */
	u16 ioprio; /* [a] ioprio_set(2): told back, for there are no disks */
	struct list run_link; /* [r] */
	struct timer block_timer; /* [o] deadline of the current block */
	u64 nr_voluntary, nr_involuntary; /* [o] context switches */
#ifdef CONFIG_TRACE
	bool is_traced; /* [o] */
	u32 trace_depth; /* [o] calls since user mode */
#endif
	struct lockcheck_thread locks; /* [o] what it holds; debug kernels */

	/* Who it is and what it shares. */
	struct refcount refs; /* [a] the thread itself holds one until it is dead */
	struct as *as; /* [o] NULL: kernel thread; others read it under sig_lock */
	struct files *files; /* [o] others read it under task->sig_lock */
	struct fs_ctx *fs; /* [o] others read it under task->sig_lock */
	const struct cred *cred; /* [o] replaced by itself only; others under task->sig_lock */
	struct nsproxy *nsproxy; /* [o] NULL: kernel thread, or ending; others: under sig_lock */
	struct uid_usage *uid_usage; /* [o] its count among the real user's threads; the leader's,
					which has the process's signals: [S] for writing */
	struct task *task; /* [I] counted; NULL: kernel thread */
	struct pid *pid; /* [T] its thread id; counted; exchanged by exec */
	struct list task_link; /* [S]+[T] task->threads */
	char comm[COMM_LEN]; /* [S] for writing; a torn read is harmless */
	bool is_exiting; /* [S] */
	bool is_accounted; /* [S] its times are in task->dead_* already */
	int exit_code; /* [S] wait-status format */

	/* Signals. */
	u64 sig_blocked; /* [S] for writing */
	u64 saved_mask; /* [o] valid with WORK_SIGMASK */
	u64 sig_waiting; /* [S] sigtimedwait waits for these, blocked or not */
	struct sigpending pending; /* [S] directed at this thread */
	bool stop_pending; /* [S] it is to join a group stop */
	bool stop_dequeued; /* [S] took a stop signal; SIGCONT takes that back */
	u8 forced_sig; /* [S] a fault's signal without handler: kills even init */
	u64 fault_trap, fault_error, fault_addr; /* [o] the last fault, for the signal frame */
	stack_t altstack; /* [o] */

	/* Odds and ends of the ABI. */
	int __user *clear_child_tid; /* [o] set_tid_address, CLONE_CHILD_CLEARTID */
	int __user *set_child_tid; /* [o] CLONE_CHILD_SETTID */
	void __user *robust_list; /* [o] set_robust_list */
	struct list pi_held; /* these three: kernel/sched/futex_pi.c, under its lock */
	struct pi_waiter *pi_waiting;
	bool is_done_with_futexes;
	struct wait_queue *vfork_done; /* [a] parent's queue while it waits in vfork */
	_Atomic bool *vfork_flag; /* set true when the child execs or exits */
	long (*restart)(struct thread *); /* [o] restart_syscall continues here */
	u64 restart_args[5]; /* [o] */
	struct scm_files **scm_drain; /* [o] files of packets it is closing: fs/sockfs/scm.c */
	u64 start_ns; /* [I] monotonic */
	u64 minor_faults, major_faults; /* [o] */
	struct io_usage io; /* [o] */
	u64 timer_slack_ns,
		default_slack_ns; /* how late a sleep may end; no timer makes use of it */
};

static inline struct regs *thread_regs(struct thread *t)
{
	return thread_head_regs(&t->head);
}

/**
 * thread_new - make a thread that does not run yet.
 * @name: for ps; at most COMM_LEN-1 bytes are kept.
 * @out: one reference. Kernel stack and lists are ready; as, files, fs, cred, task, pid are NULL
 * for the caller to fill in, and the FPU area is to be (arch_thread_copy_user(), arch_fpu_init());
 * affinity: all CPUs. Context: may not be in interrupt.  Errors: -ENOMEM.
 */
int thread_new(const char *name, struct thread **out) __must_check;

/* +1 / -1. The last put frees the stack and the struct; the thread must be dead or never started.
 */
void thread_get(struct thread *t);
void thread_put(struct thread *t);

/**
 * kthread_start - make and run a kernel thread.
 * fn must not return (it would go to user mode): it ends with thread_exit().
 */
int kthread_start(const char *name, void (*fn)(void *), void *arg) __must_check;

/* CPU time used so far, in all; how it splits into user and system time. Any context. */
u64 thread_run_ns(const struct thread *t);
void thread_times(const struct thread *t, u64 *user_ns, u64 *system_ns);
/* Splits run_ns by the ratio of sampled ticks; with no sample it is all user time. The ratio goes
 * up and down: cputime_show() corrects a split so that neither part is ever less than it was in
 * shown. Any context. */
void cputime_show(struct cputime_shown *shown, u64 *user_ns, u64 *system_ns);
void cputime_split(u64 run_ns, u64 user_ticks_ns, u64 system_ticks_ns, u64 *user_ns,
		   u64 *system_ns);

/* For kernel/task: what the last put of a process's thread does, instead of thread_free(). */
extern void (*thread_last_put)(struct thread *t);
void thread_free(struct thread *t);

void thread_init_caches(void);
