/*
 * Scheduling, futexes, limits and usage: decode, check permission, call kernel/sched or
 * kernel/task.
 *
 * There is one scheduling class. SCHED_BATCH and SCHED_IDLE are accepted as names for it, nice
 * values lengthen or shorten slices, and the real-time classes are refused as to a caller without
 * the right.
 *
 *          Follows: futex(2), sched(7), setpriority(2), getrlimit(2), getrusage(2), times(2),
 * get_robust_list(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/times.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/userns.h"
#include "kernel/id/pidns.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"

/* ---- futex */

/* The deadline of a wait, by what the command says of the timeout. */
static int futex_deadline(const struct timespec __user *utimeout, bool is_absolute,
			  bool is_realtime, u64 *deadline_ns)
{
	struct timespec ts;
	u64 ns, now;

	*deadline_ns = WAIT_FOREVER;
	if (!utimeout)
		return 0;
	if (copy_from_user(&ts, utimeout, sizeof(ts)))
		return -EFAULT;
	if (!timespec_is_valid(&ts))
		return -EINVAL;
	ns = timespec_to_ns(&ts);
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

SYSCALL(futex, u32 __user *uaddr, int op, u32 val, u64 timeout_or_val2, u32 __user *uaddr2,
	u32 val3)
{
	bool is_shared = !(op & FUTEX_PRIVATE_FLAG), is_realtime = op & FUTEX_CLOCK_REALTIME;
	const struct timespec __user *utimeout = (const struct timespec __user *)timeout_or_val2;
	int cmd = op & FUTEX_CMD_MASK, val2 = (int)timeout_or_val2, err;
	u64 deadline_ns;

	if (is_realtime && cmd != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		err = futex_deadline(utimeout, cmd == FUTEX_WAIT_BITSET, is_realtime, &deadline_ns);
		if (err)
			return err;
		return futex_wait_call(uaddr, is_shared, val, deadline_ns,
				       cmd == FUTEX_WAIT ? FUTEX_BITSET_MATCH_ANY : val3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, is_shared, val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, is_shared, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, is_shared, uaddr2, val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, is_shared, uaddr2, val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, is_shared, uaddr2, val, val2, val3);
	}
	return -ENOSYS;
}

/* ---- Threads by number */

/* +1; 0 is the current one. */
static struct thread *thread_find_get(int nr)
{
	struct thread *t;
	struct pid *pid;

	if (nr == 0) {
		thread_get(current);
		return current;
	}
	pid = pid_find_get(pidns_current(), nr);
	if (!pid)
		return NULL;
	t = thread_of_pid_get(pid);
	pid_put(pid);
	return t;
}

/* sched(7): one's own by effective user id, or CAP_SYS_NICE. */
static bool may_schedule(struct thread *t)
{
	const struct cred *self = cred_current(), *other = thread_cred_get(t);
	bool is_allowed = self->euid == other->euid || self->euid == other->uid ||
			  ns_capable(other->userns, CAP_SYS_NICE);

	cred_put(other);
	return is_allowed;
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

/* ---- sched_* */

SYSCALL(sched_yield, void)
{
	sched_yield_current();
	return 0;
}

SYSCALL(sched_setaffinity, int nr, u32 len, const void __user *umask)
{
	struct thread *t;
	u64 mask = 0;
	int err;

	if (copy_from_user(&mask, umask, MIN(len, (u32)sizeof(mask))))
		return -EFAULT;
	t = thread_find_get(nr);
	if (!t)
		return -ESRCH;
	err = may_schedule(t) ? sched_set_affinity(t, mask) : -EPERM;
	thread_put(t);
	return err;
}

SYSCALL(sched_getaffinity, int nr, u32 len, void __user *umask)
{
	u64 all = nr_cpus == 64 ? ~0ull : (1ull << nr_cpus) - 1, mask;
	struct thread *t;

	if (len * 8 < nr_cpus || len % sizeof(u64))
		return -EINVAL;
	t = thread_find_get(nr);
	if (!t)
		return -ESRCH;
	mask = t->affinity & all;
	thread_put(t);
	return copy_to_user(umask, &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

static bool policy_is_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static int policy_check(int policy, const struct sched_param *param)
{
	int max = policy_is_realtime(policy) ? 99 : 0, min = policy_is_realtime(policy) ? 1 : 0;

	policy &= ~SCHED_RESET_ON_FORK;
	if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE &&
	    !policy_is_realtime(policy))
		return -EINVAL;
	if (param->sched_priority < min || param->sched_priority > max)
		return -EINVAL;
	return policy_is_realtime(policy) ? -EPERM : 0;
}

static long set_policy(int nr, int policy, const struct sched_param __user *uparam)
{
	struct sched_param param;
	struct thread *t;
	int err;

	if (nr < 0 || !uparam)
		return -EINVAL;
	if (copy_from_user(&param, uparam, sizeof(param)))
		return -EFAULT;
	t = thread_find_get(nr);
	if (!t)
		return -ESRCH;
	err = policy_check(policy < 0 ? t->policy : policy, &param);
	if (!err && !may_schedule(t))
		err = -EPERM;
	if (!err && policy >= 0)
		t->policy = policy & ~SCHED_RESET_ON_FORK;
	thread_put(t);
	return err;
}

SYSCALL(sched_setscheduler, int nr, int policy, const struct sched_param __user *uparam)
{
	return policy < 0 ? -EINVAL : set_policy(nr, policy, uparam);
}

SYSCALL(sched_setparam, int nr, const struct sched_param __user *uparam)
{
	return set_policy(nr, -1, uparam);
}

SYSCALL(sched_getscheduler, int nr)
{
	struct thread *t = nr < 0 ? NULL : thread_find_get(nr);
	int policy;

	if (!t)
		return nr < 0 ? -EINVAL : -ESRCH;
	policy = t->policy;
	thread_put(t);
	return policy;
}

SYSCALL(sched_getparam, int nr, struct sched_param __user *uparam)
{
	struct sched_param param = { 0 };
	struct thread *t;

	if (nr < 0 || !uparam)
		return -EINVAL;
	t = thread_find_get(nr);
	if (!t)
		return -ESRCH;
	thread_put(t);
	return copy_to_user(uparam, &param, sizeof(param));
}

SYSCALL(sched_get_priority_max, int policy)
{
	if (policy_is_realtime(policy))
		return 99;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ||
			       policy == SCHED_DEADLINE
		       ? 0
		       : -EINVAL;
}

SYSCALL(sched_get_priority_min, int policy)
{
	if (policy_is_realtime(policy))
		return 1;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ||
			       policy == SCHED_DEADLINE
		       ? 0
		       : -EINVAL;
}

SYSCALL(sched_rr_get_interval, int nr, struct timespec __user *uinterval)
{
	struct timespec ts = timespec_from_ns(TICK_NS);
	struct thread *t = nr < 0 ? NULL : thread_find_get(nr);

	if (!t)
		return nr < 0 ? -EINVAL : -ESRCH;
	thread_put(t);
	return copy_to_user(uinterval, &ts, sizeof(ts));
}

/* ---- Nice values: which threads setpriority(2) means */

struct prio_walk {
	int which;
	u32 uid;
	struct pid *group;
	int nice; /* set: what they get. get: the lowest (best) seen so far. */
	bool is_set;
	int err; /* -ESRCH until one was found */
};

static void prio_visit(struct prio_walk *w, struct thread *t)
{
	if (!w->is_set) {
		w->nice = w->err ? t->nice : MIN(w->nice, (int)t->nice);
		w->err = 0;
		return;
	}
	if (!may_schedule(t))
		w->err = -EPERM;
	else if (w->nice < t->nice && !capable(CAP_SYS_NICE) &&
		 20 - w->nice > (s64)rlimit_get(RLIMIT_NICE))
		w->err = -EACCES;
	else {
		t->nice = w->nice;
		if (w->err == -ESRCH)
			w->err = 0;
	}
}

static bool prio_matches(const struct prio_walk *w, struct task *t)
{
	return w->which == PRIO_PGRP ? t->group == w->group : task_uid(t) == w->uid;
}

static int prio_consider(struct task *t, void *arg)
{
	struct prio_walk *w = arg;

	if (!t->is_zombie && prio_matches(w, t))
		prio_visit(w, t->leader);
	return 0;
}

static int prio_run(struct prio_walk *w, int who)
{
	struct thread *t;

	w->err = -ESRCH;
	switch (w->which) {
	case PRIO_PROCESS:
		t = thread_find_get(who);
		if (!t)
			return -ESRCH;
		prio_visit(w, t);
		thread_put(t);
		return w->err;
	case PRIO_PGRP:
		w->group =
			who ? pid_find_get(pidns_current(), who) : pid_get(task_current()->group);
		if (!w->group)
			return -ESRCH;
		break;
	case PRIO_USER:
		w->uid = who ? uid_from_user((u32)who) : cred_current()->uid;
		break;
	default:
		return -EINVAL;
	}
	rwspin_read_lock(&tasks_lock);
	task_for_each(prio_consider, w);
	rwspin_read_unlock(&tasks_lock);
	pid_put(w->group);
	return w->err;
}

SYSCALL(setpriority, int which, int who, int nice)
{
	struct prio_walk w = { .which = which, .is_set = true };

	w.nice = nice < PRIO_MIN ? PRIO_MIN : nice >= PRIO_MAX ? PRIO_MAX - 1 : nice;
	return prio_run(&w, who);
}

SYSCALL(getpriority, int which, int who)
{
	struct prio_walk w = { .which = which };
	int err = prio_run(&w, who);

	return err ? err : 20 - w.nice; /* so that no result looks like an error */
}

/* ---- Limits */

static bool may_prlimit(struct task *t)
{
	const struct cred *self = cred_current(), *other;
	bool is_same;

	if (t == task_current())
		return true;
	other = task_cred_get(t);
	is_same = self->uid == other->euid && self->uid == other->suid && self->uid == other->uid &&
		  self->gid == other->egid && self->gid == other->sgid && self->gid == other->gid;
	is_same = is_same || ns_capable(other->userns, CAP_SYS_RESOURCE);
	cred_put(other);
	return is_same;
}

SYSCALL(prlimit64, int nr, u32 which, const struct rlimit64 __user *unew,
	struct rlimit64 __user *uold)
{
	struct rlimit64 new, old;
	struct task *t = task_current();
	int err;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	if (nr)
		t = task_find_get(nr);
	else
		task_get(t);
	if (!t)
		return -ESRCH;
	err = may_prlimit(t) ? rlimit_set(t, which, unew ? &new : NULL, &old) : -EPERM;
	task_put(t);
	if (err)
		return err;
	return uold ? copy_to_user(uold, &old, sizeof(old)) : 0;
}

SYSCALL(getrlimit, u32 which, struct rlimit64 __user *uold)
{
	struct rlimit64 old;
	int err = rlimit_set(task_current(), which, NULL, &old);

	return err ? err : copy_to_user(uold, &old, sizeof(old));
}

SYSCALL(setrlimit, u32 which, const struct rlimit64 __user *unew)
{
	struct rlimit64 new;

	if (copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	return rlimit_set(task_current(), which, &new, NULL);
}

/* ---- Usage */

SYSCALL(getrusage, int who, struct rusage __user *urusage)
{
	struct rusage rusage;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	task_rusage(task_current(), who, &rusage);
	return copy_to_user(urusage, &rusage, sizeof(rusage));
}

SYSCALL(times, struct tms __user *utms)
{
	struct task *t = task_current();
	u64 ns_per_tick = NS_PER_SEC / USER_HZ, user_ns, system_ns;
	struct tms tms;

	task_times(t, &user_ns, &system_ns);
	tms.tms_utime = user_ns / ns_per_tick;
	tms.tms_stime = system_ns / ns_per_tick;
	tms.tms_cutime = t->child_user_ns / ns_per_tick;
	tms.tms_cstime = t->child_system_ns / ns_per_tick;
	if (utms && copy_to_user(utms, &tms, sizeof(tms)))
		return -EFAULT;
	return clock_ns() / ns_per_tick;
}
