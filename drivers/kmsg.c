/*
 * kmsg: the log as files.
 *
 * Owns: the place up to which /proc/kmsg and syslog(2) have read, one for all; and for each open
 *   of /dev/kmsg a place of its own.
 * How readers wake: a printer pokes a CPU, whose interrupt wakes them.
 * Locks: read_lock while the common place moves, not while somebody waits or copies to user space.
 *      Follows: syslog(2), proc_kmsg(5), Linux 7.3 Documentation/ABI/testing/dev-kmsg
 */
#include "drivers/kmsg.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "kernel/debug/printk.h"
#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/work.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait.h"
#include "fs/poll.h"

#define KMSG_MAX  (LOG_TEXT_MAX + 64)
#define LINES_MAX 4096u /* of one syslog_read() */

int dmesg_restrict;

static struct wait_queue log_wait = WAIT_QUEUE_INIT(log_wait);
static struct mutex read_lock = MUTEX_INIT(RANK_SOCK);
static u64 read_seq; /* [read_lock] for writing */

static void wake_readers(void)
{
	wake_all(&log_wait);
}

/* Who prints may hold any lock: waking is done elsewhere. */
static void note_record(void)
{
	if (unlikely(wait_queue_active(&log_wait)))
		work_poke(wake_readers);
}

void kmsg_init(void)
{
	log_hook = note_record;
}

/* Waits for the record seq. */
static int wait_for_record(u64 seq, bool nonblock)
{
	if (log_next_seq() > seq)
		return 0;
	return nonblock ? -EAGAIN : wait_event_interruptible(&log_wait, log_next_seq() > seq);
}

/* ---- one place for all */

long syslog_read(struct uio *uio, bool nonblock)
{
	size_t n = 0;
	char *buf;
	long err;

	if (!uio->resid)
		return 0;
	buf = kmalloc(LINES_MAX);
	if (!buf)
		return -ENOMEM;
	do { /* again if another reader was faster */
		err = wait_for_record(READ_ONCE(read_seq), nonblock);
		mutex_lock(&read_lock);
		if (!err)
			n = log_read(&read_seq, buf, MIN(uio->resid, (size_t)LINES_MAX));
		mutex_unlock(&read_lock);
	} while (!err && !n);
	if (!err)
		err = uio_copy_out(uio, buf, n) == n ? (long)n : -EFAULT;
	kfree(buf);
	return err;
}

size_t syslog_unread(void)
{
	size_t bytes = 0, n;
	char *buf = kmalloc(LINES_MAX);
	u64 seq = READ_ONCE(read_seq);

	while (buf && (n = log_read(&seq, buf, LINES_MAX)))
		bytes += n;
	kfree(buf);
	return bytes;
}

static int syslog_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYSLOG) ? 0 : -EPERM;
}

static long syslog_file_read(struct file *file, struct uio *uio, u64 *pos)
{
	return syslog_read(uio, file->flags & O_NONBLOCK);
}

static u32 syslog_poll(struct file *file, struct poll_table *pt)
{
	poll_wait(pt, file, &log_wait);
	return READ_ONCE(read_seq) < log_next_seq() ? POLLIN | POLLRDNORM : 0;
}

const struct file_ops syslog_ops = {
	.open = syslog_open,
	.read = syslog_file_read,
	.poll = syslog_poll,
};

/* ---- /dev/kmsg */

struct kmsg {
	u64 seq; /* of the record to read next */
};

/* One record a read: "level,sequence,microseconds,-;text\n". -EPIPE: the next one was overwritten. */
static long kmsg_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct kmsg *k = file->private;
	struct log_record record;
	char *buf, *text;
	u64 seq = k->seq, first = log_first_seq();
	long n = wait_for_record(seq, file->flags & O_NONBLOCK);

	if (n)
		return n;
	if (seq && seq < first) {
		k->seq = first;
		return -EPIPE;
	}
	buf = kmalloc(KMSG_MAX + LOG_TEXT_MAX);
	if (!buf)
		return -ENOMEM;
	text = buf + KMSG_MAX;
	if (log_get(&seq, &record, text)) {
		n = snprintf(buf, KMSG_MAX, "%u,%llu,%llu,-;%.*s\n", record.level,
			     (unsigned long long)record.seq,
			     (unsigned long long)record.time_ns / 1000, (int)record.len, text);
		if ((size_t)n > uio->resid)
			n = -EINVAL;
		else if (uio_copy_out(uio, buf, n) != (size_t)n)
			n = -EFAULT;
		else
			k->seq = seq;
	}
	kfree(buf);
	return n;
}

/* A "<n>" prefix is the level, as syslog(3) writes it. */
static long kmsg_write(struct file *file, struct uio *uio, u64 *pos)
{
	size_t whole = uio->resid, n;
	enum log_level level = LOG_WARNING;
	char buf[256], *text = buf;

	n = uio_copy_in(uio, buf, sizeof(buf) - 1);
	if (!n)
		return whole ? -EFAULT : 0;
	buf[n] = '\0';
	uio->resid = 0;
	if (n > 2 && buf[0] == '<' && buf[1] >= '0' && buf[1] <= '9') {
		char *end = strchr(buf, '>');

		if (end) {
			level = (buf[1] - '0') & 7;
			text = end + 1;
		}
	}
	printk(level, "%s", text);
	return whole;
}

static s64 kmsg_seek(struct file *file, s64 offset, int whence)
{
	struct kmsg *k = file->private;

	if (offset)
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET: /* the first record */
	case SEEK_DATA: /* the first after SYSLOG_ACTION_CLEAR, which hides nothing here */
		k->seq = 0;
		return 0;
	case SEEK_END: /* after the last */
		k->seq = log_next_seq();
		return 0;
	default:
		return -EINVAL;
	}
}

static u32 kmsg_poll(struct file *file, struct poll_table *pt)
{
	struct kmsg *k = file->private;

	poll_wait(pt, file, &log_wait);
	if (k->seq >= log_next_seq())
		return 0;
	return k->seq && k->seq < log_first_seq() ? POLLIN | POLLRDNORM | POLLERR | POLLPRI
						  : POLLIN | POLLRDNORM;
}

static int kmsg_open(struct inode *inode, struct file *file)
{
	if ((file->mode & FILE_READ) && dmesg_restrict && !capable(CAP_SYSLOG))
		return -EPERM;
	file->private = kzalloc(sizeof(struct kmsg));
	return file->private ? 0 : -ENOMEM;
}

static void kmsg_release(struct file *file)
{
	kfree(file->private);
}

const struct file_ops kmsg_ops = {
	.read = kmsg_read,
	.write = kmsg_write,
	.seek = kmsg_seek,
	.poll = kmsg_poll,
	.open = kmsg_open,
	.release = kmsg_release,
};
