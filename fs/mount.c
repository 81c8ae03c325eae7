/*
 * mount: which file system is attached where.
 *
 * Owns: struct mount, the trees of them, the hash (parent mount, dentry) -> mount.
 * Life: an attached mount holds one reference on itself, one on its parent and one on its
 *   mountpoint; a path holds one on its mount. umount takes it out of the tree; it goes with its
 *   last path. What may not be uncovered stays on its parent when both are taken out, but without
 *   the reference on it: it is let go when the parent is.
 * Invariant: a dentry something is mounted on has DENTRY_MOUNTED, so that a walk asks only then.
 * Locks: mount_lock (RANK_MOUNT) for whoever changes a tree or goes through all of it. parent,
 *   mountpoint and the hash change under dentry_names_lock too, which is all a walk or a printed
 *   path needs.
 * Not here: what the system calls do with trees (mountops.c), who else gets a mount (propagate.c).
 */
#include "fs/mount.h"

#include <linux/errno.h>
#include <linux/mount.h>
#include <linux/sched.h>

#include "lib/hash.h"
#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/mm/slab.h"
#include "fs/internal.h"
#include "fs/mnt_ns.h"

#define MOUNT_HASH_BITS 9

struct rwsem mount_lock = RWSEM_INIT(RANK_MOUNT);
static struct list mount_hash[1 << MOUNT_HASH_BITS]; /* by parent and mountpoint */
static struct list point_hash[1 << MOUNT_HASH_BITS]; /* by mountpoint */
static _Atomic int last_id;
static struct slab_cache *mount_cache;

/* ---- life */

struct mount *mount_alloc(struct super *sb, struct dentry *root, const char *source, u32 flags)
{
	struct mount *m = cache_zalloc(mount_cache);

	if (!m)
		return NULL;
	m->source = kstrdup(source ? source : "none");
	if (!m->source) {
		cache_free(mount_cache, m);
		return NULL;
	}
	refcount_init(&m->refs, 1);
	m->sb = sb;
	m->root = dentry_get(root);
	m->parent = m;
	m->flags = flags;
	m->id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
	m->unique_id = (1ull << 31) + (u64)m->id; /* never reused, unlike Linux's id */
	list_init(&m->hash_link);
	list_init(&m->point_link);
	list_init(&m->children);
	list_init(&m->child_link);
	list_init(&m->ns_link);
	list_init(&m->group_link);
	list_init(&m->master_link);
	list_init(&m->work_link);
	list_init(&m->reach_link);
	return m;
}

/* What stayed on m when m was taken out goes its own way; who has no other holders is added to
 * dead. */
static void let_go_children(struct mount *m, struct list *dead)
{
	struct path above;
	struct mount *child;

	while (!list_empty(&m->children)) {
		rwsem_write_lock(&mount_lock);
		child = list_first(&m->children, struct mount, child_link);
		mount_unhook(child, &above);
		rwsem_write_unlock(&mount_lock);
		dentry_put(above.dentry);
		if (refcount_put(&child->refs))
			list_add_tail(&child->ns_link, dead);
	}
}

void mount_put_last(struct mount *m)
{
	struct list dead = LIST_INIT(dead);

	for (;;) {
		let_go_children(m, &dead);
		assert(m->parent == m && !m->group && !m->master);
		dentry_put(m->root);
		super_put(m->sb);
		kfree(m->source);
		cache_free(mount_cache, m);
		if (list_empty(&dead))
			return;
		m = list_first(&dead, struct mount, ns_link);
		list_del(&m->ns_link);
	}
}

int mount_internal(struct super *sb, struct mount **out)
{
	struct mount *m = mount_alloc(sb, sb->root, sb->type->name, MNT_FLAG_INTERNAL);

	if (!m) {
		super_put(sb);
		return -ENOMEM;
	}
	*out = m;
	return 0;
}

void path_get(const struct path *p)
{
	mount_get(p->mnt);
	dentry_get(p->dentry);
}

void path_put(const struct path *p)
{
	dentry_put(p->dentry);
	mount_put(p->mnt);
}

/* ---- the tree */

static struct list *mount_bucket(const struct mount *parent, const struct dentry *mountpoint)
{
	return &mount_hash[hash_bits((u64)parent ^ (u64)mountpoint << 7, MOUNT_HASH_BITS)];
}

static struct list *point_bucket(const struct dentry *mountpoint)
{
	return &point_hash[hash_bits((u64)mountpoint, MOUNT_HASH_BITS)];
}

struct mount *mount_find(const struct mount *parent, const struct dentry *mountpoint)
{
	struct mount *m;

	list_for_each(m, mount_bucket(parent, mountpoint), hash_link)
		if (m->parent == parent && m->mountpoint == mountpoint)
			return m;
	return NULL;
}

struct mount *mount_find_get(struct mount *mnt, struct dentry *dentry)
{
	struct mount *m;

	spin_lock(&dentry_names_lock);
	m = mount_find(mnt, dentry);
	if (m)
		mount_get(m);
	spin_unlock(&dentry_names_lock);
	return m;
}

bool mount_above_get(struct mount *mnt, struct path *out)
{
	bool is_top;

	spin_lock(&dentry_names_lock);
	is_top = mnt->parent == mnt || !refcount_tryget(&mnt->parent->refs);
	if (!is_top) {
		out->mnt = mnt->parent;
		out->dentry = dentry_get(mnt->mountpoint);
	}
	spin_unlock(&dentry_names_lock);
	return !is_top;
}

struct mount *mount_uppermost(struct mount *m)
{
	struct mount *over;

	while ((over = mount_find(m, m->root)))
		m = over;
	return m;
}

/* dentry_names_lock held: something at this place, in ns (NULL: in any namespace), or NULL. */
static struct mount *find_at(const struct dentry *point, const struct mnt_ns *ns)
{
	struct mount *m;

	list_for_each(m, point_bucket(point), point_link)
		if (m->mountpoint == point && (!ns || m->ns == ns))
			return m;
	return NULL;
}

/* dentry_names_lock held, as in unhook(). at's references become m's. */
static void hook(struct mount *m, const struct path *at)
{
	m->parent = at->mnt;
	m->mountpoint = at->dentry;
	list_add_tail(&m->hash_link, mount_bucket(at->mnt, at->dentry));
	list_add_tail(&m->point_link, point_bucket(at->dentry));
	list_add_tail(&m->child_link, &at->mnt->children);
	atomic_fetch_or_explicit(&at->dentry->flags, DENTRY_MOUNTED, memory_order_release);
}

static void unhook(struct mount *m, struct path *above)
{
	*above = (struct path){ m->parent, m->mountpoint };
	list_del_init(&m->hash_link);
	list_del_init(&m->point_link);
	list_del_init(&m->child_link);
	m->parent = m;
	m->mountpoint = NULL;
	if (!find_at(above->dentry, NULL))
		atomic_fetch_and_explicit(&above->dentry->flags, ~DENTRY_MOUNTED,
					  memory_order_relaxed);
}

void mount_hook(struct mount *m, const struct path *at)
{
	struct path left = { 0 };

	path_get(at);
	spin_lock(&dentry_names_lock);
	if (m->parent != m)
		unhook(m, &left);
	hook(m, at);
	spin_unlock(&dentry_names_lock);
	path_put(&left);
}

void mount_hook_under(struct mount *m, const struct path *at)
{
	struct path top, left = { 0 }, over_left = { 0 };
	struct mount *over;

	path_get(at);
	spin_lock(&dentry_names_lock);
	if (m->parent != m)
		unhook(m, &left);
	over = mount_find(at->mnt, at->dentry);
	if (over) {
		top.mnt = mount_uppermost(m);
		top.dentry = top.mnt->root;
		path_get(&top);
		unhook(over, &over_left);
		hook(over, &top);
	}
	hook(m, at);
	spin_unlock(&dentry_names_lock);
	path_put(&left);
	path_put(&over_left);
}

void mount_unhook(struct mount *m, struct path *above)
{
	spin_lock(&dentry_names_lock);
	unhook(m, above);
	spin_unlock(&dentry_names_lock);
}

bool mount_is_below(const struct mount *m, const struct mount *top)
{
	while (m != top && m->parent != m)
		m = m->parent;
	return m == top;
}

/* The next one that is not below m. */
static struct mount *tree_skip(struct mount *m, struct mount *top)
{
	while (m != top) {
		struct mount *parent = m->parent;

		if (m->child_link.next != &parent->children)
			return list_entry(m->child_link.next, struct mount, child_link);
		m = parent;
	}
	return NULL;
}

struct mount *mount_tree_next(struct mount *m, struct mount *top)
{
	if (!list_empty(&m->children))
		return list_first(&m->children, struct mount, child_link);
	return tree_skip(m, top);
}

void mount_tree_lock(struct mount *top)
{
	for (struct mount *m = top; m; m = mount_tree_next(m, top)) {
		m->is_locked = m != top;
		m->locked_flags = MNT_FLAG_ATIMES | (m->flags & (MNT_FLAG_RDONLY | MNT_FLAG_NOSUID |
								 MNT_FLAG_NODEV | MNT_FLAG_NOEXEC));
	}
}

/* ---- taking out */

/* What lies on the root of m, which goes, and does not go itself, falls to what m lay on. */
static void let_fall(struct mount *m)
{
	struct mount *over = mount_find(m, m->root);
	struct path place;

	if (!over || over->is_going)
		return;
	while (m->parent->is_going && m->mountpoint == m->parent->root)
		m = m->parent;
	place = (struct path){ m->parent, m->mountpoint };
	mount_hook(over, &place);
}

void mount_take_out(struct mount *top, u32 how, struct list *gone)
{
	struct list going = LIST_INIT(going);
	struct mount *m, *next;

	for (m = top; m; m = mount_tree_next(m, top)) {
		m->is_going = true;
		list_add_tail(&m->work_link, &going);
	}
	if (how & TAKE_PROPAGATED)
		propagate_umount(top, &going);
	list_for_each(m, &going, work_link)
		let_fall(m);
	list_for_each_safe(m, next, &going, work_link) {
		list_del_init(&m->work_link);
		mount_set_propagation(m, MS_PRIVATE);
		if (m->ns)
			mnt_ns_remove(m);
		if (m->parent != m && m->parent->is_going &&
		    (m->is_locked || (how & TAKE_CONNECTED)))
			m->left = (struct path){ m->parent, NULL };
		else if (m->parent != m)
			mount_unhook(m, &m->left);
		list_add_tail(&m->ns_link, gone);
	}
}

void mount_tree_put(struct list *gone)
{
	struct mount *m, *next;

	list_for_each_safe(m, next, gone, ns_link) {
		struct path left = m->left;

		list_init(&m->ns_link);
		if (left.dentry || !left.mnt) /* else it stayed on its parent, which lets it go */
			mount_put(m);
		path_put(&left);
	}
}

bool dentry_is_mounted_here(struct dentry *d)
{
	bool is;

	if (likely(!(dentry_flags(d) & DENTRY_MOUNTED)))
		return false;
	spin_lock(&dentry_names_lock);
	is = find_at(d, mnt_ns_current());
	spin_unlock(&dentry_names_lock);
	return is;
}

void dentry_drop_mounts(struct dentry *d)
{
	struct list gone = LIST_INIT(gone);
	struct mount *m;

	if (likely(!(dentry_flags(d) & DENTRY_MOUNTED)))
		return;
	rwsem_write_lock(&mount_lock);
	while ((m = find_at(d, NULL)))
		mount_take_out(m, TAKE_CONNECTED, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
}

/* ---- copying */

static struct mount *mount_clone(const struct mount *from, struct dentry *root, u32 how)
{
	struct mount *m =
		mount_alloc(from->sb, root, from->source, from->flags & ~MNT_FLAG_INTERNAL);

	if (!m)
		return NULL;
	super_get(from->sb);
	m->locked_flags = from->locked_flags;
	m->is_locked = from->is_locked;
	m->is_unbindable = from->is_unbindable;
	propagate_clone(m, from, how);
	return m;
}

static bool is_left_out(const struct mount *m, u32 how)
{
	return (m->is_unbindable && !(how & CLONE_UNBINDABLE)) || mnt_ns_is_file(m->root);
}

static bool is_outside(const struct mount *m, const struct mount *from, struct dentry *root)
{
	return m->parent == from && !dentry_is_ancestor(root, m->mountpoint);
}

static int clone_children(struct mount *from, struct dentry *root, u32 how, struct mount *to)
{
	struct mount *above = from, *m = mount_tree_next(from, from), *copy;

	while (m) {
		if (is_left_out(m, how) || is_outside(m, from, root)) {
			if (m->is_unbindable && m->is_locked && !is_outside(m, from, root))
				return -EPERM;
			m = tree_skip(m, from);
			continue;
		}
		for (; above != m->parent; above = above->parent)
			to = to->parent;
		copy = mount_clone(m, m->root, how);
		if (!copy)
			return -ENOMEM;
		mount_hook(copy, &(struct path){ to, m->mountpoint });
		above = m;
		to = copy;
		m = mount_tree_next(m, from);
	}
	return 0;
}

int mount_tree_clone(struct mount *from, struct dentry *root, u32 how, struct mount **out,
		     struct list *gone)
{
	struct mount *m = mount_clone(from, root, how);
	int err;

	if (!m)
		return -ENOMEM;
	err = how & CLONE_ALONE ? 0 : clone_children(from, root, how, m);
	if (err)
		mount_take_out(m, 0, gone);
	else
		*out = m;
	return err;
}

void mount_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mount_hash); i++) {
		list_init(&mount_hash[i]);
		list_init(&point_hash[i]);
	}
	mount_cache = cache_create("mount", sizeof(struct mount), 0);
	propagate_init();
	mnt_ns_init();
}
