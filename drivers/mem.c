/*
 * The devices that are no devices: null, zero, full, random, urandom; kmsg is in kmsg.c. Major 1,
 * as ever.
 *
 * Follows: null(4), full(4), random(4).
 */
#include "drivers/mem.h"

#include <linux/errno.h>
#include <linux/major.h>
#include <linux/mman.h>
#include <linux/random.h>

#include "lib/string.h"

#include "arch/x86_64/uaccess.h"

#include "kernel/mm/mmap.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/wait.h"

#include "fs/rw.h"
#include "drivers/kmsg.h"

#include "fs/chrdev.h"
#include "fs/file.h"

/* ---- null, zero, full ---- */

static long null_read(struct file *file, struct uio *uio, u64 *pos)
{
	return 0;
}

static long null_write(struct file *file, struct uio *uio, u64 *pos)
{
	size_t n = uio->resid;

	uio->resid = 0;
	return n;
}

static long zero_read(struct file *file, struct uio *uio, u64 *pos)
{
	size_t done = 0;

	while (uio->resid) {
		size_t part = MIN(uio->resid, (size_t)16 * PAGE_SIZE), zeroed = uio_zero(uio, part);

		done += zeroed;
		if (zeroed < part)
			return done ? (long)done : -EFAULT;
		if (fatal_signal_pending_current())
			break;
		cond_resched();
	}
	return done;
}

static long full_write(struct file *file, struct uio *uio, u64 *pos)
{
	return -ENOSPC;
}

/* A private mapping of /dev/zero is anonymous memory: no ops, no file. A shared one would need
 * shared anonymous memory, which is made by mmap(MAP_ANONYMOUS). */
static int zero_mmap(struct file *file, struct mmap_request *req)
{
	if (req->flags & MAP_SHARED)
		return -ENODEV;
	req->ops = NULL;
	return 0;
}

static const struct file_ops null_ops = {
	.read = null_read,
	.nowait = FILE_READ | FILE_WRITE,
	.write = null_write,
	.seek = file_seek_nowhere,
};

static const struct file_ops zero_ops = {
	.read = zero_read,
	.nowait = FILE_READ | FILE_WRITE,
	.write = null_write,
	.seek = file_seek_nowhere,
	.mmap = zero_mmap,
};

static const struct file_ops full_ops = {
	.read = zero_read,
	.write = full_write,
	.seek = file_seek_nowhere,
};

/* ---- random, urandom ---- */

static long random_read(struct file *file, struct uio *uio, u64 *pos)
{
	u8 buf[256];
	long done = 0;

	while (uio->resid) {
		size_t part = MIN(uio->resid, sizeof(buf)), copied;

		random_bytes(buf, part);
		copied = uio_copy_out(uio, buf, part);
		done += copied;
		if (copied < part) {
			done = done ? done : -EFAULT;
			break;
		}
		if (signal_pending_current())
			break;
		cond_resched();
	}
	memset(buf, 0, sizeof(buf));
	return done;
}

static long random_write(struct file *file, struct uio *uio, u64 *pos)
{
	u8 buf[256];
	long done = 0;

	while (uio->resid) {
		size_t part = uio_copy_in(uio, buf, sizeof(buf));

		if (!part)
			return done ? done : -EFAULT;
		random_stir(buf, part);
		done += part;
		if (signal_pending_current())
			break;
		cond_resched();
	}
	return done;
}

static long random_ioctl(struct file *file, u32 cmd, u64 arg)
{
	switch (cmd) {
	case RNDGETENTCNT:
		return put_user(256, (int __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_ops random_ops = {
	.read = random_read,
	.write = random_write,
	.seek = file_seek_nowhere,
	.ioctl = random_ioctl,
};

static struct chrdev devices[] = {
	{ .name = "null",
	  .first = MKDEV(MEM_MAJOR, 3),
	  .count = 1,
	  .mode = 0666,
	  .ops = &null_ops },
	{ .name = "zero",
	  .first = MKDEV(MEM_MAJOR, 5),
	  .count = 1,
	  .mode = 0666,
	  .ops = &zero_ops },
	{ .name = "full",
	  .first = MKDEV(MEM_MAJOR, 7),
	  .count = 1,
	  .mode = 0666,
	  .ops = &full_ops },
	{ .name = "random",
	  .first = MKDEV(MEM_MAJOR, 8),
	  .count = 1,
	  .mode = 0666,
	  .ops = &random_ops },
	{ .name = "urandom",
	  .first = MKDEV(MEM_MAJOR, 9),
	  .count = 1,
	  .mode = 0666,
	  .ops = &random_ops },
	{ .name = "kmsg",
	  .first = MKDEV(MEM_MAJOR, 11),
	  .count = 1,
	  .mode = 0644,
	  .ops = &kmsg_ops },
};

void mem_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		chrdev_register(&devices[i]);
	kmsg_init();
}
