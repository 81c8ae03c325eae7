/*
 * struct pid: numbers, and who has them.
 *
 * Owns: each namespace's table from numbers to struct pid, and the counter of inode numbers.
 * Life: pid_new() makes an identity with its numbers; fork links the thread and task to it (LIVE);
 *   exit fills in the record and advances life to REAPED; the numbers are taken back when no group
 *   or session has that name any more either; the struct goes with the last holder.
 * The table has two levels, so that it is as small as the numbers in use and each look-up is two
 *   loads. Each leaf has a map of its numbers in use and their count, so that finding a free number
 *   skips full leaves and whole words. Numbers are given out upwards and start over at 300, so that
 *   one just given back is not soon somebody else's.
 * Locks: ns->lock for the table; child namespace first, then its parents, one after the other. The
 *   table's references are weak: whoever holds the last reference has taken the numbers out.
 * DOC: exit-order. The exit record is written before life advances (release); readers load life
 *   first (acquire). EXITED comes before the parent is told, REAPED when no task is linked any more.
 */
#include "kernel/id/pid.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/poll.h>

#include "lib/bitmap.h"
#include "lib/string.h"

#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/id/pidns.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"

#define PID_RESERVED  300 /* after the first round, numbers below are not given out */
#define PID_MAX_LIMIT 4194304
#define LEAF_SLOTS    503 /* fills a page */

struct pid_leaf {
	u64 used[8]; /* bit per slot */
	u64 count; /* of them */
	struct pid *slot[LEAF_SLOTS]; /* weak; NULL: free, or still being set up */
};
static_assert(sizeof(struct pid_leaf) == PAGE_SIZE, "a leaf is a page");

struct rwspin tasks_lock = RWSPIN_INIT(RANK_TASKS);
int pid_max = 32768;
void (*pid_free_attr)(struct pidfs_attr *attr);

static struct slab_cache *pid_cache; /* for those with one number */
static _Atomic u32 nr_pids;

/* ---- The number table of one namespace; all of these with ns->lock held */

static struct pid *table_get(const struct pidns *ns, int nr)
{
	u32 leaf = (u32)nr / LEAF_SLOTS;

	if (leaf >= ns->nr_leaves || !ns->leaves[leaf])
		return NULL;
	return ns->leaves[leaf]->slot[(u32)nr % LEAF_SLOTS];
}

/* Room for numbers below pid_max. */
static int table_grow(struct pidns *ns)
{
	u32 need = DIV_ROUND_UP((u32)pid_max, LEAF_SLOTS);
	struct pid_leaf **leaves;

	if (likely(need <= ns->nr_leaves))
		return 0;
	leaves = krealloc(ns->leaves, need * sizeof(*leaves));
	if (!leaves)
		return -ENOMEM;
	memset(leaves + ns->nr_leaves, 0, (need - ns->nr_leaves) * sizeof(*leaves));
	ns->leaves = leaves;
	ns->nr_leaves = need;
	return 0;
}

static struct pid_leaf *table_leaf(struct pidns *ns, u32 index)
{
	struct pid_leaf *leaf = ns->leaves[index];

	if (likely(leaf))
		return leaf;
	leaf = kzalloc(sizeof(*leaf));
	if (leaf && index == 0) { /* nobody is number 0 */
		bitmap_set(leaf->used, 0);
		leaf->count = 1;
	}
	ns->leaves[index] = leaf;
	return leaf;
}

static int table_take(struct pidns *ns, int nr, struct pid *pid)
{
	struct pid_leaf *leaf = table_leaf(ns, (u32)nr / LEAF_SLOTS);
	u32 slot = (u32)nr % LEAF_SLOTS;

	if (!leaf)
		return -ENOMEM;
	if (bitmap_test(leaf->used, slot))
		return -EEXIST;
	bitmap_set(leaf->used, slot);
	leaf->slot[slot] = pid;
	leaf->count++;
	return 0;
}

static void table_clear(struct pidns *ns, int nr)
{
	u32 index = (u32)nr / LEAF_SLOTS, slot = (u32)nr % LEAF_SLOTS;
	struct pid_leaf *leaf = ns->leaves[index];

	assert(leaf && bitmap_test(leaf->used, slot));
	bitmap_clear(leaf->used, slot);
	leaf->slot[slot] = NULL;
	if (--leaf->count == 0 && index != (u32)ns->last / LEAF_SLOTS) {
		ns->leaves[index] = NULL;
		kfree(leaf);
	}
}

/* LAB 1 BEGIN choose */
/* The lowest free number in from..end-1, or 0. */
static int table_find_free(const struct pidns *ns, int from, int end)
{
	int nr = from;

	while (nr < end) {
		u32 index = (u32)nr / LEAF_SLOTS;
		const struct pid_leaf *leaf = ns->leaves[index];
		size_t slot = (u32)nr % LEAF_SLOTS;

		if (!leaf)
			return nr ? nr : 1;
		if (leaf->count < LEAF_SLOTS) {
			slot = bitmap_find_clear(leaf->used, LEAF_SLOTS, slot);
			if (slot < LEAF_SLOTS) {
				nr = index * LEAF_SLOTS + slot;
				return nr < end ? nr : 0;
			}
		}
		nr = (index + 1) * LEAF_SLOTS;
	}
	return 0;
}

static int table_choose(struct pidns *ns)
{
	int lowest = ns->last >= PID_RESERVED ? PID_RESERVED : 1;
	int nr = table_find_free(ns, ns->last + 1, pid_max);

	if (unlikely(!nr))
		nr = table_find_free(ns, lowest, MIN(ns->last + 1, pid_max));
	return nr;
}
/* LAB 1 END */

/* Gives pid its number at one level: nr, or the next free one if nr is 0. Nobody finds it by the
 * number yet, unless is_found. */
static int number_take(struct pid *pid, u32 level, struct pidns *ns, int nr, bool is_found)
{
	bool is_chosen = nr != 0;
	int err;

	spin_lock(&ns->lock);
	err = ns->is_closed ? -ENOMEM : table_grow(ns);
	if (!err && !is_chosen) {
		nr = table_choose(ns);
		if (!nr)
			err = -EAGAIN;
	}
	pid->numbers[level] = (struct pid_number){ .nr = nr, .ns = ns };
	if (!err)
		err = table_take(ns, nr, is_found ? pid : NULL);
	if (!err && !is_chosen)
		ns->last = nr;
	if (!err && level)
		ns->nr_numbers++;
	spin_unlock(&ns->lock);
	return err;
}

static void number_publish(struct pid *pid, u32 level)
{
	struct pid_number *n = &pid->numbers[level];

	spin_lock(&n->ns->lock);
	n->ns->leaves[(u32)n->nr / LEAF_SLOTS]->slot[(u32)n->nr % LEAF_SLOTS] = pid;
	spin_unlock(&n->ns->lock);
}

/* Nobody used it: the namespace may begin once more. */
static void number_untake(struct pid *pid, u32 level)
{
	struct pid_number *n = &pid->numbers[level];

	spin_lock(&n->ns->lock);
	table_clear(n->ns, n->nr);
	if (level && --n->ns->nr_numbers == 0)
		n->ns->last = 0;
	spin_unlock(&n->ns->lock);
}

static void number_release(struct pid *pid, u32 level)
{
	struct pid_number *n = &pid->numbers[level];
	struct pidns *ns = n->ns;

	spin_lock(&ns->lock);
	table_clear(ns, n->nr);
	if (level && --ns->nr_numbers == 0 && !ns->init)
		ns->is_closed = true; /* its init was not to be */
	if (unlikely(ns->is_closed))
		wake_all(&ns->drained);
	spin_unlock(&ns->lock);
}

void pidns_free_table(struct pidns *ns)
{
	for (u32 i = 0; i < ns->nr_leaves; i++)
		kfree(ns->leaves[i]);
	kfree(ns->leaves);
}

/* ---- struct pid */

/* LAB 4 BEGIN number */
static u64 ino_take(const struct pid *pid)
{
	static _Atomic u64 next = 2; /* 0 is no inode, 1 the root's of any file system */

	return atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
}
/* LAB 4 END */

static struct pid *pid_alloc(u32 level)
{
	size_t size = sizeof(struct pid) + (level + 1) * sizeof(struct pid_number);
	struct pid *pid = level ? kmalloc(size) : cache_alloc(pid_cache);

	if (!pid)
		return NULL;
	pid->ino = ino_take(pid);
	refcount_init(&pid->refs, 1);
	atomic_init(&pid->life, PID_NEW);
	pid->dump = (struct pid_dump){ 0 };
	pid->exit = (struct pid_exit){ 0 };
	pid->thread = NULL;
	pid->task = NULL;
	list_init(&pid->group_members);
	list_init(&pid->session_members);
	wait_queue_init(&pid->exited);
	atomic_init(&pid->attr, NULL);
	pid->has_numbers = true;
	atomic_init(&pid->had_pidfd, false);
	pid->level = level;
	atomic_fetch_add_explicit(&nr_pids, 1, memory_order_relaxed);
	return pid;
}

static void pid_free_memory(struct pid *pid)
{
	atomic_fetch_sub_explicit(&nr_pids, 1, memory_order_relaxed);
	if (pid->level)
		kfree(pid);
	else
		cache_free(pid_cache, pid);
}

void pid_free(struct pid *pid)
{
	struct pidns *ns = pid->numbers[pid->level].ns;

	assert(!pid->thread && !pid->task && !pid->has_numbers);
	if (unlikely(pid->attr))
		pid_free_attr(pid->attr);
	if (pid->level)
		ns_put(&ns->ns);
	pid_free_memory(pid);
}

/* pid_namespaces(7), clone(2): whoever chooses numbers restores a process, with privilege in each
 * namespace; a namespace begins with 1. */
static int check_chosen(const struct pidns *ns, const int *nrs, u32 n)
{
	if (n > ns->level + 1)
		return -EINVAL;
	for (u32 i = 0; i < n; i++, ns = ns->parent) {
		if (nrs[i] < 1 || nrs[i] >= pid_max || (nrs[i] != 1 && !READ_ONCE(ns->init)))
			return -EINVAL;
		if (!ns_capable(ns->ns.owner, CAP_CHECKPOINT_RESTORE) &&
		    !ns_capable(ns->ns.owner, CAP_SYS_ADMIN))
			return -EPERM;
	}
	return 0;
}

/* With several numbers none may lead to the pid before it has them all. */
int pid_new_numbered(struct pidns *ns, const int *nrs, u32 n, struct pid **out)
{
	struct pid *pid;
	u32 level;
	int err = n ? check_chosen(ns, nrs, n) : 0;

	if (err)
		return err;
	pid = pid_alloc(ns->level);
	if (!pid)
		return -ENOMEM;
	for (level = pid->level + 1; level > 0 && !err; ns = ns->parent) {
		u32 i = pid->level + 1 - level; /* distance from the innermost */

		err = number_take(pid, level - 1, ns, i < n ? nrs[i] : 0, !pid->level);
		if (!err)
			level--;
	}
	if (err) {
		for (; level <= pid->level; level++)
			number_untake(pid, level);
		pid_free_memory(pid);
		return err;
	}
	if (pid->level) {
		ns_get(&pid->numbers[pid->level].ns->ns);
		for (; level <= pid->level; level++)
			number_publish(pid, level);
	}
	*out = pid;
	return 0;
}

int pid_new(struct pidns *ns, struct pid **out)
{
	return pid_new_numbered(ns, NULL, 0, out);
}

void pid_release_numbers(struct pid *pid)
{
	pid->has_numbers = false;
	for (u32 level = 0; level <= pid->level; level++)
		number_release(pid, level);
}

void pid_drop_if_unused(struct pid *pid)
{
	rwspin_assert_write_held(&tasks_lock);
	/* LAB 1 BEGIN unused */
	if (!pid->thread && !pid->task && list_empty(&pid->group_members) &&
	    list_empty(&pid->session_members) && pid->has_numbers)
		pid_release_numbers(pid);
	/* LAB 1 END */
}

struct pid *pid_find_get(struct pidns *ns, int nr)
{
	struct pid *pid;

	if (nr <= 0)
		return NULL;
	spin_lock(&ns->lock);
	pid = table_get(ns, nr);
	if (pid && !refcount_tryget(&pid->refs))
		pid = NULL;
	spin_unlock(&ns->lock);
	return pid;
}

struct pid *pid_next(struct pidns *ns, int nr, int *found_nr)
{
	struct pid *pid = NULL;
	int end;

	spin_lock(&ns->lock);
	end = ns->nr_leaves * LEAF_SLOTS;
	for (nr = MAX(nr, 1); nr < end && !pid; nr++) {
		const struct pid_leaf *leaf = ns->leaves[(u32)nr / LEAF_SLOTS];

		if (!leaf) {
			nr = ((u32)nr / LEAF_SLOTS + 1) * LEAF_SLOTS - 1;
			continue;
		}
		pid = leaf->slot[(u32)nr % LEAF_SLOTS];
		if (pid && !refcount_tryget(&pid->refs))
			pid = NULL;
		*found_nr = nr;
	}
	spin_unlock(&ns->lock);
	return pid;
}

/* LAB 6 BEGIN tell */
void pid_advance(struct pid *pid, enum pid_life life)
{
	assert(pid_life(pid) < life);
	atomic_store_explicit(&pid->life, life, memory_order_release);
	if (life == PID_EXITED)
		wake_all_key(&pid->exited, POLLIN | POLLRDNORM);
	else
		wake_all(&pid->exited);
}
/* LAB 6 END */

int pid_set_max(int max)
{
	if (max <= PID_RESERVED || max > PID_MAX_LIMIT)
		return -EINVAL;
	pid_max = max;
	return 0;
}

unsigned pid_count(void)
{
	return atomic_load_explicit(&nr_pids, memory_order_relaxed);
}

void pid_init(void)
{
	pid_cache = cache_create("pid", sizeof(struct pid) + sizeof(struct pid_number), 0);
}
