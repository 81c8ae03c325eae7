/*
 * Pipes: a ring of page-sized buffers between writers and readers.
 *
 * Owns: struct pipe, and pipefs, the pseudo file system of the unnamed ones.
 * Life: made by pipe(2), or by the first open of a FIFO; counted by its open files; inode->fifo
 *   points to it while there are any, so that opening /proc/PID/fd/N or the FIFO again finds it.
 * Invariants: bytes is the sum of the buffers' lengths; a write of at most PIPE_BUF bytes is never
 *   split around somebody else's, because it goes in under one hold of the lock.
 * Locks: pipe->lock (RANK_PIPE) for everything but the wait queues; user memory is copied under
 *   it, which is why its rank is below MM. inode->lock guards inode->fifo and is taken outside.
 *   Sleepers test used, readers and writers without the lock and look again with it.
 * Follows: pipe(7), fifo(7), pipe(2), fcntl(2)
 */
#include "fs/pipefs/internal.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ioctls.h>
#include <linux/magic.h>
#include <linux/signal.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/id/cred.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait.h"
#include "kernel/task/signal.h"
#include "fs/libfs.h"
#include "fs/poll.h"

#define PIPE_SLOTS_DEFAULT 16
#define PIPE_SLOTS_SMALL   2
#define PIPE_SIZE_MAX      (1u << 31)

u32 pipe_max_size = 1 << 20;
u64 pipe_pages_soft = 16384, pipe_pages_hard;

static struct pseudo_fs pipefs;
static struct slab_cache *pipe_cache;

/* Whether a user's pipes have too many pages. */
static bool is_too_many(u64 pages, u64 limit)
{
	return limit && pages > limit && !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN);
}

/* How many slots a new pipe of this user gets, who has paid for them then; 0: none. */
static u32 slots_charge(struct uid_usage *user)
{
	u32 n = PIPE_SLOTS_DEFAULT;
	u64 pages;

	if (n * PAGE_SIZE > pipe_max_size && !capable(CAP_SYS_RESOURCE))
		n = pipe_max_size / PAGE_SIZE;
	pages = uid_usage_add(user, USAGE_PIPE_PAGES, n);
	if (unlikely(n > PIPE_SLOTS_SMALL && is_too_many(pages, pipe_pages_soft))) {
		pages = uid_usage_add(user, USAGE_PIPE_PAGES, (s64)PIPE_SLOTS_SMALL - n);
		n = PIPE_SLOTS_SMALL;
	}
	if (likely(!is_too_many(pages, pipe_pages_hard)))
		return n;
	uid_usage_add(user, USAGE_PIPE_PAGES, -(s64)n);
	return 0;
}

static void pipe_free(struct pipe *p)
{
	for (u32 i = 0; i < p->used; i++)
		page_put(pipe_slot(p, i)->page);
	if (p->spare)
		page_put(p->spare);
	uid_usage_add(p->payer, USAGE_PIPE_PAGES, -(s64)p->nr_slots);
	uid_usage_put(p->payer);
	kfree(p->slots);
	cache_free(pipe_cache, p);
}

static struct pipe *pipe_new(void)
{
	struct pipe *p = cache_zalloc(pipe_cache);

	if (!p)
		return NULL;
	mutex_init(&p->lock, RANK_PIPE);
	wait_queue_init(&p->read_wait);
	wait_queue_init(&p->write_wait);
	p->payer = uid_usage_get(current->uid_usage);
	p->nr_slots = slots_charge(p->payer);
	if (p->nr_slots)
		p->slots = kcalloc(p->nr_slots, sizeof(*p->slots));
	if (p->slots)
		return p;
	pipe_free(p);
	return NULL;
}

/* A page that somebody else has too (tee, a page cache) is never written to. */
static bool is_own(const struct page *page)
{
	return refcount_read(&page->refs) == 1;
}

void pipe_drop_first(struct pipe *p)
{
	struct pipe_buf *buf = pipe_slot(p, 0);

	p->bytes -= buf->len;
	if (p->spare || !is_own(buf->page))
		page_put(buf->page);
	else
		p->spare = buf->page;
	p->first++;
	p->used--;
}

/* Moves what there is; the bytes moved, or -EFAULT if not even one could be. */
static long pipe_take(struct pipe *p, struct uio *uio)
{
	long done = 0;

	while (pipe_has_data(p) && uio->resid) {
		struct pipe_buf *buf = pipe_slot(p, 0);
		u32 n = MIN((size_t)buf->len, uio->resid);
		size_t copied = uio_copy_out(uio, (char *)page_va(buf->page) + buf->offset, n);
		bool is_packet = buf->is_packet;

		done += copied;
		buf->offset += copied;
		buf->len -= copied;
		p->bytes -= copied;
		if (copied < n)
			return done ? done : -EFAULT;
		if (!buf->len || is_packet)
			pipe_drop_first(p);
		if (is_packet)
			break;
	}
	return done;
}

static long pipe_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct pipe *p = file->private;
	bool was_full;
	long done;
	int err;

	if (!uio->resid)
		return 0;
	mutex_lock(&p->lock);
	for (;;) {
		was_full = p->used == p->nr_slots;
		done = pipe_take(p, uio);
		if (done || (!p->used && !p->writers))
			break;
		mutex_unlock(&p->lock);
		if (file_nowait(file, uio))
			return -EAGAIN;
		err = wait_event_interruptible(&p->read_wait,
					       pipe_has_data(p) || (!p->used && !p->writers));
		if (err)
			return err;
		mutex_lock(&p->lock);
	}
	mutex_unlock(&p->lock);
	if (was_full || done > 0)
		wake_all_key(&p->write_wait, POLLOUT | POLLWRNORM);
	return done;
}

static struct page *pipe_page(struct pipe *p)
{
	struct page *page = p->spare;

	if (!page)
		return page_alloc(0);
	p->spare = NULL;
	return page;
}

void pipe_push(struct pipe *p, struct page *page, u32 offset, u32 len, bool is_packet)
{
	*pipe_slot(p, p->used) = (struct pipe_buf){ page, offset, len, is_packet };
	p->used++;
	p->bytes += len;
}

/* Puts up to a page in a new buffer; bytes, 0 when there is no slot, -ENOMEM, -EFAULT. */
static long pipe_add_buf(struct pipe *p, struct uio *uio, bool is_packet)
{
	struct page *page;
	size_t n;

	if (p->used == p->nr_slots)
		return 0;
	page = pipe_page(p);
	if (!page)
		return -ENOMEM;
	n = uio_copy_in(uio, page_va(page), MIN(uio->resid, (size_t)PAGE_SIZE));
	if (!n) {
		p->spare = page;
		return -EFAULT;
	}
	pipe_push(p, page, 0, n, is_packet);
	return n;
}

/*
 * Small writes share a page: the tail of the last buffer takes what would fit it whole, so that
 * PIPE_BUF bytes stay together.
 */
static long pipe_append(struct pipe *p, struct uio *uio)
{
	struct pipe_buf *last;
	size_t n = uio->resid & (PAGE_SIZE - 1), copied;

	if (!p->used || !n)
		return 0;
	last = pipe_slot(p, p->used - 1);
	if (last->is_packet || !is_own(last->page) || last->offset + last->len + n > PAGE_SIZE)
		return 0;
	copied = uio_copy_in(uio, (char *)page_va(last->page) + last->offset + last->len, n);
	last->len += copied;
	p->bytes += copied;
	return copied ? (long)copied : -EFAULT;
}

/* As much as there is room for. */
static long pipe_put(struct pipe *p, struct uio *uio, bool is_packet, bool is_first)
{
	long done = is_first && !is_packet ? pipe_append(p, uio) : 0, n;

	if (done < 0)
		return done;
	while (uio->resid) {
		n = pipe_add_buf(p, uio, is_packet);
		if (n <= 0)
			return done ? done : n;
		done += n;
	}
	return done;
}

long pipe_broken(void)
{
	signal_send(current, SCOPE_THREAD, SIGPIPE, NULL);
	return -EPIPE;
}

void pipe_wake_readers(struct pipe *p)
{
	wake_all_key(&p->read_wait, POLLIN | POLLRDNORM);
}

void pipe_wake_writers(struct pipe *p)
{
	wake_all_key(&p->write_wait, POLLOUT | POLLWRNORM);
}

static int pipe_wait_room(struct pipe *p)
{
	return wait_event_interruptible(&p->write_wait, pipe_has_room(p) || !p->readers);
}

static long pipe_write(struct file *file, struct uio *uio, u64 *pos)
{
	struct pipe *p = file->private;
	bool is_packet = file->flags & O_DIRECT;
	long done = 0, n = 0;

	while (uio->resid && n >= 0) {
		bool is_broken;

		mutex_lock(&p->lock);
		is_broken = !p->readers;
		n = is_broken ? 0 : pipe_put(p, uio, is_packet, !done);
		mutex_unlock(&p->lock);
		if (n > 0) {
			done += n;
			pipe_wake_readers(p);
		}
		if (is_broken)
			n = pipe_broken();
		else if (n >= 0 && uio->resid)
			n = file_nowait(file, uio) ? -EAGAIN : pipe_wait_room(p);
	}
	return done ? done : n;
}

static u32 pipe_poll(struct file *file, struct poll_table *pt)
{
	struct pipe *p = file->private;
	u32 events = 0;

	if (file->mode & FILE_READ)
		poll_wait(pt, file, &p->read_wait);
	if (file->mode & FILE_WRITE)
		poll_wait(pt, file, &p->write_wait);
	if (file->mode & FILE_READ) {
		if (p->used)
			events |= POLLIN | POLLRDNORM;
		if (!p->writers && p->writer_opens != (u32)file->pos)
			events |= POLLHUP;
	}
	if (file->mode & FILE_WRITE) {
		if (pipe_has_room(p))
			events |= POLLOUT | POLLWRNORM;
		if (!p->readers)
			events |= POLLERR;
	}
	return events;
}

static long pipe_ioctl(struct file *file, u32 cmd, u64 arg)
{
	struct pipe *p = file->private;
	int bytes;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&p->lock);
	bytes = p->bytes;
	mutex_unlock(&p->lock);
	return put_user(bytes, (int __user *)arg);
}

/* Counts file as a user of p; the lock of file->inode is held or nobody else knows p. */
static void pipe_join(struct pipe *p, struct file *file)
{
	file->private = p;
	file->mode |= FILE_STREAM;
	p->nr_files++;
	mutex_lock(&p->lock);
	if (file->mode & FILE_READ) {
		p->readers++;
		p->reader_opens++;
	}
	if (file->mode & FILE_WRITE) {
		p->writers++;
		p->writer_opens++;
	}
	mutex_unlock(&p->lock);
}

static void pipe_release(struct file *file)
{
	struct inode *inode = file->inode;
	struct pipe *p = file->private;
	bool is_last;

	rwsem_write_lock(&inode->lock);
	mutex_lock(&p->lock);
	if (file->mode & FILE_READ)
		p->readers--;
	if (file->mode & FILE_WRITE)
		p->writers--;
	mutex_unlock(&p->lock);
	is_last = !--p->nr_files;
	if (is_last)
		inode->fifo = NULL;
	else
		wake_all(&p->read_wait), wake_all(&p->write_wait);
	rwsem_write_unlock(&inode->lock);
	if (is_last)
		pipe_free(p);
}

/*
 * fifo(7): each side's open waits for the other's, unless it does not want to. has_peer and seen
 * are as they were when file joined: a peer that came and went since then has been met.
 */
static int fifo_wait_peer(struct pipe *p, struct file *file, bool has_peer, u32 seen)
{
	bool is_reader = file->mode & FILE_READ;

	if (has_peer || (is_reader && (file->mode & FILE_WRITE)))
		return 0;
	if (file->flags & O_NONBLOCK) {
		if (!is_reader)
			return -ENXIO;
		file->pos = seen; /* no hang-up before the first writer: see pipe_poll() */
		return 0;
	}
	if (is_reader)
		return wait_event_interruptible(&p->read_wait, p->writer_opens != seen);
	return wait_event_interruptible(&p->write_wait, p->reader_opens != seen);
}

static int fifo_open(struct inode *inode, struct file *file)
{
	bool is_reader = file->mode & FILE_READ, has_peer = false;
	struct pipe *p;
	u32 seen = 0;
	int err;

	rwsem_write_lock(&inode->lock);
	p = inode->fifo;
	if (!p)
		p = inode->fifo = pipe_new();
	if (p) {
		pipe_join(p, file);
		has_peer = is_reader ? p->writers : p->readers;
		seen = is_reader ? p->writer_opens : p->reader_opens;
	}
	rwsem_write_unlock(&inode->lock);
	if (!p)
		return -ENOMEM;
	wake_all(&p->read_wait);
	wake_all(&p->write_wait);
	/* An unnamed pipe, opened anew through /proc/PID/fd: its peers may be gone for good. */
	if (inode->sb == pipefs.sb)
		return 0;
	err = fifo_wait_peer(p, file, has_peer, seen);
	if (err)
		pipe_release(file);
	return err;
}

const struct file_ops fifo_file_ops = {
	.open = fifo_open,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.sends_sigio = true,
	.nowait = FILE_READ | FILE_WRITE,
	.release = pipe_release,
};

struct pipe *pipe_of(struct file *file)
{
	return file->ops == &fifo_file_ops ? file->private : NULL;
}

long pipe_get_size(struct file *file)
{
	struct pipe *p = pipe_of(file);

	return p ? (long)p->nr_slots << PAGE_SHIFT : -EBADF;
}

static long pipe_resize(struct pipe *p, u32 nr_slots)
{
	struct pipe_buf *slots = kcalloc(nr_slots, sizeof(*slots));
	u64 pages;
	long err = 0;

	if (!slots)
		return -ENOMEM;
	mutex_lock(&p->lock);
	pages = uid_usage_add(p->payer, USAGE_PIPE_PAGES, (s64)nr_slots - p->nr_slots);
	if (nr_slots > p->nr_slots &&
	    (is_too_many(pages, pipe_pages_soft) || is_too_many(pages, pipe_pages_hard))) {
		err = -EPERM;
	} else if (p->used > nr_slots) {
		err = -EBUSY;
	} else {
		for (u32 i = 0; i < p->used; i++)
			slots[i] = *pipe_slot(p, i);
		struct pipe_buf *old = p->slots;
		p->slots = slots;
		p->nr_slots = nr_slots;
		p->first = 0;
		slots = old;
	}
	if (err)
		uid_usage_add(p->payer, USAGE_PIPE_PAGES, (s64)p->nr_slots - nr_slots);
	mutex_unlock(&p->lock);
	kfree(slots);
	wake_all_key(&p->write_wait, POLLOUT | POLLWRNORM);
	return err ? err : (long)nr_slots << PAGE_SHIFT;
}

long pipe_set_size(struct file *file, u64 size)
{
	struct pipe *p = pipe_of(file);
	u32 nr_slots = 1;

	if (!p)
		return -EBADF;
	if (size > PIPE_SIZE_MAX)
		return -EINVAL;
	while (((u64)nr_slots << PAGE_SHIFT) < size)
		nr_slots <<= 1;
	if (nr_slots > p->nr_slots && ((u64)nr_slots << PAGE_SHIFT) > pipe_max_size &&
	    !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	return pipe_resize(p, nr_slots);
}

int pipe_open(u32 flags, struct file *ends[2])
{
	static const struct node_template node = {
		.fs = &pipefs,
		.mode = S_IFIFO | 0600,
		.iops = &inode_ops_none,
		.fops = &fifo_file_ops,
	};
	struct pipe *p = pipe_new();
	struct file *file[2];
	int err;

	if (!p)
		return -ENFILE; /* pipe(2) says so also where memory is out */
	err = libfs_open_new(&node, NULL, O_RDONLY | flags, &file[0]);
	if (err)
		goto out_free;
	file[0]->inode->fifo = p;
	pipe_join(p, file[0]);
	err = libfs_open_inode(&pipefs, file[0]->inode, O_WRONLY | flags, &file[1]);
	if (err) {
		file_put(file[0]); /* frees p */
		return err;
	}
	pipe_join(p, file[1]);
	ends[0] = file[0];
	ends[1] = file[1];
	return 0;
out_free:
	pipe_free(p);
	return err;
}

static void pipefs_dname(const struct dentry *dentry, struct seqbuf *out)
{
	seqbuf_printf(out, "pipe:[%llu]", (unsigned long long)dentry_inode(dentry)->ino);
}

static const struct super_ops pipefs_super_ops = {
	.dname = pipefs_dname,
};

void pipefs_init(void)
{
	corepipe_init();
	pipe_cache = cache_create("pipe", sizeof(struct pipe), 0);
	pseudo_fs_init(&pipefs, "pipefs", PIPEFS_MAGIC, &pipefs_super_ops);
}
