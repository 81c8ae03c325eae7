/*
 * Futexes that lend priority: locks whose word holds the owner's thread id.
 *
 * Owns: a struct pi_lock for each word that somebody waits for: who holds it, who waits, the most
 *   urgent first. The word in user memory is what programs look at, and the two agree whenever
 *   pi_spin is free, but for one case: after the owner's death the next one is chosen here, and
 *   writes the word itself when it runs, because only it knows the word's address (is_stale).
 * The graph of who waits for whom has no cycles: closing one is EDEADLK. Along it a holder inherits
 *   the highest priority of those who wait for it, directly or not.
 * Life: from the first waiter until the last has left or has been given the lock. Its owner is not
 *   counted: it hands all its locks on before it goes (futex_pi_exit).
 * Locks: pi_spin (FUTEXPI), inside a bucket of plain futexes (FUTEX). User memory is read and
 *   changed under it with interrupts off, as DOC: futex-order says.
 * Follows: futex(2), pthread_mutexattr_setprotocol(3)
 */
#include <linux/errno.h>

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/debug/panic.h"
#include "kernel/id/pid.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/internal.h"
#include "kernel/sync/wait.h"

static struct spinlock pi_spin = SPINLOCK_INIT(RANK_FUTEXPI);
static struct list pi_locks = LIST_INIT(pi_locks);

/* All [pi_spin]. */
struct pi_lock {
	struct list link; /* pi_locks */
	struct list held_link; /* owner->pi_held */
	struct futex_key
		key; /* uncounted page: a waiter's key has it, or the one who is to write */
	struct thread *owner;
	struct list waiters; /* struct pi_waiter, the most urgent first */
	bool is_stale; /* the owner has been chosen, and has not written the word */
};

static u32 tid_of(const struct thread *t)
{
	return (u32)pid_nr_in(t->pid, t->pid->numbers[t->pid->level].ns);
}

/* ---- The graph; pi_spin is held */

static struct pi_waiter *first_waiter(const struct pi_lock *lock)
{
	return list_empty(&lock->waiters) ? NULL
					  : list_first(&lock->waiters, struct pi_waiter, link);
}

static void sort_in(struct pi_lock *lock, struct pi_waiter *w)
{
	struct list *at = &lock->waiters;
	struct pi_waiter *other;

	list_for_each(other, &lock->waiters, link) {
		if (other->thread->prio < w->thread->prio)
			break;
		at = &other->link;
	}
	list_add(&w->link, at);
}

/* What t's waiters lend it has changed; so may what it lends, when it waits itself. */
static void update_inherited(struct thread *t)
{
	while (t) {
		struct pi_waiter *own = t->pi_waiting, *w;
		struct pi_lock *lock;
		u8 prio = 0;

		list_for_each(lock, &t->pi_held, held_link) {
			w = first_waiter(lock);
			if (w && w->thread->prio > prio)
				prio = w->thread->prio;
		}
		if (prio == t->inherited)
			return;
		sched_inherit(t, prio);
		if (!own)
			return;
		list_del(&own->link);
		sort_in(own->lock, own);
		t = own->lock->owner;
	}
}

static bool waits_for(const struct thread *t, const struct thread *other)
{
	for (; t; t = t->pi_waiting ? t->pi_waiting->lock->owner : NULL)
		if (t == other)
			return true;
	return false;
}

static struct pi_lock *find(const struct futex_key *key)
{
	struct pi_lock *lock;

	list_for_each(lock, &pi_locks, link)
		if (futex_key_equal(&lock->key, key))
			return lock;
	return NULL;
}

static void set_owner(struct pi_lock *lock, struct thread *owner)
{
	struct thread *old = lock->owner;

	if (old)
		list_del(&lock->held_link);
	lock->owner = owner;
	list_add(&lock->held_link, &owner->pi_held);
	if (old)
		update_inherited(old);
	update_inherited(owner);
}

static void drop_if_unused(struct pi_lock *lock)
{
	struct thread *owner = lock->owner;

	if (!list_empty(&lock->waiters) || lock->is_stale)
		return;
	list_del(&lock->link);
	list_del(&lock->held_link);
	kfree(lock);
	update_inherited(owner);
}

static int add_waiter(struct pi_lock *lock, struct pi_waiter *w)
{
	if (waits_for(lock->owner, w->thread)) {
		drop_if_unused(lock);
		return -EDEADLK;
	}
	w->lock = lock;
	w->thread->pi_waiting = w;
	sort_in(lock, w);
	update_inherited(lock->owner);
	return 0;
}

static void remove_waiter(struct pi_waiter *w)
{
	list_del(&w->link);
	w->thread->pi_waiting = NULL;
	update_inherited(w->lock->owner);
}

/* The next one has it. */
static void grant(struct pi_lock *lock, struct pi_waiter *w)
{
	struct thread *t = w->thread;

	list_del(&w->link);
	t->pi_waiting = NULL;
	set_owner(lock, t);
	drop_if_unused(lock);
	atomic_store(&w->is_granted, true); /* DOC: wait-ordering; w may be gone from here on */
	thread_wake(t);
}

/* ---- The word */

/* Interrupts off, so that a page that is not there is -EFAULT. 1: it was not what seen says. */
static int word_replace(u32 __user *uaddr, u32 seen, u32 new)
{
	u64 irqflags = irq_save();
	u32 old = seen;
	int err = user_cmpxchg32(uaddr, &old, new);

	irq_restore(irqflags);
	return err ? err : old != seen;
}

/* The thread a word names, counted, or NULL. */
static struct thread *owner_get(u32 word)
{
	struct pid *pid = pid_find_get(pidns_current(), word & FUTEX_TID_MASK);
	struct thread *t;

	rwspin_read_lock(&tasks_lock);
	t = pid ? pid->thread : NULL;
	if (t)
		thread_get(t);
	rwspin_read_unlock(&tasks_lock);
	pid_put(pid);
	return t;
}

/* ---- Locking */

/*
 * One try for w->thread, pi_spin held; owner is whom word names. 0: it has the lock; 1: w waits;
 * 2: the word has changed, or its page is not there: look again.
 */
static int try_lock(u32 __user *uaddr, const struct futex_key *key, u32 word, struct thread *owner,
		    struct pi_waiter *w, bool may_wait)
{
	struct pi_lock *lock = find(key);
	u32 tid = tid_of(w->thread);

	if (word_replace(uaddr, word, word))
		return 2;
	if (!lock && !(word & FUTEX_TID_MASK))
		return word_replace(uaddr, word, tid | (word & FUTEX_OWNER_DIED)) ? 2 : 0;
	if ((word & FUTEX_TID_MASK) == tid)
		return -EDEADLK;
	if (lock && !lock->is_stale && lock->owner != owner)
		return -EINVAL;
	if (!lock && (!owner || owner->is_done_with_futexes))
		return -ESRCH;
	if (!lock && !owner->as)
		return -EPERM;
	if (!may_wait)
		return -EAGAIN;
	if (!(lock && lock->is_stale) && word_replace(uaddr, word, word | FUTEX_WAITERS))
		return 2;
	if (!lock) {
		lock = kzalloc(sizeof(*lock));
		if (!lock)
			return -ENOMEM;
		lock->key = *key;
		list_init(&lock->waiters);
		list_add(&lock->link, &pi_locks);
		set_owner(lock, owner);
	}
	return add_waiter(lock, w) ?: 1;
}

/* The lock came from a dead owner: says so in the word. A word that cannot be written any more is
 * the program's loss; the lock is its all the same. */
static void write_inherited(u32 __user *uaddr, const struct futex_key *key)
{
	struct pi_lock *lock;
	u32 word = 0;

	for (;;) {
		bool is_gone = get_user(word, uaddr) != 0 || futex_touch(uaddr);

		spin_lock(&pi_spin);
		lock = find(key);
		if (!lock || lock->owner != current || !lock->is_stale)
			break;
		if (is_gone ||
		    !word_replace(uaddr, word,
				  tid_of(current) | FUTEX_OWNER_DIED |
					  (list_empty(&lock->waiters) ? 0 : FUTEX_WAITERS))) {
			lock->is_stale = false;
			drop_if_unused(lock);
			break;
		}
		spin_unlock(&pi_spin);
	}
	spin_unlock(&pi_spin);
}

int futex_pi_finish(struct pi_waiter *w, u32 __user *uaddr, const struct futex_key *key, int err)
{
	struct pi_lock *lock;

	spin_lock(&pi_spin);
	if (!atomic_load(&w->is_granted)) {
		lock = w->lock;
		remove_waiter(w);
		drop_if_unused(lock);
		spin_unlock(&pi_spin);
		return err;
	}
	spin_unlock(&pi_spin);
	write_inherited(uaddr, key);
	return 0;
}

int futex_pi_wait(struct pi_waiter *w, u64 deadline_ns)
{
	int err;

	for (;;) {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (atomic_load(&w->is_granted)) {
			err = 0;
			break;
		}
		err = wait_block(BLOCK_INTERRUPTIBLE, deadline_ns);
		if (err)
			break;
	}
	thread_cancel_block();
	if (err)
		return err == -ETIME ? -ETIMEDOUT : -ERESTARTNOINTR;
	return 0;
}

int futex_lock_pi(u32 __user *uaddr, bool is_shared, u64 deadline_ns, bool is_try)
{
	struct pi_waiter w = { .thread = current };
	struct futex_key key;
	struct thread *owner;
	int err = futex_key_get(uaddr, is_shared, &key);
	u32 word;

	if (err)
		return err;
	do {
		err = get_user(word, uaddr) ? -EFAULT : futex_touch(uaddr);
		if (err)
			break;
		owner = word & FUTEX_TID_MASK ? owner_get(word) : NULL;
		spin_lock(&pi_spin);
		err = try_lock(uaddr, &key, word, owner, &w, !is_try);
		spin_unlock(&pi_spin);
		if (owner)
			thread_put(owner);
		cond_resched();
	} while (err == 2);
	if (err == 1)
		err = futex_pi_finish(&w, uaddr, &key, futex_pi_wait(&w, deadline_ns));
	futex_key_put(&key);
	return err;
}

/* pi_spin held. 1: look again. */
static int try_unlock(u32 __user *uaddr, const struct futex_key *key, u32 word)
{
	struct pi_lock *lock = find(key);
	struct pi_waiter *next = lock ? first_waiter(lock) : NULL;
	u32 new = 0;

	if (lock && lock->owner != current)
		return -EINVAL;
	if (next) {
		bool has_more = next->link.next != &lock->waiters;

		new = tid_of(next->thread) | (has_more ? FUTEX_WAITERS : 0);
	}
	if (word_replace(uaddr, word, new))
		return 1;
	if (next)
		grant(lock, next);
	return 0;
}

int futex_unlock_pi(u32 __user *uaddr, bool is_shared)
{
	struct futex_key key;
	int err = futex_key_get(uaddr, is_shared, &key);
	u32 word;

	if (err)
		return err;
	do {
		err = get_user(word, uaddr) ? -EFAULT : futex_touch(uaddr);
		if (!err && (word & FUTEX_TID_MASK) != tid_of(current))
			err = -EPERM;
		if (err)
			break;
		spin_lock(&pi_spin);
		err = try_unlock(uaddr, &key, word);
		spin_unlock(&pi_spin);
	} while (err == 1);
	futex_key_put(&key);
	return err;
}

int futex_pi_requeue(u32 __user *uaddr, const struct futex_key *key, u32 word, struct thread *owner,
		     struct pi_waiter *w)
{
	int err;

	spin_lock(&pi_spin);
	err = try_lock(uaddr, key, word, owner, w, true);
	if (!err) {
		atomic_store(&w->is_granted, true);
		thread_wake(w->thread);
	}
	spin_unlock(&pi_spin);
	return err;
}

struct thread *futex_pi_owner_get(u32 word)
{
	return word & FUTEX_TID_MASK ? owner_get(word) : NULL;
}

void futex_pi_exit(void)
{
	struct thread *self = current;

	spin_lock(&pi_spin);
	self->is_done_with_futexes = self->is_exiting;
	while (!list_empty(&self->pi_held)) {
		struct pi_lock *lock = list_first(&self->pi_held, struct pi_lock, held_link);
		struct pi_waiter *next = first_waiter(lock);

		lock->is_stale = next != NULL;
		if (next)
			grant(lock, next);
		else
			drop_if_unused(lock);
	}
	spin_unlock(&pi_spin);
}
