/*
 * Byte rings: a buffer whose size is a power of two, and two free-running counters. Not atomic: a
 * lock of the owner's guards each ring.
 */
#pragma once

#include "lib/base.h"
#include "lib/string.h"

struct ring {
	u8 *buf;
	u32 size; /* a power of two, at most 2^31 */
	u32 head; /* bytes ever written */
	u32 tail; /* bytes ever read */
};

static inline void ring_init(struct ring *r, void *buf, u32 size)
{
	*r = (struct ring){ .buf = buf, .size = size };
}

static inline u32 ring_used(const struct ring *r)
{
	return r->head - r->tail;
}
static inline u32 ring_space(const struct ring *r)
{
	return r->size - ring_used(r);
}
static inline bool ring_empty(const struct ring *r)
{
	return r->head == r->tail;
}
static inline void ring_clear(struct ring *r)
{
	r->tail = r->head;
}

/* Where the next bytes to read (to write) lie without a wrap; how many in *n, maybe 0. After
 * using some of them, ring_consume() (ring_produce()) that many. */
static inline const u8 *ring_read_span(const struct ring *r, u32 *n)
{
	u32 at = r->tail & (r->size - 1);

	*n = MIN(ring_used(r), r->size - at);
	return r->buf + at;
}
static inline u8 *ring_write_span(struct ring *r, u32 *n)
{
	u32 at = r->head & (r->size - 1);

	*n = MIN(ring_space(r), r->size - at);
	return r->buf + at;
}
static inline void ring_consume(struct ring *r, u32 n)
{
	r->tail += n;
}
static inline void ring_produce(struct ring *r, u32 n)
{
	r->head += n;
}

/* -1: empty. */
static inline int ring_getc(struct ring *r)
{
	if (ring_empty(r))
		return -1;
	return r->buf[r->tail++ & (r->size - 1)];
}

/* As many of n bytes as fit (as there are); returns how many. */
static inline u32 ring_write(struct ring *r, const void *src, u32 n)
{
	u32 done = 0, span;

	while (done < n) {
		u8 *to = ring_write_span(r, &span);

		if (!span)
			break;
		span = MIN(span, n - done);
		memcpy(to, (const u8 *)src + done, span);
		ring_produce(r, span);
		done += span;
	}
	return done;
}

static inline u32 ring_read(struct ring *r, void *dst, u32 n)
{
	u32 done = 0, span;

	while (done < n) {
		const u8 *from = ring_read_span(r, &span);

		if (!span)
			break;
		span = MIN(span, n - done);
		memcpy((u8 *)dst + done, from, span);
		ring_consume(r, span);
		done += span;
	}
	return done;
}
