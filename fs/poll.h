/*
 * Poll: a file says what it is ready for, and through a poll table which wait queues will tell of a
 * change.
 */
#pragma once

#include <linux/poll.h>

#include "kernel/sync/wait.h"
#include "fs/file.h"

/* queue: called by poll_wait() for each queue; select/poll and epoll differ in what they hang
 * there. */
struct poll_table {
	void (*queue)(struct poll_table *pt, struct file *file, struct wait_queue *wq);
};

/* What ops->poll calls before it looks at its state. pt NULL, or its queue NULL: only asking. */
static inline void poll_wait(struct poll_table *pt, struct file *file, struct wait_queue *wq)
{
	if (pt && pt->queue)
		pt->queue(pt, file, wq);
}

/* Ready events of file now; registers with pt if given. */
u32 vfs_poll(struct file *file, struct poll_table *pt);

/**
 * poll_files - poll(2)'s core on n entries, kernel memory; revents are filled in.
 * Returns how many are ready; 0 at deadline; -EINTR when a signal came first (caller maps to
 * restart). Negative fds are skipped; closed ones give POLLNVAL. deadline_ns: monotonic,
 * WAIT_FOREVER, 0: do not sleep.
 */
int poll_files(struct pollfd *fds, u32 n, u64 deadline_ns) __must_check;
