/*
 * Wait queues: the only way a thread blocks, and what poll and epoll hook into.
 *
 * The protocol, and why no wakeup is lost (DOC: wait-ordering):
 *   waiter: puts its entry on the queue; marks itself blocked (full fence); tests the condition;
 *           gives up the CPU if it is still false.
 *   waker:  makes the condition true; full fence; looks at the queue.
 * Each side stores, fences, then loads what the other stored, so at least one sees the other.
 */
#pragma once

#include "lib/base.h"
#include "lib/list.h"

#include "arch/x86_64/atomic.h"

#include "kernel/sync/spinlock.h"

struct thread;

/* Never seen by user programs: what the return-to-user path does about an interrupted call. */
#define ERESTARTSYS           512 /* restart if SA_RESTART or no handler; else -EINTR */
#define ERESTARTNOINTR        513 /* always restart */
#define ERESTARTNOHAND        514 /* restart only if no handler runs */
#define ERESTART_RESTARTBLOCK 516 /* restart through restart_syscall */

#define WAIT_FOREVER (~0ull) /* a deadline that never comes */
#define WAKE_ANY_KEY (~0u) /* a key that every entry wants */

struct wait_queue {
	struct spinlock lock; /* RANK_WAITQ */
	struct list entries; /* struct wait_entry.link, oldest first */
};

struct wait_entry {
	struct list link;
	struct thread *thread; /* whom the default wake wakes */
	/* Instead of waking thread: called with queue->lock held and interrupts off, any context.
	 * Returns whether it woke somebody (counts for wake_one). It may not add or remove entries
	 * of this queue. NULL: the default. */
	bool (*wake)(struct wait_entry *entry, u32 key);
	u32 key; /* wake only for keys with one of these bits; POLL* bits for pollers */
	bool is_exclusive; /* wake_one() and wake_all_key() stop after one such */
};

#define WAIT_QUEUE_INIT(name)                                                                      \
	{                                                                                          \
		.lock = SPINLOCK_INIT(RANK_WAITQ), .entries = LIST_INIT((name).entries)            \
	}

void wait_queue_init(struct wait_queue *wq);

/* An entry that wakes the current thread. */
void wait_entry_init(struct wait_entry *entry);

/* Test the condition after the adding, not before: the adding ends with a full fence. */
void wait_add(struct wait_queue *wq, struct wait_entry *entry);
/* Afterwards no callback of the entry runs or will run. */
void wait_remove(struct wait_queue *wq, struct wait_entry *entry);

/* The queue is not empty; a hint without its lock. Has the waker's fence. */
static inline __no_sanitize_thread bool wait_queue_active(const struct wait_queue *wq)
{
	smp_mb();
	return READ_ONCE(wq->entries.next) != &wq->entries;
}

/* Call these after making the condition true. Any context, any lock below RANK_WAITQ held. They
 * touch the queue even if there are no waiters, so it must still exist. */
void wake_queue(struct wait_queue *wq, u32 key, unsigned int max_exclusive);
void wake_queue_nested(struct wait_queue *wq, u32 key); /* from a wake callback: epoll in epoll */

/* Everybody whose entry wants the key (exclusive ones: the first). */
static inline void wake_all_key(struct wait_queue *wq, u32 key)
{
	if (wait_queue_active(wq))
		wake_queue(wq, key, 1);
}

/* Everybody, exclusive or not. */
static inline void wake_all(struct wait_queue *wq)
{
	if (wait_queue_active(wq))
		wake_queue(wq, WAKE_ANY_KEY, ~0u);
}

/* All that are not exclusive, and one that is. */
static inline void wake_one(struct wait_queue *wq)
{
	wake_all_key(wq, WAKE_ANY_KEY);
}

/* Upcalls, defined by kernel/sched (the signal tests: kernel/task). */

enum block_state {
	BLOCK_UNINTERRUPTIBLE,
	BLOCK_KILLABLE, /* a fatal signal wakes it */
	BLOCK_INTERRUPTIBLE /* any signal wakes it */
};

/* Marks the current thread blocked; it goes on running until thread_block(). Is a full fence. */
void thread_prepare_to_block(enum block_state state);
/* Gives up the CPU unless it was woken since it was marked. Returns when woken or at the deadline.
 */
void thread_block(u64 deadline_ns);
/* Takes the mark back. */
void thread_cancel_block(void);
/* True if it was marked blocked and is no more. Any context; takes RANK_RUNQ. */
bool thread_wake(struct thread *thread);
bool signal_pending_current(void);
bool fatal_signal_pending_current(void);

/* Parts of the macros below. */
void wait_begin(struct wait_queue *wq, struct wait_entry *entry);
void wait_end(struct wait_queue *wq, struct wait_entry *entry);
/* One round: blocks, or returns -ERESTARTSYS or -ETIME. 0: test the condition again. */
int wait_block(enum block_state state, u64 deadline_ns);

#define WAIT_EVENT(wq, cond, state, deadline_ns)                                                   \
	({                                                                                         \
		struct wait_entry entry_;                                                          \
		int err_ = 0;                                                                      \
		if (!(cond)) {                                                                     \
			wait_begin(wq, &entry_);                                                   \
			for (;;) {                                                                 \
				thread_prepare_to_block(state);                                    \
				if (cond) {                                                        \
					err_ = 0;                                                  \
					break;                                                     \
				}                                                                  \
				err_ = wait_block(state, deadline_ns);                             \
				if (err_)                                                          \
					break;                                                     \
			}                                                                          \
			wait_end(wq, &entry_);                                                     \
		}                                                                                  \
		err_;                                                                              \
	})

/**
 * wait_event... - block until @cond is true.
 * @cond: an expression, evaluated more than once; must not sleep. @deadline_ns: monotonic clock.
 * Context: may sleep; no spin lock held.
 * Returns 0, -ERESTARTSYS (a signal; killable: a fatal one), -ETIME (deadline passed).
 * A true condition wins over a signal and over the deadline.
 */
#define wait_event(wq, cond) ((void)WAIT_EVENT(wq, cond, BLOCK_UNINTERRUPTIBLE, WAIT_FOREVER))
#define wait_event_deadline(wq, cond, deadline_ns)                                                 \
	WAIT_EVENT(wq, cond, BLOCK_UNINTERRUPTIBLE, deadline_ns)
#define wait_event_killable(wq, cond)      WAIT_EVENT(wq, cond, BLOCK_KILLABLE, WAIT_FOREVER)
#define wait_event_interruptible(wq, cond) WAIT_EVENT(wq, cond, BLOCK_INTERRUPTIBLE, WAIT_FOREVER)
#define wait_event_interruptible_deadline(wq, cond, deadline_ns)                                   \
	WAIT_EVENT(wq, cond, BLOCK_INTERRUPTIBLE, deadline_ns)

/*
 * A queue of threads that wait for a lock to be handed to them; only mutex.c and rwsem.c use it.
 * All zeroes but the rank is an empty one, so static initialisers need no name.
 */
struct lock_waiter {
	struct lock_waiter *next;
	struct thread *thread;
	bool is_writer;
	_Atomic bool is_granted; /* the waiter has the lock */
};

struct lock_waiters {
	struct spinlock lock; /* RANK_WAITQ */
	struct lock_waiter *first, *last;
};

#define LOCK_WAITERS_INIT                                                                          \
	{                                                                                          \
		.lock = SPINLOCK_INIT(RANK_WAITQ)                                                  \
	}

/* These require waiters->lock. */
void lock_waiters_add(struct lock_waiters *waiters, struct lock_waiter *w);
void lock_waiters_remove(struct lock_waiters *waiters, struct lock_waiter *w);
/* Takes out the first one, tells it that it has the lock, and wakes it. */
void lock_waiters_grant(struct lock_waiters *waiters);

/* Blocks until w is granted: 0. Or -EINTR on a fatal signal: w is still queued, or was granted
 * meanwhile. Either way the caller takes waiters->lock before w goes out of scope. */
int lock_waiter_block(struct lock_waiter *w, enum block_state state);
