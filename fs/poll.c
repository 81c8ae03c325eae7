/*
 * poll: waiting for the first of many files.
 *
 * Owns: poll_files(), the core of poll(2) and select(2). How: a first pass only asks. If nothing
 *   is ready a second one hangs an entry on each queue the files name, and asks again; then the
 *   thread sleeps until an entry's callback sets is_woken, and asks all once more. Entries and the
 *   files they belong to are held until the end.
 * Locks: none. The callback runs under the queue's lock, in any context; it sets a word and wakes.
 *   Registration comes before the question (poll_wait has the fence), so no change is missed.
 */
#include "fs/poll.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"
#include "fs/fdtable.h"

#define POLL_INLINE 8 /* entries on the stack */
#define POLL_BLOCK  64 /* entries per allocation beyond */

#define POLL_ALWAYS (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

struct poller;

struct poll_entry {
	struct wait_entry wait;
	struct wait_queue *wq;
	struct file *file; /* counted */
	struct poller *poller;
};

struct poll_block {
	struct poll_block *next;
	u32 nr;
	struct poll_entry entries[POLL_BLOCK];
};

struct poller {
	struct poll_table table; /* first: queue() is handed this */
	struct thread *thread;
	_Atomic bool is_woken;
	u32 events; /* of the file being asked */
	int err;
	u32 nr_inline;
	struct poll_block *blocks;
	struct poll_entry entries[POLL_INLINE];
};

u32 vfs_poll(struct file *file, struct poll_table *pt)
{
	return file->ops->poll ? file->ops->poll(file, pt) : POLL_ALWAYS;
}

static bool poll_wake(struct wait_entry *entry, u32 key)
{
	struct poller *p = container_of(entry, struct poll_entry, wait)->poller;

	atomic_store_explicit(&p->is_woken, true, memory_order_release);
	return thread_wake(p->thread);
}

static struct poll_entry *poller_entry(struct poller *p)
{
	struct poll_block *block = p->blocks;

	if (p->nr_inline < POLL_INLINE)
		return &p->entries[p->nr_inline++];
	if (!block || block->nr == POLL_BLOCK) {
		block = kmalloc(sizeof(*block));
		if (!block)
			return NULL;
		block->nr = 0;
		block->next = p->blocks;
		p->blocks = block;
	}
	return &block->entries[block->nr++];
}

static void poller_queue(struct poll_table *pt, struct file *file, struct wait_queue *wq)
{
	struct poller *p = container_of(pt, struct poller, table);
	struct poll_entry *e = poller_entry(p);

	if (!e) {
		p->err = -ENOMEM;
		return;
	}
	wait_entry_init(&e->wait);
	e->wait.wake = poll_wake;
	e->wait.key = p->events;
	e->wq = wq;
	e->file = file_get(file);
	e->poller = p;
	wait_add(wq, &e->wait);
}

static void poll_entries_drop(struct poll_entry *entries, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		wait_remove(entries[i].wq, &entries[i].wait);
		file_put(entries[i].file);
	}
}

static void poller_drop(struct poller *p)
{
	struct poll_block *block, *next;

	poll_entries_drop(p->entries, p->nr_inline);
	for (block = p->blocks; block; block = next) {
		next = block->next;
		poll_entries_drop(block->entries, block->nr);
		kfree(block);
	}
}

/* Asks one entry; registers with p if not NULL. */
static u32 poll_one(struct pollfd *pfd, struct poller *p)
{
	u32 events = (u16)pfd->events | POLLERR | POLLHUP, mask;
	struct fdref r;

	if (pfd->fd < 0)
		return 0;
	r = fdref_get(pfd->fd);
	if (!r.file)
		return POLLNVAL;
	if (p)
		p->events = events;
	mask = vfs_poll(r.file, p ? &p->table : NULL) & events;
	fdref_put(r);
	return mask;
}

static int poll_all(struct pollfd *fds, u32 n, struct poller *p)
{
	int ready = 0;

	for (u32 i = 0; i < n; i++) {
		fds[i].revents = (short)poll_one(&fds[i], p);
		if (fds[i].revents)
			ready++;
	}
	return ready;
}

/* Until is_woken: 0, -ETIME, -ERESTARTSYS. */
static int poller_sleep(struct poller *p, u64 deadline_ns)
{
	int err = 0;

	while (!err) {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (atomic_load_explicit(&p->is_woken, memory_order_acquire))
			break;
		err = wait_block(BLOCK_INTERRUPTIBLE, deadline_ns);
	}
	thread_cancel_block();
	return err;
}

static int poll_blocking(struct pollfd *fds, u32 n, u64 deadline_ns)
{
	struct poller p __uninitialized;
	int ready, err = 0;

	p.table.queue = poller_queue;
	p.thread = current;
	p.err = 0;
	p.nr_inline = 0;
	p.blocks = NULL;
	atomic_init(&p.is_woken, false);
	ready = poll_all(fds, n, &p);
	while (!ready && !p.err && !err) {
		err = poller_sleep(&p, deadline_ns);
		atomic_store_explicit(&p.is_woken, false, memory_order_seq_cst);
		ready = poll_all(fds, n, NULL);
	}
	poller_drop(&p);
	if (ready)
		return ready;
	if (p.err)
		return p.err;
	return err == -ETIME ? 0 : -EINTR;
}

int poll_files(struct pollfd *fds, u32 n, u64 deadline_ns)
{
	int ready = poll_all(fds, n, NULL);

	if (ready || !deadline_ns)
		return ready;
	return poll_blocking(fds, n, deadline_ns);
}
