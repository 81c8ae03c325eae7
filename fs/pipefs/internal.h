/*
 * Shared by the files of fs/pipefs only.
 */
#pragma once

#include "kernel/debug/panic.h"
#include "kernel/mm/page.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait.h"
#include "fs/pipefs/pipe.h"

struct pipe_buf {
	struct page *page;
	u32 offset, len;
	bool is_packet; /* O_DIRECT: one read takes it all, and drops what it has no room for */
};

struct pipe {
	struct mutex lock;
	struct wait_queue read_wait; /* for data, or the last writer's end */
	struct wait_queue write_wait; /* for room, or the last reader's end */
	_Atomic u32 readers, writers; /* open files; written under lock */
	u32 reader_opens, writer_opens; /* ever: what a blocking FIFO open waits for */
	u32 nr_files; /* counts the pipe itself; under inode->lock */
	u32 nr_slots; /* power of two */
	u32 first; /* slot of the oldest buffer, modulo nr_slots */
	_Atomic u32 used; /* buffers in use; written under lock */
	bool is_taken; /* the first buffer is being written elsewhere (splice): readers wait */
	u64 bytes;
	struct page *spare; /* the last emptied page: the next write takes it */
	struct pipe_buf *slots;
	struct uid_usage *payer; /* who made it: counts its slots */
};

static inline struct pipe_buf *pipe_slot(struct pipe *p, u32 nth)
{
	return &p->slots[(p->first + nth) & (p->nr_slots - 1)];
}

static inline bool pipe_has_data(const struct pipe *p)
{
	return p->used && !p->is_taken;
}
static inline bool pipe_has_room(const struct pipe *p)
{
	return p->used < p->nr_slots;
}
void corepipe_init(void);
/* NULL: no pipe. */
struct pipe *pipe_of(struct file *file);
/* With the lock held: the first buffer goes; one more comes, whose page becomes the pipe's. */
void pipe_drop_first(struct pipe *p);
void pipe_push(struct pipe *p, struct page *page, u32 offset, u32 len, bool is_packet);
/* After something was taken out, or put in. */
void pipe_wake_writers(struct pipe *p);
void pipe_wake_readers(struct pipe *p);
long pipe_broken(void); /* SIGPIPE; -EPIPE */
