/*
 * eventfd: a counter that is added to by write and taken by read.
 *
 * Invariant: count <= EVENTFD_MAX, so that there is a value left to mean "overflow" (never reached
 *   here).
 * Locks: none; the count changes by compare-and-exchange, and sleepers test it without a lock.
 * Follows: eventfd(2)
 */
#include "fs/anonfs/eventfd.h"

#include <linux/errno.h>
#include <linux/eventfd.h>
#include <linux/fcntl.h>

#include "kernel/mm/slab.h"
#include "kernel/sync/wait.h"
#include "fs/anonfs/anonfs.h"
#include "fs/poll.h"
#include "fs/rw.h"

#define EVENTFD_MAX (~0ull - 1)

struct eventfd {
	_Atomic u64 count;
	struct wait_queue wait; /* readers for non-zero, writers for room */
	bool is_semaphore;
};

static struct slab_cache *eventfd_cache;

/* Takes the value a read gets; false if there is none. */
static bool eventfd_take(struct eventfd *e, u64 *value)
{
	u64 count = atomic_load(&e->count);

	do {
		if (!count)
			return false;
		*value = e->is_semaphore ? 1 : count;
	} while (!atomic_compare_exchange_weak(&e->count, &count, count - *value));
	return true;
}

static long eventfd_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct eventfd *e = file->private;
	u64 value;
	int err;

	if (uio->resid < sizeof(value))
		return -EINVAL;
	while (!eventfd_take(e, &value)) {
		if (file_nowait(file, uio))
			return -EAGAIN;
		err = wait_event_interruptible(&e->wait, e->count);
		if (err)
			return err;
	}
	wake_all_key(&e->wait, POLLOUT | POLLWRNORM);
	return uio_copy_out(uio, &value, sizeof(value)) == sizeof(value) ? (long)sizeof(value)
									 : -EFAULT;
}

static bool eventfd_add(struct eventfd *e, u64 value)
{
	u64 count = atomic_load(&e->count);

	do {
		if (value > EVENTFD_MAX - count)
			return false;
	} while (!atomic_compare_exchange_weak(&e->count, &count, count + value));
	return true;
}

static long eventfd_write(struct file *file, struct uio *uio, u64 *pos)
{
	struct eventfd *e = file->private;
	u64 value;
	int err;

	if (uio->resid != sizeof(value))
		return -EINVAL;
	if (uio_copy_in(uio, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value > EVENTFD_MAX)
		return -EINVAL;
	while (!eventfd_add(e, value)) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&e->wait, value <= EVENTFD_MAX - e->count);
		if (err)
			return err;
	}
	wake_all_key(&e->wait, POLLIN | POLLRDNORM);
	return sizeof(value);
}

static u32 eventfd_poll(struct file *file, struct poll_table *pt)
{
	struct eventfd *e = file->private;
	u64 count;

	poll_wait(pt, file, &e->wait);
	count = atomic_load(&e->count);
	return (count ? POLLIN : 0) | (count < EVENTFD_MAX ? POLLOUT : 0);
}

static void eventfd_release(struct file *file)
{
	cache_free(eventfd_cache, file->private);
}

static void eventfd_fdinfo(struct file *file, const struct pidns *viewer, struct seqbuf *out)
{
	struct eventfd *e = file->private;

	seqbuf_printf(out, "eventfd-count: %16llx\neventfd-semaphore: %d\n",
		      (unsigned long long)atomic_load(&e->count), e->is_semaphore);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.nowait = FILE_READ,
	.seek = file_seek_nowhere,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.show_fdinfo = eventfd_fdinfo,
};

int eventfd_open(u32 initial, u32 flags, struct file **out)
{
	struct eventfd *e = cache_zalloc(eventfd_cache);
	int err;

	if (!e)
		return -ENOMEM;
	atomic_store(&e->count, initial);
	wait_queue_init(&e->wait);
	e->is_semaphore = flags & EFD_SEMAPHORE;
	err = anonfs_open("[eventfd]", &eventfd_ops, e, O_RDWR | (flags & O_NONBLOCK), out);
	if (err)
		cache_free(eventfd_cache, e);
	return err;
}

void eventfd_init(void)
{
	eventfd_cache = cache_create("eventfd", sizeof(struct eventfd), 0);
}
