/*
 * timerfd: expirations are counted in interrupt context and taken by read.
 *
 * Owns: struct timerfd. Its kernel timer is armed while expires_ns is not 0, but that one with an
 *   interval rests from when it has fired until somebody reads: what it would have counted meanwhile
 *   is counted then. So the shortest interval is no storm of interrupts.
 * Locks: lock (RANK_DEVICE, interrupts off) for the times; ticks is atomic. The timer is armed
 *   after the lock is dropped (TIMER ranks before DEVICE), with set_lock held; settime cancels it
 *   and waits for the callback first. set_lock also guards the list of those who follow the wall
 *   clock: they move when it is set.
 * Follows: timerfd_create(2)
 */
#include "fs/anonfs/timerfd.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/timerfd.h>

#include "kernel/mm/slab.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait.h"
#include "kernel/time/clock.h"
#include "kernel/time/timer.h"
#include "fs/anonfs/anonfs.h"
#include "fs/poll.h"
#include "fs/rw.h"

struct timerfd {
	struct timer timer;
	struct list wall_link; /* [set_lock] in on_wall_clock, or in itself */
	bool is_cancelable; /* [set_lock] TFD_TIMER_CANCEL_ON_SET */
	_Atomic bool is_canceled; /* [a] nobody has heard of it */
	struct spinlock lock; /* the next three */
	u64 expires_ns; /* monotonic; 0: disarmed */
	u64 interval_ns; /* 0: once */
	_Atomic bool is_resting; /* has fired at expires_ns; only set_lock's holder wakes it */
	_Atomic u64 ticks; /* expirations nobody has read */
	struct wait_queue wait;
	int clock;
};

static struct slab_cache *timerfd_cache;
static struct mutex set_lock = MUTEX_INIT(RANK_EPOLL);
static struct list on_wall_clock = LIST_INIT(on_wall_clock); /* absolute times of CLOCK_REALTIME */

/* Interrupt context. */
static void timerfd_fire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	u64 flags = spin_lock_irqsave(&t->lock);

	if (t->interval_ns)
		t->is_resting = true;
	else
		t->expires_ns = 0;
	atomic_fetch_add(&t->ticks, 1);
	spin_unlock_irqrestore(&t->lock, flags);
	wake_all_key(&t->wait, POLLIN | POLLRDNORM);
}

/* set_lock held: counts what a resting one has missed; when it is to fire next. */
static u64 timerfd_catch_up(struct timerfd *t)
{
	u64 flags = spin_lock_irqsave(&t->lock), now = clock_ns(), missed, next;

	if (t->is_resting) {
		missed = (MAX(now, t->expires_ns) - t->expires_ns) / t->interval_ns;
		atomic_fetch_add(&t->ticks, missed);
		t->expires_ns += (missed + 1) * t->interval_ns;
		t->is_resting = false;
	}
	next = t->expires_ns;
	spin_unlock_irqrestore(&t->lock, flags);
	return next;
}

static u64 timerfd_take(struct timerfd *t)
{
	if (t->is_resting) {
		mutex_lock(&set_lock);
		if (t->is_resting)
			timer_arm(&t->timer, timerfd_catch_up(t));
		mutex_unlock(&set_lock);
	}
	return atomic_exchange(&t->ticks, 0);
}

static long timerfd_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct timerfd *t = file->private;
	u64 ticks;
	int err;

	if (uio->resid < sizeof(ticks))
		return -EINVAL;
	for (;;) {
		ticks = timerfd_take(t);
		if (atomic_exchange(&t->is_canceled, false))
			return -ECANCELED;
		if (ticks)
			break;
		if (file_nowait(file, uio))
			return -EAGAIN;
		err = wait_event_interruptible(&t->wait, t->ticks || t->is_canceled);
		if (err)
			return err;
	}
	return uio_copy_out(uio, &ticks, sizeof(ticks)) == sizeof(ticks) ? (long)sizeof(ticks)
									 : -EFAULT;
}

static u32 timerfd_poll(struct file *file, struct poll_table *pt)
{
	struct timerfd *t = file->private;

	poll_wait(pt, file, &t->wait);
	return t->ticks || t->is_canceled ? POLLIN : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *t = file->private;

	mutex_lock(&set_lock);
	list_del_init(&t->wall_link);
	mutex_unlock(&set_lock);
	timer_cancel_sync(&t->timer);
	cache_free(timerfd_cache, t);
}

static struct timespec ns_to_timespec(u64 ns)
{
	return (struct timespec){ .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
}

/* Time that is left and the interval, as settime and gettime report them. */
static void timerfd_state(struct timerfd *t, struct itimerspec *out)
{
	u64 flags = spin_lock_irqsave(&t->lock);
	u64 now = clock_ns(), expires = t->expires_ns, interval = t->interval_ns;

	if (t->is_resting)
		expires = now + interval - (MAX(now, expires) - expires) % interval;
	spin_unlock_irqrestore(&t->lock, flags);
	out->it_interval = ns_to_timespec(interval);
	out->it_value = ns_to_timespec(!expires ? 0 : expires > now ? expires - now : 1);
}

static void timerfd_fdinfo(struct file *file, const struct pidns *viewer, struct seqbuf *out)
{
	struct timerfd *t = file->private;
	struct itimerspec state;

	timerfd_state(t, &state);
	seqbuf_printf(out, "clockid: %d\nticks: %llu\nsettime flags: 00\n", t->clock,
		      (unsigned long long)t->ticks);
	seqbuf_printf(out, "it_value: (%llu, %llu)\nit_interval: (%llu, %llu)\n",
		      (unsigned long long)state.it_value.tv_sec,
		      (unsigned long long)state.it_value.tv_nsec,
		      (unsigned long long)state.it_interval.tv_sec,
		      (unsigned long long)state.it_interval.tv_nsec);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.seek = file_seek_nowhere,
	.nowait = FILE_READ,
	.poll = timerfd_poll,
	.release = timerfd_release,
	.show_fdinfo = timerfd_fdinfo,
};

static struct timerfd *timerfd_of(struct file *file)
{
	return file->ops == &timerfd_ops ? file->private : NULL;
}

static bool timespec_ok(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && (u64)ts->tv_nsec < NS_PER_SEC;
}

static u64 timespec_ns(const struct timespec *ts)
{
	u64 sec = MIN((u64)ts->tv_sec, ~0ull / NS_PER_SEC / 4); /* further away than any uptime */

	return sec * NS_PER_SEC + (u64)ts->tv_nsec;
}

/* The moment on the monotonic clock, never 0. */
static u64 timerfd_deadline(const struct timerfd *t, int flags, u64 value_ns)
{
	u64 now = clock_ns(), real;

	if (!(flags & TFD_TIMER_ABSTIME))
		return now + value_ns;
	if (t->clock == CLOCK_REALTIME) {
		real = clock_realtime_ns();
		return value_ns > real ? now + (value_ns - real) : 1;
	}
	return MAX(value_ns, 1ull);
}

/* set_lock held, and the timer does not run. */
static void timerfd_start(struct timerfd *t, u64 expires_ns, u64 interval_ns)
{
	u64 flags = spin_lock_irqsave(&t->lock);

	t->expires_ns = expires_ns;
	t->interval_ns = interval_ns;
	t->is_resting = false;
	spin_unlock_irqrestore(&t->lock, flags);
	if (expires_ns)
		timer_arm(&t->timer, expires_ns);
}

/* True: the clock was set since the last time, and nobody had read that. set_lock held. */
static bool timerfd_follow_wall(struct timerfd *t, int flags)
{
	list_del_init(&t->wall_link);
	if (t->clock == CLOCK_REALTIME && (flags & TFD_TIMER_ABSTIME))
		list_add_tail(&t->wall_link, &on_wall_clock);
	t->is_cancelable = !list_empty(&t->wall_link) && (flags & TFD_TIMER_CANCEL_ON_SET);
	return atomic_exchange(&t->is_canceled, false) && t->is_cancelable;
}

int timerfd_settime(struct file *file, int tfd_flags, const struct itimerspec *new,
		    struct itimerspec *old)
{
	struct timerfd *t = timerfd_of(file);
	bool is_canceled;
	u64 expires = 0;

	if (!t || (tfd_flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) ||
	    !timespec_ok(&new->it_value) || !timespec_ok(&new->it_interval))
		return -EINVAL;
	mutex_lock(&set_lock);
	timer_cancel_sync(&t->timer);
	if (old)
		timerfd_state(t, old);
	if (timespec_ns(&new->it_value))
		expires = timerfd_deadline(t, tfd_flags, timespec_ns(&new->it_value));
	atomic_store(&t->ticks, 0);
	timerfd_start(t, expires, timespec_ns(&new->it_interval));
	is_canceled = timerfd_follow_wall(t, tfd_flags);
	mutex_unlock(&set_lock);
	return is_canceled ? -ECANCELED : 0;
}

/* Who was told a time of day keeps it. An expired one has no time any more. */
static void timerfd_step(u64 delta_ns)
{
	struct timerfd *t;
	u64 next;

	mutex_lock(&set_lock);
	list_for_each(t, &on_wall_clock, wall_link) {
		timer_cancel_sync(&t->timer);
		next = timerfd_catch_up(t);
		if (next)
			timerfd_start(t, MAX((s64)(next - delta_ns), 1l), t->interval_ns);
		if (!t->is_cancelable)
			continue;
		t->is_canceled = true;
		wake_all_key(&t->wait, POLLIN | POLLRDNORM);
	}
	mutex_unlock(&set_lock);
}

int timerfd_gettime(struct file *file, struct itimerspec *out)
{
	struct timerfd *t = timerfd_of(file);

	if (!t)
		return -EINVAL;
	timerfd_state(t, out);
	return 0;
}

int timerfd_open(int clock, u32 flags, struct file **out)
{
	struct timerfd *t = cache_zalloc(timerfd_cache);
	int err;

	if (!t)
		return -ENOMEM;
	timer_setup(&t->timer, timerfd_fire);
	list_init(&t->wall_link);
	spin_init(&t->lock, RANK_DEVICE);
	wait_queue_init(&t->wait);
	t->clock = clock;
	err = anonfs_open("[timerfd]", &timerfd_ops, t, O_RDWR | (flags & O_NONBLOCK), out);
	if (err)
		cache_free(timerfd_cache, t);
	return err;
}

void timerfd_init(void)
{
	timerfd_cache = cache_create("timerfd", sizeof(struct timerfd), 0);
	clock_hook_step = timerfd_step;
}
