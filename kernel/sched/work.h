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
void work_init(void); /* starts the worker thread(s) */
