/*
 * Terminal ioctls: modes, window size, queues. Job control's are in job.c, a pty master's own in
 * pty.c.
 *
 * A pty has one set of modes and one size, the slave's: asked or set through the master, they mean
 * the slave's.
 * Follows: tty_ioctl(4)
 */
#include "drivers/tty/tty.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/signal.h>

#include "lib/string.h"

#include "arch/x86_64/uaccess.h"

#include "kernel/id/cred.h"

#include "fs/chrdev.h"

/* ---- modes ---- */

static const u32 speeds[] = { 0,   50,   75,   110,  134,  150,  200,   300,
			      600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
static const u32 fast_speeds[] = { 0,       57600,   115200,  230400,  460800,  500000,
				   576000,  921600,  1000000, 1152000, 1500000, 2000000,
				   2500000, 3000000, 3500000, 4000000 };

/* The line speed that c_cflag says; BOTHER leaves it to c_ospeed. */
static u32 speed_of(tcflag_t cflag, u32 other)
{
	u32 code = cflag & 0xf;

	if (!(cflag & CBAUDEX))
		return speeds[code];
	return code ? fast_speeds[code] : other;
}

static long get_termios(struct tty *tty, void __user *uout, size_t size)
{
	struct termios2 termios;

	mutex_lock(&tty->lock);
	termios = tty->termios;
	mutex_unlock(&tty->lock);
	return copy_to_user(uout, &termios, size);
}

enum set_when { SET_NOW, SET_DRAIN, SET_FLUSH };

/* size: of struct termios or struct termios2, which begin alike. */
static long set_termios(struct tty *tty, const void __user *uin, size_t size, enum set_when when)
{
	struct termios2 new, old;
	int err = tty_check_foreground(tty, SIGTTOU);

	if (err)
		return err;
	new = tty->termios;
	if (copy_from_user(&new, uin, size))
		return -EFAULT;
	if (when != SET_NOW) {
		err = tty_drain(tty);
		if (err)
			return err;
	}
	new.c_ospeed = speed_of(new.c_cflag, new.c_ospeed);
	new.c_ispeed = new.c_ospeed;
	new.c_line = N_TTY;
	mutex_lock(&tty->lock);
	if (when == SET_FLUSH)
		ldisc_flush(tty);
	old = tty->termios;
	tty->termios = new;
	ldisc_mode_changed(tty, &old);
	if (tty->ops->set_termios)
		tty->ops->set_termios(tty);
	mutex_unlock(&tty->lock);
	if (!(new.c_iflag &IXON) && (old.c_iflag & IXON))
		tty_set_stopped(tty, false);
	return 0;
}

static long termios_ioctl(struct tty *tty, u32 cmd, void __user *uarg)
{
	switch (cmd) {
	case TCGETS:
		return get_termios(tty, uarg, sizeof(struct termios));
	case TCGETS2:
		return get_termios(tty, uarg, sizeof(struct termios2));
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios(tty, uarg, sizeof(struct termios), cmd - TCSETS);
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return set_termios(tty, uarg, sizeof(struct termios2), cmd - TCSETS2);
	default:
		return -ENOTTY;
	}
}

/* ---- window size ---- */

static long get_winsize(struct tty *tty, void __user *uout)
{
	struct winsize ws;

	mutex_lock(&tty->lock);
	ws = tty->winsize;
	mutex_unlock(&tty->lock);
	return copy_to_user(uout, &ws, sizeof(ws));
}

static long set_winsize(struct tty *tty, const void __user *uin)
{
	struct winsize ws;
	bool has_changed;

	if (copy_from_user(&ws, uin, sizeof(ws)))
		return -EFAULT;
	mutex_lock(&tty->lock);
	has_changed = memcmp(&ws, &tty->winsize, sizeof(ws)) != 0;
	tty->winsize = ws;
	mutex_unlock(&tty->lock);
	if (has_changed)
		tty_signal_foreground(tty, SIGWINCH);
	return 0;
}

/* ---- queues and flow ---- */

static long flush(struct tty *tty, u64 which)
{
	int err = tty_check_foreground(tty, SIGTTOU);

	if (err)
		return err;
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH) {
		mutex_lock(&tty->lock);
		ldisc_flush(tty);
		mutex_unlock(&tty->lock);
		if (tty->ops->input_taken)
			tty->ops->input_taken(tty);
	}
	if (which != TCIFLUSH)
		tty_flush_output(tty);
	return 0;
}

static long flow(struct tty *tty, u64 action)
{
	int err = tty_check_foreground(tty, SIGTTOU);
	u8 c;

	if (err)
		return err;
	switch (action) {
	case TCOOFF:
		tty_set_stopped(tty, true);
		return 0;
	case TCOON:
		tty_set_stopped(tty, false);
		return 0;
	case TCIOFF:
	case TCION:
		c = tty->termios.c_cc[action == TCIOFF ? VSTOP : VSTART];
		if (c)
			tty_echo(tty, &c, 1);
		return 0;
	default:
		return -EINVAL;
	}
}

static long drain(struct tty *tty)
{
	int err = tty_check_foreground(tty, SIGTTOU);

	return err ? err : tty_drain(tty);
}

/* Since Linux 6.2 only the privileged may fake input. */
static long fake_input(struct tty *tty, const u8 __user *uc)
{
	u8 c;

	if (!capable(CAP_SYS_ADMIN))
		return -EIO;
	if (get_user(c, uc))
		return -EFAULT;
	tty_input(tty, &c, 1);
	return 0;
}

static long queue_ioctl(struct tty *tty, u32 cmd, u64 arg)
{
	int n;

	switch (cmd) {
	case FIONREAD:
		mutex_lock(&tty->lock);
		n = ldisc_available(tty);
		mutex_unlock(&tty->lock);
		return put_user(n, (int __user *)arg);
	case TIOCOUTQ:
		return put_user((int)tty_output_pending(tty), (int __user *)arg);
	case TCFLSH:
		return flush(tty, arg);
	case TCXONC:
		return flow(tty, arg);
	case TCSBRK:
	case TCSBRKP:
		return drain(tty); /* breaks are not sent */
	case TIOCSBRK:
	case TIOCCBRK:
		return 0;
	case TIOCSTI:
		return fake_input(tty, (const u8 __user *)arg);
	default:
		return -ENOTTY;
	}
}

/* ---- the rest ---- */

/* A device number as user space packs it into 32 bits. */
static u32 packed_dev(u64 dev)
{
	u32 major = DEV_MAJOR(dev), minor = DEV_MINOR(dev);

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static long hang_up(struct tty *tty)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	tty_hangup(tty, false);
	return 0;
}

static long misc_ioctl(struct tty *tty, u32 cmd, u64 arg)
{
	int value;

	switch (cmd) {
	case TIOCEXCL:
	case TIOCNXCL:
		atomic_store_explicit(&tty->is_exclusive, cmd == TIOCEXCL, memory_order_relaxed);
		return 0;
	case TIOCGEXCL:
		value = atomic_load_explicit(&tty->is_exclusive, memory_order_relaxed);
		return put_user(value, (int __user *)arg);
	case TIOCGETD:
		return put_user(N_TTY, (int __user *)arg);
	case TIOCSETD:
		if (get_user(value, (int __user *)arg))
			return -EFAULT;
		return value == N_TTY ? 0 : -EINVAL;
	case TIOCGDEV:
		return put_user(packed_dev(tty->rdev), (u32 __user *)arg);
	case TIOCGSOFTCAR:
		return put_user(!!(tty->termios.c_cflag & CLOCAL), (int __user *)arg);
	case TIOCVHANGUP:
		return hang_up(tty);
	default:
		return -ENOTTY;
	}
}

long tty_ioctl(struct file *file, u32 cmd, u64 arg)
{
	struct tty *tty = file_tty(file), *real = tty->is_master ? tty->link : tty;
	long err;

	if (tty_file_is_dead(file))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TIOCGWINSZ:
		return get_winsize(real, (void __user *)arg);
	case TIOCSWINSZ:
		return set_winsize(real, (const void __user *)arg);
	case TIOCSCTTY:
	case TIOCNOTTY:
	case TIOCGPGRP:
	case TIOCSPGRP:
	case TIOCGSID:
		return tty_job_ioctl(tty, file, cmd, arg);
	}
	err = termios_ioctl(real, cmd, (void __user *)arg);
	if (err == -ENOTTY)
		err = queue_ioctl(tty, cmd, arg);
	if (err == -ENOTTY)
		err = misc_ioctl(tty, cmd, arg);
	if (err == -ENOTTY && tty->ops->ioctl)
		err = tty->ops->ioctl(tty, cmd, arg);
	return err;
}
