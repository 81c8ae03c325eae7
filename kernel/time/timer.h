/*
 * Timers: a function called in interrupt context at or after a moment of the monotonic clock.
 *
 * Each CPU has a tree; a timer stays on the CPU that armed it. Callbacks run without the tree's
 * lock, with interrupts off; they wake threads or mark signals, and may re-arm their own timer.
 */
#pragma once

#include "lib/rbtree.h"
#include "kernel/sync/spinlock.h"

#define WAIT_FOREVER (~0ull)

struct timer {
	struct rb_node node; /* [timer lock of cpu] */
	u64 expires_ns; /* monotonic */
	void (*fn)(struct timer *);
	_Atomic int cpu; /* whose tree it is in; -1: not armed */
};

void timer_setup(struct timer *t, void (*fn)(struct timer *));

/* Arms or re-arms. Any context. */
void timer_arm(struct timer *t, u64 expires_ns);

/* Disarms; true if it was armed. Does not wait for a running callback. Any context. */
bool timer_cancel(struct timer *t);

/* Disarms and waits until the callback runs on no CPU; not from the callback, no locks it takes. */
void timer_cancel_sync(struct timer *t);

void timer_interrupt(
	void); /* from upcall_timer(): runs what is due, arms the hardware for the next */
void timer_init(void);
