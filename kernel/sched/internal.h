/*
 * What the files of the scheduler share.
 */
#pragma once

#include "arch/x86_64/percpu.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/spinlock.h"
#include "kernel/time/timer.h"

/* One per CPU. [l] lock; [c] only its own CPU, interrupts off. */
struct runq {
	struct spinlock lock; /* RANK_RUNQ */
	u32 nr_queued; /* [l] others look at it as a hint */
	struct list queue; /* [l] thread.run_link, the next to run first */
	struct thread *running; /* [l] for writing; changes before the stack does */
	u8 running_prio; /* [l] of that; others look at it as a hint */
	struct thread *idle; /* constant once the CPU is online */
	struct thread *previous; /* [c] whom the switch under way leaves */
	bool is_migrating; /* [c] previous is to go to another CPU */
	bool is_ticking; /* [c] tick is armed */
	struct timer tick;
	bool is_throttled; /* [c] ordinary threads come before real-time ones for a while */
	u64 throttled_until_ns; /* [c] */
	u64 realtime_ns; /* [c] see account() */
	u64 switches; /* [c] */
	_Atomic u64 user_ns, system_ns; /* [c] for writing: ticks seen in either mode */
	struct cputime_shown times; /* what sched_cpu_stat() said last */
} __aligned(64);

extern struct runq runqs[MAX_CPUS];
extern _Atomic u64 online_cpus; /* bit per CPU that schedules */
extern _Atomic u64 sched_idle_cpus; /* bit per CPU that naps or is about to */

static inline struct runq *this_runq(void)
{
	return &runqs[cpu_id()];
}

/* With its lock held, interrupts off: */
void runq_add(struct runq *rq, struct thread *t); /* t->cpu says so already */
void runq_del(struct runq *rq, struct thread *t);
struct thread *runq_pick(struct runq *rq); /* off the queue; or the idle thread */
void sched_preempt(struct runq *rq); /* whoever runs there looks whether he still should */
/* Releases the lock; both threads differ. Returns a dead thread to be put with interrupts on. */
struct thread *runq_switch(struct runq *rq, struct thread *prev, struct thread *next);

/* Interrupts off, no such lock held: */
struct runq *runq_lock_of(const struct thread *t); /* locks it */
unsigned int sched_choose_cpu(const struct thread *t);
/* Queues a runnable thread that is on no queue and leaves, or has left, its CPU: for t->cpu. */
void runq_place(struct thread *t);
void sched_tick(struct timer *timer);

/* ---- Futexes: futex.c, futex_pi.c */

struct futex_key {
	const void *object; /* struct as, or struct page */
	u64 offset; /* the address, or the offset in the page, plus 1 so that they differ */
	struct page *page; /* counted; NULL for private ones */
};
static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}
int futex_key_get(const u32 __user *uaddr, bool is_shared, struct futex_key *key) __must_check;
void futex_key_put(struct futex_key *key);
/* Brings the page in for writing, changing nothing. */
int futex_touch(u32 __user *uaddr) __must_check;

/* FUTEX_WAKE_OP: the new value; does the old one compare? 1 or 0. -ENOSYS: no such operation. */
int futex_op_result(u32 op, u32 old, u32 *new) __must_check;
int futex_op_compare(u32 op, u32 old) __must_check;

struct pi_lock;
struct pi_waiter { /* on the waiter's stack */
	struct list link; /* lock->waiters, while it waits */
	struct thread *thread;
	struct pi_lock *lock;
	_Atomic bool is_granted; /* it has the lock */
};
/* For a thread asleep elsewhere: 0, it has the lock and was woken; 1, w waits for it now; 2: look
 * again; or -errno. owner: futex_pi_owner_get() of word. */
int futex_pi_requeue(u32 __user *uaddr, const struct futex_key *key, u32 word, struct thread *owner,
		     struct pi_waiter *w) __must_check;
struct thread *futex_pi_owner_get(u32 word);
int futex_pi_wait(struct pi_waiter *w, u64 deadline_ns) __must_check;
/* After waiting: 0 if it has the lock, else it waits no more, and err. */
int futex_pi_finish(struct pi_waiter *w, u32 __user *uaddr, const struct futex_key *key,
		    int err) __must_check;
/* Exit and exec: what the current thread holds goes to others. */
void futex_pi_exit(void);

/* A thread struct with a kernel stack; FPU state if it will go to user mode. */
int thread_alloc(const char *name, bool has_user_mode, struct thread **out) __must_check;

/* At a tick: folds the number of runnable threads into the load averages every 5 s. */
void load_tick(u64 now_ns);
