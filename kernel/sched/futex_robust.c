/*
 * Robust futexes: what a thread holds when it ends is marked, so that nobody waits for ever.
 *
 * The list is the program's own, in its memory, and may be anything: links are followed only so
 * far, and never trusted.                      Follows: get_robust_list(2)
 */
#include <linux/errno.h>

#include "arch/x86_64/uaccess.h"
#include "kernel/id/pid.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/internal.h"

#define ROBUST_PI 1ul /* in the links: of a lock that lends priority */

/* The holder died: says so in the word, and wakes one who waits for it. is_pending: it died between
 * locking or unlocking and keeping the list. Bit 0 of entry is ROBUST_PI: futex_pi_exit() chooses
 * who has the lock next. */
static int robust_release(u64 entry, long offset, u32 tid, bool is_pending)
{
	u32 __user *uaddr = (u32 __user *)((entry & ~ROBUST_PI) + offset);
	u32 seen, old;

	if ((u64)uaddr % sizeof(*uaddr) || get_user(seen, uaddr))
		return -EFAULT;
	/* Unlocked, but nobody woken yet; or woken to take it over from one who died, and now dead
	 * too: the next one must hear of it. */
	if (is_pending && !(seen & FUTEX_TID_MASK) && !(entry & ROBUST_PI))
		return futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
	do {
		if ((seen & FUTEX_TID_MASK) != tid)
			return 0;
		old = seen;
		if (user_cmpxchg32(uaddr, &seen, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return -EFAULT;
	} while (seen != old);
	if ((old & FUTEX_WAITERS) && !(entry & ROBUST_PI))
		return futex_wake(uaddr, true, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

static void exit_robust(void)
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
	for (int n = 0; n < ROBUST_LIST_LIMIT && (entry & ~ROBUST_PI) != (u64)&head->list; n++) {
		bool is_last = get_user(next, (u64 __user *)(entry & ~ROBUST_PI)) != 0;

		if ((entry & ~ROBUST_PI) != (pending & ~ROBUST_PI) &&
		    robust_release(entry, offset, tid, false) < 0)
			return;
		if (is_last)
			break;
		entry = next;
		cond_resched();
	}
	if (pending)
		(void)robust_release(pending, offset, tid, true);
}

void futex_exit(void)
{
	exit_robust();
	futex_pi_exit();
}
