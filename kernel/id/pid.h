/*
 * struct pid: who a thread, process, process group or session is, for as long as anybody cares.
 *
 * Why the type exists. A bare number names somebody else after it wraps around. A pointer to the
 * task would keep a dead process's memory for as long as somebody remembers it. struct pid is
 * small, counted, numbered once and for ever by ino, and outlives the task: pidfds, sessions,
 * groups and sockets hold it, and find the task through it only while there is one.
 *
 *   [I] set at creation   [a] atomic   [T] tasks_lock   [x] written once before life says so
 */
#pragma once

#include "lib/list.h"
#include "arch/x86_64/percpu.h"
#include "kernel/id/pidns.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait.h"

struct task;
struct pidfs_attr;

/* Forward only. EXITED: a zombie whose every thread is gone; REAPED: nobody. */
enum pid_life { PID_NEW, PID_LIVE, PID_EXITED, PID_REAPED };

/* What is left to say of a process after its reap. */
struct pid_exit {
	int code; /* wait-status format */
};

/* What a core dump that somebody was told of leaves to say. */
struct pid_dump {
	_Atomic u32 mask; /* [a] PIDFD_COREDUMP*; 0: there was none. The rest before it (release) */
	int signal, code;
};

/* One per namespace level, from the initial namespace (0) to the pid's own. */
struct pid_number {
	int nr;
	struct pidns *ns; /* the innermost is counted by the pid, the others by their children */
};

struct pid {
	u64 ino; /* [I] never reused, never 0; pidfs' inode number */
	struct refcount refs; /* [a] */
	_Atomic u32 life; /* [a] enum pid_life; readers acquire, writers release */
	struct pid_exit exit; /* [x] before EXITED (threads: before REAPED) */
	struct pid_dump dump; /* processes only */
	struct thread *thread; /* [T] who has this as thread id; weak, cleared at reap */
	struct task *task; /* [T] who has this as process id (leaders only); weak */
	struct list group_members; /* [T] task.group_link */
	struct list session_members; /* [T] task.session_link */
	struct wait_queue exited; /* woken when life advances */
	struct pidfs_attr *_Atomic attr; /* [a] pidfs' own, which frees it; NULL: none yet */
	bool has_numbers; /* [T] they are in the tables */
	_Atomic bool had_pidfd; /* [a] somebody could have learnt ino */
	u32 level; /* [I] */
	struct pid_number numbers[]; /* [I] level + 1 of them */
};

/* Guards the process tree and the links between struct pid, thread and task. Never in interrupts.
 */
extern struct rwspin tasks_lock;

/**
 * pid_new - a new identity with a number in ns and each of its ancestors.
 * @out: one reference, life PID_NEW; the number is visible, and finds nobody before pid_attach.
 * Errors: -EAGAIN no number is free, -ENOMEM (also for a namespace whose init is gone).
 */
int pid_new(struct pidns *ns, struct pid **out) __must_check;

/* The same with chosen numbers: nrs[0] in ns, nrs[1] in its parent and so on, at most ns->level + 1
 * of them. Errors: also -EINVAL out of range, -EPERM no CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE,
 * -EEXIST taken. */
int pid_new_numbered(struct pidns *ns, const int *nrs, u32 n, struct pid **out) __must_check;

/* Takes the numbers out of every namespace: a fork that failed. Keeps the reference. */
void pid_release_numbers(struct pid *pid);

/* The same if nobody is this thread or process any more, nor in a group or session of this name:
 * whoever ceases to be one of them calls it. tasks_lock held for writing. */
void pid_drop_if_unused(struct pid *pid) REQUIRES(tasks_lock);

static inline struct pid *pid_get(struct pid *pid)
{
	refcount_get(&pid->refs);
	return pid;
}
void pid_free(struct pid *pid); /* the count is 0 */
extern void (*pid_free_attr)(struct pidfs_attr *attr); /* set by pidfs at boot */
/* NULL is fine; any context but interrupts. */
static inline void pid_put(struct pid *pid)
{
	if (pid && refcount_put(&pid->refs))
		pid_free(pid);
}

/* +1, or NULL when nobody has the number. */
struct pid *pid_find_get(struct pidns *ns, int nr);

/* The number in ns, 0 if pid is not visible there. pid NULL: 0. */
static inline int pid_nr_in(const struct pid *pid, const struct pidns *ns)
{
	if (!pid || ns->level > pid->level || pid->numbers[ns->level].ns != ns)
		return 0;
	return pid->numbers[ns->level].nr;
}

/* Advances life (EXITED or REAPED) with release order and wakes the pollers. */
void pid_advance(struct pid *pid, enum pid_life life);

static inline enum pid_life pid_life(const struct pid *pid)
{
	return atomic_load_explicit(&pid->life, memory_order_acquire);
}

/* pid namespace of the current thread, and pid's number as that sees it. */
static inline struct pidns *pidns_current(void)
{
	const struct pid *pid = current ? current->pid : NULL;

	return pid ? pid->numbers[pid->level].ns : &pidns_initial;
}
static inline int pid_vnr(const struct pid *pid)
{
	return pid_nr_in(pid, pidns_current());
}

extern int pid_max; /* /proc/sys/kernel/pid_max; one above the largest number */
int pid_set_max(int max); /* -EINVAL outside 301..4194304 */

/* Calls fn(pid) for each number >= *nr in ns in rising order till fn is non-zero: for readdir of
 * /proc. pid_next: the first pid with number >= nr, +1 reference, or NULL. */
struct pid *pid_next(struct pidns *ns, int nr, int *found_nr);

unsigned pid_count(void); /* identities alive, for accounting */
void pid_init(void);
