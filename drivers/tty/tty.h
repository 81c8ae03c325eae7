/*
 * Terminals: what the core, the line discipline and the drivers share.
 *
 *   driver interrupt --tty_input()--> raw ring --work--> line discipline --> read()
 *   write(), echo --> output processing --> ops->write()
 *
 *   [I] constant   [L] lock   [O] out_lock   [N] in_lock   [T] tasks_lock   [a] atomic
 */
#pragma once

#include <linux/termios.h>

#include "lib/ring.h"
#include "kernel/id/pid.h"
#include "kernel/sched/work.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait.h"
#include "fs/file.h"

struct task;
struct tty;

/* A driver. Called with out_lock held and interrupts off unless stated. */
struct tty_ops {
	/* write: takes the first bytes of n, as many as fit; returns how many. Output is under way
	 * on return. */
	size_t (*write)(struct tty *tty, const u8 *buf, size_t n);
	size_t (*room)(struct tty *tty); /* bytes write would take now */
	size_t (*pending)(struct tty *tty); /* taken, but not sent yet. NULL: none ever */
	void (*flush)(struct tty *tty); /* forgets them. NULL: nothing */
	/* No locks: */
	void (*set_termios)(struct tty *tty); /* termios changed; lock is held. NULL: nothing */
	long (*ioctl)(struct tty *tty, u32 cmd, u64 arg); /* -ENOTTY: unknown. NULL: none */
	void (*input_taken)(struct tty *tty); /* there is room for input again. NULL: nothing */
	void (*last_close)(struct tty *tty); /* NULL: nothing */
	void (*free)(struct tty *tty); /* the last reference went. NULL: tty is static */
};

#define LDISC_SIZE   4096 /* characters; a power of two */
#define TTY_RAW_SIZE 4096
#define TTY_MAX_RUN  128 /* bytes processed per hold of out_lock */

/* The line discipline's state (ldisc.c); all [L], but readers peek at the counters. */
struct ldisc {
	u16 buf[LDISC_SIZE]; /* character, LDISC_* */
	u32 head; /* characters ever put in */
	u32 canon_head; /* up to here, lines are complete */
	u32 tail; /* characters ever taken out */
	u32 nr_lines; /* complete ones between tail and canon_head */
	u32 line_column; /* where the line under edit begins on the screen */
	bool is_literal; /* the next character is taken as it is (VLNEXT) */
};

struct tty {
	struct refcount refs; /* [a] open files, and the driver's own for static ttys */
	const struct tty_ops *ops; /* [I] */
	void *private; /* [I] the driver's */
	u64 rdev; /* [I] */
	char name[12]; /* [I] in /dev */
	struct tty *link; /* [I] a pty's other side, else NULL; both go together */
	bool is_master; /* [I] of a pty */

	struct mutex lock; /* RANK_TTY */
	struct termios2 termios; /* [L] for writing */
	struct winsize winsize; /* [L] */
	struct ldisc ldisc; /* [L] */
	_Atomic u32 nr_open; /* [L] files, written */
	_Atomic bool was_opened; /* ever; after nr_open (release) */
	u32 throttled; /* [L] input waits in the raw ring for room */
	struct mutex write_lock; /* RANK_TTY, nothing of that rank inside: one chunk of write() at a
				    time */

	struct pid *session,
		*group; /* [T] counted; the session it controls, its foreground group */
	_Atomic u32 hangups; /* [a] a file opened before the last one is dead */
	_Atomic bool is_exclusive; /* [a] TIOCEXCL */

	struct spinlock out_lock; /* RANK_TTYBUF */
	u32 column; /* [O] of the cursor */
	bool is_stopped; /* [O] ^S or TCOOFF */

	struct spinlock in_lock; /* RANK_TTYBUF */
	struct ring raw; /* [N] from the interrupt */
	u8 raw_buf[TTY_RAW_SIZE]; /* [N] */
	struct work input_work;

	struct wait_queue read_wait, write_wait;
};

/* An open file of a terminal: file->private. */
struct tty_file {
	struct tty *tty; /* counted */
	u32 hangups; /* tty->hangups when it was opened */
	bool is_console; /* through /dev/console: survives hang-ups, as on Linux */
};

/* Fills in everything but private, link and is_master. One reference. rows, cols 0: unknown. */
void tty_setup(struct tty *tty, const struct tty_ops *ops, const char *name, u64 rdev, u16 rows,
	       u16 cols);
/* A static tty can be opened by its number from now on. */
void tty_register(struct tty *tty);
/* What /dev/console is. */
void tty_set_console(struct tty *tty);

static inline void tty_get(struct tty *tty)
{
	refcount_get(&tty->refs);
}
void tty_put(struct tty *tty);

/* Bytes from the device; what does not fit is dropped. Any context. */
void tty_input(struct tty *tty, const u8 *buf, size_t n);
/* There is room for output again. Any context; not with out_lock held. */
void tty_output_ready(struct tty *tty);

/* Makes file a file of tty: private, counts. Consumes the caller's reference on tty even on error.
 */
int tty_open_file(struct tty *tty, struct file *file, bool is_console) __must_check;
extern const struct file_ops tty_file_ops;

static inline struct tty *file_tty(const struct file *file)
{
	return ((struct tty_file *)file->private)->tty;
}
static inline bool tty_file_is_dead(const struct file *file)
{
	const struct tty_file *tf = file->private;

	return !tf->is_console &&
	       tf->hangups != atomic_load_explicit(&tf->tty->hangups, memory_order_relaxed);
}

/* Output with OPOST processing; bytes consumed, fewer when the driver is full or output is stopped.
 */
size_t tty_output(struct tty *tty, const u8 *buf, size_t n);
/* For echo: not held up by ^S; what does not fit is lost. */
void tty_echo(struct tty *tty, const u8 *buf, size_t n);
bool tty_has_room(struct tty *tty);
size_t tty_output_pending(struct tty *tty);
void tty_set_stopped(struct tty *tty, bool is_stopped);
void tty_flush_output(struct tty *tty);
/* Sleeps until all is sent: 0, -ERESTARTSYS. */
int tty_drain(struct tty *tty) __must_check;

/* ---- ldisc.c */

/* Input of n bytes as the termios say; returns how many there was room for. tty->lock held; may
 * sleep. */
size_t ldisc_receive(struct tty *tty, const u8 *buf, size_t n);
long ldisc_read(struct tty *tty, struct file *file, struct uio *uio);
bool ldisc_is_readable(const struct tty *tty); /* read() would not block */
u32 ldisc_available(const struct tty *tty); /* FIONREAD */
void ldisc_flush(struct tty *tty); /* tty->lock held */
void ldisc_mode_changed(struct tty *tty, const struct termios2 *old); /* tty->lock held */

/* ---- job.c: job control */

/* A background process reads (SIGTTIN) or changes (SIGTTOU) tty: 0, -EIO, -ERESTARTSYS. */
int tty_check_foreground(struct tty *tty, int sig) __must_check;
/* open(2): becomes the caller's controlling terminal if it may. */
void tty_acquire_by_open(struct tty *tty, const struct file *file);
/* A signal from the keyboard or the driver to the foreground group. */
void tty_signal_foreground(struct tty *tty, int sig);
/* All its files are dead, and it controls nobody any more: SIGHUP, SIGCONT to the session leader.
 */
void tty_hangup(struct tty *tty, bool signal_foreground);
void tty_hangup_session(struct task *leader); /* leader exits */
/* +1 or NULL: the current process's controlling terminal. */
struct tty *tty_of_current_get(void);
/* TIOCSCTTY, TIOCNOTTY, TIOCGPGRP, TIOCSPGRP, TIOCGSID. tty: the one the file is of; a pty's master
 * acts on its slave. */
long tty_job_ioctl(struct tty *tty, struct file *file, u32 cmd, u64 arg);

/* ---- ioctl.c */
long tty_ioctl(struct file *file, u32 cmd, u64 arg);

void tty_init(void); /* /dev/tty, /dev/console, session hook */
