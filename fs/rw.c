/*
 * rw: the position of a file, and the calls through its read, write and seek.
 *
 * Owns: file->pos and the bit lock that guards it while somebody else may use the same
 *   description: more than one reference (dup, fork, threads that count it). With one reference
 *   nobody else can. Why a word and not a mutex: there are as many as files, and hardly one is
 *   ever waited for. Waiters sleep on a few shared queues.
 * Locks: pos_lock comes before every lock a read or write takes. inode->lock is the operations'
 *   own.
 * Open: RLIMIT_FSIZE is checked by the system call, before the end of an appended file is known.
 */
#include "fs/rw.h"

#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "lib/hash.h"
#include "arch/x86_64/percpu.h"
#include "kernel/mm/page.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/wait.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/pagecache.h"

/* ---- the position */

enum pos_state { POS_FREE, POS_HELD, POS_CONTENDED };

#define POS_QUEUE_BITS 4
static struct wait_queue pos_queues[1 << POS_QUEUE_BITS];

void rw_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(pos_queues); i++)
		wait_queue_init(&pos_queues[i]);
}

static struct wait_queue *pos_queue(const struct file *file)
{
	return &pos_queues[hash_bits((u64)file >> 3, POS_QUEUE_BITS)];
}

bool file_pos_lock(struct file *file)
{
	u32 free = POS_FREE;

	if (likely(refcount_read(&file->refs) == 1))
		return false;
	if (likely(atomic_compare_exchange_strong_explicit(
		    &file->pos_lock, &free, POS_HELD, memory_order_acquire, memory_order_relaxed)))
		return true;
	while (atomic_exchange_explicit(&file->pos_lock, POS_CONTENDED, memory_order_acquire) !=
	       POS_FREE)
		wait_event(pos_queue(file), file->pos_lock != POS_CONTENDED);
	return true;
}

void file_pos_unlock(struct file *file)
{
	if (atomic_exchange_explicit(&file->pos_lock, POS_FREE, memory_order_release) ==
	    POS_CONTENDED)
		wake_all(pos_queue(file));
}

/* ---- read and write */

static inline long count_read(long n)
{
	struct io_usage *io = &current->io;

	io->syscr++;
	if (n > 0)
		io->rchar += (u64)n;
	return n;
}

static inline long count_write(long n)
{
	struct io_usage *io = &current->io;

	io->syscw++;
	if (n > 0)
		io->wchar += (u64)n;
	return n;
}

long vfs_read(struct file *file, struct uio *uio)
{
	bool is_locked;
	long n;

	if (unlikely(!(file->mode & FILE_READ)))
		return -EBADF;
	if (unlikely(!file->ops->read))
		return S_ISDIR(file->inode->mode) ? -EISDIR : -EINVAL;
	if (file->mode & FILE_STREAM)
		return count_read(file->ops->read(file, uio, &file->pos));
	is_locked = file_pos_lock(file);
	n = file->ops->read(file, uio, &file->pos);
	if (is_locked)
		file_pos_unlock(file);
	return count_read(n);
}

/* Pidfds have a position that leads nowhere: not this error is theirs. */
static bool has_no_places(const struct file *file)
{
	return (file->mode & FILE_STREAM) && (file->inode->mode & S_IFMT) != S_IFREG;
}

long vfs_pread(struct file *file, struct uio *uio, u64 pos)
{
	if (has_no_places(file))
		return -ESPIPE;
	if (!(file->mode & FILE_READ))
		return -EBADF;
	if (!file->ops->read)
		return S_ISDIR(file->inode->mode) ? -EISDIR : -EINVAL;
	if (file->mode & FILE_STREAM)
		return -ESPIPE;
	if (pos > INT64_MAX || uio->resid > INT64_MAX - pos)
		return -EINVAL;
	return count_read(file->ops->read(file, uio, &pos));
}

long vfs_pwrite_flags(struct file *file, struct uio *uio, s64 pos, bool is_append)
{
	u64 at = pos;
	bool is_locked;
	long n;

	if (unlikely(pos >= 0 && has_no_places(file)))
		return -ESPIPE;
	if (unlikely(!(file->mode & FILE_WRITE)))
		return -EBADF;
	if (unlikely(!file->ops->write))
		return -EINVAL;
	uio->is_append = is_append;
	if (pos >= 0) {
		if (file->mode & FILE_STREAM)
			return -ESPIPE;
		return count_write(file->ops->write(file, uio, &at));
	}
	if (file->mode & FILE_STREAM)
		return count_write(file->ops->write(file, uio, &file->pos));
	is_locked = file_pos_lock(file);
	n = file->ops->write(file, uio, &file->pos);
	if (is_locked)
		file_pos_unlock(file);
	return count_write(n);
}

static bool file_appends(const struct file *file)
{
	return atomic_load_explicit(&((struct file *)file)->flags, memory_order_relaxed) & O_APPEND;
}

long vfs_write(struct file *file, struct uio *uio)
{
	return vfs_pwrite_flags(file, uio, -1, file_appends(file));
}

long vfs_pwrite(struct file *file, struct uio *uio, u64 pos)
{
	if ((s64)pos < 0)
		return -EINVAL;
	return vfs_pwrite_flags(file, uio, pos, file_appends(file));
}

long file_read_kernel(struct file *file, void *buf, size_t n, u64 pos)
{
	size_t done = 0;
	struct uio uio;
	long part;

	while (done < n) {
		uio_init_kernel(&uio, (char *)buf + done, n - done);
		part = vfs_pread(file, &uio, pos + done);
		if (part < 0)
			return done ? (long)done : part;
		if (!part)
			break;
		done += part;
	}
	return done;
}

long file_write_kernel(struct file *file, const void *buf, size_t n, u64 pos)
{
	struct uio uio;

	uio_init_kernel(&uio, (void *)buf, n);
	return vfs_pwrite(file, &uio, pos);
}

/* ---- seek */

s64 file_seek_within(struct file *file, s64 offset, int whence, u64 end, u64 max)
{
	s64 base = 0;

	if (whence == SEEK_CUR)
		base = file->pos;
	else if (whence == SEEK_END)
		base = end;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &offset))
		return -EOVERFLOW;
	if (offset < 0 || (u64)offset > max)
		return -EINVAL;
	file->pos = offset;
	return offset;
}

/* The next data or hole; the end of every file is a hole. */
static s64 seek_sparse(struct file *file, s64 offset, bool is_data)
{
	struct inode *inode = file->inode;
	u64 size = inode->size, index;

	if (offset < 0 || (u64)offset >= size)
		return -ENXIO;
	if (S_ISREG(inode->mode) && inode->pages) {
		index = pagecache_next(inode->pages, offset / PAGE_SIZE,
				       DIV_ROUND_UP(size, PAGE_SIZE), is_data);
		if (index * PAGE_SIZE >= size) {
			if (is_data)
				return -ENXIO;
			offset = size;
		}
		offset = MAX((u64)offset, index * PAGE_SIZE);
		offset = MIN((u64)offset, size);
	} else if (!is_data) {
		offset = size;
	}
	file->pos = offset;
	return offset;
}

s64 file_seek_nowhere(struct file *file, s64 offset, int whence)
{
	return file->pos = 0;
}

s64 file_seek_generic(struct file *file, s64 offset, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return seek_sparse(file, offset, whence == SEEK_DATA);
	return file_seek_within(file, offset, whence, file->inode->size, INT64_MAX);
}

s64 vfs_seek(struct file *file, s64 offset, int whence)
{
	bool is_locked;
	s64 pos;

	if ((u32)whence > SEEK_MAX)
		return -EINVAL;
	if (!file->ops->seek)
		return -ESPIPE;
	is_locked = file_pos_lock(file);
	pos = file->ops->seek(file, offset, whence);
	if (is_locked)
		file_pos_unlock(file);
	return pos;
}

/* ---- the rest of file_ops */

int vfs_fsync(struct file *file, bool data_only)
{
	return file->ops->fsync ? file->ops->fsync(file, data_only) : -EINVAL;
}

long vfs_ioctl(struct file *file, u32 cmd, u64 arg)
{
	return file->ops->ioctl ? file->ops->ioctl(file, cmd, arg) : -ENOTTY;
}

#define FALLOC_KNOWN                                                                               \
	(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE |                   \
	 FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE)

int vfs_fallocate(struct file *file, int mode, s64 offset, s64 len)
{
	u32 type = file->inode->mode & S_IFMT;
	s64 end;

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~FALLOC_KNOWN)
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (!(file->mode & FILE_WRITE))
		return -EBADF;
	if ((mode & ~FALLOC_FL_KEEP_SIZE) && file_appends(file))
		return -EPERM;
	if (type == S_IFIFO)
		return -ESPIPE;
	if (type == S_IFDIR)
		return -EISDIR;
	if (type != S_IFREG && type != S_IFBLK)
		return -ENODEV;
	if (__builtin_add_overflow(offset, len, &end))
		return -EFBIG;
	return file->ops->fallocate ? file->ops->fallocate(file, mode, offset, len) : -EOPNOTSUPP;
}

/* ---- copying between files */

static long copy_read(struct file *in, u64 *pos, void *buf, size_t n)
{
	struct uio uio;
	long done;

	uio_init_kernel(&uio, buf, n);
	if (!pos)
		return vfs_read(in, &uio);
	done = vfs_pread(in, &uio, *pos);
	if (done > 0)
		*pos += done;
	return done;
}

static long copy_write(struct file *out, u64 *pos, void *buf, size_t n)
{
	struct uio uio;
	long done;

	uio_init_kernel(&uio, buf, n);
	if (!pos)
		return vfs_write(out, &uio);
	done = vfs_pwrite(out, &uio, *pos);
	if (done > 0)
		*pos += done;
	return done;
}

/* What was read and could not be written is read again next time, if in can go back. */
static void copy_unread(struct file *in, u64 *pos, size_t n)
{
	bool is_locked;

	if (pos) {
		*pos -= n;
	} else if (!(in->mode & FILE_STREAM)) {
		is_locked = file_pos_lock(in);
		in->pos -= n;
		if (is_locked)
			file_pos_unlock(in);
	}
}

long vfs_copy(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, size_t n)
{
	struct page *page = page_alloc(0);
	long done = 0, got, put = 0;

	if (!page)
		return -ENOMEM;
	while ((size_t)done < n) {
		got = copy_read(in, in_pos, page_va(page), MIN(n - done, (size_t)PAGE_SIZE));
		if (got <= 0) {
			put = got;
			break;
		}
		put = copy_write(out, out_pos, page_va(page), got);
		if (put > 0)
			done += put;
		if (put < got) {
			copy_unread(in, in_pos, got - MAX(put, 0l));
			break;
		}
		if ((in->mode & FILE_STREAM) || fatal_signal_pending_current())
			break;
		cond_resched();
	}
	page_put(page);
	return done ? done : put;
}
