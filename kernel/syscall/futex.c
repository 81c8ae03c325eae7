/*
 * Futexes: decode, call kernel/sched/futex.c; robust lists.
 *
 * Follows: futex(2), futex_waitv(2), get_robust_list(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/futex.h"
#include "kernel/task/task.h"

/* The deadline of a wait, by what the command says of the timeout. */
static int futex_deadline(const struct timespec __user *utimeout, bool is_absolute,
			  bool is_realtime, u64 *deadline_ns)
{
	u64 ns, now;
	int err;

	*deadline_ns = WAIT_FOREVER;
	if (!utimeout)
		return 0;
	err = timespec_from_user(utimeout, &ns);
	if (err)
		return err;
	if (!is_absolute) {
		*deadline_ns = clock_ns() + ns;
	} else if (!is_realtime) {
		*deadline_ns = ns;
	} else {
		now = clock_realtime_ns();
		*deadline_ns = clock_ns() + (ns > now ? ns - now : 0);
	}
	return 0;
}

static long futex_wait_restart(struct thread *self)
{
	const u64 *a = self->restart_args;
	long err = futex_wait((u32 __user *)a[0], a[1], a[2], a[3], a[4]);

	return err == -ERESTARTSYS ? -ERESTART_RESTARTBLOCK : err;
}

static long futex_wait_call(u32 __user *uaddr, bool is_shared, u32 val, u64 deadline_ns, u32 bitset)
{
	struct thread *self = current;
	long err = futex_wait(uaddr, is_shared, val, deadline_ns, bitset);

	if (err != -ERESTARTSYS || deadline_ns == WAIT_FOREVER)
		return err;
	/* A relative timeout must not start anew. */
	self->restart = futex_wait_restart;
	self->restart_args[0] = (u64)uaddr;
	self->restart_args[1] = is_shared;
	self->restart_args[2] = val;
	self->restart_args[3] = deadline_ns;
	self->restart_args[4] = bitset;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_pi_call(int cmd, u32 __user *uaddr, bool is_shared, u32 val, u64 deadline_ns,
			  int val2, u32 __user *uaddr2, u32 val3)
{
	switch (cmd) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(uaddr, is_shared, deadline_ns, false);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(uaddr, is_shared, deadline_ns, true);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(uaddr, is_shared);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(uaddr, is_shared, val, deadline_ns, uaddr2);
	case FUTEX_CMP_REQUEUE_PI:
		return val == 1 ? futex_requeue_pi(uaddr, is_shared, uaddr2, val2, val3) : -EINVAL;
	default:
		return -ENOSYS;
	}
}

SYSCALL(futex, u32 __user *uaddr, int op, u32 val, u64 timeout_or_val2, u32 __user *uaddr2,
	u32 val3)
{
	bool is_shared = !(op & FUTEX_PRIVATE_FLAG), is_realtime = op & FUTEX_CLOCK_REALTIME;
	const struct timespec __user *utimeout = (const struct timespec __user *)timeout_or_val2;
	int cmd = op & FUTEX_CMD_MASK, val2 = (int)timeout_or_val2, err = 0;
	u64 deadline_ns = WAIT_FOREVER;

	if (is_realtime && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_WAIT_REQUEUE_PI &&
	    cmd != FUTEX_LOCK_PI2)
		return -ENOSYS;
	if (cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_LOCK_PI ||
	    cmd == FUTEX_LOCK_PI2 || cmd == FUTEX_WAIT_REQUEUE_PI)
		err = futex_deadline(utimeout, cmd != FUTEX_WAIT,
				     is_realtime || cmd == FUTEX_LOCK_PI, &deadline_ns);
	if (err)
		return err;
	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return futex_wait_call(uaddr, is_shared, val, deadline_ns,
				       cmd == FUTEX_WAIT ? FUTEX_BITSET_MATCH_ANY : val3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, is_shared, val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, is_shared, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, is_shared, uaddr2, is_shared, val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, is_shared, uaddr2, is_shared, val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, is_shared, uaddr2, val, val2, val3);
	default:
		return futex_pi_call(cmd, uaddr, is_shared, val, deadline_ns, val2, uaddr2, val3);
	}
}

/* ---- futex2: flags say size and kind, timeouts are absolute */

static bool flags_are_valid(u32 flags)
{
	return (flags & ~(u32)FUTEX2_PRIVATE) == FUTEX2_SIZE_U32;
}

static bool waitv_is_valid(const struct futex_waitv *v)
{
	return flags_are_valid(v->flags) && !v->__reserved && v->val <= UINT32_MAX;
}

static int deadline_by_clock(const struct timespec __user *utimeout, int clock, u64 *deadline_ns)
{
	if (utimeout && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	return futex_deadline(utimeout, true, clock == CLOCK_REALTIME, deadline_ns);
}

SYSCALL(futex_waitv, const struct futex_waitv __user *uwaiters, u32 n, u32 flags,
	const struct timespec __user *utimeout, int clock)
{
	struct futex_waitv *v;
	u64 deadline_ns;
	long err;

	if (flags || !n || n > FUTEX_WAITV_MAX || !uwaiters)
		return -EINVAL;
	err = deadline_by_clock(utimeout, clock, &deadline_ns);
	if (err)
		return err;
	v = kcalloc(n, sizeof(*v));
	if (!v)
		return -ENOMEM;
	err = copy_from_user(v, uwaiters, n * sizeof(*v));
	for (u32 i = 0; !err && i < n; i++)
		err = waitv_is_valid(&v[i]) ? 0 : -EINVAL;
	if (!err)
		err = futex_wait_many(v, n, deadline_ns);
	kfree(v);
	return err;
}

SYSCALL(futex_wake, u32 __user *uaddr, u64 mask, int nr, u32 flags)
{
	if (!flags_are_valid(flags) || mask > UINT32_MAX)
		return -EINVAL;
	if (!nr)
		return mask ? 0 : -EINVAL;
	return futex_wake(uaddr, !(flags & FUTEX2_PRIVATE), nr, mask);
}

SYSCALL(futex_wait, u32 __user *uaddr, u64 val, u64 mask, u32 flags,
	const struct timespec __user *utimeout, int clock)
{
	u64 deadline_ns;
	int err;

	if (!flags_are_valid(flags) || val > UINT32_MAX || mask > UINT32_MAX)
		return -EINVAL;
	err = deadline_by_clock(utimeout, clock, &deadline_ns);
	if (err)
		return err;
	return futex_wait_call(uaddr, !(flags & FUTEX2_PRIVATE), val, deadline_ns, mask);
}

SYSCALL(futex_requeue, const struct futex_waitv __user *uwaiters, u32 flags, int nr_wake,
	int nr_requeue)
{
	struct futex_waitv v[2];
	u32 expected;

	if (flags || !uwaiters)
		return -EINVAL;
	if (copy_from_user(v, uwaiters, sizeof(v)))
		return -EFAULT;
	if (!waitv_is_valid(&v[0]) || !waitv_is_valid(&v[1]))
		return -EINVAL;
	expected = v[0].val;
	return futex_requeue((u32 __user *)v[0].uaddr, !(v[0].flags & FUTEX2_PRIVATE),
			     (u32 __user *)v[1].uaddr, !(v[1].flags & FUTEX2_PRIVATE), nr_wake,
			     nr_requeue, &expected);
}

/* ---- Robust lists */

SYSCALL(set_robust_list, void __user *head, size_t len)
{
	if (len != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

SYSCALL(get_robust_list, int nr, u64 __user *uhead, u64 __user *ulen)
{
	struct thread *t = thread_find_get(nr);
	u64 head;
	int err = 0;

	if (!t)
		return -ESRCH;
	if (!t->task || !task_may_access(t->task, PTRACE_MODE_READ | PTRACE_MODE_REALCREDS))
		err = -EPERM;
	head = (u64)t->robust_list;
	thread_put(t);
	if (err)
		return err;
	if (put_user(sizeof(struct robust_list_head), ulen) || put_user(head, uhead))
		return -EFAULT;
	return 0;
}
