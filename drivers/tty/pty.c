/*
 * Pseudo-terminals: a slave that behaves like any terminal, and a master that is what a device
 * would be.
 *
 *   write(master) -> the slave's line discipline -> read(slave)
 *   write(slave), echo -> output processing -> the ring `out` -> read(master)
 *
 * Life: both sides are one struct, freed when neither has an open file. Closing the master hangs
 *   the slave up and takes the number out of /dev/pts; the slave can be opened again and again
 *   while the master is open.
 * Locks: ptys_lock guards the table. The slave's tty->lock is taken by a writing master (its own
 *   write_lock first); `out` and the packet bits are guarded by the slave's out_lock.
 * Follows: pty(7), ptmx(4), tty_ioctl(4) for TIOCPKT.
 */
#include "drivers/tty/pty.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/major.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "lib/fmt.h"
#include "lib/string.h"

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"

#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"

#include "fs/chrdev.h"
#include "fs/fdtable.h"
#include "fs/open.h"
#include "fs/poll.h"

#include "drivers/tty/tty.h"

#define PTY_MAX    1024
#define OUT_SIZE   8192
#define TTY_GROUP  5
#define PTY_INPUT  (POLLIN | POLLRDNORM)
#define PTY_OUTPUT (POLLOUT | POLLWRNORM)

struct pty {
	struct tty master, slave;
	u32 index;
	u32 uid; /* of who opened the master */
	_Atomic bool is_locked; /* until TIOCSPTLCK(0) */
	_Atomic bool is_master_closed;
	struct ring out; /* slave's out_lock */
	u8 out_buf[OUT_SIZE];
	bool is_packet; /* slave's out_lock: TIOCPKT */
	u8 packet_events; /* slave's out_lock: TIOCPKT_* to tell */
};

static struct mutex ptys_lock = MUTEX_INIT(RANK_TTY);
static struct pty *ptys[PTY_MAX];

static struct pty *pty_of(const struct tty *tty)
{
	return tty->private;
}

/* ---- the slave as a device: out_lock held ---- */

static size_t slave_write(struct tty *slave, const u8 *buf, size_t n)
{
	struct pty *pty = pty_of(slave);

	n = ring_write(&pty->out, buf, n);
	if (n)
		wake_all_key(&pty->master.read_wait, PTY_INPUT);
	return n;
}

/* A closed master takes everything, so that nobody waits for it. */
static size_t slave_room(struct tty *slave)
{
	struct pty *pty = pty_of(slave);

	if (atomic_load_explicit(&pty->is_master_closed, memory_order_relaxed))
		ring_clear(&pty->out);
	return ring_space(&pty->out);
}

static size_t slave_pending(struct tty *slave)
{
	return 0; /* what the master has not read counts as sent: tcdrain() must not wait for it */
}

static void slave_flush(struct tty *slave)
{
	struct pty *pty = pty_of(slave);

	ring_clear(&pty->out);
	pty->packet_events |= TIOCPKT_FLUSHWRITE;
}

/* ---- ends ---- */

static void slave_input_taken(struct tty *slave)
{
	wake_all_key(&pty_of(slave)->master.write_wait, PTY_OUTPUT);
}

static void slave_last_close(struct tty *slave)
{
	wake_all(&pty_of(slave)->master.read_wait); /* it gets EIO */
}

static void master_last_close(struct tty *master)
{
	struct pty *pty = pty_of(master);

	atomic_store_explicit(&pty->is_master_closed, true, memory_order_seq_cst);
	mutex_lock(&ptys_lock);
	if (ptys[pty->index] == pty)
		ptys[pty->index] = NULL;
	mutex_unlock(&ptys_lock);
	tty_hangup(&pty->slave, false);
}

/* Either side's last reference: the slave's count is the pair's, the master's holds one of it. */
static void slave_free(struct tty *slave)
{
	kfree(pty_of(slave));
}

static void master_free(struct tty *master)
{
	tty_put(&pty_of(master)->slave);
}

static const struct tty_ops slave_ops = {
	.write = slave_write,
	.room = slave_room,
	.pending = slave_pending,
	.flush = slave_flush,
	.input_taken = slave_input_taken,
	.last_close = slave_last_close,
	.free = slave_free,
};

/* ---- the master's file ---- */

/* Bytes for a read of the master, or 0. A packet begins with what happened. */
static size_t master_take(struct pty *pty, u8 *buf, size_t n)
{
	u64 irqflags = spin_lock_irqsave(&pty->slave.out_lock);
	size_t taken;

	if (!pty->is_packet) {
		taken = ring_read(&pty->out, buf, n);
	} else if (pty->packet_events) {
		buf[0] = pty->packet_events;
		pty->packet_events = 0;
		taken = 1;
	} else {
		buf[0] = TIOCPKT_DATA;
		taken = ring_read(&pty->out, buf + 1, n - 1);
		taken += taken ? 1 : 0;
	}
	spin_unlock_irqrestore(&pty->slave.out_lock, irqflags);
	return taken;
}

static bool master_is_readable(struct pty *pty)
{
	u64 irqflags = spin_lock_irqsave(&pty->slave.out_lock);
	bool is_readable = !ring_empty(&pty->out) || (pty->is_packet && pty->packet_events);

	spin_unlock_irqrestore(&pty->slave.out_lock, irqflags);
	return is_readable;
}

/* Asked before looking for output, or the last words of a slave are missed. */
static bool slave_is_gone(const struct pty *pty)
{
	return atomic_load_explicit(&pty->slave.was_opened, memory_order_acquire) &&
	       !atomic_load_explicit(&pty->slave.nr_open, memory_order_acquire);
}

static long master_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct pty *pty = pty_of(file_tty(file));
	u8 buf[256];
	long done = 0;
	int err;

	while (uio->resid) {
		bool is_gone = slave_is_gone(pty);
		size_t n = master_take(pty, buf, MIN(uio->resid, sizeof(buf)));

		if (n) {
			done += n;
			tty_output_ready(&pty->slave);
			if (uio_copy_out(uio, buf, n) != n)
				return -EFAULT;
			if (pty->is_packet)
				return done;
			continue;
		}
		if (done)
			return done;
		if (is_gone)
			return -EIO;
		if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&pty->master.read_wait,
					       master_is_readable(pty) || slave_is_gone(pty));
		if (err)
			return err;
	}
	return done;
}

static size_t feed_slave(struct pty *pty, const u8 *buf, size_t n)
{
	mutex_lock_nested(&pty->slave.lock);
	n = ldisc_receive(&pty->slave, buf, n);
	mutex_unlock(&pty->slave.lock);
	return n;
}

static bool slave_has_input_room(struct pty *pty)
{
	return pty->slave.ldisc.head - pty->slave.ldisc.tail < LDISC_SIZE - 1;
}

static int master_write_chunk(struct pty *pty, struct file *file, const u8 *buf, size_t n,
			      size_t *done)
{
	int err;

	for (;;) {
		err = mutex_lock_killable(&pty->master.write_lock);
		if (err)
			return err;
		*done += feed_slave(pty, buf + *done, n - *done);
		mutex_unlock(&pty->master.write_lock);
		if (*done == n)
			return 0;
		if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&pty->master.write_wait, slave_has_input_room(pty));
		if (err)
			return err;
	}
}

static long master_write(struct file *file, struct uio *uio, u64 *pos)
{
	struct pty *pty = pty_of(file_tty(file));
	u8 buf[256];
	long total = 0;
	int err = 0;

	while (!err && uio->resid) {
		size_t n = uio_copy_in(uio, buf, sizeof(buf)), done = 0;

		err = n ? master_write_chunk(pty, file, buf, n, &done) : -EFAULT;
		uio_revert(uio, n - done);
		total += done;
		cond_resched();
	}
	return total ? total : err;
}

static u32 master_poll(struct file *file, struct poll_table *pt)
{
	struct pty *pty = pty_of(file_tty(file));
	u32 ready;

	poll_wait(pt, file, &pty->master.read_wait);
	poll_wait(pt, file, &pty->master.write_wait);
	ready = slave_is_gone(pty) ? POLLHUP : 0;
	if (master_is_readable(pty))
		ready |= PTY_INPUT;
	if (pty->is_packet && pty->packet_events)
		ready |= POLLPRI;
	if (slave_has_input_room(pty))
		ready |= PTY_OUTPUT;
	return ready;
}

/* ---- the master's ioctls ---- */

/* A file of the slave without a walk through /dev/pts, whose mount may not be ours: TIOCGPTPEER. */
static long open_peer(struct pty *pty, u32 flags)
{
	char name[24];
	struct file *file;
	int err;

	snprintf(name, sizeof(name), "/dev/pts/%u", pty->index);
	err = file_open_kernel(name, flags & ~(u32)O_CREAT, 0, &file);
	return err ? err : fd_publish(files_current(), file, flags & O_CLOEXEC);
}

static long set_packet_mode(struct pty *pty, bool is_packet)
{
	u64 irqflags = spin_lock_irqsave(&pty->slave.out_lock);

	if (is_packet && !pty->is_packet)
		pty->packet_events = 0;
	pty->is_packet = is_packet;
	spin_unlock_irqrestore(&pty->slave.out_lock, irqflags);
	return 0;
}

static long send_signal(struct pty *pty, int sig)
{
	if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
		return -EINVAL;
	tty_signal_foreground(&pty->slave, sig);
	return 0;
}

static long master_ioctl(struct file *file, u32 cmd, u64 arg)
{
	struct pty *pty = pty_of(file_tty(file));
	int value;

	switch (cmd) {
	case TIOCGPTN:
		return put_user(pty->index, (u32 __user *)arg);
	case TIOCSPTLCK:
		if (get_user(value, (int __user *)arg))
			return -EFAULT;
		atomic_store_explicit(&pty->is_locked, value != 0, memory_order_relaxed);
		return 0;
	case TIOCGPTLCK:
		value = atomic_load_explicit(&pty->is_locked, memory_order_relaxed);
		return put_user(value, (int __user *)arg);
	case TIOCPKT:
		if (get_user(value, (int __user *)arg))
			return -EFAULT;
		return set_packet_mode(pty, value != 0);
	case TIOCGPKT:
		return put_user((int)pty->is_packet, (int __user *)arg);
	case TIOCSIG:
		return send_signal(pty, (int)arg);
	case TIOCGPTPEER:
		return open_peer(pty, arg);
	case FIONREAD:
		return put_user((int)ring_used(&pty->out), (int __user *)arg);
	case TIOCOUTQ:
		return put_user((int)ldisc_available(&pty->slave), (int __user *)arg);
	default:
		return tty_ioctl(file, cmd, arg);
	}
}

static void master_release(struct file *file)
{
	tty_file_ops.release(file);
}

/* Nothing is written through the master's own tty: its files do not use the core's write. */
static size_t master_no_write(struct tty *master, const u8 *buf, size_t n)
{
	return n;
}

static size_t master_no_room(struct tty *master)
{
	return 0;
}

static const struct tty_ops master_ops = {
	.write = master_no_write,
	.room = master_no_room,
	.last_close = master_last_close,
	.free = master_free,
};

static const struct file_ops master_file_ops = {
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.sends_sigio = true,
	.release = master_release,
};

/* ---- making one ---- */

static struct pty *pty_new(void)
{
	struct pty *pty = kzalloc(sizeof(*pty));

	if (!pty)
		return NULL;
	tty_setup(&pty->master, &master_ops, "ptmx", MKDEV(TTYAUX_MAJOR, 2), 0, 0);
	tty_setup(&pty->slave, &slave_ops, "pts", 0, 0, 0);
	ring_init(&pty->out, pty->out_buf, sizeof(pty->out_buf));
	pty->master.private = pty->slave.private = pty;
	pty->master.link = &pty->slave;
	pty->slave.link = &pty->master;
	pty->master.is_master = true;
	pty->uid = cred_current()->fsuid;
	atomic_store_explicit(&pty->is_locked, true, memory_order_relaxed);
	return pty;
}

/* Gives it the lowest free number. */
static int pty_publish(struct pty *pty)
{
	int err = -ENOSPC;

	mutex_lock(&ptys_lock);
	for (u32 i = 0; i < PTY_MAX; i++) {
		if (ptys[i])
			continue;
		pty->index = i;
		pty->slave.rdev = MKDEV(UNIX98_PTY_SLAVE_MAJOR, i);
		snprintf(pty->slave.name, sizeof(pty->slave.name), "pts/%u", i);
		ptys[i] = pty;
		err = 0;
		break;
	}
	mutex_unlock(&ptys_lock);
	return err;
}

static int ptmx_open(struct inode *inode, struct file *file)
{
	struct pty *pty = pty_new();
	int err;

	if (!pty)
		return -ENOMEM;
	err = tty_open_file(&pty->master, file, false);
	if (err)
		return err; /* and pty is gone with the reference */
	err = pty_publish(pty);
	if (err) {
		tty_file_ops.release(file);
		return err;
	}
	file_set_ops(file, &master_file_ops);
	return 0;
}

struct tty *pty_slave_get(u32 index)
{
	struct tty *slave = NULL;
	struct pty *pty;

	mutex_lock(&ptys_lock);
	pty = index < PTY_MAX ? ptys[index] : NULL;
	if (pty && !atomic_load_explicit(&pty->is_locked, memory_order_relaxed)) {
		slave = &pty->slave;
		tty_get(slave); /* it is in the table, so its master is open and holds one */
	}
	mutex_unlock(&ptys_lock);
	return slave;
}

bool pty_next(u32 index, struct pty_info *out)
{
	bool is_found = false;

	mutex_lock(&ptys_lock);
	for (u32 i = index; i < PTY_MAX && !is_found; i++) {
		if (!ptys[i])
			continue;
		*out = (struct pty_info){ i, ptys[i]->uid, TTY_GROUP, 0620 };
		is_found = true;
	}
	mutex_unlock(&ptys_lock);
	return is_found;
}

static const struct file_ops ptmx_ops = { .open = ptmx_open };

static struct chrdev ptmx = {
	.name = "ptmx",
	.first = MKDEV(TTYAUX_MAJOR, 2),
	.count = 1,
	.mode = 0666,
	.ops = &ptmx_ops,
};

static struct chrdev slaves = {
	.first = MKDEV(UNIX98_PTY_SLAVE_MAJOR, 0),
	.count = PTY_MAX,
	.mode = 0620,
	.ops = &tty_file_ops,
};

void pty_init(void)
{
	chrdev_register(&ptmx);
	chrdev_register(&slaves);
}
