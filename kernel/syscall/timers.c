/*
 * System calls that arm signal timers: setitimer(2), alarm(2), timer_create(2) and its relatives.
 */
#include <linux/errno.h>
#include <linux/time.h>

#include "arch/x86_64/uaccess.h"

#include "kernel/syscall/user.h"
#include "kernel/task/timers.h"

#define NS_PER_USEC 1000

static int timeval_to_ns(const struct timeval *tv, u64 *ns)
{
	struct timespec ts = { .tv_sec = tv->tv_sec };

	if ((u64)tv->tv_usec >= NS_PER_SEC / NS_PER_USEC)
		return -EINVAL;
	ts.tv_nsec = tv->tv_usec * NS_PER_USEC;
	if (!timespec_is_valid(&ts))
		return -EINVAL;
	*ns = timespec_to_ns(&ts);
	return 0;
}

static int itimerval_to_user(struct itimerval __user *uout, u64 value_ns, u64 interval_ns)
{
	struct itimerval out = {
		.it_interval = { interval_ns / NS_PER_SEC, interval_ns % NS_PER_SEC / NS_PER_USEC },
		.it_value = { value_ns / NS_PER_SEC, value_ns % NS_PER_SEC / NS_PER_USEC },
	};

	if (value_ns && value_ns < NS_PER_USEC)
		out.it_value.tv_usec = 1; /* 0 would mean that it is not armed */
	return copy_to_user(uout, &out, sizeof(out));
}

SYSCALL(getitimer, int which, struct itimerval __user *uout)
{
	u64 value_ns, interval_ns;
	int err = itimer_get(which, &value_ns, &interval_ns);

	return err ? err : itimerval_to_user(uout, value_ns, interval_ns);
}

/* unew NULL disarms, as Linux does. */
SYSCALL(setitimer, int which, const struct itimerval __user *unew, struct itimerval __user *uold)
{
	u64 value_ns = 0, interval_ns = 0, old_value_ns, old_interval_ns;
	struct itimerval new;
	int err;

	if (unew) {
		if (copy_from_user(&new, unew, sizeof(new)))
			return -EFAULT;
		if (timeval_to_ns(&new.it_value, &value_ns) ||
		    timeval_to_ns(&new.it_interval, &interval_ns))
			return -EINVAL;
	}
	err = itimer_set(which, value_ns, interval_ns, &old_value_ns, &old_interval_ns);
	if (err || !uold)
		return err;
	return itimerval_to_user(uold, old_value_ns, old_interval_ns);
}

/* Returns what was left, rounded to seconds but never to 0. */
SYSCALL(alarm, unsigned int seconds)
{
	u64 old_ns, old_interval_ns;

	if (itimer_set(ITIMER_REAL, seconds * NS_PER_SEC, 0, &old_ns, &old_interval_ns))
		return 0;
	if (old_ns && old_ns < NS_PER_SEC)
		return 1;
	return (old_ns + NS_PER_SEC / 2) / NS_PER_SEC;
}

SYSCALL(timer_create, clockid_t clock, const struct sigevent __user *uevent, int __user *uid)
{
	struct sigevent event;
	int id, err;

	if (uevent && copy_from_user(&event, uevent, sizeof(event)))
		return -EFAULT;
	err = ptimer_create(clock, uevent ? &event : NULL, &id);
	if (err)
		return err;
	if (put_user(id, uid)) {
		(void)!ptimer_delete(id);
		return -EFAULT;
	}
	return 0;
}

static int itimerspec_to_user(struct itimerspec __user *uout, u64 value_ns, u64 interval_ns)
{
	struct itimerspec out = { timespec_from_ns(interval_ns), timespec_from_ns(value_ns) };

	return copy_to_user(uout, &out, sizeof(out));
}

SYSCALL(timer_settime, int id, int flags, const struct itimerspec __user *unew,
	struct itimerspec __user *uold)
{
	u64 old_value_ns, old_interval_ns;
	struct itimerspec new;
	int err;

	if (!unew)
		return -EINVAL;
	if (copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	if (!timespec_is_valid(&new.it_value) || !timespec_is_valid(&new.it_interval))
		return -EINVAL;
	err = ptimer_set(id, flags & TIMER_ABSTIME, timespec_to_ns(&new.it_value),
			 timespec_to_ns(&new.it_interval), &old_value_ns, &old_interval_ns);
	if (err || !uold)
		return err;
	return itimerspec_to_user(uold, old_value_ns, old_interval_ns);
}

SYSCALL(timer_gettime, int id, struct itimerspec __user *uout)
{
	u64 value_ns, interval_ns;
	int err = ptimer_get(id, &value_ns, &interval_ns);

	return err ? err : itimerspec_to_user(uout, value_ns, interval_ns);
}

SYSCALL(timer_getoverrun, int id)
{
	return ptimer_overrun(id);
}

SYSCALL(timer_delete, int id)
{
	return ptimer_delete(id);
}
