/*
 * A pid namespace: its number table, and the process that is its init.
 *
 *   [I] set at creation   [N] lock   [T] tasks_lock
 */
#pragma once

#include "kernel/id/ns.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait.h"

struct task;
struct pid;

struct pidns {
	struct ns_common ns;
	u32 level; /* [I] 0: the initial one */
	struct pidns *parent; /* [I] counted */
	struct task *init; /* [T] process 1 of it, from its birth to its reap */
	struct spinlock lock; /* RANK_PIDNS: the table */
	struct pid_leaf **leaves; /* [N] number -> struct pid, in two levels; private to pid.c */
	u32 nr_leaves; /* [N] */
	u32 nr_numbers; /* [N] given out; not counted in the initial one */
	int last; /* [N] given out last: the search goes on behind it */
	bool is_closed; /* [N] no more numbers: its init ends, or could not begin */
	struct wait_queue drained; /* woken when numbers come back to a closed one */
};

extern struct pidns pidns_initial;

static inline struct pidns *pidns_of(struct ns_common *ns)
{
	return container_of(ns, struct pidns, ns);
}

/* ancestor, or below it. */
static inline bool pidns_is_within(const struct pidns *ns, const struct pidns *ancestor)
{
	while (ns->level > ancestor->level)
		ns = ns->parent;
	return ns == ancestor;
}

/* Whether ns or one above it is closed. Exact with tasks_lock held. */
bool pidns_is_closed(const struct pidns *ns);
/* Its init is about to end: from now on nobody is born in it. tasks_lock held for writing. */
void pidns_close(struct pidns *ns);

void pidns_free_table(struct pidns *ns); /* pid.c */
void pidns_init_cache(void);
