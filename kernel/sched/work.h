/*
 * Deferred work: what an interrupt must not do, done by a kernel thread soon after.
 */
#pragma once

#include "lib/list.h"

struct work {
	struct list link;
	void (*fn)(struct work *);
	_Atomic bool is_queued;
};
void work_setup(struct work *w, void (*fn)(struct work *));
/* Queues once; a second call before it ran is absorbed. Any context. fn runs in thread context, may
 * sleep briefly. */
void work_queue(struct work *w);
void work_queue_nested(struct work *w); /* from a wake callback */
void work_init(void); /* starts the worker thread(s) */

/* Calls fn soon, on some CPU, in an interrupt, where it may wake threads. Any context: also where
 * locks are held that wakes would need. A second call before that may take the place of the first. */
void work_poke(void (*fn)(void));
