/*
 * fdtable: descriptor numbers of a process.
 *
 * Owns: struct files: slots, bitmaps of numbers in use (reserved or full) and close-on-exec.
 * Life: counted by the threads that share it (CLONE_FILES) and by those who look into it (/proc,
 *   pidfd_getfd); the last put closes everything. Small tables live in struct files itself; larger
 *   ones double.
 * Invariant: no number below next_free is free. A slot is full only if its number is in use.
 * Locks: files->lock (RANK_FILES) for all writing, and for reading by anybody but the table's one
 *   thread. A thread whose table has one reference is alone in changing it: it reads it without
 *   lock and uses the file without counting it, and takes and fills numbers without lock. Closing
 *   and growing take the lock always, because somebody may just have come to look, and counts the
 *   file under it.
 */
#include "fs/fdtable.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "lib/bitmap.h"
#include "lib/string.h"
#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/mm/kmap.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/spinlock.h"
#include "fs/flock.h"
#include "fs/inode.h"

#define FILES_INLINE 64
#define FILES_MAX    (1u << 20)

struct files {
	struct refcount refs;
	struct spinlock lock;
	u32 capacity; /* a power of two, at least 64 */
	u32 next_free; /* no free number below */
	struct file *_Atomic *slot; /* NULL: empty or reserved */
	u64 *used, *cloexec;
	u64 inline_used, inline_cloexec;
	struct file *_Atomic inline_slot[FILES_INLINE];
};

static struct slab_cache *files_cache;

/* ---- the arrays: slots, and both bitmaps in one piece. Apart, because together they would be just
 * over a power of two, and large allocations are powers of two. */

struct table {
	struct file *_Atomic *slot;
	u64 *used; /* and, behind it, cloexec */
	u32 capacity;
};

static void *array_alloc(size_t bytes)
{
	void *p = kvmalloc(bytes);

	if (p)
		memset(p, 0, bytes);
	return p;
}

/* The small one inside struct files is never freed. */
static void table_free(const struct table *t)
{
	if (t->capacity == FILES_INLINE)
		return;
	kvfree((void *)t->slot);
	kfree(t->used);
}

static int table_alloc(u32 capacity, struct table *t)
{
	t->capacity = capacity;
	t->slot = array_alloc(capacity * sizeof(*t->slot));
	t->used = kcalloc(2, BITMAP_BYTES(capacity));
	if (t->slot && t->used)
		return 0;
	kvfree((void *)t->slot);
	kfree(t->used);
	return -ENOMEM;
}

/* Exchanges the arrays of files with t. */
static void files_swap_table(struct files *files, struct table *t)
{
	struct table old = { files->slot, files->used, files->capacity };

	memcpy((void *)t->slot, (void *)old.slot, old.capacity * sizeof(*old.slot));
	memcpy(t->used, old.used, BITMAP_BYTES(old.capacity));
	memcpy(t->used + BITMAP_WORDS(t->capacity), files->cloexec, BITMAP_BYTES(old.capacity));
	files->slot = t->slot;
	files->used = t->used;
	files->cloexec = t->used + BITMAP_WORDS(t->capacity);
	files->capacity = t->capacity;
	*t = old;
}

/* Room for number fd. Nothing is locked; somebody else may have grown it meanwhile. */
static int files_grow(struct files *files, u32 fd)
{
	u32 capacity = FILES_INLINE;
	struct table t;
	int err;

	while (capacity <= fd)
		capacity *= 2;
	err = table_alloc(capacity, &t);
	if (err)
		return err;
	spin_lock(&files->lock);
	if (files->capacity < capacity)
		files_swap_table(files, &t);
	spin_unlock(&files->lock);
	table_free(&t);
	return 0;
}

/* ---- the table's life */

int files_new(struct files **out)
{
	struct files *files = cache_zalloc(files_cache);

	if (!files)
		return -ENOMEM;
	refcount_init(&files->refs, 1);
	spin_init(&files->lock, RANK_FILES);
	files->slot = files->inline_slot;
	files->used = &files->inline_used;
	files->cloexec = &files->inline_cloexec;
	files->capacity = FILES_INLINE;
	*out = files;
	return 0;
}

/* One more than the highest number that is full. Locked. */
static u32 files_end(const struct files *files)
{
	u32 word = files->capacity / 64;

	while (word && !files->used[word - 1])
		word--;
	return word ? word * 64 - __builtin_clzll(files->used[word - 1]) : 0;
}

static void files_copy_slots(struct files *from, struct files *to, u32 end)
{
	for (u32 word = 0; word * 64 < end; word++) {
		u64 used = from->used[word];

		for (u64 rest = used; rest; rest &= rest - 1) {
			u32 fd = word * 64 + __builtin_ctzll(rest);
			struct file *file = from->slot[fd];

			if (file)
				to->slot[fd] = file_get(file);
			else
				used &= ~(rest & -rest); /* reserved: not the copy's */
		}
		to->used[word] = used;
		to->cloexec[word] = from->cloexec[word] & used;
	}
	to->next_free = bitmap_find_clear(to->used, to->capacity, 0);
}

int files_copy(struct files *from, struct files **out)
{
	struct files *to;
	int err = files_new(&to);
	u32 end;

	if (err)
		return err;
	for (;;) {
		spin_lock(&from->lock);
		end = files_end(from);
		if (end <= to->capacity)
			break;
		spin_unlock(&from->lock);
		err = files_grow(to, end - 1);
		if (err) {
			files_put(to);
			return err;
		}
	}
	files_copy_slots(from, to, end);
	spin_unlock(&from->lock);
	*out = to;
	return 0;
}

void files_get(struct files *files)
{
	refcount_get(&files->refs);
}

/* What close(2) does to a file that is out of the table. */
static inline int file_close(struct file *file, struct files *files)
{
	int err = 0;

	if (file->ops->flush)
		err = file->ops->flush(file);
	if (unlikely(file->inode->locks))
		flock_close(file, files);
	file_put(file);
	return err;
}

void files_put(struct files *files)
{
	if (!files || !refcount_put(&files->refs))
		return;
	for (u32 word = 0; word < files->capacity / 64; word++) {
		for (u64 rest = files->used[word]; rest; rest &= rest - 1) {
			struct file *file = files->slot[word * 64 + __builtin_ctzll(rest)];

			if (file)
				file_close(file, files);
		}
		cond_resched();
	}
	table_free(&(struct table){ files->slot, files->used, files->capacity });
	cache_free(files_cache, files);
}

bool files_is_shared(const struct files *files)
{
	return refcount_read(&files->refs) > 1;
}

u32 files_max_fd(const struct files *files)
{
	return files->capacity;
}

/* ---- taking numbers */

/* The lowest free number from min on, maybe beyond the capacity. Locked. */
static u32 files_find_free(const struct files *files, u32 min)
{
	u32 fd = MAX(min, files->next_free);
	u64 free;

	if (fd >= files->capacity)
		return fd;
	free = ~files->used[fd / 64] & ~0ull << fd % 64;
	if (likely(free))
		return ALIGN_DOWN(fd, 64) + __builtin_ctzll(free);
	return bitmap_find_clear(files->used, files->capacity, ALIGN_UP(fd + 1, 64));
}

/* Locked, or the table is the current thread's alone. */
static inline void files_take_number(struct files *files, u32 fd, u32 flags)
{
	u64 bit = 1ull << fd % 64;

	assert(!(files->cloexec[fd / 64] & bit));
	files->used[fd / 64] |= bit;
	if (flags & O_CLOEXEC)
		files->cloexec[fd / 64] |= bit;
}

static u64 fd_limit(void)
{
	return MIN(upcall_rlimit_nofile(), (u64)FILES_MAX);
}

int fd_reserve_from(struct files *files, int min, u32 flags, int *out)
{
	u64 limit = fd_limit();
	u32 fd;

	for (;;) {
		spin_lock(&files->lock);
		fd = files_find_free(files, min);
		if (unlikely(fd >= limit)) {
			spin_unlock(&files->lock);
			return -EMFILE;
		}
		if (likely(fd < files->capacity))
			break;
		spin_unlock(&files->lock);
		if (files_grow(files, fd))
			return -ENOMEM;
	}
	files_take_number(files, fd, flags);
	if ((u32)min <= files->next_free)
		files->next_free = fd + 1;
	spin_unlock(&files->lock);
	*out = fd;
	return 0;
}

int fd_reserve(struct files *files, u32 flags, int *out)
{
	u64 limit = fd_limit(), bit;
	u32 fd;

	/* Usually the table is not shared and next_free itself is free. */
	if (unlikely(files_is_shared(files)))
		return fd_reserve_from(files, 0, flags, out);
	fd = files->next_free;
	bit = 1ull << fd % 64;
	if (unlikely(fd >= files->capacity || (files->used[fd / 64] & bit) || fd >= limit))
		return fd_reserve_from(files, 0, flags, out);
	files->used[fd / 64] |= bit;
	if (flags & O_CLOEXEC)
		files->cloexec[fd / 64] |= bit;
	files->next_free = fd + 1;
	*out = fd;
	return 0;
}

/* Locked. */
static inline void files_free_number(struct files *files, u32 fd)
{
	u64 others = ~(1ull << fd % 64);

	files->used[fd / 64] &= others;
	files->cloexec[fd / 64] &= others;
	if (fd < files->next_free)
		files->next_free = fd;
}

void fd_unreserve(struct files *files, int fd)
{
	spin_lock(&files->lock);
	assert(bitmap_test(files->used, fd) && !files->slot[fd]);
	files_free_number(files, fd);
	spin_unlock(&files->lock);
}

static __noinline void fd_install_shared(struct files *files, int fd, struct file *file)
{
	spin_lock(&files->lock);
	assert(bitmap_test(files->used, fd) && !files->slot[fd]);
	files->slot[fd] = file;
	spin_unlock(&files->lock);
}

void fd_install(struct files *files, int fd, struct file *file)
{
	if (unlikely(files_is_shared(files)))
		fd_install_shared(files, fd, file);
	else
		atomic_store_explicit(&files->slot[fd], file, memory_order_release);
}

int fd_publish(struct files *files, struct file *file, u32 flags)
{
	int fd, err = fd_reserve(files, flags, &fd);

	if (err) {
		file_put(file);
		return err;
	}
	fd_install(files, fd, file);
	return fd;
}

/* ---- finding files */

/* Locked, or the table is the current thread's alone. */
static inline struct file *files_peek(const struct files *files, int fd)
{
	return likely((u32)fd < files->capacity)
		       ? atomic_load_explicit(&files->slot[fd], memory_order_acquire)
		       : NULL;
}

struct file *fd_get_any(struct files *files, int fd)
{
	struct file *file;

	spin_lock(&files->lock);
	file = files_peek(files, fd);
	if (file)
		file_get(file);
	spin_unlock(&files->lock);
	return file;
}

struct file *fd_get(struct files *files, int fd)
{
	struct file *file = fd_get_any(files, fd);

	if (file && unlikely(file->mode & FILE_PATH)) {
		file_put(file);
		return NULL;
	}
	return file;
}

struct fdref fdref_get_any(int fd)
{
	struct files *files = current->files;
	struct fdref r = { .is_counted = false };

	if (likely(!files_is_shared(files))) {
		r.file = files_peek(files, fd);
		return r;
	}
	r.file = fd_get_any(files, fd);
	r.is_counted = r.file;
	return r;
}

static __noinline struct fdref fdref_get_counted(struct files *files, int fd)
{
	struct file *file = fd_get(files, fd);

	return (struct fdref){ file, file };
}

struct fdref fdref_get(int fd)
{
	struct files *files = current->files;
	struct file *file;

	if (unlikely(files_is_shared(files)))
		return fdref_get_counted(files, fd);
	file = files_peek(files, fd);
	if (likely(file) && unlikely(file->mode & FILE_PATH))
		file = NULL;
	return (struct fdref){ .file = file };
}

int fd_next(struct files *files, int fd, struct file **file)
{
	size_t next;

	spin_lock(&files->lock);
	next = fd < 0 ? 0 : fd;
	do
		next = bitmap_find_set(files->used, files->capacity, next);
	while (next < files->capacity && !files->slot[next] && ++next);
	if (next < files->capacity)
		*file = file_get(files->slot[next]);
	fd = next < files->capacity ? (int)next : -1;
	spin_unlock(&files->lock);
	return fd;
}

/* ---- closing and copying numbers */

/* Empties a full slot; NULL: it was none. Locked. */
static inline struct file *files_take(struct files *files, u32 fd)
{
	struct file *file = files_peek(files, fd);

	if (file) {
		atomic_store_explicit(&files->slot[fd], NULL, memory_order_relaxed);
		files_free_number(files, fd);
	}
	return file;
}

int fd_close(struct files *files, int fd)
{
	struct file *file;

	spin_lock(&files->lock);
	file = files_take(files, fd);
	spin_unlock(&files->lock);
	return likely(file) ? file_close(file, files) : -EBADF;
}

int fd_dup_to(struct files *files, int fd, int to, u32 flags)
{
	struct file *file, *old;

	if ((u32)to >= fd_limit())
		return -EBADF;
	for (;;) {
		spin_lock(&files->lock);
		file = files_peek(files, fd);
		if (!file) {
			spin_unlock(&files->lock);
			return -EBADF;
		}
		if ((u32)to < files->capacity)
			break;
		spin_unlock(&files->lock);
		if (files_grow(files, to))
			return -ENOMEM;
	}
	old = files->slot[to];
	if (!old && bitmap_test(files->used, to)) {
		spin_unlock(&files->lock);
		return -EBUSY;
	}
	files->slot[to] = file_get(file);
	bitmap_set(files->used, to);
	if (flags & O_CLOEXEC)
		bitmap_set(files->cloexec, to);
	else
		bitmap_clear(files->cloexec, to);
	spin_unlock(&files->lock);
	if (old)
		file_close(old, files);
	return to;
}

int fd_dup_from(struct files *files, int fd, int min, u32 flags)
{
	struct file *file;
	int new, err;

	if (min < 0 || (u64)min >= upcall_rlimit_nofile())
		return -EINVAL;
	file = fd_get_any(files, fd);
	if (!file)
		return -EBADF;
	err = fd_reserve_from(files, min, flags, &new);
	if (err) {
		file_put(file);
		return err;
	}
	fd_install(files, new, file);
	return new;
}

int fd_get_cloexec(struct files *files, int fd)
{
	int result = -EBADF;

	spin_lock(&files->lock);
	if (files_peek(files, fd))
		result = bitmap_test(files->cloexec, fd);
	spin_unlock(&files->lock);
	return result;
}

int fd_set_cloexec(struct files *files, int fd, bool on)
{
	int err = -EBADF;

	spin_lock(&files->lock);
	if (files_peek(files, fd)) {
		if (on)
			bitmap_set(files->cloexec, fd);
		else
			bitmap_clear(files->cloexec, fd);
		err = 0;
	}
	spin_unlock(&files->lock);
	return err;
}

/* Closes the first descriptor in [fd, last] of map's; the number after it, or last + 1 when there
 * is none. */
static u64 files_close_next(struct files *files, bool only_cloexec, u64 fd, u32 last)
{
	struct file *file = NULL;

	spin_lock(&files->lock);
	fd = bitmap_find_set(only_cloexec ? files->cloexec : files->used, files->capacity, fd);
	if (fd <= last && fd < files->capacity)
		file = files_take(files, fd);
	else
		fd = last;
	spin_unlock(&files->lock);
	if (file)
		file_close(file, files);
	return fd + 1;
}

int fd_close_range(struct files *files, u32 first, u32 last, bool set_cloexec)
{
	if (first > last)
		return -EINVAL;
	if (set_cloexec) {
		spin_lock(&files->lock);
		for (u64 fd = first; fd <= last && fd < files->capacity; fd++)
			if (files->slot[fd])
				bitmap_set(files->cloexec, fd);
		spin_unlock(&files->lock);
		return 0;
	}
	for (u64 fd = first; fd <= last;) {
		fd = files_close_next(files, false, fd, last);
		cond_resched();
	}
	return 0;
}

void files_close_on_exec(struct files *files)
{
	for (u64 fd = 0; fd < files->capacity;)
		fd = files_close_next(files, true, fd, files->capacity - 1);
}

void files_init_cache(void)
{
	files_cache = cache_create("files", sizeof(struct files), 8);
}
