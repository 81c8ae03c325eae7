/*
 * The kernel log: a ring of records, and the consoles that show them as they come.
 */
#pragma once

#include "lib/base.h"

/* As in syslog(2). */
enum log_level {
	LOG_EMERG,
	LOG_ALERT,
	LOG_CRIT,
	LOG_ERR,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG,
};

/* One record; a final newline is optional. Longer than about 450 bytes is cut. Context: any. */
void printk(enum log_level level, const char *fmt, ...) __printf(2, 3);
void vprintk(enum log_level level, const char *fmt, va_list args) __printf(2, 0);

#define pr_emerg(...)  printk(LOG_EMERG, __VA_ARGS__)
#define pr_err(...)    printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)   printk(LOG_WARNING, __VA_ARGS__)
#define pr_notice(...) printk(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...)   printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...)  printk(LOG_DEBUG, __VA_ARGS__)

/* Somewhere the log is shown. */
struct console {
	const char *name;
	/* Any context, interrupts off, log lock held: must not print, sleep or wait for a lock
	 * whose holder might print. */
	void (*write)(struct console *console, const char *text, size_t len);
	struct console *next;
	bool wants_backlog; /* show what was logged before it was registered */
};

void console_register(struct console *console);
void console_unregister(struct console *console);

/* Records with a level below this go to the consoles; all go to the ring. Default 7: all but debug;
 * "quiet" is 4. */
extern int console_loglevel;

/* Records are numbered from 0. log_first_seq(): the oldest still there; log_next_seq(): the number
 * the next one will get. */
u64 log_first_seq(void);
u64 log_next_seq(void);

struct log_record {
	u64 seq;
	u64 time_ns;
	enum log_level level;
	size_t len; /* of the text, which has no newline at its end */
};

/**
 * log_get - copy the record *seq, or the oldest one after it that is still there.
 * @seq: advanced past the record. @text: at least LOG_TEXT_MAX bytes.
 * False: nothing there yet. Context: any.
 */
bool log_get(u64 *seq, struct log_record *record, char *text);
#define LOG_TEXT_MAX 480

/**
 * log_read - whole records from *seq on, as "<6>[    1.234567] text\n", as many as fit in n.
 * A record longer than n alone is cut. Returns bytes written, 0: nothing new; advances *seq.
 */
size_t log_read(u64 *seq, char *buf, size_t n);

/* Called after a record was stored, in the printer's context: any. NULL: nobody cares. */
extern void (*log_hook)(void);

/* For panic: print even if the log lock is stuck; first lets its holder some time to finish. */
void log_force(void);
