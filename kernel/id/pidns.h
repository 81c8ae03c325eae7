/*
 * A pid namespace: its number table, and the process that is its init.
 */
#pragma once

#include "kernel/sync/refcount.h"
#include "kernel/sync/spinlock.h"

struct task;
struct pid;

struct pidns {
	struct refcount refs;
	u32 level; /* [I] 0: the initial one */
	struct pidns *parent; /* [I] counted */
	struct task *init; /* [T] process 1 of it, once it exists */
	struct spinlock lock; /* RANK_PIDNS: the table */
	struct pid_leaf **leaves; /* number -> struct pid, in two levels; private to pid.c */
	u32 nr_leaves;
	int last; /* the number given out last: the search goes on behind it */
};
