/*
 * The line discipline: what becomes of typed characters, and how programs read them.
 *
 * One ring holds everything. In canonical mode the part from canon_head to head is the line under
 * edit, the part before it complete lines; each entry is a character and a flag that says whether
 * it ends a line (LDISC_END), or is only the mark of an end of file (LDISC_EOF). In raw mode all of
 * it can be read.
 *
 * Locks: tty->lock. Readers that only wait look at the counters without it, and look again with
 *   it.
 * Follows: termios(3).
 */
#include "drivers/tty/tty.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/signal.h>

#include "kernel/time/clock.h"

#include "fs/poll.h"

#define LDISC_END 0x100u
#define LDISC_EOF 0x200u

#define TENTH_NS (NS_PER_SEC / 10)

static bool has_lflag(const struct tty *tty, tcflag_t flag)
{
	return tty->termios.c_lflag & flag;
}

static bool has_iflag(const struct tty *tty, tcflag_t flag)
{
	return tty->termios.c_iflag & flag;
}

/* c is the special character i; 0 disables one. */
static bool is_special(const struct tty *tty, int i, u8 c)
{
	return c && c == tty->termios.c_cc[i];
}

static u16 *entry(struct ldisc *ld, u32 at)
{
	return &ld->buf[at & (LDISC_SIZE - 1)];
}

static bool is_control(u8 c)
{
	return c < ' ' || c == 0x7f;
}

static bool is_continuation(const struct tty *tty, u8 c)
{
	return has_iflag(tty, IUTF8) && (c & 0xc0) == 0x80;
}

/* ---- echo ---- */

static void echo_bytes(struct tty *tty, const char *text, size_t n)
{
	tty_echo(tty, (const u8 *)text, n);
}

/* Control characters are shown as ^X. */
static void echo_char(struct tty *tty, u8 c)
{
	u8 pair[2] = { '^', c ^ 0x40 };

	if (has_lflag(tty, ECHOCTL) && is_control(c) && c != '\t' && c != '\n')
		tty_echo(tty, pair, 2);
	else
		tty_echo(tty, &c, 1);
}

static u32 width_of(const struct tty *tty, u8 c, u32 column)
{
	if (c == '\t')
		return 8 - (column & 7);
	if (is_control(c))
		return has_lflag(tty, ECHOCTL) ? 2 : 0;
	return is_continuation(tty, c) ? 0 : 1;
}

/* Where the cursor is after the line under edit up to end. */
static u32 column_at(struct tty *tty, u32 end)
{
	u32 column = tty->ldisc.line_column;

	for (u32 i = tty->ldisc.canon_head; i != end; i++)
		column += width_of(tty, (u8)*entry(&tty->ldisc, i), column);
	return column;
}

/* ---- editing ---- */

/* Takes the last character off the line, and off the screen if it is to vanish visibly. */
static void erase_char(struct tty *tty, bool is_visible)
{
	struct ldisc *ld = &tty->ldisc;
	u32 end = ld->head, columns;

	do {
		end--;
	} while (end != ld->canon_head && is_continuation(tty, (u8)*entry(ld, end)));
	columns = is_visible ? column_at(tty, ld->head) - column_at(tty, end) : 0;
	if ((u8)*entry(ld, end) == '\t')
		for (; columns; columns--)
			echo_bytes(tty, "\b", 1);
	for (; columns; columns--)
		echo_bytes(tty, "\b \b", 3);
	ld->head = end;
}

static bool line_is_empty(const struct ldisc *ld)
{
	return ld->head == ld->canon_head;
}

static void erase_one(struct tty *tty, u8 c)
{
	if (line_is_empty(&tty->ldisc))
		return;
	erase_char(tty, has_lflag(tty, ECHO) && has_lflag(tty, ECHOE));
	if (has_lflag(tty, ECHO) && !has_lflag(tty, ECHOE))
		echo_char(tty, c);
}

static void erase_word(struct tty *tty)
{
	struct ldisc *ld = &tty->ldisc;
	bool has_seen_word = false;

	while (!line_is_empty(ld)) {
		u8 c = *entry(ld, ld->head - 1);
		bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			       (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;

		if (!is_word && has_seen_word)
			break;
		has_seen_word |= is_word;
		erase_char(tty, has_lflag(tty, ECHO));
	}
}

static void kill_line(struct tty *tty, u8 c)
{
	struct ldisc *ld = &tty->ldisc;
	bool is_visible = has_lflag(tty, ECHO) && has_lflag(tty, ECHOE) && has_lflag(tty, ECHOK) &&
			  has_lflag(tty, ECHOKE);

	if (line_is_empty(ld))
		return;
	if (is_visible) {
		while (!line_is_empty(ld))
			erase_char(tty, true);
		return;
	}
	ld->head = ld->canon_head;
	if (has_lflag(tty, ECHO)) {
		echo_char(tty, c);
		if (has_lflag(tty, ECHOK))
			echo_bytes(tty, "\n", 1);
	}
}

static void reprint(struct tty *tty, u8 c)
{
	struct ldisc *ld = &tty->ldisc;

	echo_char(tty, c);
	echo_bytes(tty, "\n", 1);
	ld->line_column = 0;
	for (u32 i = ld->canon_head; i != ld->head; i++)
		echo_char(tty, (u8)*entry(ld, i));
}

/* ---- receiving ---- */

static void put(struct tty *tty, u16 e)
{
	struct ldisc *ld = &tty->ldisc;

	*entry(ld, ld->head) = e;
	atomic_thread_fence(memory_order_release); /* a peeking reader sees the entry first */
	ld->head++;
}

static bool is_full(const struct tty *tty)
{
	/* The last place is kept for what ends a line. */
	return tty->ldisc.head - tty->ldisc.tail >= LDISC_SIZE - 1;
}

static void end_line(struct tty *tty, u16 e)
{
	if (tty->ldisc.head - tty->ldisc.tail >= LDISC_SIZE)
		return;
	put(tty, e | LDISC_END);
	tty->ldisc.canon_head = tty->ldisc.head;
	tty->ldisc.nr_lines++;
}

static void put_ordinary(struct tty *tty, u8 c)
{
	if (is_full(tty)) {
		if (has_iflag(tty, IMAXBEL))
			echo_bytes(tty, "\a", 1);
		return;
	}
	if (has_lflag(tty, ECHO)) {
		if (line_is_empty(&tty->ldisc))
			tty->ldisc.line_column = tty->column;
		echo_char(tty, c);
	}
	put(tty, c);
}

/* ISIG: true if c was one of the signal characters. */
static bool receive_signal(struct tty *tty, u8 c)
{
	int sig;

	if (is_special(tty, VINTR, c))
		sig = SIGINT;
	else if (is_special(tty, VQUIT, c))
		sig = SIGQUIT;
	else if (is_special(tty, VSUSP, c))
		sig = SIGTSTP;
	else
		return false;
	if (!has_lflag(tty, NOFLSH)) {
		ldisc_flush(tty);
		tty_flush_output(tty);
	}
	if (has_iflag(tty, IXON))
		tty_set_stopped(tty, false);
	if (has_lflag(tty, ECHO))
		echo_char(tty, c);
	tty_signal_foreground(tty, sig);
	return true;
}

/* IXON: true if c was the stop or the start character. */
static bool receive_flow(struct tty *tty, u8 c)
{
	if (is_special(tty, VSTART, c)) {
		tty_set_stopped(tty, false);
		return true;
	}
	if (is_special(tty, VSTOP, c)) {
		tty_set_stopped(tty, true);
		return true;
	}
	if (has_iflag(tty, IXANY) && tty->is_stopped)
		tty_set_stopped(tty, false);
	return false;
}

/* Canonical mode's special characters: true if c was one. */
static bool receive_editing(struct tty *tty, u8 c)
{
	bool is_extended = has_lflag(tty, IEXTEN);

	if (is_special(tty, VERASE, c)) {
		erase_one(tty, c);
	} else if (is_special(tty, VKILL, c)) {
		kill_line(tty, c);
	} else if (is_extended && is_special(tty, VWERASE, c)) {
		erase_word(tty);
	} else if (is_extended && is_special(tty, VLNEXT, c)) {
		tty->ldisc.is_literal = true;
		if (has_lflag(tty, ECHO) && has_lflag(tty, ECHOCTL))
			echo_bytes(tty, "^\b", 2);
	} else if (is_extended && has_lflag(tty, ECHO) && is_special(tty, VREPRINT, c)) {
		reprint(tty, c);
	} else if (c == '\n') {
		if (has_lflag(tty, ECHO | ECHONL))
			echo_bytes(tty, "\n", 1);
		end_line(tty, c);
	} else if (is_special(tty, VEOF, c)) {
		end_line(tty, LDISC_EOF);
	} else if (is_special(tty, VEOL, c) || (is_extended && is_special(tty, VEOL2, c))) {
		if (has_lflag(tty, ECHO))
			echo_char(tty, c);
		end_line(tty, c);
	} else {
		return false;
	}
	return true;
}

static void receive_char(struct tty *tty, u8 c)
{
	if (has_iflag(tty, ISTRIP))
		c &= 0x7f;
	if (has_iflag(tty, IUCLC) && has_lflag(tty, IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (tty->ldisc.is_literal) {
		tty->ldisc.is_literal = false;
		put_ordinary(tty, c);
		return;
	}
	if (has_iflag(tty, IXON) && receive_flow(tty, c))
		return;
	if (has_lflag(tty, ISIG) && receive_signal(tty, c))
		return;
	if (c == '\r') {
		if (has_iflag(tty, IGNCR))
			return;
		if (has_iflag(tty, ICRNL))
			c = '\n';
	} else if (c == '\n' && has_iflag(tty, INLCR)) {
		c = '\r';
	}
	if (has_lflag(tty, ICANON) && receive_editing(tty, c))
		return;
	put_ordinary(tty, c);
}

size_t ldisc_receive(struct tty *tty, const u8 *buf, size_t n)
{
	size_t used;

	mutex_assert_held(&tty->lock);
	for (used = 0; used < n; used++) {
		/* Raw input waits for room; a line that is too long loses its end. */
		if (is_full(tty) && !(has_lflag(tty, ICANON) && !tty->ldisc.nr_lines))
			break;
		receive_char(tty, buf[used]);
	}
	/* Even below VMIN: a reader may have taken the first bytes already. */
	if (ldisc_available(tty))
		wake_all_key(&tty->read_wait, POLLIN | POLLRDNORM);
	return used;
}

/* ---- reading ---- */

u32 ldisc_available(const struct tty *tty)
{
	const struct ldisc *ld = &tty->ldisc;

	return (has_lflag(tty, ICANON) ? ld->canon_head : ld->head) - ld->tail;
}

bool ldisc_is_readable(const struct tty *tty)
{
	u32 available = ldisc_available(tty);

	if (has_lflag(tty, ICANON) || tty->termios.c_cc[VTIME])
		return available > 0;
	return available && available >= tty->termios.c_cc[VMIN];
}

void ldisc_flush(struct tty *tty)
{
	struct ldisc *ld = &tty->ldisc;

	ld->tail = ld->canon_head = ld->head;
	ld->nr_lines = 0;
	ld->is_literal = false;
}

void ldisc_mode_changed(struct tty *tty, const struct termios2 *old)
{
	struct ldisc *ld = &tty->ldisc;

	if (!((old->c_lflag ^ tty->termios.c_lflag) & ICANON))
		return;
	/* What was typed before stays readable; in canonical mode as one line. */
	ld->nr_lines = 0;
	ld->canon_head = ld->head;
	for (u32 i = ld->tail; i != ld->head; i++)
		*entry(ld, i) &= ~LDISC_END;
	if (has_lflag(tty, ICANON) && ld->head != ld->tail) {
		*entry(ld, ld->head - 1) |= LDISC_END;
		ld->nr_lines = 1;
	}
	wake_all_key(&tty->read_wait, POLLIN | POLLRDNORM);
}

/* Up to n readable characters into buf; *is_end: a line ended. lock held. */
static size_t take(struct tty *tty, u8 *buf, size_t n, bool *is_end)
{
	struct ldisc *ld = &tty->ldisc;
	bool is_canonical = has_lflag(tty, ICANON);
	size_t taken = 0;

	while (!*is_end && ldisc_available(tty)) {
		u16 e = *entry(ld, ld->tail);

		/* An end-of-file mark right after the last byte that fits goes with it. */
		if (taken == n && !(e & LDISC_EOF))
			break;
		ld->tail++;
		if (!(is_canonical && (e & LDISC_EOF)))
			buf[taken++] = (u8)e;
		if (is_canonical && (e & LDISC_END)) {
			*is_end = true;
			ld->nr_lines--;
		}
	}
	return taken;
}

/* Input that waited for room may come in now. lock held. */
static void made_room(struct tty *tty)
{
	if (tty->throttled)
		work_queue(&tty->input_work);
	if (tty->ops->input_taken)
		tty->ops->input_taken(tty);
}

/* How a raw read waits. */
struct pace {
	size_t min; /* bytes that satisfy it */
	u64 time_ns; /* VTIME */
	u64 deadline_ns; /* of the wait that comes next */
	bool is_canonical;
};

/* What is there now; sets is_end. Bytes, or -EFAULT, -ERESTARTSYS. */
static long read_available(struct tty *tty, struct uio *uio, bool *is_end, struct pace *pace)
{
	u8 buf[128];
	long done = 0;
	size_t n;

	if (mutex_lock_killable(&tty->lock))
		return -EINTR;
	pace->is_canonical = has_lflag(tty, ICANON);
	pace->min = tty->termios.c_cc[VMIN];
	pace->time_ns = tty->termios.c_cc[VTIME] * TENTH_NS;
	while (uio->resid && !*is_end) {
		n = take(tty, buf, MIN(sizeof(buf), uio->resid), is_end);
		if (!n)
			break;
		done += n;
		if (uio_copy_out(uio, buf, n) != n) {
			done = -EFAULT;
			break;
		}
	}
	made_room(tty);
	mutex_unlock(&tty->lock);
	return done;
}

/* termios(3), "Canonical and noncanonical mode": is a read that has done bytes complete? */
static bool is_satisfied(struct pace *pace, long done, bool is_end, const struct uio *uio)
{
	if (!uio->resid || is_end)
		return true;
	if (pace->is_canonical)
		return done > 0;
	if (pace->min == 0)
		return done > 0 || pace->time_ns == 0;
	return (size_t)done >= pace->min;
}

static void set_deadline(struct pace *pace, long done)
{
	if (pace->is_canonical || !pace->time_ns) {
		pace->deadline_ns = WAIT_FOREVER;
	} else if (pace->min == 0) { /* one time for the whole read */
		if (pace->deadline_ns == WAIT_FOREVER)
			pace->deadline_ns = clock_ns() + pace->time_ns;
	} else { /* between bytes, from the first on */
		pace->deadline_ns = done ? clock_ns() + pace->time_ns : WAIT_FOREVER;
	}
}

/* There is something new to take. A read that has begun is content with a single byte. */
static bool may_go_on(const struct tty *tty, const struct file *file)
{
	return ldisc_available(tty) > 0 || tty_file_is_dead(file);
}

long ldisc_read(struct tty *tty, struct file *file, struct uio *uio)
{
	struct pace pace = { .deadline_ns = WAIT_FOREVER };
	bool is_end = false;
	long done = 0, n;
	int err;

	do {
		err = tty_check_foreground(tty, SIGTTIN);
		if (err)
			break;
		n = read_available(tty, uio, &is_end, &pace);
		if (n < 0)
			return done ? done : n;
		done += n;
		if (is_satisfied(&pace, done, is_end, uio) || tty_file_is_dead(file))
			return done;
		if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK) {
			err = -EAGAIN;
			break;
		}
		set_deadline(&pace, done);
		err = wait_event_interruptible_deadline(&tty->read_wait, may_go_on(tty, file),
							pace.deadline_ns);
		if (err == -ETIME)
			return done;
	} while (!err);
	return done ? done : err;
}
