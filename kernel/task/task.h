/*
 * struct task: a process: threads that share an identity, a parent, signals and limits.
 *
 * Life: made by task_new_process (fork), LIVE; its last thread makes it a zombie (pid life EXITED);
 * the parent's wait, or nobody's interest, releases it (REAPED). The struct goes with its last
 * reference.
 *
 *   [T] tasks_lock   [S] sig_lock   [a] atomic   [I] constant
 */
#pragma once

#include <linux/resource.h>
#include <linux/signal.h>

#include "lib/list.h"
#include "kernel/id/ns.h"
#include "kernel/id/pid.h"
#include "arch/x86_64/percpu.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/rwsem.h"

struct tty;

#define NR_SIGNALS 64

/* What signals do. Forked processes use the same table until one of them changes something: [c]
 * after that. */
struct sigactions {
	struct refcount refs; /* struct sighand */
	u64 handled; /* [c] at least the signals with more to them than SIG_DFL or SIG_IGN */
	bool has_oneshot; /* [c] SA_RESETHAND: delivery changes it, so a fork copies it at once */
	struct kernel_sigaction action[NR_SIGNALS]; /* [c] index sig-1 */
};

/* Handlers; shared by CLONE_SIGHAND, so apart from the task. A sighand that several tasks share has
 * a table of its own, which stays: then sig_lock, which each of them has for itself, is enough to
 * read a handler by; an action as a whole needs the lock here. */
struct sighand {
	struct refcount refs;
	struct spinlock lock; /* RANK_SIGHAND: only inside sig_lock, when shared across tasks */
	struct sigactions *actions; /* [S] counted; only one with no other user may be changed */
};

enum stop_state { TASK_RUNNING, TASK_STOPPED };

struct task {
	struct refcount refs;
	struct pid *pid; /* [T] process id; counted */
	struct pid *group; /* [T] process group; counted; readers may use it under T read */
	struct pid *session; /* [T] counted */
	struct list group_link, session_link; /* [T] in the pids */
	struct task *parent; /* [T] who gets SIGCHLD and may wait; NULL only for init and kernel */
	struct list children; /* [T] running or stopped ones: child_link */
	struct list zombies; /* [T] those that have exited: child_link */
	struct list child_link; /* [T] in parent->children or ->zombies */
	struct list all_link; /* [T] every task, for iteration */
	bool is_zombie, is_reaped; /* [T] */
	bool did_exec; /* [T] setpgid by the parent is refused after it */
	bool is_subreaper; /* [T] PR_SET_CHILD_SUBREAPER */
	bool autoreap; /* [T] CLONE_AUTOREAP */
	int exit_signal; /* [T] SIGCHLD usually; 0: none */
	struct wait_queue child_wait; /* the parent's threads sleep here in wait */

	struct spinlock sig_lock; /* RANK_SIG, irqsave: everything below up to the blank line */
	struct list threads; /* [S] thread.task_link; the leader first */
	u32 nr_threads; /* [S] that have not finished exiting */
	_Atomic u32 nr_live; /* [a] that have not begun to exit */
	struct thread *leader; /* [S]+[T] */
	struct sighand *sighand; /* [S] NULL after the last thread's exit */
	struct sigpending pending; /* [S] directed at the process */
	u32 nr_queued; /* [S] sigqueue entries: its share of leader->uid_usage's */
	bool is_exiting; /* [S] group exit began: no new threads, everybody leaves */
	bool is_execing; /* [S] de-threading */
	struct wait_queue exec_wait; /* the de-threading thread waits here for nr_threads; a core
					dump and the threads for each other */
	int group_exit_code; /* [S] wait-status format, with is_exiting */
	struct core_dump *dump; /* [S] being made of it, after is_exiting; else NULL */
	enum stop_state stop; /* [S] */
	int stop_code; /* [S] signal that stopped it; waiting to be reported: stop_pending */
	bool stop_unreported, cont_unreported; /* [S]+[T] for WSTOPPED, WCONTINUED */
	u32 nr_to_stop; /* [S] threads that have not stopped yet; not 0: a stop is under way */
	u8 notify_due; /* [S] CLD_* that the next thread to leave the kernel tells the parent; 0:
			  none */

	struct rwsem exec_lock; /* RANK_EXEC */
	struct rlimit64 rlimits[RLIM_NLIMITS]; /* [S] for writing */
	struct tty
		*tty; /* [T] controlling terminal; weak, cleared by the tty code; fork copies it */
	bool is_session_leader; /* [T] */
	struct timer real_timer; /* ITIMER_REAL */
	u64 real_interval_ns, real_expires_ns; /* [S] */
	void *timers; /* POSIX timers, private to kernel/task/timers.c */
	_Atomic u32 nr_group_signals; /* [a] heard as a member of its group, or of everybody; of one
					 being forked: the parent's when that began */
	int pdeath_signal; /* [S] PR_SET_PDEATHSIG */
	u64 start_ns; /* [I] monotonic */
	u64 dead_run_ns, dead_user_ns,
		dead_system_ns; /* [S] of threads that are gone: time, ticks sampled */
	u64 nr_voluntary, nr_involuntary; /* [S] context switches of threads that are gone */
	struct cputime_shown times; /* what task_times() said last */
	u64 child_user_ns, child_system_ns; /* [S] of reaped children and theirs */
	u64 child_voluntary, child_involuntary; /* [S] */
	u64 minor_faults, major_faults, child_minor_faults,
		child_major_faults; /* [S] of threads that are gone */
	struct io_usage dead_io; /* [S] the same */
	u64 creator_ino; /* [I] of the thread that forked it (__WNOTHREAD) */
	u64 max_rss_pages, child_max_rss_pages; /* [S] */
	u64 personality; /* [a] */
	u8 thp_disable; /* [a] PR_SET_THP_DISABLE */
	int oom_score_adj; /* [a] */
	int oom_score_adj_min; /* [a] without privilege it cannot go below this */
};

static inline void task_get(struct task *t)
{
	refcount_get(&t->refs);
}
void task_put(struct task *t); /* the last frees: no spin locks held */

static inline struct task *task_current(void)
{
	return current->task;
}

/* The process with that id in the caller's namespace, +1; NULL: none (zombies are found, reaped
 * ones not). */
struct task *task_find_get(int nr);
/* Through a struct pid: process (leader's id), +1, or NULL when reaped or never a leader. */
struct task *task_of_pid_get(struct pid *pid);
/* The thread with that id, +1 reference on the thread, or NULL. */
struct thread *thread_of_pid_get(struct pid *pid);

/* tasks_lock held for reading: calls fn for every task; stops when it returns non-zero and returns
 * that. */
int task_for_each(int (*fn)(struct task *, void *), void *arg) REQUIRES(tasks_lock);
extern struct list all_tasks; /* [T] */
unsigned thread_count(void);
extern int threads_max; /* /proc/sys/kernel/threads-max */

/* Takes references another thread's shared objects under sig_lock; NULL if it is exiting. */
struct as *thread_as_get(struct thread *t);
struct files *thread_files_get(struct thread *t);
struct fs_ctx *thread_fs_get(struct thread *t);
const struct cred *thread_cred_get(struct thread *t);
/* One of its namespaces, +1; NULL: it has none (any more). kind: enum ns_kind. */
struct ns_common *thread_ns_get(struct thread *t, enum ns_kind kind);
/* The same of a process's leader. */
struct as *task_as_get(struct task *t);
const struct cred *task_cred_get(struct task *t);
u32 task_uid(struct task *t); /* the real one */
/* Replaces the current thread's descriptor table (the old one is put); consumes the reference. May
 * sleep. */
void thread_set_files(struct files *files);
void thread_set_fs(struct fs_ctx *fs); /* likewise */
void thread_set_nsproxy(struct nsproxy *p);
/* Replaces the current thread's credentials; consumes the reference. */
void thread_set_cred(const struct cred *new);
/* The same for who becomes somebody else: those it was may not look into it. */
void thread_change_cred(const struct cred *new);

/* A task with its first thread as leader (t->task is set); nobody sees it yet. NULL: out of memory.
 */
struct task *task_new(struct thread *leader) __must_check;
/* Enters it in the process table as a child of parent, in the group and session; makes its pid
 * LIVE. */
void task_publish(struct task *t, struct task *parent, struct pid *group, struct pid *session)
	REQUIRES(tasks_lock);
void threads_count_new(void); /* adds to both of these */
void threads_count_gone(void);
u64 threads_created(void); /* ever */

/* ---- fork.c */
struct fork_args {
	u64 flags; /* CLONE_*, without the signal byte */
	int exit_signal;
	u64 stack; /* new stack pointer, 0: the parent's */
	u64 tls;
	int __user *parent_tid, *child_tid;
	const int *set_tid; /* or NULL */
	u32 nr_set_tid;
};
/*
 * fork in three steps, composed by kernel/syscall/process.c so that CLONE_PIDFD can make its file
 * in between: create (nobody can see it; fork_discard is the only undo), publish (in the process
 * table; cannot fail except -EINTR/-ERESTARTNOINTR for a pending fatal signal), start (may run and
 * even be gone on return).
 */
int fork_create(const struct fork_args *args, struct thread **out) __must_check;
void fork_discard(struct thread *t);
int fork_publish(struct thread *t, const struct fork_args *args) __must_check;
/* Starts it; for CLONE_VFORK waits until it execs or exits. Consumes the caller's reference on t.
 */
void fork_start(struct thread *t, const struct fork_args *args);

/* A process of root's in the initial namespaces that runs fn(arg) in the kernel and then goes to user
 * mode. The first one is process 1; others are its children, in its root, without descriptors, and
 * nobody waits for them. Errors: -ENOMEM ... */
int task_start_kernel(const char *name, void (*fn)(void *), void *arg) __must_check;
/* Process 1's root, also as the working directory: a copy. */
int task_init_fs(struct fs_ctx **out) __must_check;

/* ---- exec.c: argv, envp: user pointers, or kernel arrays when kargv is not NULL. Changes the
 * current process. */
struct exec_args {
	struct file *file; /* from exec_open(); the reference stays the caller's */
	const char *filename; /* AT_EXECFN, and what a script's interpreter gets */
	const char __user *const __user *argv, *const __user *envp;
	const char *const *kargv, *const *kenvp; /* instead, if kargv is not NULL */
	bool is_fd_cloexec; /* fexecve of a close-on-exec fd: scripts are ENOENT */
};
int exec_run(const struct exec_args *args) __must_check; /* 0: regs are those of the new image */
/* Opens a program: regular, executable, not on a noexec mount. at_flags: AT_EMPTY_PATH,
 * AT_SYMLINK_NOFOLLOW. */
int exec_open(int dirfd, const char *name, u32 at_flags, struct file **out) __must_check;

/* ---- exit.c */
__noreturn void
task_exit_thread(int code); /* this thread only (exit); code in wait-status format */
__noreturn void task_exit_group(int code); /* the whole process (exit_group, fatal signal) */
/* The end of a zombie: numbers and links go, times are added to the parent's, REAPED. tasks_lock
 * held for writing. The process table's reference, thread_put(t->leader), becomes the caller's to
 * put without spin locks. */
void task_reap(struct task *t) REQUIRES(tasks_lock);
/* exec by a non-leader: kills all other threads and takes over the leader's identity. -EAGAIN if
 * exiting. */
int task_dethread(void) __must_check;

/* ---- wait.c */
struct wait_request {
	int which; /* P_ALL, P_PID, P_PGID (P_PIDFD is P_PID with its pid) */
	struct pid *pid; /* for P_PID, P_PGID; counted by the caller */
	u32 options; /* W* of waitid, __WALL ... */
	bool nonblock_eagain; /* O_NONBLOCK pidfd: -EAGAIN instead of sleeping */
	bool wants_rusage; /* fill in result->rusage */
};
struct wait_result {
	int pid; /* 0: nothing */
	u32 uid;
	int cause, status; /* CLD_*, si_status */
	int wait_status; /* wait4 format */
	struct rusage rusage;
};
/* 0 with result->pid 0 or a child's; -ECHILD, -EAGAIN, -ERESTARTSYS. */
int wait_child(const struct wait_request *req, struct wait_result *result) __must_check;

/* ---- ptrace-like access permission (pidfd_getfd, /proc/PID/mem ...) */
#define PTRACE_MODE_READ      1u
#define PTRACE_MODE_ATTACH    2u
#define PTRACE_MODE_FSCREDS   8u
#define PTRACE_MODE_REALCREDS 16u
bool task_may_access(struct task *t, u32 mode);

/* ---- oom.c: kills the largest process (may be the caller's); the caller retries or returns to
 * die. */
void oom_kill(void);
/* process_mrelease(2): takes the memory of a dying process before it has got so far itself. -ESRCH:
 * it has none any more, -EINVAL: it, or another with the same memory, is not dying, -EINTR. */
int oom_release(struct task *t) __must_check;

/* ---- rlimit.c */
u64 rlimit_get(unsigned which); /* soft limit of the current process */
int rlimit_set(struct task *t, unsigned which, const struct rlimit64 *new, struct rlimit64 *old);
void rlimits_init(struct rlimit64 *l);

/* CPU times of a whole process, ns. */
void task_times(struct task *t, u64 *user_ns, u64 *system_ns);
#define RUSAGE_BOTH (-2) /* SELF and CHILDREN: what wait4 reports of a child */
void task_rusage(struct task *t, int who, struct rusage *out); /* THREAD: the current one */

void task_init(void);
