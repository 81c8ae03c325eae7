/*
 * Sequence counts: readers of a small record never wait, they read again if a writer was at work.
 * Writers exclude each other by a lock of their own, and must not be interrupted by a reader on
 * the same CPU (interrupts off, if handlers read it).
 *
 *	do {
 *		seq = seq_read_begin(&s);
 *		copy = record;
 *	} while (seq_read_retry(&s, seq));
 */
#pragma once

#include <stdatomic.h>

#include "lib/base.h"

#include "arch/x86_64/cpu.h"

struct seqcount {
	_Atomic u32 seq; /* odd: being written */
};

#define SEQCOUNT_INIT { 0 }

static inline u32 seq_read_begin(const struct seqcount *s)
{
	u32 seq;

	while (unlikely((seq = atomic_load_explicit(&s->seq, memory_order_acquire)) & 1))
		cpu_relax();
	return seq;
}

static inline bool seq_read_retry(const struct seqcount *s, u32 seq)
{
	atomic_thread_fence(memory_order_acquire);
	return unlikely(atomic_load_explicit(&s->seq, memory_order_relaxed) != seq);
}

static inline void seq_write_begin(struct seqcount *s)
{
	u32 seq = atomic_load_explicit(&s->seq, memory_order_relaxed);

	atomic_store_explicit(&s->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static inline void seq_write_end(struct seqcount *s)
{
	u32 seq = atomic_load_explicit(&s->seq, memory_order_relaxed);

	atomic_store_explicit(&s->seq, seq + 1, memory_order_release);
}
