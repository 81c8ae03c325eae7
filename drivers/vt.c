/*
 * tty1: between the tty layer and the screen.
 *
 * Owns: the one virtual terminal (tty0 is another name of it), and when the display is brought up
 *   to date: at once when it was quiet, else FRAME_NS after the last time, by a timer. A program
 *   that prints much is then not slowed by lines nobody could see.
 * Locks: none of its own. write() comes with the tty's output lock held, so answers of the
 *   terminal, which are input, go through the work thread.
 * Not here: the screen (console.c), the keyboard (keyboard.c).
 */
#include "drivers/vt.h"

#include <linux/major.h>

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"

#include "kernel/sched/work.h"
#include "kernel/time/timer.h"

#include "fs/chrdev.h"

#include "drivers/console.h"
#include "drivers/tty/tty.h"

#define FRAME_NS   16000000ull
#define ROOM_BYTES 4096 /* any amount is taken at once */

static struct tty vt;
static bool is_ready;
static struct work answer_work;
static struct timer frame_timer;
static _Atomic u64 last_flush_ns;
static _Atomic bool is_flush_due; /* the timer is armed */

static void flush_now(u64 now_ns)
{
	store_relaxed(&last_flush_ns, now_ns);
	console_flush();
}

/* The flag goes first: what is written from here on arms the timer again. */
static void frame_end(struct timer *timer)
{
	atomic_store(&is_flush_due, false);
	flush_now(clock_ns());
}

static void flush_soon(void)
{
	u64 now_ns = clock_ns(), next_ns = load_relaxed(&last_flush_ns) + FRAME_NS;

	if (now_ns >= next_ns)
		flush_now(now_ns);
	else if (!atomic_exchange(&is_flush_due, true))
		timer_arm(&frame_timer, next_ns);
}

static void send_answers(struct work *work)
{
	u8 buf[32];
	size_t n;

	while ((n = console_take_answer(buf, sizeof(buf))) != 0)
		tty_input(&vt, buf, n);
}

static size_t vt_write(struct tty *tty, const u8 *buf, size_t n)
{
	console_write(buf, n);
	flush_soon();
	if (console_has_answer())
		work_queue(&answer_work);
	return n;
}

static size_t vt_room(struct tty *tty)
{
	return ROOM_BYTES;
}

static const struct tty_ops vt_ops = { .write = vt_write, .room = vt_room };

void vt_input(const u8 *buf, size_t n)
{
	if (is_ready)
		tty_input(&vt, buf, n);
}

struct tty *vt_tty(void)
{
	return is_ready ? &vt : NULL;
}

void vt_init(void)
{
	u16 rows, cols;

	if (!console_has_display())
		return;
	console_size(&rows, &cols);
	work_setup(&answer_work, send_answers);
	timer_setup(&frame_timer, frame_end);
	tty_setup(&vt, &vt_ops, "tty1", MKDEV(TTY_MAJOR, 1), rows, cols);
	tty_register(&vt);
	is_ready = true;
}
