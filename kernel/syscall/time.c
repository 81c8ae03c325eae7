/*
 * Clocks and sleeping. Timers that send signals are in kernel/syscall/signal.c.
 *
 *                                       Follows: clock_gettime(2), clock_nanosleep(2), nanosleep(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/time.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/cred.h"
#include "kernel/sched/sched.h"
#include "kernel/task/cpuclock.h"
#include "kernel/task/signal.h"

static int clock_read_cpu(int clock, u64 *ns)
{
	struct cpuclock c;
	int err = cpuclock_get(clock, &c);

	if (err)
		return err;
	*ns = cpuclock_ns(&c);
	cpuclock_put(&c);
	return 0;
}

static int clock_read(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = clock_realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = clock_ns();
		return 0;
	default:
		return clock <= CLOCK_THREAD_CPUTIME_ID ? clock_read_cpu(clock, ns) : -EINVAL;
	}
}

SYSCALL(clock_gettime, int clock, struct timespec __user *uts)
{
	struct timespec ts;
	u64 ns;
	int err = clock_read(clock, &ns);

	if (err)
		return err;
	ts = timespec_from_ns(ns);
	return copy_to_user(uts, &ts, sizeof(ts));
}

SYSCALL(clock_getres, int clock, struct timespec __user *uts)
{
	struct timespec res = { .tv_nsec = 1 };
	u64 ns;
	int err = clock_read(clock, &ns);

	if (err)
		return err;
	if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		res.tv_nsec = 4000000;
	return uts ? copy_to_user(uts, &res, sizeof(res)) : 0;
}

SYSCALL(clock_settime, int clock, const struct timespec __user *uts)
{
	struct timespec ts;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (!timespec_is_valid(&ts))
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	clock_set_realtime(timespec_to_ns(&ts));
	return 0;
}

SYSCALL(gettimeofday, struct timeval __user *utv, struct timezone __user *utz)
{
	struct timezone tz = { 0 };
	struct timeval tv;
	u64 ns = clock_realtime_ns();

	tv.tv_sec = ns / NS_PER_SEC;
	tv.tv_usec = ns % NS_PER_SEC / 1000;
	if (utv && copy_to_user(utv, &tv, sizeof(tv)))
		return -EFAULT;
	return utz ? copy_to_user(utz, &tz, sizeof(tz)) : 0;
}

SYSCALL(settimeofday, const struct timeval __user *utv, const struct timezone __user *utz)
{
	struct timeval tv;

	if (utv && copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (utv && (tv.tv_sec < 0 || (u64)tv.tv_usec >= 1000000))
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (utv)
		clock_set_realtime((u64)tv.tv_sec * NS_PER_SEC + (u64)tv.tv_usec * 1000);
	return 0;
}

SYSCALL(time, long __user *ut)
{
	long now = clock_realtime_ns() / NS_PER_SEC;

	if (ut && put_user(now, ut))
		return -EFAULT;
	return now;
}

/* args: 0 deadline, 1 where the rest goes (or 0). A deadline makes the restart exact. */
static long sleep_run(struct thread *t)
{
	u64 deadline = t->restart_args[0], now;
	struct timespec __user *urest = (struct timespec __user *)t->restart_args[1];
	struct timespec rest;

	if (!thread_sleep_until(deadline))
		return 0;
	now = clock_ns();
	if (now >= deadline)
		return 0;
	rest = timespec_from_ns(deadline - now);
	if (urest && copy_to_user(urest, &rest, sizeof(rest)))
		return -EFAULT;
	t->restart = sleep_run;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_for(u64 ns, struct timespec __user *urest)
{
	if (!ns)
		return 0;
	current->restart_args[0] = clock_ns() + ns;
	current->restart_args[1] = (u64)urest;
	return sleep_run(current);
}

SYSCALL(nanosleep, const struct timespec __user *uwant, struct timespec __user *urest)
{
	struct timespec want;

	if (copy_from_user(&want, uwant, sizeof(want)))
		return -EFAULT;
	if (!timespec_is_valid(&want))
		return -EINVAL;
	return sleep_for(timespec_to_ns(&want), urest);
}

static long sleep_until_absolute(int clock, u64 ns)
{
	u64 now;
	int err = clock_read(clock, &now);

	if (err)
		return err;
	if (ns <= now)
		return 0;
	return thread_sleep_until(clock_ns() + (ns - now)) ? -ERESTARTNOHAND : 0;
}

SYSCALL(clock_nanosleep, int clock, int flags, const struct timespec __user *uwant,
	struct timespec __user *urest)
{
	struct timespec want;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		break;
	case CLOCK_PROCESS_CPUTIME_ID: /* Linux can; here nothing wakes at a moment of CPU time */
		return -EOPNOTSUPP;
	case CLOCK_THREAD_CPUTIME_ID:
		return -EINVAL;
	default:
		return clock >= 0 && clock <= CLOCK_TAI ? -EOPNOTSUPP : -EINVAL;
	}
	if (copy_from_user(&want, uwant, sizeof(want)))
		return -EFAULT;
	if (!timespec_is_valid(&want))
		return -EINVAL;
	if (flags & TIMER_ABSTIME)
		return sleep_until_absolute(clock, timespec_to_ns(&want));
	return sleep_for(timespec_to_ns(&want), urest);
}
