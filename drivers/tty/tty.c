/*
 * Terminal core: opening, reading, writing, polling; input from interrupts, output processing.
 *
 * Input comes in an interrupt into a ring, and the work thread feeds it to the line discipline, so
 * ^C works while nobody reads. If the discipline is full the rest stays in the ring until a reader
 * makes room. Output goes straight to the driver, at most TTY_MAX_RUN characters with interrupts
 * off.
 *
 * Life: static ttys (serial, console) for ever; ptys as long as either side is open. Hang-ups are
 *   counted: a file opened before the last one is dead. No list of files is needed for that.
 * Locks: lock for termios and the discipline, write_lock so that writers take turns by chunks;
 *   out_lock and in_lock for what drivers and interrupts touch. Nothing here holds a lock while it
 *   waits for a device.
 */
#include "drivers/tty/tty.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/major.h>

#include "lib/string.h"

#include "arch/x86_64/percpu.h"

#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/task/session.h"

#include "fs/chrdev.h"
#include "fs/poll.h"

#include "drivers/tty/pty.h"

#define TTY_MIN_ROOM 8 /* what one character may become: a tab */
#define MAX_STATIC   8
#define POLL_INPUT   (POLLIN | POLLRDNORM)
#define POLL_OUTPUT  (POLLOUT | POLLWRNORM)

static struct tty *static_ttys[MAX_STATIC];
static struct tty *console_tty;

/* ---- life ---- */

#define CTRL(c) ((c)&0x1f)

static const struct termios2 usual_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD | HUPCL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_line = N_TTY,
	.c_cc = {
		[VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'), [VERASE] = 0x7f, [VKILL] = CTRL('U'),
		[VEOF] = CTRL('D'), [VTIME] = 0, [VMIN] = 1, [VSTART] = CTRL('Q'),
		[VSTOP] = CTRL('S'), [VSUSP] = CTRL('Z'), [VREPRINT] = CTRL('R'),
		[VDISCARD] = CTRL('O'), [VWERASE] = CTRL('W'), [VLNEXT] = CTRL('V'),
	},
	.c_ispeed = 38400,
	.c_ospeed = 38400,
};

static void process_input(struct work *work);

void tty_setup(struct tty *tty, const struct tty_ops *ops, const char *name, u64 rdev, u16 rows,
	       u16 cols)
{
	refcount_init(&tty->refs, 1);
	tty->ops = ops;
	tty->rdev = rdev;
	strlcpy(tty->name, name, sizeof(tty->name));
	mutex_init(&tty->lock, RANK_TTY);
	mutex_init(&tty->write_lock, RANK_TTY);
	spin_init(&tty->out_lock, RANK_TTYBUF);
	spin_init(&tty->in_lock, RANK_TTYBUF);
	ring_init(&tty->raw, tty->raw_buf, sizeof(tty->raw_buf));
	work_setup(&tty->input_work, process_input);
	wait_queue_init(&tty->read_wait);
	wait_queue_init(&tty->write_wait);
	tty->termios = usual_termios;
	tty->winsize.ws_row = rows;
	tty->winsize.ws_col = cols;
}

void tty_put(struct tty *tty)
{
	if (refcount_put(&tty->refs)) {
		assert(tty->ops->free);
		tty->ops->free(tty);
	}
}

void tty_register(struct tty *tty)
{
	for (size_t i = 0; i < MAX_STATIC; i++) {
		if (!static_ttys[i]) {
			static_ttys[i] = tty;
			return;
		}
	}
	panic("too many terminals");
}

void tty_set_console(struct tty *tty)
{
	console_tty = tty;
}

static struct tty *find_static_get(u64 rdev)
{
	for (size_t i = 0; i < MAX_STATIC && static_ttys[i]; i++) {
		if (static_ttys[i]->rdev == rdev) {
			tty_get(static_ttys[i]);
			return static_ttys[i];
		}
	}
	return NULL;
}

/* ---- input ---- */

static size_t raw_take(struct tty *tty, u8 *buf, size_t n)
{
	u64 irqflags = spin_lock_irqsave(&tty->in_lock);
	size_t taken = ring_read(&tty->raw, buf, n);

	spin_unlock_irqrestore(&tty->in_lock, irqflags);
	return taken;
}

/* Only the work thread takes from the ring, so what it could not use it may put back in front. */
static void raw_untake(struct tty *tty, size_t n)
{
	u64 irqflags = spin_lock_irqsave(&tty->in_lock);

	tty->raw.tail -= n;
	spin_unlock_irqrestore(&tty->in_lock, irqflags);
}

static void process_input(struct work *work)
{
	struct tty *tty = container_of(work, struct tty, input_work);
	u8 buf[64];
	size_t n, used;

	mutex_lock(&tty->lock);
	tty->throttled = false;
	while ((n = raw_take(tty, buf, sizeof(buf))) != 0) {
		used = ldisc_receive(tty, buf, n);
		if (used < n) {
			raw_untake(tty, n - used);
			tty->throttled = true;
			break;
		}
	}
	mutex_unlock(&tty->lock);
}

void tty_input(struct tty *tty, const u8 *buf, size_t n)
{
	u64 irqflags = spin_lock_irqsave(&tty->in_lock);

	/* Room for what process_input() may put back is kept free. */
	n = MIN(n, ring_space(&tty->raw) > 64 ? ring_space(&tty->raw) - 64 : 0);
	ring_write(&tty->raw, buf, n);
	spin_unlock_irqrestore(&tty->in_lock, irqflags);
	work_queue(&tty->input_work);
}

/* ---- output ---- */

void tty_output_ready(struct tty *tty)
{
	wake_all_key(&tty->write_wait, POLL_OUTPUT);
}

static bool is_continuation(u8 c)
{
	return (c & 0xc0) == 0x80; /* of UTF-8 */
}

/* What c becomes under OPOST; at most TTY_MIN_ROOM characters. out_lock held. */
static size_t process_char(struct tty *tty, u8 c, u8 *out)
{
	tcflag_t oflag = tty->termios.c_oflag;
	u32 spaces;

	switch (c) {
	case '\n':
		if (oflag & (ONLCR | ONLRET))
			tty->column = 0;
		if (oflag & ONLCR) {
			out[0] = '\r';
			out[1] = '\n';
			return 2;
		}
		break;
	case '\r':
		if ((oflag & ONOCR) && tty->column == 0)
			return 0;
		if (oflag & OCRNL)
			c = '\n';
		else
			tty->column = 0;
		break;
	case '\t':
		spaces = 8 - (tty->column & 7);
		tty->column += spaces;
		if ((oflag & TABDLY) == XTABS) {
			memset(out, ' ', spaces);
			return spaces;
		}
		break;
	case '\b':
		if (tty->column)
			tty->column--;
		break;
	default:
		if ((oflag & OLCUC) && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		if (c >= ' ' && c != 0x7f && !is_continuation(c))
			tty->column++;
	}
	out[0] = c;
	return 1;
}

/* One run of output; characters of buf consumed. out_lock held. */
static size_t output_run(struct tty *tty, const u8 *buf, size_t n)
{
	size_t room = tty->ops->room(tty), used = 0, len = 0;
	u8 out[TTY_MAX_RUN];

	room = MIN(room, sizeof(out));
	if (!(tty->termios.c_oflag & OPOST))
		return tty->ops->write(tty, buf, MIN(n, room));
	while (used < n && len + TTY_MIN_ROOM <= room)
		len += process_char(tty, buf[used++], out + len);
	if (len)
		tty->ops->write(tty, out, len);
	return used;
}

static size_t output(struct tty *tty, const u8 *buf, size_t n, bool is_echo)
{
	size_t done = 0, used;

	do {
		u64 irqflags = spin_lock_irqsave(&tty->out_lock);

		used = tty->is_stopped && !is_echo ? 0 : output_run(tty, buf + done, n - done);
		spin_unlock_irqrestore(&tty->out_lock, irqflags);
		done += used;
	} while (used && done < n);
	return done;
}

size_t tty_output(struct tty *tty, const u8 *buf, size_t n)
{
	return output(tty, buf, n, false);
}

void tty_echo(struct tty *tty, const u8 *buf, size_t n)
{
	output(tty, buf, n, true);
}

bool tty_has_room(struct tty *tty)
{
	u64 irqflags = spin_lock_irqsave(&tty->out_lock);
	bool has_room = !tty->is_stopped && tty->ops->room(tty) >= TTY_MIN_ROOM;

	spin_unlock_irqrestore(&tty->out_lock, irqflags);
	return has_room;
}

size_t tty_output_pending(struct tty *tty)
{
	u64 irqflags;
	size_t n;

	if (!tty->ops->pending)
		return 0;
	irqflags = spin_lock_irqsave(&tty->out_lock);
	n = tty->ops->pending(tty);
	spin_unlock_irqrestore(&tty->out_lock, irqflags);
	return n;
}

void tty_set_stopped(struct tty *tty, bool is_stopped)
{
	u64 irqflags = spin_lock_irqsave(&tty->out_lock);

	tty->is_stopped = is_stopped;
	spin_unlock_irqrestore(&tty->out_lock, irqflags);
	if (!is_stopped)
		tty_output_ready(tty);
}

void tty_flush_output(struct tty *tty)
{
	u64 irqflags;

	if (!tty->ops->flush)
		return;
	irqflags = spin_lock_irqsave(&tty->out_lock);
	tty->ops->flush(tty);
	spin_unlock_irqrestore(&tty->out_lock, irqflags);
	tty_output_ready(tty);
}

int tty_drain(struct tty *tty)
{
	return wait_event_interruptible(&tty->write_wait, !tty_output_pending(tty));
}

/* ---- files ---- */

static long tty_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct tty *tty = file_tty(file);

	return tty_file_is_dead(file) ? 0 : ldisc_read(tty, file, uio);
}

/* Waits till there may be room: 0, or why not. */
static int wait_for_room(struct tty *tty, struct file *file)
{
	if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(&tty->write_wait,
					tty_has_room(tty) || tty_file_is_dead(file));
}

/* All of buf, or *done bytes of it and an error. */
static int write_chunk(struct tty *tty, struct file *file, const u8 *buf, size_t n, size_t *done)
{
	int err;

	for (;;) {
		if (tty_file_is_dead(file))
			return -EIO;
		err = mutex_lock_killable(&tty->write_lock);
		if (err)
			return err;
		*done += tty_output(tty, buf + *done, n - *done);
		mutex_unlock(&tty->write_lock);
		if (*done == n)
			return 0;
		err = wait_for_room(tty, file);
		if (err)
			return err;
	}
}

static long tty_write(struct file *file, struct uio *uio, u64 *pos)
{
	struct tty *tty = file_tty(file);
	u8 buf[256];
	long total = 0;
	int err = 0;

	if (tty_file_is_dead(file))
		return -EIO;
	if (tty->termios.c_lflag & TOSTOP)
		err = tty_check_foreground(tty, SIGTTOU);
	while (!err && uio->resid) {
		size_t n = uio_copy_in(uio, buf, sizeof(buf)), done = 0;

		err = n ? write_chunk(tty, file, buf, n, &done) : -EFAULT;
		uio_revert(uio, n - done);
		total += done;
		cond_resched();
	}
	return total ? total : err;
}

static u32 tty_poll(struct file *file, struct poll_table *pt)
{
	struct tty *tty = file_tty(file);
	u32 ready = 0;

	poll_wait(pt, file, &tty->read_wait);
	poll_wait(pt, file, &tty->write_wait);
	if (tty_file_is_dead(file))
		return POLL_INPUT | POLL_OUTPUT | POLLERR | POLLHUP;
	if (ldisc_is_readable(tty))
		ready |= POLL_INPUT;
	if (tty_has_room(tty))
		ready |= POLL_OUTPUT;
	return ready;
}

int tty_open_file(struct tty *tty, struct file *file, bool is_console)
{
	struct tty_file *tf = kzalloc(sizeof(*tf));

	if (!tf) {
		tty_put(tty);
		return -ENOMEM;
	}
	tf->tty = tty;
	tf->is_console = is_console;
	mutex_lock(&tty->lock);
	tf->hangups = atomic_load_explicit(&tty->hangups, memory_order_relaxed);
	tty->nr_open++;
	atomic_store_explicit(&tty->was_opened, true, memory_order_release);
	mutex_unlock(&tty->lock);
	file->private = tf;
	return 0;
}

static struct tty *tty_of_rdev_get(u64 rdev)
{
	if (rdev == MKDEV(TTYAUX_MAJOR, 0))
		return tty_of_current_get();
	if (rdev == MKDEV(TTYAUX_MAJOR, 1) && console_tty) {
		tty_get(console_tty);
		return console_tty;
	}
	if (DEV_MAJOR(rdev) == UNIX98_PTY_SLAVE_MAJOR)
		return pty_slave_get(DEV_MINOR(rdev));
	if (rdev == MKDEV(TTY_MAJOR, 0))
		rdev = MKDEV(TTY_MAJOR, 1); /* the foreground console: there is only one */
	return find_static_get(rdev);
}

static int tty_open(struct inode *inode, struct file *file)
{
	bool is_console = inode->rdev == MKDEV(TTYAUX_MAJOR, 1);
	struct tty *tty = tty_of_rdev_get(inode->rdev);
	u32 flags = atomic_load_explicit(&file->flags, memory_order_relaxed);
	int err;

	if (!tty)
		return DEV_MAJOR(inode->rdev) == UNIX98_PTY_SLAVE_MAJOR ? -EIO : -ENXIO;
	if (atomic_load_explicit(&tty->is_exclusive, memory_order_relaxed) && tty->nr_open &&
	    !capable(CAP_SYS_ADMIN)) {
		tty_put(tty);
		return -EBUSY;
	}
	err = tty_open_file(tty, file, is_console);
	if (err)
		return err;
	if (!is_console && !(flags & O_NOCTTY) && (file->mode & FILE_READ) &&
	    inode->rdev != MKDEV(TTY_MAJOR, 0))
		tty_acquire_by_open(tty, file);
	return 0;
}

static void tty_release(struct file *file)
{
	struct tty_file *tf = file->private;
	struct tty *tty = tf->tty;
	bool is_last;

	mutex_lock(&tty->lock);
	is_last = --tty->nr_open == 0;
	mutex_unlock(&tty->lock);
	if (is_last) {
		atomic_store_explicit(&tty->is_exclusive, false, memory_order_relaxed);
		if (tty->ops->last_close)
			tty->ops->last_close(tty);
	}
	kfree(tf);
	tty_put(tty);
}

const struct file_ops tty_file_ops = {
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.sends_sigio = true,
	.open = tty_open,
	.release = tty_release,
};

static struct chrdev devices[] = {
	{ .name = "tty", .first = MKDEV(TTYAUX_MAJOR, 0), .count = 1, .mode = 0666 },
	{ .name = "console", .first = MKDEV(TTYAUX_MAJOR, 1), .count = 1, .mode = 0600 },
	{ .name = "tty0", .first = MKDEV(TTY_MAJOR, 0), .count = 1, .mode = 0620 },
	{ .name = "tty1", .first = MKDEV(TTY_MAJOR, 1), .count = 1, .mode = 0620 },
	{ .name = "ttyS0", .first = MKDEV(TTY_MAJOR, 64), .count = 1, .mode = 0660 },
};

void tty_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		devices[i].ops = &tty_file_ops;
		chrdev_register(&devices[i]);
	}
	session_hangup_tty = tty_hangup_session;
}
