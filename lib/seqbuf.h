/*
 * A text buffer that is appended to and never overruns: it remembers that something did not fit,
 * so that the caller can check once, at the end, and try again with a larger one.
 */
#pragma once

#include "lib/base.h"

struct seqbuf {
	char *buf; /* the caller's; no closing zero */
	size_t len; /* used */
	size_t cap;
	bool overflow; /* something was cut off */
};

static inline void seqbuf_init(struct seqbuf *s, char *buf, size_t cap)
{
	*s = (struct seqbuf){ .buf = buf, .cap = cap };
}

static inline void seqbuf_putc(struct seqbuf *s, char c)
{
	if (likely(s->len < s->cap))
		s->buf[s->len++] = c;
	else
		s->overflow = true;
}

void seqbuf_write(struct seqbuf *s, const char *text, size_t n);
void seqbuf_puts(struct seqbuf *s, const char *text);
void seqbuf_printf(struct seqbuf *s, const char *fmt, ...) __printf(2, 3);
void seqbuf_put_dec(struct seqbuf *s, u64 v);
void seqbuf_put_sdec(struct seqbuf *s, s64 v);
/* Bytes found in special, and backslash, as \ooo (mount tables, /proc/PID/maps). */
void seqbuf_put_escaped(struct seqbuf *s, const char *text, const char *special);
/* A set of the numbers below n (at most 64) as hexadecimal groups, and as ranges: "0-3,7". */
void seqbuf_put_mask(struct seqbuf *s, u64 mask, unsigned n);
void seqbuf_put_ranges(struct seqbuf *s, u64 mask);
/* Ends the text with a zero that is not counted; the last byte is lost if the buffer is full. */
const char *seqbuf_str(struct seqbuf *s);
