/*
 * Splicing: from pipe to pipe by handing pages over, between pipes and other files by copying.
 *
 * A page in two pipes has two references, and is written to by neither (see is_own() in pipe.c).
 * Between a pipe and a file no pipe lock is held while the file is read or written, for files'
 * locks come first. What is being written stays in the pipe, marked as taken, until it is known how
 * much of it went; other readers wait so long.
 * Locks: pipe->lock; of two, the lower address first.    Follows: splice(2), tee(2)
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "kernel/sched/sched.h"
#include "fs/inode.h"
#include "fs/pipefs/internal.h"
#include "fs/rw.h"

bool file_is_pipe(struct file *file)
{
	return pipe_of(file);
}

/* Until there is something to read, or no writer: 0 with *is_end, -EAGAIN, -ERESTARTSYS. */
static int wait_data(struct pipe *p, bool is_nowait, bool *is_end)
{
	int err = 0;

	if (!pipe_has_data(p) && (p->used || p->writers))
		err = is_nowait ? -EAGAIN
				: wait_event_interruptible(&p->read_wait,
							   pipe_has_data(p) ||
								   (!p->used && !p->writers));
	*is_end = !p->used && !p->writers;
	return err;
}

/* Until there is room: 0, -EAGAIN, -EPIPE, -ERESTARTSYS. */
static int wait_room(struct pipe *p, bool is_nowait)
{
	int err = 0;

	if (p->readers && !pipe_has_room(p))
		err = is_nowait ? -EAGAIN
				: wait_event_interruptible(&p->write_wait,
							   pipe_has_room(p) || !p->readers);
	return !p->readers ? (int)pipe_broken() : err;
}

/* ---- From pipe to pipe */

/* Both are locked. is_move: what is in "to" leaves "from". */
static size_t pass(struct pipe *from, struct pipe *to, size_t n, bool is_move)
{
	size_t done = 0;

	for (u32 nth = 0; done < n && pipe_has_room(to) && nth < from->used; nth += !is_move) {
		struct pipe_buf *buf = pipe_slot(from, nth);
		u32 part = MIN((size_t)buf->len, n - done);

		page_get(buf->page);
		pipe_push(to, buf->page, buf->offset, part, buf->is_packet);
		done += part;
		if (!is_move)
			continue;
		buf->offset += part;
		buf->len -= part;
		from->bytes -= part;
		if (!buf->len)
			pipe_drop_first(from);
	}
	return done;
}

static long pipe_to_pipe(struct pipe *from, struct pipe *to, size_t n, bool is_nowait, bool is_move)
{
	bool is_end;
	long done;
	int err;

	for (;;) {
		err = wait_data(from, is_nowait, &is_end);
		if (err || is_end)
			return err;
		err = wait_room(to, is_nowait);
		if (err)
			return err;
		mutex_lock_two(&from->lock, &to->lock);
		done = !from->is_taken && to->readers ? (long)pass(from, to, n, is_move) : 0;
		mutex_unlock_two(&from->lock, &to->lock);
		if (done)
			break; /* else somebody was faster */
	}
	pipe_wake_readers(to);
	if (is_move)
		pipe_wake_writers(from);
	return done;
}

long pipe_tee(struct file *in, struct file *out, size_t n, bool is_nowait)
{
	struct pipe *from = pipe_of(in), *to = pipe_of(out);

	if (!from || !to || from == to)
		return -EINVAL;
	return pipe_to_pipe(from, to, n, is_nowait, false);
}

/* ---- Between a pipe and another file */

static bool can_be_spliced(const struct file *file)
{
	u32 type = INODE_TYPE(file->inode);

	return type == S_IFREG || type == S_IFCHR || type == S_IFSOCK;
}

static long file_read_page(struct file *in, u64 *pos, struct page *page, size_t n, bool is_nowait)
{
	struct uio uio;
	long got;

	uio_init_kernel(&uio, page_va(page), n);
	uio.is_nowait = is_nowait;
	if (!pos)
		return vfs_read(in, &uio);
	got = vfs_pread(in, &uio, *pos);
	if (got > 0)
		*pos += (u64)got;
	return got;
}

/* The page was read and must not be lost: waits for room as long as it takes, and for ever is fine,
 * as a killed process needs no page. */
static long push_page(struct pipe *p, struct page *page, u32 len)
{
	for (;;) {
		bool is_pushed = false, is_broken;

		mutex_lock(&p->lock);
		is_broken = !p->readers;
		if (!is_broken && pipe_has_room(p)) {
			pipe_push(p, page, 0, len, false);
			is_pushed = true;
		}
		mutex_unlock(&p->lock);
		if (is_pushed) {
			pipe_wake_readers(p);
			return len;
		}
		if (is_broken)
			return pipe_broken();
		if (wait_event_killable(&p->write_wait, pipe_has_room(p) || !p->readers))
			return -EINTR;
	}
}

/* As much as there is room for now. */
static long file_to_pipe(struct file *in, u64 *pos, struct pipe *p, size_t n, bool is_nowait)
{
	long done = 0, got = wait_room(p, is_nowait);

	while (got >= 0 && (size_t)done < n && pipe_has_room(p)) {
		struct page *page = page_alloc(0);

		if (!page)
			return done ? done : -ENOMEM;
		got = file_read_page(in, pos, page, MIN(n - (size_t)done, (size_t)PAGE_SIZE),
				     is_nowait || done);
		if (got > 0)
			got = push_page(p, page, (u32)got);
		if (got <= 0) {
			page_put(page);
			break;
		}
		done += got;
		if (got < (long)PAGE_SIZE || (in->mode & FILE_STREAM))
			break;
		cond_resched();
	}
	return done ? done : got;
}

static long file_write_page(struct file *out, u64 *pos, const struct pipe_buf *buf, size_t n)
{
	struct uio uio;
	long put;

	uio_init_kernel(&uio, (char *)page_va(buf->page) + buf->offset, n);
	if (!pos)
		return vfs_write(out, &uio);
	put = vfs_pwrite(out, &uio, *pos);
	if (put > 0)
		*pos += (u64)put;
	return put;
}

/* The first buffer, or n bytes of it. 0: somebody was faster. */
static long write_first(struct pipe *p, struct file *out, u64 *pos, size_t n)
{
	struct pipe_buf *buf;
	long put = 0;

	mutex_lock(&p->lock);
	if (!pipe_has_data(p)) {
		mutex_unlock(&p->lock);
		return 0;
	}
	p->is_taken = true;
	buf = pipe_slot(p, 0);
	struct pipe_buf copy = *buf; /* the ring may be made larger meanwhile */
	mutex_unlock(&p->lock);
	put = file_write_page(out, pos, &copy, MIN((size_t)copy.len, n));
	mutex_lock(&p->lock);
	p->is_taken = false;
	buf = pipe_slot(p, 0);
	if (put > 0) {
		buf->offset += (u32)put;
		buf->len -= (u32)put;
		p->bytes -= (u64)put;
		if (!buf->len)
			pipe_drop_first(p);
	}
	mutex_unlock(&p->lock);
	pipe_wake_writers(p);
	wake_all(&p->read_wait); /* those who waited for the buffer */
	return put;
}

static long pipe_to_file(struct pipe *p, struct file *out, u64 *pos, size_t n, bool is_nowait)
{
	long done = 0, put;
	bool is_end;

	while ((size_t)done < n) {
		put = wait_data(p, is_nowait || done, &is_end);
		if (put || is_end)
			return done ? done : put;
		put = write_first(p, out, pos, n - (size_t)done);
		if (put < 0)
			return done ? done : put;
		done += put;
		cond_resched();
	}
	return done;
}

long pipe_splice(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, size_t n,
		 bool is_nowait)
{
	struct pipe *from = pipe_of(in), *to = pipe_of(out);

	if (from && to)
		return from == to ? -EINVAL : pipe_to_pipe(from, to, n, is_nowait, true);
	if (from) {
		if ((out->flags & O_APPEND) || !out->ops->write || !can_be_spliced(out))
			return -EINVAL;
		return pipe_to_file(from, out, out_pos, n, is_nowait);
	}
	if (!to || !in->ops->read || !can_be_spliced(in))
		return -EINVAL;
	return file_to_pipe(in, in_pos, to, n, is_nowait);
}
