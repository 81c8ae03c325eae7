/*
 * A pthread as a kernel thread: what tests may set about it.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base.h"
#include "kernel/sched/usage.h"

struct thread {
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool is_blocked;	       /* [lock] */
	_Atomic bool has_signal;       /* what signal_pending_current() says */
	_Atomic bool has_fatal_signal; /* what fatal_signal_pending_current() says */
	/* For the sources under test; NULL unless a test sets them. */
	struct files *files;
	struct fs_ctx *fs;
	const struct cred *cred;
	struct pid *pid;
	struct nsproxy *nsproxy;
	struct task *task;
	struct io_usage io;
};

/* Sets the flag, and wakes the thread as kill() would. */
void host_signal(struct thread *thread, bool is_fatal);
