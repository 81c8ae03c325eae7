/*
 * The kernel log.
 *
 * Owns: a ring of records (header, text), and the list of consoles. A record is stored first and
 *   shown second, in one critical section, so every console sees the same order.
 * Positions are free-running byte counts; a record begins at a multiple of 16 and 16 divides the
 *   ring, so headers never wrap around, only texts do.
 * Locks: log_lock, a raw lock taken with interrupts off: the lock checker itself prints. log_owner
 *   tells a console that prints (dropped) from another CPU (waits). After log_force() nobody waits
 *   for long: a panic must get its words out even if the holder of the lock was stopped.
 * Callers: everybody, in any context.
 */
#include "kernel/debug/printk.h"

#include "lib/fmt.h"
#include "lib/string.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"

#define LOG_SIZE    65536ul
#define LOG_ALIGN   16ul
#define PREFIX_MAX  32
#define FORCE_SPINS 10000000u

struct log_header {
	u64 time_ns;
	u16 len; /* of the text that follows */
	u8 level;
};
static_assert(sizeof(struct log_header) <= LOG_ALIGN, "headers must not wrap");

int console_loglevel = LOG_DEBUG;
void (*log_hook)(void);

static u8 log_ring[LOG_SIZE] __aligned(16);
static u64 first_pos, next_pos; /* bytes */
static u64 first_seq, next_seq; /* records */
static struct console *consoles;

static struct rawlock log_lock = RAWLOCK_INIT;
static _Atomic u32 log_owner; /* 1 + CPU */
static bool is_forced;

/* Scratch of the lock's holder. */
static char text_buf[LOG_TEXT_MAX];
static char line_buf[PREFIX_MAX + LOG_TEXT_MAX + 1];

struct log_guard {
	u64 irqflags;
	bool is_locked;
};

/* False: this CPU holds the lock already. */
static bool log_enter(struct log_guard *guard)
{
	u32 me = cpu_id() + 1;
	u32 spins = 0;

	guard->irqflags = irq_save();
	guard->is_locked = true;
	if (!is_forced && load_relaxed(&log_owner) == me) {
		irq_restore(guard->irqflags);
		return false;
	}
	while (!rawlock_try(&log_lock)) {
		cpu_relax();
		if (is_forced && ++spins >= FORCE_SPINS) {
			guard->is_locked = false;
			return true;
		}
	}
	store_relaxed(&log_owner, me);
	return true;
}

static void log_exit(struct log_guard *guard)
{
	if (guard->is_locked) {
		store_relaxed(&log_owner, 0);
		rawlock_unlock(&log_lock);
	}
	irq_restore(guard->irqflags);
}

void log_force(void)
{
	is_forced = true;
}

static struct log_header *header_at(u64 pos)
{
	return (void *)(log_ring + pos % LOG_SIZE);
}

static u64 record_size(size_t len)
{
	return LOG_ALIGN + ALIGN_UP(len, LOG_ALIGN);
}

static void store_record(const struct log_header *header, const char *text)
{
	u64 size = record_size(header->len);
	u64 at = (next_pos + LOG_ALIGN) % LOG_SIZE;
	size_t before_wrap = MIN((size_t)header->len, LOG_SIZE - at);

	while (next_pos + size - first_pos > LOG_SIZE) {
		first_pos += record_size(header_at(first_pos)->len);
		first_seq++;
	}
	*header_at(next_pos) = *header;
	memcpy(log_ring + at, text, before_wrap);
	memcpy(log_ring, text + before_wrap, header->len - before_wrap);
	next_pos += size;
	next_seq++;
}

static void load_text(u64 pos, char *text)
{
	size_t len = header_at(pos)->len;
	u64 at = (pos + LOG_ALIGN) % LOG_SIZE;
	size_t before_wrap = MIN(len, LOG_SIZE - at);

	memcpy(text, log_ring + at, before_wrap);
	memcpy(text + before_wrap, log_ring, len - before_wrap);
}

/* Into line_buf; returns the length. */
static size_t format_line(const struct log_header *header, const char *text, bool with_level)
{
	u32 seconds = header->time_ns / 1000000000;
	u32 micros = header->time_ns / 1000 % 1000000;
	int n = 0;

	if (with_level)
		n = snprintf(line_buf, PREFIX_MAX, "<%u>", header->level);
	n += snprintf(line_buf + n, PREFIX_MAX - n, "[%5u.%06u] ", seconds, micros);
	memcpy(line_buf + n, text, header->len);
	line_buf[n + header->len] = '\n';
	return n + header->len + 1;
}

void vprintk(enum log_level level, const char *fmt, va_list args)
{
	struct log_header header = { .level = level };
	struct log_guard guard;
	size_t len;

	if (!log_enter(&guard))
		return;
	header.time_ns = clock_ns();
	len = vsnprintf(text_buf, sizeof(text_buf), fmt, args);
	len = MIN(len, sizeof(text_buf) - 1);
	if (len && text_buf[len - 1] == '\n')
		len--;
	header.len = len;
	store_record(&header, text_buf);
	if ((int)level < console_loglevel) {
		len = format_line(&header, text_buf, false);
		for (struct console *c = consoles; c; c = c->next)
			c->write(c, line_buf, len);
	}
	log_exit(&guard);
	if (log_hook)
		log_hook();
}

void printk(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(level, fmt, args);
	va_end(args);
}

void console_register(struct console *console)
{
	struct log_guard guard;
	struct console **link;

	if (!log_enter(&guard))
		return;
	if (console->wants_backlog) {
		for (u64 pos = first_pos; pos != next_pos;
		     pos += record_size(header_at(pos)->len)) {
			load_text(pos, text_buf);
			if (header_at(pos)->level < console_loglevel)
				console->write(console, line_buf,
					       format_line(header_at(pos), text_buf, false));
		}
	}
	for (link = &consoles; *link; link = &(*link)->next)
		;
	console->next = NULL;
	*link = console;
	log_exit(&guard);
}

void console_unregister(struct console *console)
{
	struct log_guard guard;

	if (!log_enter(&guard))
		return;
	for (struct console **link = &consoles; *link; link = &(*link)->next) {
		if (*link == console) {
			*link = console->next;
			break;
		}
	}
	log_exit(&guard);
}

u64 log_first_seq(void)
{
	return READ_ONCE(first_seq);
}

u64 log_next_seq(void)
{
	return READ_ONCE(next_seq);
}

/* Position of record *seq, or of the first one after it; next_pos if there is none. */
static u64 find_record(u64 *seq)
{
	u64 pos = first_pos;

	*seq = MAX(*seq, first_seq);
	for (u64 i = first_seq; i < *seq && pos != next_pos; i++)
		pos += record_size(header_at(pos)->len);
	return pos;
}

bool log_get(u64 *seq, struct log_record *record, char *text)
{
	struct log_guard guard;
	u64 pos;
	bool is_found;

	if (!log_enter(&guard))
		return false;
	pos = find_record(seq);
	is_found = pos != next_pos;
	if (is_found) {
		const struct log_header *header = header_at(pos);

		*record = (struct log_record){ (*seq)++, header->time_ns, header->level,
					       header->len };
		load_text(pos, text);
	}
	log_exit(&guard);
	return is_found;
}

size_t log_read(u64 *seq, char *buf, size_t n)
{
	struct log_guard guard;
	size_t done = 0;
	u64 pos;

	if (!log_enter(&guard))
		return 0;
	for (pos = find_record(seq); pos != next_pos; pos += record_size(header_at(pos)->len)) {
		size_t len;

		load_text(pos, text_buf);
		len = format_line(header_at(pos), text_buf, true);
		if (done + len > n && done)
			break;
		len = MIN(len, n);
		memcpy(buf + done, line_buf, len);
		done += len;
		(*seq)++;
	}
	log_exit(&guard);
	return done;
}
