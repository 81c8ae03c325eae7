/*
 * Scheduling, limits and usage: decode, check permission, call kernel/sched or kernel/task.
 *
 * SCHED_BATCH and SCHED_IDLE are other names for SCHED_OTHER, where nice values lengthen or shorten
 * slices. SCHED_DEADLINE is refused as to a caller without the right. I/O priorities are only
 * remembered, for there are no disks.
 *
 * Follows: sched(7), sched_setattr(2), ioprio_set(2), setpriority(2), getrlimit(2), getrusage(2),
 *   times(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/ioprio.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/times.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/userns.h"
#include "kernel/id/pidns.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"

/* ---- Threads by number */

struct thread *thread_find_get(int nr)
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

/* More than the thread has: only with CAP_SYS_NICE, or within the limits given for it. */
static bool may_raise(struct thread *t, int policy, const struct sched_attr *attr)
{
	if (capable(CAP_SYS_NICE))
		return true;
	if (policy_is_realtime(policy))
		return attr->sched_priority <= rlimit_get(RLIMIT_RTPRIO) ||
		       (policy == t->policy && (int)attr->sched_priority <= t->rt_priority);
	return attr->sched_nice >= t->nice || 20 - attr->sched_nice <= (s64)rlimit_get(RLIMIT_NICE);
}

/* attr->sched_policy: SCHED_*. The thread's nice value changes only for an ordinary policy. */
static int set_policy(struct thread *t, const struct sched_attr *attr)
{
	int policy = attr->sched_policy, prio = attr->sched_priority;
	bool is_realtime = policy_is_realtime(policy);

	if (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE && !is_realtime)
		return policy == SCHED_DEADLINE && attr->sched_runtime ? -EPERM : -EINVAL;
	if (is_realtime ? prio < 1 || prio > 99 : prio != 0)
		return -EINVAL;
	if (!may_schedule(t) || !may_raise(t, policy, attr) ||
	    (t->resets_on_fork && !(attr->sched_flags & SCHED_FLAG_RESET_ON_FORK) &&
	     !capable(CAP_SYS_NICE)))
		return -EPERM;
	if (!is_realtime)
		t->nice = attr->sched_nice;
	sched_set_policy(t, policy, prio, attr->sched_flags & SCHED_FLAG_RESET_ON_FORK);
	return 0;
}

static void attr_of(const struct thread *t, struct sched_attr *attr)
{
	*attr = (struct sched_attr){
		.size = sizeof(*attr),
		.sched_policy = t->policy,
		.sched_flags = t->resets_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0,
		.sched_priority = t->rt_priority,
	};
	if (!t->rt_priority)
		attr->sched_nice = (int)t->nice;
}

/* policy -1: the thread's own. */
static long set_scheduler(int nr, int policy, const struct sched_param __user *uparam)
{
	struct sched_param param;
	struct sched_attr attr;
	struct thread *t;
	int err;

	if (nr < 0 || !uparam)
		return -EINVAL;
	if (copy_from_user(&param, uparam, sizeof(param)))
		return -EFAULT;
	t = thread_find_get(nr);
	if (!t)
		return -ESRCH;
	attr_of(t, &attr);
	attr.sched_nice = (int)t->nice;
	attr.sched_priority = param.sched_priority;
	if (policy >= 0) {
		attr.sched_policy = policy & ~SCHED_RESET_ON_FORK;
		attr.sched_flags = policy & SCHED_RESET_ON_FORK ? SCHED_FLAG_RESET_ON_FORK : 0;
	}
	err = set_policy(t, &attr);
	thread_put(t);
	return err;
}

SYSCALL(sched_setscheduler, int nr, int policy, const struct sched_param __user *uparam)
{
	return policy < 0 ? -EINVAL : set_scheduler(nr, policy, uparam);
}

SYSCALL(sched_setparam, int nr, const struct sched_param __user *uparam)
{
	return set_scheduler(nr, -1, uparam);
}

/* What all calls that ask about a thread begin with. */
static int attr_get(int nr, struct sched_attr *attr)
{
	struct thread *t = nr < 0 ? NULL : thread_find_get(nr);

	if (!t)
		return nr < 0 ? -EINVAL : -ESRCH;
	attr_of(t, attr);
	thread_put(t);
	return 0;
}

SYSCALL(sched_getscheduler, int nr)
{
	struct sched_attr attr;
	int err = attr_get(nr, &attr);

	if (err)
		return err;
	return attr.sched_policy | (attr.sched_flags ? SCHED_RESET_ON_FORK : 0);
}

SYSCALL(sched_getparam, int nr, struct sched_param __user *uparam)
{
	struct sched_param param;
	struct sched_attr attr;
	int err = uparam ? attr_get(nr, &attr) : -EINVAL;

	if (err)
		return err;
	param.sched_priority = attr.sched_priority;
	return copy_to_user(uparam, &param, sizeof(param));
}

/* As extensible structs go: what is beyond ours must be zero. */
static int attr_from_user(struct sched_attr *attr, struct sched_attr __user *uattr)
{
	u32 size, more;

	if (get_user(size, &uattr->size))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	*attr = (struct sched_attr){ 0 };
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		goto too_big;
	if (copy_from_user(attr, uattr, MIN(size, (u32)sizeof(*attr))))
		return -EFAULT;
	for (u32 at = sizeof(*attr); at < size; at += sizeof(more)) {
		if (copy_from_user(&more, (char __user *)uattr + at, sizeof(more)))
			return -EFAULT;
		if (more)
			goto too_big;
	}
	return 0;
too_big:
	return put_user((u32)sizeof(*attr), &uattr->size) ? -EFAULT : -E2BIG;
}

#define SCHED_FLAGS_KNOWN 0x7f

SYSCALL(sched_setattr, int nr, struct sched_attr __user *uattr, u32 flags)
{
	struct sched_attr attr;
	struct thread *t;
	int err;

	if (nr < 0 || !uattr || flags)
		return -EINVAL;
	err = attr_from_user(&attr, uattr);
	if (err)
		return err;
	if ((int)attr.sched_policy < 0 || (attr.sched_flags & ~(u64)SCHED_FLAGS_KNOWN))
		return -EINVAL;
	t = thread_find_get(nr);
	if (!t)
		return -ESRCH;
	if (attr.sched_flags & SCHED_FLAG_KEEP_POLICY)
		attr.sched_policy = t->policy;
	if (attr.sched_flags & SCHED_FLAG_KEEP_PARAMS) {
		attr.sched_priority = t->rt_priority;
		attr.sched_nice = (int)t->nice;
	}
	attr.sched_nice = MIN(attr.sched_nice, PRIO_MAX - 1);
	attr.sched_nice = MAX(attr.sched_nice, PRIO_MIN);
	err = set_policy(t, &attr);
	thread_put(t);
	return err;
}

SYSCALL(sched_getattr, int nr, struct sched_attr __user *uattr, u32 size, u32 flags)
{
	struct sched_attr attr;
	int err;

	if (!uattr || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE || flags)
		return -EINVAL;
	err = attr_get(nr, &attr);
	if (err)
		return err;
	attr.size = MIN(size, (u32)sizeof(attr));
	return copy_to_user(uattr, &attr, attr.size);
}

SYSCALL(sched_get_priority_max, int policy)
{
	if (policy_is_realtime(policy))
		return 99;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ||
			       policy == SCHED_DEADLINE || policy == SCHED_EXT
		       ? 0
		       : -EINVAL;
}

SYSCALL(sched_get_priority_min, int policy)
{
	if (policy_is_realtime(policy))
		return 1;
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ||
			       policy == SCHED_DEADLINE || policy == SCHED_EXT
		       ? 0
		       : -EINVAL;
}

SYSCALL(sched_rr_get_interval, int nr, struct timespec __user *uinterval)
{
	struct sched_attr attr;
	struct timespec ts;
	int err = attr_get(nr, &attr);

	if (err)
		return err;
	ts = timespec_from_ns(attr.sched_policy == SCHED_FIFO ? 0
			      : attr.sched_policy == SCHED_RR ? RR_SLICE_NS
							      : TICK_NS);
	return copy_to_user(uinterval, &ts, sizeof(ts));
}

/* ---- Nice values and I/O priorities: which threads setpriority(2) means */

struct prio_walk {
	int which; /* PRIO_* */
	u32 uid;
	struct pid *group;
	int nice; /* set: what they get. get: the lowest (best) seen so far. */
	bool is_set, is_io; /* io: nice is one for ioprio_set(2) */
	int err; /* -ESRCH until one was found */
};

/* What is not set follows from the nice value. */
static int ioprio_of(const struct thread *t)
{
	return t->ioprio ? t->ioprio : IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, (t->nice + 20) / 5);
}

static void ioprio_visit(struct prio_walk *w, struct thread *t)
{
	const struct cred *self = cred_current(), *other = thread_cred_get(t);

	if (!w->is_set)
		w->nice = w->err ? ioprio_of(t) : MIN(w->nice, ioprio_of(t));
	else if (other->uid == self->euid || other->uid == self->uid || capable(CAP_SYS_NICE))
		t->ioprio = w->nice;
	else
		w->err = -EPERM;
	if (w->err == -ESRCH)
		w->err = 0;
	cred_put(other);
}

static void prio_visit(struct prio_walk *w, struct thread *t)
{
	if (w->is_io) {
		ioprio_visit(w, t);
		return;
	}
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

static int ioprio_check(int ioprio)
{
	int level = IOPRIO_PRIO_DATA(ioprio) & 7;

	switch (IOPRIO_PRIO_CLASS(ioprio)) {
	case IOPRIO_CLASS_RT:
		return capable(CAP_SYS_ADMIN) || capable(CAP_SYS_NICE) ? 0 : -EPERM;
	case IOPRIO_CLASS_BE:
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return level ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

SYSCALL(ioprio_set, int which, int who, int ioprio)
{
	struct prio_walk w = {
		.which = (int)((u32)which - 1), .is_set = true, .is_io = true, .nice = (u16)ioprio
	};
	int err = ioprio_check((u16)ioprio);

	return err ? err : prio_run(&w, who);
}

SYSCALL(ioprio_get, int which, int who)
{
	struct prio_walk w = { .which = (int)((u32)which - 1), .is_io = true };
	struct thread *t;
	int err = prio_run(&w, who);

	if (err || which != IOPRIO_WHO_PROCESS)
		return err ? err : w.nice;
	t = thread_find_get(who); /* asked about one, the truth: it may have none */
	if (!t)
		return -ESRCH;
	w.nice = t->ioprio;
	thread_put(t);
	return w.nice;
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
