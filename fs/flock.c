/*
 * flock: advisory locks on files.
 *
 * Owns: the locks on each inode (struct flock_context), and who waits for whom. Kinds: FLOCK locks
 *   a whole file for an open description; RECORD a range for a process (its descriptor table); OFD
 *   a range for an open description. RECORD and OFD see each other, FLOCK only its own kind.
 * Life: the context is made by the first lock and lives as long as the inode. Locks go at unlock;
 *   RECORD at any close of the file by the process (POSIX wants it so), FLOCK and OFD with the
 *   last put of the description.
 * Locks: one spin lock (RANK_FLOCK) for all of it: locking is rare, and deadlock detection wants
 *   to see everybody. Entries are allocated before it is taken and freed after. A waiter sleeps
 *   until the context's generation has moved, then tries again from the start.
 * Follows: flock(2), fcntl(2)
 */
#include "fs/flock.h"

#include <linux/errno.h>
#include <linux/fs.h>

#include "kernel/id/pid.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/wait.h"
#include "fs/inode.h"

enum lock_kind { LOCK_FLOCK, LOCK_RECORD, LOCK_OFD };

struct file_lock {
	struct list link;
	enum lock_kind kind;
	bool is_write;
	const void *owner; /* struct file, or struct files for LOCK_RECORD; weak */
	struct pid *pid; /* the process it is shown for, not for LOCK_OFD: counted */
	u64 start, end; /* inclusive */
};

struct flock_context {
	struct list link; /* all_contexts */
	struct inode *inode;
	struct list locks;
	struct wait_queue changed;
	_Atomic u64 generation; /* moves whenever a lock goes or weakens */
};

/* A process that sleeps for a record lock. */
struct record_waiter {
	struct list link;
	const void *owner, *blocker;
};

static struct spinlock flock_lock = SPINLOCK_INIT(RANK_FLOCK);
static struct list record_waiters = LIST_INIT(record_waiters);
static struct list all_contexts = LIST_INIT(all_contexts);

#define DEADLOCK_DEPTH 64

/* ---- context and entries */

static struct flock_context *context_get(struct inode *inode)
{
	struct flock_context *ctx = atomic_load_explicit(&inode->locks, memory_order_acquire),
			     *none = NULL;

	if (ctx)
		return ctx;
	ctx = kmalloc(sizeof(*ctx));
	if (!ctx)
		return NULL;
	list_init(&ctx->locks);
	ctx->inode = inode;
	wait_queue_init(&ctx->changed);
	atomic_init(&ctx->generation, 0);
	if (atomic_compare_exchange_strong_explicit(&inode->locks, &none, ctx, memory_order_acq_rel,
						    memory_order_acquire)) {
		spin_lock(&flock_lock);
		list_add_tail(&ctx->link, &all_contexts);
		spin_unlock(&flock_lock);
		return ctx;
	}
	kfree(ctx);
	return none;
}

static void locks_free(struct list *gone)
{
	while (!list_empty(gone)) {
		struct file_lock *l = list_first(gone, struct file_lock, link);

		list_del(&l->link);
		pid_put(l->pid);
		kfree(l);
	}
}

void flock_free(struct inode *inode)
{
	struct flock_context *ctx = inode->locks;

	spin_lock(&flock_lock);
	list_del(&ctx->link);
	spin_unlock(&flock_lock);
	locks_free(&ctx->locks);
	kfree(ctx);
}

/* flock_lock held; then, without it, context_wake(). */
static void lock_discard(struct file_lock *l, struct list *gone)
{
	list_del(&l->link);
	list_add_tail(&l->link, gone);
}

static void context_wake(struct flock_context *ctx)
{
	atomic_fetch_add_explicit(&ctx->generation, 1, memory_order_seq_cst);
	wake_all(&ctx->changed);
}

static bool locks_conflict(const struct file_lock *a, const struct file_lock *b)
{
	if ((a->kind == LOCK_FLOCK) != (b->kind == LOCK_FLOCK) || a->owner == b->owner)
		return false;
	return (a->is_write || b->is_write) && a->start <= b->end && b->start <= a->end;
}

static struct file_lock *context_conflict(struct flock_context *ctx, const struct file_lock *want)
{
	struct file_lock *l;

	list_for_each(l, &ctx->locks, link)
		if (locks_conflict(l, want))
			return l;
	return NULL;
}

/* ---- sleeping */

/* Would owner, by waiting for blocker, wait for itself? */
static bool would_deadlock(const void *owner, const void *blocker)
{
	struct record_waiter *w;
	u32 depth = 0;
	bool is_waiting;

	do {
		if (blocker == owner)
			return true;
		is_waiting = false;
		list_for_each(w, &record_waiters, link) {
			if (w->owner == blocker) {
				blocker = w->blocker;
				is_waiting = true;
				break;
			}
		}
	} while (is_waiting && depth++ < DEADLOCK_DEPTH);
	return false;
}

static int context_sleep(struct flock_context *ctx, u64 seen)
{
	return wait_event_interruptible(
		&ctx->changed,
		atomic_load_explicit(&ctx->generation, memory_order_seq_cst) != seen);
}

/* ---- ranges of one owner */

static bool is_own_range(const struct file_lock *l, const struct file_lock *want)
{
	return l->kind == want->kind && l->owner == want->owner;
}

static bool ranges_touch(const struct file_lock *a, const struct file_lock *b)
{
	return (b->end == UINT64_MAX || a->start <= b->end + 1) &&
	       (a->end == UINT64_MAX || b->start <= a->end + 1);
}

/* Takes [want->start, want->end] out of l; *spare becomes its upper part if it is cut in two. */
static void range_cut(struct flock_context *ctx, struct file_lock *l, const struct file_lock *want,
		      struct file_lock **spare, struct list *gone)
{
	if (l->start < want->start && l->end > want->end) {
		struct file_lock *upper = *spare;

		*spare = NULL;
		*upper = *l;
		if (upper->pid)
			pid_get(upper->pid);
		upper->start = want->end + 1;
		l->end = want->start - 1;
		list_add_tail(&upper->link, &ctx->locks);
	} else if (l->start < want->start) {
		l->end = want->start - 1;
	} else if (l->end > want->end) {
		l->start = want->end + 1;
	} else {
		lock_discard(l, gone);
	}
}

/* The owner's range becomes want (is_unlock: nothing). Grows want over neighbours of the same type.
 */
static void range_set(struct flock_context *ctx, struct file_lock *want, bool is_unlock,
		      struct file_lock **spare, struct list *gone)
{
	struct file_lock *l, *next;

	list_for_each_safe(l, next, &ctx->locks, link) {
		if (!is_own_range(l, want))
			continue;
		if (!is_unlock && l->is_write == want->is_write && ranges_touch(l, want)) {
			want->start = MIN(want->start, l->start);
			want->end = MAX(want->end, l->end);
			lock_discard(l, gone);
		} else if (l->start <= want->end && want->start <= l->end) {
			range_cut(ctx, l, want, spare, gone);
		}
	}
	if (!is_unlock)
		list_add_tail(&want->link, &ctx->locks);
}

/* ---- flock(2) */

/* Once. *want is consumed when it was taken. */
static int flock_try(struct flock_context *ctx, struct file_lock **want, struct list *gone)
{
	struct file_lock *l;
	int err = 0;

	spin_lock(&flock_lock);
	list_for_each(l, &ctx->locks, link) {
		if (!is_own_range(l, *want))
			continue;
		if (l->is_write == (*want)->is_write)
			goto out_unlock;
		lock_discard(l, gone); /* flock(2): a conversion lets go first */
		break;
	}
	if (context_conflict(ctx, *want)) {
		err = -EAGAIN;
	} else {
		list_add_tail(&(*want)->link, &ctx->locks);
		*want = NULL;
	}
out_unlock:
	spin_unlock(&flock_lock);
	return err;
}

static void discard_owned(struct flock_context *ctx, enum lock_kind kind, const void *owner)
{
	struct list gone = LIST_INIT(gone);
	struct file_lock *l, *next;

	spin_lock(&flock_lock);
	list_for_each_safe(l, next, &ctx->locks, link)
		if (l->kind == kind && l->owner == owner)
			lock_discard(l, &gone);
	spin_unlock(&flock_lock);
	if (list_empty(&gone))
		return;
	context_wake(ctx);
	locks_free(&gone);
}

static int flock_acquire(struct file *file, bool is_write, bool nonblock, struct pid *pid)
{
	struct flock_context *ctx = context_get(file->inode);
	struct file_lock *want = kzalloc(sizeof(*want));
	struct list gone = LIST_INIT(gone);
	int err = -ENOLCK;

	if (!ctx || !want)
		goto out;
	*want = (struct file_lock){ .kind = LOCK_FLOCK,
				    .is_write = is_write,
				    .owner = file,
				    .pid = pid_get(pid),
				    .end = UINT64_MAX };
	for (;;) {
		u64 seen = atomic_load_explicit(&ctx->generation, memory_order_seq_cst);

		err = flock_try(ctx, &want, &gone);
		if (!list_empty(&gone)) {
			context_wake(ctx);
			locks_free(&gone);
			seen++;
		}
		if (err != -EAGAIN || nonblock)
			break;
		err = context_sleep(ctx, seen);
		if (err)
			break;
	}
out:
	if (want)
		pid_put(want->pid);
	kfree(want);
	return err;
}

int flock_whole(struct file *file, int op, struct pid *pid)
{
	bool nonblock = op & LOCK_NB;

	if (op & LOCK_MAND)
		return 0; /* as on Linux since 5.15: accepted, without effect */
	op &= ~LOCK_NB;
	if (op != LOCK_SH && op != LOCK_EX && op != LOCK_UN)
		return -EINVAL;
	if (op == LOCK_UN) {
		if (file->inode->locks)
			discard_owned(file->inode->locks, LOCK_FLOCK, file);
		return 0;
	}
	if (!(file->mode & (FILE_READ | FILE_WRITE)))
		return -EBADF;
	return flock_acquire(file, op == LOCK_EX, nonblock, pid);
}

/* ---- fcntl(2) */

static int record_range(struct file *file, const struct flock *fl, struct file_lock *want)
{
	s64 start, end;

	switch (fl->l_whence) {
	case SEEK_SET:
		start = 0;
		break;
	case SEEK_CUR:
		start = file->pos;
		break;
	case SEEK_END:
		start = file->inode->size;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(start, fl->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	end = INT64_MAX;
	if (fl->l_len > 0) {
		if (__builtin_add_overflow(start, fl->l_len - 1, &end))
			return -EOVERFLOW;
	} else if (fl->l_len < 0) {
		end = start - 1;
		start += fl->l_len;
		if (start < 0)
			return -EINVAL;
	}
	want->start = start;
	want->end = end == INT64_MAX ? UINT64_MAX : (u64)end;
	return 0;
}

/* Of an OFD lock, F_UNLCK asks which the description itself holds. */
static struct file_lock *context_owned(struct flock_context *ctx, const struct file_lock *want)
{
	struct file_lock *l;

	list_for_each(l, &ctx->locks, link)
		if (l->kind == want->kind && l->owner == want->owner && l->start <= want->end &&
		    l->end >= want->start)
			return l;
	return NULL;
}

static void record_get(struct flock_context *ctx, const struct file_lock *want, struct flock *fl)
{
	struct file_lock *l;

	spin_lock(&flock_lock);
	if (!ctx)
		l = NULL;
	else if (fl->l_type == F_UNLCK)
		l = context_owned(ctx, want);
	else
		l = context_conflict(ctx, want);
	if (l) {
		fl->l_type = l->is_write ? F_WRLCK : F_RDLCK;
		fl->l_whence = SEEK_SET;
		fl->l_start = l->start;
		fl->l_len = l->end == UINT64_MAX ? 0 : l->end - l->start + 1;
		fl->l_pid = l->kind == LOCK_OFD ? -1 : pid_vnr(l->pid);
	} else {
		fl->l_type = F_UNLCK;
	}
	spin_unlock(&flock_lock);
}

struct record_attempt {
	struct flock_context *ctx;
	struct file_lock *want, *spare;
	bool is_unlock, may_wait;
	struct record_waiter waiter;
	struct list gone;
};

/* Once; -EAGAIN with may_wait: the waiter is on the list. */
static int record_try(struct record_attempt *a)
{
	struct file_lock *blocker;
	int err = 0;

	spin_lock(&flock_lock);
	blocker = a->is_unlock ? NULL : context_conflict(a->ctx, a->want);
	if (!blocker) {
		range_set(a->ctx, a->want, a->is_unlock, &a->spare, &a->gone);
		if (!a->is_unlock)
			a->want = NULL;
	} else if (a->may_wait && a->want->kind == LOCK_RECORD &&
		   would_deadlock(a->want->owner, blocker->owner)) {
		err = -EDEADLK;
	} else {
		err = -EAGAIN;
		if (a->may_wait) {
			a->waiter.owner = a->want->owner;
			a->waiter.blocker = blocker->owner;
			list_add_tail(&a->waiter.link, &record_waiters);
		}
	}
	spin_unlock(&flock_lock);
	return err;
}

static int record_run(struct record_attempt *a)
{
	int err;

	for (;;) {
		u64 seen = atomic_load_explicit(&a->ctx->generation, memory_order_seq_cst);

		err = record_try(a);
		if (err != -EAGAIN || !a->may_wait)
			break;
		err = context_sleep(a->ctx, seen);
		spin_lock(&flock_lock);
		list_del(&a->waiter.link);
		spin_unlock(&flock_lock);
		if (err)
			break;
	}
	/* Unlocking, or turning a write lock into a read lock, lets others in. */
	if (!err)
		context_wake(a->ctx);
	return err;
}

static int record_set(struct file *file, const struct file_lock *want, bool is_unlock,
		      bool may_wait)
{
	struct record_attempt a = { .is_unlock = is_unlock, .may_wait = may_wait };
	int err = -ENOLCK;

	if (is_unlock && !file->inode->locks)
		return 0;
	list_init(&a.gone);
	a.ctx = context_get(file->inode);
	a.want = kmalloc(sizeof(*a.want));
	a.spare = kmalloc(sizeof(*a.spare));
	if (a.ctx && a.want && a.spare) {
		*a.want = *want;
		if (a.want->pid)
			pid_get(a.want->pid);
		err = record_run(&a);
		if (a.want)
			pid_put(a.want->pid);
	}
	kfree(a.want);
	kfree(a.spare);
	locks_free(&a.gone);
	return err;
}

int flock_record(struct file *file, struct files *files, struct pid *pid, u32 cmd, struct flock *fl)
{
	bool is_ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	struct file_lock want = {
		.kind = is_ofd ? LOCK_OFD : LOCK_RECORD,
		.is_write = fl->l_type == F_WRLCK,
		.owner = is_ofd ? (const void *)file : files,
		.pid = is_ofd ? NULL : pid,
	};
	int err;

	if (is_ofd && fl->l_pid)
		return -EINVAL;
	if (fl->l_type != F_RDLCK && fl->l_type != F_WRLCK && fl->l_type != F_UNLCK)
		return -EINVAL;
	err = record_range(file, fl, &want);
	if (err)
		return err;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK) {
		if (fl->l_type == F_UNLCK && !is_ofd)
			return -EINVAL;
		record_get(file->inode->locks, &want, fl);
		return 0;
	}
	if ((fl->l_type == F_RDLCK && !(file->mode & FILE_READ)) ||
	    (fl->l_type == F_WRLCK && !(file->mode & FILE_WRITE)))
		return -EBADF;
	return record_set(file, &want, fl->l_type == F_UNLCK,
			  cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

/* ---- closing, showing */

void flock_close(struct file *file, struct files *files)
{
	discard_owned(file->inode->locks, LOCK_RECORD, files);
}

void flock_release(struct file *file)
{
	discard_owned(file->inode->locks, LOCK_FLOCK, file);
	discard_owned(file->inode->locks, LOCK_OFD, file);
}

static void context_for_each(struct flock_context *ctx,
			     void (*fn)(const struct flock_view *, void *), void *arg)
{
	static const char *const names[] = { "FLOCK", "POSIX", "OFDLCK" };
	struct file_lock *l;

	list_for_each(l, &ctx->locks, link) {
		struct flock_view view = {
			.type = names[l->kind],
			.is_write = l->is_write,
			.pid = l->pid,
			.inode = ctx->inode,
			.start = l->start,
			.end = l->end,
			.file = l->kind == LOCK_RECORD ? NULL : (struct file *)l->owner,
		};

		fn(&view, arg);
	}
}

void flock_for_each(struct inode *inode, void (*fn)(const struct flock_view *, void *), void *arg)
{
	struct flock_context *ctx;

	spin_lock(&flock_lock);
	if (inode) {
		ctx = atomic_load_explicit(&inode->locks, memory_order_acquire);
		if (ctx)
			context_for_each(ctx, fn, arg);
	} else {
		list_for_each(ctx, &all_contexts, link)
			context_for_each(ctx, fn, arg);
	}
	spin_unlock(&flock_lock);
}
