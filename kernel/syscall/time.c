/*
 * Clocks and sleeping. Timers that send signals are in kernel/syscall/signal.c.
 *
 * Follows: clock_gettime(2), clock_nanosleep(2), nanosleep(2), adjtimex(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/time.h>
#include <linux/timex.h>

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
	u64 ns;
	int err;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	err = timespec_from_user(uts, &ns);
	if (err)
		return err;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	clock_set_realtime(ns);
	return 0;
}

/* ---- adjtimex */

/* What one clock daemon left for others to read. Nothing here turns the clock by itself. */
static struct {
	_Atomic int status, tai;
	_Atomic long maxerror, esterror, constant;
} ntp = { .status = STA_UNSYNC, .maxerror = 16000000, .esterror = 16000000, .constant = 2 };

static int adjust_check(const struct timex *t, u32 modes)
{
	s64 limit = modes & ADJ_NANO ? NS_PER_SEC : 1000000;

	if (modes & 0x8000) /* the old adjtime(3) */
		return !(modes & ADJ_OFFSET)              ? -EINVAL
		       : !(modes & ADJ_NANO) && t->offset ? -EOPNOTSUPP
							  : 0;
	if ((modes & ADJ_TICK) && (t->tick < 9000 || t->tick > 11000))
		return -EINVAL;
	if ((modes & ADJ_SETOFFSET) && (t->time.tv_usec < 0 || t->time.tv_usec >= limit))
		return -EINVAL;
	/* The clock steps, but it cannot be made to run faster or slower. */
	if (((modes & ADJ_TICK) && t->tick != 10000) || ((modes & ADJ_FREQUENCY) && t->freq) ||
	    ((modes & ADJ_OFFSET) && t->offset))
		return -EOPNOTSUPP;
	return 0;
}

static void adjust(const struct timex *t, u32 modes)
{
	s64 unit_ns = modes & ADJ_NANO ? 1 : 1000;

	if (modes & ADJ_SETOFFSET)
		clock_set_realtime(clock_realtime_ns() + (u64)t->time.tv_sec * NS_PER_SEC +
				   (u64)(t->time.tv_usec * unit_ns));
	if (modes & ADJ_STATUS)
		ntp.status = (ntp.status & STA_RONLY) | (t->status & ~STA_RONLY);
	if (modes & ADJ_NANO)
		atomic_fetch_or(&ntp.status, STA_NANO);
	if (modes & ADJ_MICRO)
		atomic_fetch_and(&ntp.status, ~STA_NANO);
	if (modes & ADJ_MAXERROR)
		ntp.maxerror = t->maxerror;
	if (modes & ADJ_ESTERROR)
		ntp.esterror = t->esterror;
	if (modes & ADJ_TIMECONST)
		ntp.constant = t->constant;
	if ((modes & ADJ_TAI) && t->constant >= 0)
		ntp.tai = (int)t->constant;
}

SYSCALL(adjtimex, struct timex __user *utimex)
{
	struct timex t;
	bool is_old;
	u64 now;
	int err;

	if (copy_from_user(&t, utimex, sizeof(t)))
		return -EFAULT;
	is_old = t.modes & 0x8000;
	err = adjust_check(&t, t.modes);
	if (err == -EINVAL)
		return err;
	if (t.modes && t.modes != ADJ_OFFSET_SS_READ && !capable(CAP_SYS_TIME))
		return -EPERM;
	if (err)
		return err;
	if (!is_old)
		adjust(&t, t.modes);
	now = clock_realtime_ns();
	t = (struct timex){
		.modes = t.modes,
		.maxerror = ntp.maxerror,
		.esterror = ntp.esterror,
		.status = ntp.status,
		.constant = ntp.constant,
		.precision = 1,
		.tolerance = 32768000,
		.time = { now / NS_PER_SEC, now % NS_PER_SEC / (ntp.status & STA_NANO ? 1 : 1000) },
		.tick = 10000,
		.tai = ntp.tai,
	};
	if (copy_to_user(utimex, &t, sizeof(t)))
		return -EFAULT;
	return t.status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
}

SYSCALL(clock_adjtime, int clock, struct timex __user *utimex)
{
	u64 ns;

	if (clock == CLOCK_REALTIME)
		return sys_adjtimex(utimex);
	return clock >= 0 && clock_read(clock, &ns) ? -EINVAL : -EOPNOTSUPP;
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
	struct timezone tz;
	struct timeval tv;

	if (utv && copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (utz && copy_from_user(&tz, utz, sizeof(tz)))
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
	u64 ns;
	int err = timespec_from_user(uwant, &ns);

	return err ? err : sleep_for(ns, urest);
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

/* Nothing wakes at a moment of CPU time: looks again when it may have come at the earliest, but
 * not more often than it is measured. */
static long sleep_for_cpu_time(int clock, int flags, u64 ns, struct timespec __user *urest)
{
	struct timespec rest;
	u64 now, end;
	int err = clock_read(clock, &now);

	if (err)
		return err;
	end = flags & TIMER_ABSTIME ? ns : now + ns;
	while (now < end) {
		if (thread_sleep_until(clock_ns() + MAX((end - now) / nr_cpus, TICK_NS))) {
			if (flags & TIMER_ABSTIME)
				return -ERESTARTNOHAND;
			rest = timespec_from_ns(end - now);
			return urest && copy_to_user(urest, &rest, sizeof(rest)) ? -EFAULT : -EINTR;
		}
		err = clock_read(clock, &now);
		if (err)
			return err;
	}
	return 0;
}

static bool is_own_thread(int nr)
{
	return !nr || nr == pid_vnr(current->pid);
}

SYSCALL(clock_nanosleep, int clock, int flags, const struct timespec __user *uwant,
	struct timespec __user *urest)
{
	u64 ns;
	int err;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		break;
	case CLOCK_THREAD_CPUTIME_ID: /* it does not pass while one sleeps */
		return -EOPNOTSUPP;
	case CLOCK_PROCESS_CPUTIME_ID:
		break;
	default:
		if (clock < 0 && (!(clock & 4) || !is_own_thread(~(clock >> 3))))
			break;
		return clock >= 0 && clock < 10 ? -EOPNOTSUPP : -EINVAL; /* 10 is no clock */
	}
	err = timespec_from_user(uwant, &ns);
	if (err)
		return err;
	if (clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID)
		return sleep_for_cpu_time(clock, flags, ns, urest);
	if (flags & TIMER_ABSTIME)
		return sleep_until_absolute(clock, ns);
	return sleep_for(ns, urest);
}
