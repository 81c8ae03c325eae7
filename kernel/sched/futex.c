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
 * Not here: priority inheritance (ENOSYS).
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
#include "kernel/sched/sched.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait.h"

#define BUCKET_BITS 8

struct bucket {
	struct spinlock lock;
	struct list sleepers; /* oldest first */
};

struct futex_key {
	const void *object; /* struct as, or struct page */
	u64 offset; /* the address, or the offset in the page, plus 1 so that they differ */
	struct page *page; /* counted; NULL for private ones */
};

struct sleeper {
	struct list link; /* [bucket lock] */
	struct futex_key key; /* [bucket lock] requeue changes it */
	struct bucket *_Atomic bucket; /* [its lock] for writing; NULL: woken */
	struct bucket *woken_in; /* set before that: its holder is still using the sleeper */
	struct thread *thread;
	u32 bitset;
};

static struct bucket buckets[1 << BUCKET_BITS];

/* ---- Keys */

static struct bucket *bucket_of(const struct futex_key *key)
{
	return &buckets[hash_bits((u64)key->object ^ key->offset, BUCKET_BITS)];
}

static bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

static int key_get_shared(u64 addr, struct futex_key *key)
{
	struct as *as = current->as;
	struct vma *vma;
	u64 pgoff;
	int err = 0;

	rwsem_read_lock(&as->lock);
	vma = as_find_exact(as, addr);
	if (!vma) {
		err = -EFAULT;
	} else if ((vma->flags & VM_SHARED) && vma->ops && vma->ops->fault) {
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

static int key_get(const u32 __user *uaddr, bool is_shared, struct futex_key *key)
{
	u64 addr = (u64)uaddr;

	if (addr % sizeof(*uaddr))
		return -EINVAL;
	if (!user_range_ok(uaddr, sizeof(*uaddr)))
		return -EFAULT;
	*key = (struct futex_key){ .object = current->as, .offset = addr };
	return unlikely(is_shared) ? key_get_shared(addr, key) : 0;
}

static void key_put(struct futex_key *key)
{
	if (key->page)
		page_put(key->page);
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

static int sleeper_block(struct sleeper *s, u64 deadline_ns)
{
	int err = 0;

	for (;;) {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (!atomic_load_explicit(&s->bucket, memory_order_acquire))
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
	err = key_get(uaddr, is_shared, &s.key);
	if (err)
		return err;
	err = sleeper_queue(&s, uaddr, val);
	if (!err) {
		err = sleeper_block(&s, deadline_ns);
		if (!sleeper_leave(&s))
			err = 0;
	}
	key_put(&s.key);
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
		if (!key_equal(&s->key, key) || !(s->bitset & bitset))
			continue;
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
	result = key_get(uaddr, is_shared, &key);
	if (result)
		return result;
	b = bucket_of(&key);
	spin_lock(&b->lock);
	result = wake_locked(b, &key, nr, bitset);
	spin_unlock(&b->lock);
	key_put(&key);
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

static int keys_get(u32 __user *uaddr, u32 __user *uaddr2, bool is_shared, struct futex_key *key,
		    struct futex_key *key2)
{
	int err = key_get(uaddr, is_shared, key);

	if (err)
		return err;
	err = key_get(uaddr2, is_shared, key2);
	if (err)
		key_put(key);
	return err;
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
	struct sleeper *s, *next;
	int woken = 0, moved = 0;

	list_for_each_safe(s, next, &b->sleepers, link) {
		if (!key_equal(&s->key, key))
			continue;
		if (woken < nr_wake) {
			sleeper_wake(s, b);
			woken++;
		} else if (moved < nr_requeue) {
			sleeper_move(s, b2, key2);
			moved++;
		} else {
			break;
		}
	}
	return woken + moved;
}

int futex_requeue(u32 __user *uaddr, bool is_shared, u32 __user *uaddr2, int nr_wake,
		  int nr_requeue, const u32 *expected)
{
	struct futex_key key, key2;
	struct bucket *b, *b2;
	int result;
	u32 seen;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	result = keys_get(uaddr, uaddr2, is_shared, &key, &key2);
	if (result)
		return result;
	b = bucket_of(&key);
	b2 = bucket_of(&key2);
	lock_both(b, b2);
	while (expected && unlikely(peek_user(&seen, uaddr))) {
		unlock_both(b, b2);
		if (get_user(seen, uaddr)) {
			result = -EFAULT;
			goto out_keys;
		}
		lock_both(b, b2);
	}
	if (expected && seen != *expected)
		result = -EAGAIN;
	else if (key_equal(&key, &key2)) /* moved to itself: nothing but the waking is left */
		result = wake_locked(b, &key, nr_wake, FUTEX_BITSET_MATCH_ANY);
	else
		result = requeue_locked(b, &key, b2, &key2, nr_wake, nr_requeue);
	unlock_both(b, b2);
out_keys:
	key_put(&key2);
	key_put(&key);
	return result;
}

static s32 sign_extend12(u32 v)
{
	return (s32)(v << 20) >> 20;
}

static int op_result(u32 op, u32 old, u32 *new)
{
	u32 arg = (u32)sign_extend12(op >> 12 & 0xfff);

	if (op >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (arg & 31);
	switch (op >> 28 & 7) {
	case FUTEX_OP_SET:
		*new = arg;
		return 0;
	case FUTEX_OP_ADD:
		*new = old + arg;
		return 0;
	case FUTEX_OP_OR:
		*new = old | arg;
		return 0;
	case FUTEX_OP_ANDN:
		*new = old & ~arg;
		return 0;
	case FUTEX_OP_XOR:
		*new = old ^ arg;
		return 0;
	}
	return -ENOSYS;
}

/* 1 or 0; -ENOSYS: no such comparison. */
static int op_compare(u32 op, u32 old)
{
	s32 value = (s32)old, arg = sign_extend12(op & 0xfff);

	switch (op >> 24 & 15) {
	case FUTEX_OP_CMP_EQ:
		return value == arg;
	case FUTEX_OP_CMP_NE:
		return value != arg;
	case FUTEX_OP_CMP_LT:
		return value < arg;
	case FUTEX_OP_CMP_LE:
		return value <= arg;
	case FUTEX_OP_CMP_GT:
		return value > arg;
	case FUTEX_OP_CMP_GE:
		return value >= arg;
	}
	return -ENOSYS;
}

/* The change, with the buckets locked. -EFAULT: the page is not there right now. */
static int op_apply(u32 __user *uaddr, u32 op, u32 *old)
{
	u64 irqflags = irq_save();
	u32 expected, new;
	int err = get_user(expected, uaddr);

	while (!err) {
		*old = expected;
		err = op_result(op, expected, &new);
		if (!err)
			err = user_cmpxchg32(uaddr, &expected, new);
		if (!err && expected == *old)
			break;
	}
	irq_restore(irqflags);
	return err;
}

/* Brings the page in for writing, changing nothing. */
static int touch_user(u32 __user *uaddr)
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

	result = keys_get(uaddr, uaddr2, is_shared, &key, &key2);
	if (result)
		return result;
	b = bucket_of(&key);
	b2 = bucket_of(&key2);
	lock_both(b, b2);
	while ((result = op_apply(uaddr2, op, &old)) == -EFAULT) {
		unlock_both(b, b2);
		if (touch_user(uaddr2))
			goto out_keys;
		lock_both(b, b2);
	}
	if (!result) {
		is_true = op_compare(op, old);
		result = wake_locked(b, &key, nr, FUTEX_BITSET_MATCH_ANY);
		if (is_true > 0)
			result += wake_locked(b2, &key2, nr2, FUTEX_BITSET_MATCH_ANY);
		else if (is_true < 0)
			result = is_true;
	}
	unlock_both(b, b2);
out_keys:
	key_put(&key2);
	key_put(&key);
	return result;
}

/* ---- Robust futexes: get_robust_list(2) */

/* The holder died: says so in the word, and wakes one who waits for it. is_pending: it died between
 * locking or unlocking and keeping the list. */
static int robust_release(u32 __user *uaddr, u32 tid, bool is_pending)
{
	u32 seen, old;

	if ((u64)uaddr % sizeof(*uaddr) || get_user(seen, uaddr))
		return -EFAULT;
	if (is_pending && !seen) /* unlocked, but nobody woken yet */
		return futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
	do {
		if ((seen & FUTEX_TID_MASK) != tid)
			return 0;
		old = seen;
		if (user_cmpxchg32(uaddr, &seen, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return -EFAULT;
	} while (seen != old);
	if (old & FUTEX_WAITERS)
		return futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

/* Bit 0 of the links marks priority inheritance, which nothing here uses. */
#define ROBUST_PI 1ul

void futex_exit_robust(void)
{
	struct thread *self = current;
	struct robust_list_head __user *head = self->robust_list;
	u64 entry, next, pending;
	u32 tid = pid_vnr(self->pid);
	long offset;

	self->robust_list = NULL;
	if (likely(!head))
		return;
	if (get_user(entry, (u64 __user *)&head->list.next) ||
	    get_user(offset, &head->futex_offset) ||
	    get_user(pending, (u64 __user *)&head->list_op_pending))
		return;
	pending &= ~ROBUST_PI;
	for (int n = 0; n < ROBUST_LIST_LIMIT && (entry & ~ROBUST_PI) != (u64)&head->list; n++) {
		bool is_last = get_user(next, (u64 __user *)(entry & ~ROBUST_PI)) != 0;

		if ((entry & ~ROBUST_PI) != pending &&
		    robust_release((u32 __user *)((entry & ~ROBUST_PI) + offset), tid, false) < 0)
			return;
		if (is_last)
			break;
		entry = next;
		cond_resched();
	}
	if (pending)
		(void)robust_release((u32 __user *)(pending + offset), tid, true);
}

void futex_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(buckets); i++) {
		spin_init(&buckets[i].lock, RANK_FUTEX);
		list_init(&buckets[i].sleepers);
	}
}
