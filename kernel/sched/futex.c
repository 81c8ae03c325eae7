/*
 * Futexes: sleeping on a 32-bit word of user memory.
 *
 * Owns: a hash table of sleepers. A sleeper is a struct on its stack, in the bucket of its key,
 *   until a waker takes it off or it gives up. The key says which word it is, whatever address it
 *   is seen at: (address space, address) for private memory, (page frame, offset) for shared
 *   mappings, with a reference that keeps the frame. DOC: futex-order. The sleeper compares the
 *   word with the bucket locked; whoever changes the word and then wakes takes the same lock, so
 *   either the sleeper sees the new value or the waker sees the sleeper. User memory is read there
 *   with interrupts off: a page that is not there fails at once, and is brought in without the
 *   lock before the next try.
 * Locks: bucket->lock (FUTEX); two of them, for requeue, lower address first.
 * Not here: locks that lend priority (futex_pi.c), but for those who wait here to be moved there.
 */
#include "kernel/sched/futex.h"

#include <linux/errno.h>

#include "lib/hash.h"
#include "lib/list.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/internal.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait.h"

#define BUCKET_BITS 8

struct bucket {
	struct spinlock lock;
	struct list sleepers; /* oldest first */
};

struct sleeper {
	struct list link; /* [bucket lock] */
	struct futex_key key; /* [bucket lock] requeue changes it */
	struct bucket *_Atomic bucket; /* [its lock] for writing; NULL: woken */
	struct bucket *woken_in; /* set before that: its holder is still using the sleeper */
	struct thread *thread;
	u32 bitset;
	struct pi_waiter *pi; /* FUTEX_WAIT_REQUEUE_PI: what it is to be in futex_pi.c; else NULL */
	const struct futex_key *pi_key; /* and where */
};

static struct bucket buckets[1 << BUCKET_BITS];

/* ---- Keys */

static struct bucket *bucket_of(const struct futex_key *key)
{
	return &buckets[hash_bits((u64)key->object ^ key->offset, BUCKET_BITS)];
}

/* What can only be read must be a file's page, which others may write, through whatever mapping it
 * is seen. */
static int key_get_shared(u64 addr, struct futex_key *key)
{
	struct as *as = current->as;
	struct vma *vma;
	bool is_file;
	u64 pgoff;
	int err = 0;

	rwsem_read_lock(&as->lock);
	vma = as_find_exact(as, addr);
	is_file = vma && vma->ops && vma->ops->fault &&
		  ((vma->flags & VM_SHARED) || !(vma->flags & VM_WRITE));
	if (!vma || !(vma->flags & (is_file ? VM_READ | VM_WRITE : VM_WRITE))) {
		err = -EFAULT;
	} else if (is_file) {
		pgoff = vma->pgoff + ((addr - vma->start) >> PAGE_SHIFT);
		err = vma->ops->fault(vma, pgoff, vma->flags & VM_WRITE, &key->page);
		if (!err) {
			key->object = key->page;
			key->offset = (addr & ~PAGE_MASK) + 1;
		}
	}
	rwsem_read_unlock(&as->lock);
	return err;
}

int futex_key_get(const u32 __user *uaddr, bool is_shared, struct futex_key *key)
{
	u64 addr = (u64)uaddr;

	if (addr % sizeof(*uaddr))
		return -EINVAL;
	if (!user_range_ok(uaddr, sizeof(*uaddr)))
		return -EFAULT;
	*key = (struct futex_key){ .object = current->as, .offset = addr };
	return unlikely(is_shared) ? key_get_shared(addr, key) : 0;
}

void futex_key_put(struct futex_key *key)
{
	if (key->page)
		page_put(key->page);
}

static int keys_get(u32 __user *uaddr, u32 __user *uaddr2, bool is_shared, bool is_shared2,
		    struct futex_key *key, struct futex_key *key2)
{
	int err = futex_key_get(uaddr, is_shared, key);

	if (err)
		return err;
	err = futex_key_get(uaddr2, is_shared2, key2);
	if (err)
		futex_key_put(key);
	return err;
}

/* Reads with a bucket locked: -EFAULT if the page is not there right now. */
static int peek_user(u32 *val, const u32 __user *uaddr)
{
	u64 irqflags = irq_save();
	int err = get_user(*val, uaddr);

	irq_restore(irqflags);
	return err;
}

/* ---- Waiting */

/* Queues the sleeper if the word is still val. */
static int sleeper_queue(struct sleeper *s, const u32 __user *uaddr, u32 val)
{
	struct bucket *b = bucket_of(&s->key);
	u32 seen;

	spin_lock(&b->lock);
	while (unlikely(peek_user(&seen, uaddr))) {
		spin_unlock(&b->lock);
		if (get_user(seen, uaddr))
			return -EFAULT;
		spin_lock(&b->lock);
	}
	if (seen != val) {
		spin_unlock(&b->lock);
		return -EAGAIN;
	}
	atomic_store_explicit(&s->bucket, b, memory_order_relaxed);
	list_add_tail(&s->link, &b->sleepers);
	spin_unlock(&b->lock);
	return 0;
}

/* Takes the sleeper off, if no waker did: true. After a waker did, waits until that is done with
 * it. */
static bool sleeper_leave(struct sleeper *s)
{
	struct bucket *b;

	while ((b = atomic_load_explicit(&s->bucket, memory_order_acquire))) {
		spin_lock(&b->lock);
		if (likely(b == atomic_load_explicit(&s->bucket, memory_order_relaxed))) {
			list_del(&s->link);
			spin_unlock(&b->lock);
			return true;
		}
		spin_unlock(&b->lock); /* it was moved, or woken, meanwhile */
	}
	spin_lock(&s->woken_in->lock);
	spin_unlock(&s->woken_in->lock);
	return false;
}

static bool any_is_woken(const struct sleeper *s, u32 n)
{
	while (n--)
		if (!atomic_load_explicit(&s[n].bucket, memory_order_acquire))
			return true;
	return false;
}

/* Until one of n is woken. */
static int sleepers_block(const struct sleeper *s, u32 n, u64 deadline_ns)
{
	int err = 0;

	for (;;) {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (any_is_woken(s, n))
			break;
		if (signal_pending_current()) {
			err = -ERESTARTSYS;
			break;
		}
		if (deadline_ns != WAIT_FOREVER && clock_ns() >= deadline_ns) {
			err = -ETIMEDOUT;
			break;
		}
		thread_block(deadline_ns);
	}
	thread_cancel_block();
	return err;
}

int futex_wait(u32 __user *uaddr, bool is_shared, u32 val, u64 deadline_ns, u32 bitset)
{
	struct sleeper s = { .thread = current, .bitset = bitset };
	int err;

	if (!bitset)
		return -EINVAL;
	err = futex_key_get(uaddr, is_shared, &s.key);
	if (err)
		return err;
	err = sleeper_queue(&s, uaddr, val);
	if (!err) {
		err = sleepers_block(&s, 1, deadline_ns);
		if (!sleeper_leave(&s))
			err = 0;
	}
	futex_key_put(&s.key);
	return err;
}

int futex_wait_many(const struct futex_waitv *v, u32 n, u64 deadline_ns)
{
	struct sleeper *s = kcalloc(n, sizeof(*s));
	int err = s ? 0 : -ENOMEM, woken = -1;
	u32 queued;

	for (queued = 0; !err && queued < n; queued++) {
		struct sleeper *one = &s[queued];
		u32 __user *uaddr = (u32 __user *)v[queued].uaddr;

		one->thread = current;
		one->bitset = FUTEX_BITSET_MATCH_ANY;
		err = futex_key_get(uaddr, !(v[queued].flags & FUTEX2_PRIVATE), &one->key);
		if (err)
			break;
		err = sleeper_queue(one, uaddr, (u32)v[queued].val);
		if (err) {
			futex_key_put(&one->key);
			break;
		}
	}
	if (!err)
		err = sleepers_block(s, n, deadline_ns);
	while (queued--) {
		if (!sleeper_leave(&s[queued]))
			woken = (int)queued;
		futex_key_put(&s[queued].key);
	}
	kfree(s);
	return woken >= 0 ? woken : err;
}

int futex_wait_requeue_pi(u32 __user *uaddr, bool is_shared, u32 val, u64 deadline_ns,
			  u32 __user *uaddr2)
{
	struct pi_waiter pi = { .thread = current };
	struct futex_key key2;
	struct sleeper s = {
		.thread = current, .bitset = FUTEX_BITSET_MATCH_ANY, .pi = &pi, .pi_key = &key2
	};
	int err;

	if (uaddr == uaddr2)
		return -EINVAL;
	err = keys_get(uaddr, uaddr2, is_shared, is_shared, &s.key, &key2);
	if (err)
		return err;
	err = sleeper_queue(&s, uaddr, val);
	if (!err) {
		err = sleepers_block(&s, 1, deadline_ns);
		if (!sleeper_leave(&s)) { /* it is in futex_pi.c now, or has the lock already */
			err = futex_pi_wait(&pi, deadline_ns);
			err = futex_pi_finish(&pi, uaddr2, &key2, err);
			if (err == -ERESTARTNOINTR)
				err = -EAGAIN; /* the word has another value by now */
		} else if (err == -ERESTARTSYS) {
			err = -ERESTARTNOINTR;
		}
	}
	futex_key_put(&key2);
	futex_key_put(&s.key);
	return err;
}

/* ---- Waking */

/* b is locked and s in it. */
static void sleeper_wake(struct sleeper *s, struct bucket *b)
{
	list_del(&s->link);
	s->woken_in = b;
	atomic_store_explicit(&s->bucket, NULL, memory_order_seq_cst); /* DOC: wait-ordering */
	thread_wake(s->thread);
}

static int wake_locked(struct bucket *b, const struct futex_key *key, int nr, u32 bitset)
{
	struct sleeper *s, *next;
	int woken = 0;

	list_for_each_safe(s, next, &b->sleepers, link) {
		if (!futex_key_equal(&s->key, key) || !(s->bitset & bitset))
			continue;
		if (s->pi)
			return -EINVAL; /* it is to be moved, not woken */
		sleeper_wake(s, b);
		if (++woken >= nr)
			break;
	}
	return woken;
}

int futex_wake(u32 __user *uaddr, bool is_shared, int nr, u32 bitset)
{
	struct futex_key key;
	struct bucket *b;
	int result;

	if (!bitset)
		return -EINVAL;
	result = futex_key_get(uaddr, is_shared, &key);
	if (result)
		return result;
	b = bucket_of(&key);
	spin_lock(&b->lock);
	result = wake_locked(b, &key, nr, bitset);
	spin_unlock(&b->lock);
	futex_key_put(&key);
	return result;
}

/* ---- Two words at once */

static void lock_both(struct bucket *a, struct bucket *b)
{
	struct bucket *first = a < b ? a : b, *second = a < b ? b : a;

	spin_lock(&first->lock);
	if (first != second)
		spin_lock_nested(&second->lock);
}

static void unlock_both(struct bucket *a, struct bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

static void sleeper_move(struct sleeper *s, struct bucket *to, const struct futex_key *key)
{
	struct page *old = s->key.page;

	s->key = *key;
	if (key->page)
		page_get(key->page);
	if (old)
		page_put(old);
	list_del(&s->link);
	list_add_tail(&s->link, &to->sleepers);
	atomic_store_explicit(&s->bucket, to, memory_order_release);
}

static int requeue_locked(struct bucket *b, const struct futex_key *key, struct bucket *b2,
			  const struct futex_key *key2, int nr_wake, int nr_requeue)
{
	bool is_same = futex_key_equal(key, key2);
	struct sleeper *s, *next;
	int woken = 0, moved = 0;

	list_for_each_safe(s, next, &b->sleepers, link) {
		if (!futex_key_equal(&s->key, key))
			continue;
		if (s->pi)
			return -EINVAL;
		if (woken < nr_wake) {
			sleeper_wake(s, b);
			woken++;
		} else if (moved < nr_requeue) {
			if (!is_same)
				sleeper_move(s, b2, key2);
			moved++;
		} else {
			break;
		}
	}
	return woken + moved;
}

/* The value of *uaddr with b locked, or -EFAULT without. */
static int lock_and_peek(struct bucket *b, struct bucket *b2, const u32 __user *uaddr, u32 *seen)
{
	lock_both(b, b2);
	while (unlikely(peek_user(seen, uaddr))) {
		unlock_both(b, b2);
		if (get_user(*seen, uaddr))
			return -EFAULT;
		lock_both(b, b2);
	}
	return 0;
}

int futex_requeue(u32 __user *uaddr, bool is_shared, u32 __user *uaddr2, bool is_shared2,
		  int nr_wake, int nr_requeue, const u32 *expected)
{
	struct futex_key key, key2;
	struct bucket *b, *b2;
	int result;
	u32 seen;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	result = keys_get(uaddr, uaddr2, is_shared, is_shared2, &key, &key2);
	if (result)
		return result;
	b = bucket_of(&key);
	b2 = bucket_of(&key2);
	if (!expected)
		lock_both(b, b2);
	else if (lock_and_peek(b, b2, uaddr, &seen)) {
		result = -EFAULT;
		goto out_keys;
	}
	if (expected && seen != *expected)
		result = -EAGAIN;
	else
		result = requeue_locked(b, &key, b2, &key2, nr_wake, nr_requeue);
	unlock_both(b, b2);
out_keys:
	futex_key_put(&key2);
	futex_key_put(&key);
	return result;
}

/* The first sleeper of key, b locked: off to the lock at uaddr2. As futex_pi_requeue(); -ENOENT:
 * there is none. */
static int requeue_first_pi(struct bucket *b, const struct futex_key *key, u32 __user *uaddr2,
			    const struct futex_key *key2, u32 word, struct thread *owner)
{
	struct sleeper *s;
	int err;

	list_for_each(s, &b->sleepers, link) {
		if (!futex_key_equal(&s->key, key))
			continue;
		if (!s->pi || !futex_key_equal(s->pi_key, key2))
			return -EINVAL;
		err = futex_pi_requeue(uaddr2, key2, word, owner, s->pi);
		if (err == 0 || err == 1)
			sleeper_wake(s, b); /* to go on waiting there, or with the lock */
		return err;
	}
	return -ENOENT;
}

int futex_requeue_pi(u32 __user *uaddr, bool is_shared, u32 __user *uaddr2, int nr_requeue,
		     u32 expected)
{
	struct futex_key key, key2;
	struct bucket *b;
	struct thread *owner;
	int moved = 0, err;
	u32 seen, word;

	if (nr_requeue < 0 || uaddr == uaddr2)
		return -EINVAL;
	err = keys_get(uaddr, uaddr2, is_shared, is_shared, &key, &key2);
	if (err)
		return err;
	b = bucket_of(&key);
	while (moved <= nr_requeue) { /* besides the one that may get the lock at once */
		err = get_user(word, uaddr2) ? -EFAULT : futex_touch(uaddr2);
		if (err)
			break;
		owner = futex_pi_owner_get(word);
		err = lock_and_peek(b, b, uaddr, &seen);
		if (!err) {
			err = !moved && seen != expected
				      ? -EAGAIN
				      : requeue_first_pi(b, &key, uaddr2, &key2, word, owner);
			spin_unlock(&b->lock);
		}
		if (owner)
			thread_put(owner);
		if (err < 0)
			break;
		moved += err < 2;
	}
	futex_key_put(&key2);
	futex_key_put(&key);
	return moved || err == -ENOENT || err >= 0 ? moved : err;
}

/* The change, with the buckets locked. -EFAULT: the page is not there right now. */
static int op_apply(u32 __user *uaddr, u32 op, u32 *old)
{
	u64 irqflags = irq_save();
	u32 expected, new;
	int err = get_user(expected, uaddr);

	while (!err) {
		*old = expected;
		err = futex_op_result(op, expected, &new);
		if (!err)
			err = user_cmpxchg32(uaddr, &expected, new);
		if (!err && expected == *old)
			break;
	}
	irq_restore(irqflags);
	return err;
}

/* Brings the page in for writing, changing nothing. */
int futex_touch(u32 __user *uaddr)
{
	u32 zero = 0;

	return user_cmpxchg32(uaddr, &zero, 0);
}

int futex_wake_op(u32 __user *uaddr, bool is_shared, u32 __user *uaddr2, int nr, int nr2, u32 op)
{
	struct futex_key key, key2;
	struct bucket *b, *b2;
	int result, is_true;
	u32 old;

	result = keys_get(uaddr, uaddr2, is_shared, is_shared, &key, &key2);
	if (result)
		return result;
	b = bucket_of(&key);
	b2 = bucket_of(&key2);
	lock_both(b, b2);
	while ((result = op_apply(uaddr2, op, &old)) == -EFAULT) {
		unlock_both(b, b2);
		if (futex_touch(uaddr2))
			goto out_keys;
		lock_both(b, b2);
	}
	if (!result) {
		is_true = futex_op_compare(op, old);
		result = wake_locked(b, &key, nr, FUTEX_BITSET_MATCH_ANY);
		if (is_true > 0)
			result += wake_locked(b2, &key2, nr2, FUTEX_BITSET_MATCH_ANY);
		else if (is_true < 0)
			result = is_true;
	}
	unlock_both(b, b2);
out_keys:
	futex_key_put(&key2);
	futex_key_put(&key);
	return result;
}

void futex_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(buckets); i++) {
		spin_init(&buckets[i].lock, RANK_FUTEX);
		list_init(&buckets[i].sleepers);
	}
}
