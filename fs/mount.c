/*
 * mount: which file system is attached where.
 *
 * Owns: struct mount, the hash (parent mount, dentry) -> mount.
 * Life: an attached mount holds one reference on itself, one on its parent and one on its
 *   mountpoint; a path holds one on its mount. umount takes it out of the tree; it goes with its
 *   last path.
 * Invariant: a dentry something is mounted on has DENTRY_MOUNTED, so that a walk asks only then.
 * Locks: mount_lock (RANK_MOUNT) for whoever changes the tree or goes through all of it. parent,
 *   mountpoint and the hash change under dentry_names_lock too, which is all a walk or a printed
 *   path needs. What is to become a mountpoint has its inode->lock held against an rmdir.
 * Who changes a tree does so only in its own namespace (mnt_ns.c).
 * Open: mount propagation (shared, slave) does not exist, all mounts are private.
 */
#include "fs/mount.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mount.h>

#include "lib/hash.h"
#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "fs/internal.h"
#include "fs/mnt_ns.h"

#define MOUNT_HASH_BITS 6
#define MOUNT_MAX       100000

struct rwsem mount_lock = RWSEM_INIT(RANK_MOUNT);
static struct list mount_hash[1 << MOUNT_HASH_BITS];
static _Atomic int last_id;

/* ---- life */

struct mount *mount_alloc(struct super *sb, struct dentry *root, const char *source, u32 flags)
{
	struct mount *m = kzalloc(sizeof(*m));

	if (!m)
		return NULL;
	m->source = kstrdup(source ? source : "none");
	if (!m->source) {
		kfree(m);
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
	list_init(&m->children);
	list_init(&m->child_link);
	list_init(&m->ns_link);
	return m;
}

void mount_put_last(struct mount *m)
{
	assert(m->parent == m && list_empty(&m->children));
	dentry_put(m->root);
	super_put(m->sb);
	kfree(m->source);
	kfree(m);
}

int mount_internal(struct super *sb, struct mount **out)
{
	struct mount *m = mount_alloc(sb, sb->root, NULL, MNT_FLAG_INTERNAL);

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

/* dentry_names_lock held. */
static struct mount *mount_find(const struct mount *parent, const struct dentry *mountpoint)
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
	is_top = mnt->parent == mnt;
	if (!is_top) {
		out->mnt = mount_get(mnt->parent);
		out->dentry = dentry_get(mnt->mountpoint);
	}
	spin_unlock(&dentry_names_lock);
	return !is_top;
}

/* Consumes the reference on m. mount_lock held for writing. */
static void mount_attach(struct mount *m, const struct path *at)
{
	path_get(at);
	spin_lock(&dentry_names_lock);
	m->parent = at->mnt;
	m->mountpoint = at->dentry;
	list_add_tail(&m->hash_link, mount_bucket(at->mnt, at->dentry));
	atomic_fetch_or_explicit(&at->dentry->flags, DENTRY_MOUNTED, memory_order_release);
	spin_unlock(&dentry_names_lock);
	list_add_tail(&m->child_link, &at->mnt->children);
}

/* In any namespace. dentry_names_lock held. */
static bool dentry_is_mountpoint(const struct dentry *d)
{
	struct mount *m;

	for (size_t i = 0; i < ARRAY_SIZE(mount_hash); i++)
		list_for_each(m, &mount_hash[i], hash_link)
			if (m->mountpoint == d)
				return true;
	return false;
}

static bool is_ours(const struct mount *m)
{
	return m->ns == mnt_ns_current();
}

static bool is_full(const struct mount *at)
{
	return at->ns && at->ns->nr_mounts >= MOUNT_MAX;
}

/* The mountpoint's references become the caller's, in *above. mount_lock held for writing. */
static void mount_unhook(struct mount *m, struct path *above)
{
	above->mnt = m->parent;
	above->dentry = m->mountpoint;
	spin_lock(&dentry_names_lock);
	list_del_init(&m->hash_link);
	m->parent = m;
	m->mountpoint = NULL;
	if (!dentry_is_mountpoint(above->dentry))
		atomic_fetch_and_explicit(&above->dentry->flags, ~DENTRY_MOUNTED,
					  memory_order_relaxed);
	spin_unlock(&dentry_names_lock);
	list_del_init(&m->child_link);
}

/* Takes m and all below it out of the tree; what they held is put by mount_tree_put(). Bottom
 * up. */
void mount_tree_detach(struct mount *top, struct list *gone)
{
	struct mount *m = top;

	for (;;) {
		struct path above;
		bool is_done = m == top && list_empty(&m->children);

		if (!list_empty(&m->children)) {
			m = list_first(&m->children, struct mount, child_link);
			continue;
		}
		if (m->parent != m)
			mount_unhook(m, &above);
		else
			above = (struct path){ m, NULL };
		if (m->ns)
			mnt_ns_remove(m);
		list_add_tail(&m->ns_link, gone);
		m->mountpoint = above.dentry; /* kept for mount_tree_put() */
		m->hash_link.next = (struct list *)above.mnt;
		if (is_done)
			return;
		m = above.mnt;
	}
}

/* After mount_lock is left: drops the references of the tree itself. */
void mount_tree_put(struct list *gone)
{
	struct mount *m, *next;

	list_for_each_safe(m, next, gone, ns_link) {
		struct path above = { (struct mount *)m->hash_link.next, m->mountpoint };

		m->mountpoint = NULL;
		list_init(&m->hash_link);
		list_init(&m->ns_link);
		if (above.mnt != m)
			path_put(&above);
		mount_put(m);
	}
}

/* at, moved up to the top of what is mounted there; its inode->lock is taken and left to the
 * caller. */
static int mountpoint_lock(struct path *at, bool is_dir)
{
	struct mount *m;
	struct inode *inode;
	int err = 0;

	while ((m = mount_find_get(at->mnt, at->dentry))) {
		path_put(at);
		at->mnt = m;
		at->dentry = dentry_get(m->root);
	}
	inode = dentry_inode(at->dentry);
	rwsem_write_lock(&inode->lock);
	if ((dentry_flags(at->dentry) & DENTRY_DEAD) || dentry_is_unlinked(at->dentry) ||
	    !at->mnt->ns)
		err = -ENOENT;
	else if (!is_ours(at->mnt))
		err = -EINVAL;
	else if (S_ISDIR(inode->mode) != is_dir)
		err = -ENOTDIR;
	if (err)
		rwsem_write_unlock(&inode->lock);
	return err;
}

/* Puts the tree m on top of at. mount_lock held. Consumes m's reference only on success. is_new:
 * not a second time what is there already. */
static int tree_attach(struct mount *m, const struct path *at, bool is_new)
{
	struct path place = *at;
	int err;

	path_get(&place);
	err = mountpoint_lock(&place, S_ISDIR(dentry_inode(m->root)->mode));
	if (err)
		goto out_put;
	if (is_new && place.mnt->sb == m->sb && place.dentry == place.mnt->root)
		err = -EBUSY;
	else
		mount_attach(m, &place);
	rwsem_write_unlock(&dentry_inode(place.dentry)->lock);
out_put:
	path_put(&place);
	return err;
}

/* ---- mount(2) */

struct mount *mount_tree_next(struct mount *m, struct mount *top)
{
	if (!list_empty(&m->children))
		return list_first(&m->children, struct mount, child_link);
	while (m != top) {
		struct mount *parent = m->parent;

		if (m->child_link.next != &parent->children)
			return list_entry(m->child_link.next, struct mount, child_link);
		m = parent;
	}
	return NULL;
}

static void tree_add_to_ns(struct mount *top)
{
	for (struct mount *m = top; m; m = mount_tree_next(m, top))
		mnt_ns_add(mnt_ns_current(), m);
}

int mount_new(const char *type, const char *source, u32 mnt_flags, const char *options,
	      const struct path *at)
{
	const struct fs_type *fs = fs_type_find(type, strlen(type));
	struct super *sb;
	struct mount *m;
	int err;

	if (!fs)
		return -ENODEV;
	if (!(fs->flags & FS_USERNS) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = fs->mount(fs, options, &sb);
	if (err)
		return err;
	m = mount_alloc(sb, sb->root, source, mnt_flags);
	if (!m) {
		super_put(sb);
		return -ENOMEM;
	}
	rwsem_write_lock(&mount_lock);
	err = is_full(at->mnt) ? -ENOSPC : tree_attach(m, at, true);
	if (!err)
		tree_add_to_ns(m);
	rwsem_write_unlock(&mount_lock);
	if (err)
		mount_put(m);
	return err;
}

static struct mount *mount_clone(struct mount *from, struct dentry *root)
{
	struct mount *m =
		mount_alloc(from->sb, root, from->source, from->flags & ~MNT_FLAG_INTERNAL);

	if (m)
		super_get(from->sb);
	return m;
}

/* Copies what is mounted below from (a mount), inside root, to below to, its copy. */
static int tree_clone_children(struct mount *from, struct dentry *root, struct mount *to)
{
	struct mount *child, *copy;
	int err;

	list_for_each(child, &from->children, child_link) {
		struct path at = { to, child->mountpoint };

		if (!dentry_is_ancestor(root, child->mountpoint))
			continue;
		copy = mount_clone(child, child->root);
		if (!copy)
			return -ENOMEM;
		mount_attach(copy, &at);
		err = tree_clone_children(child, child->root, copy);
		if (err)
			return err;
	}
	return 0;
}

int mount_tree_clone(struct mount *from, struct mount **out)
{
	struct list gone = LIST_INIT(gone);
	struct mount *m = mount_clone(from, from->root);
	int err;

	if (!m)
		return -ENOMEM;
	err = tree_clone_children(from, from->root, m);
	if (!err) {
		*out = m;
		return 0;
	}
	mount_tree_detach(m, &gone);
	mount_tree_put(&gone);
	return err;
}

int mount_bind(const struct path *from, const struct path *at, bool recursive)
{
	struct list gone = LIST_INIT(gone);
	struct mount *m;
	int err = 0;

	rwsem_write_lock(&mount_lock);
	if (!is_ours(from->mnt) || (dentry_flags(from->dentry) & DENTRY_PSEUDO)) {
		rwsem_write_unlock(&mount_lock);
		return -EINVAL;
	}
	m = mount_clone(from->mnt, from->dentry);
	if (!m) {
		rwsem_write_unlock(&mount_lock);
		return -ENOMEM;
	}
	if (recursive)
		err = tree_clone_children(from->mnt, from->dentry, m);
	if (!err && is_full(at->mnt))
		err = -ENOSPC;
	if (!err)
		err = tree_attach(m, at, false);
	if (err)
		mount_tree_detach(m, &gone);
	else
		tree_add_to_ns(m);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	return err;
}

static bool path_is_mount_root(const struct path *p)
{
	return p->dentry == p->mnt->root;
}

/* Whether m is at or below top in the tree of mounts. */
bool mount_is_below(const struct mount *m, const struct mount *top)
{
	while (m != top && m->parent != m)
		m = m->parent;
	return m == top;
}

int mount_move(const struct path *from, const struct path *at)
{
	struct mount *m = from->mnt;
	struct path above = { 0 };
	int err = 0;

	rwsem_write_lock(&mount_lock);
	if (!path_is_mount_root(from) || !is_ours(m) || m->parent == m)
		err = -EINVAL;
	else if (S_ISDIR(dentry_inode(m->root)->mode) != S_ISDIR(dentry_inode(at->dentry)->mode))
		err = -EINVAL;
	else if (mount_is_below(at->mnt, m))
		err = -ELOOP;
	if (!err) {
		mount_unhook(m, &above);
		err = tree_attach(m, at, false);
		if (err)
			mount_attach(m, &above);
	}
	rwsem_write_unlock(&mount_lock);
	path_put(&above);
	return err;
}

int mount_remount(const struct path *at, u32 mnt_flags, bool bind_only, const char *options)
{
	const u32 keep = MNT_FLAG_INTERNAL;
	int err = 0;

	rwsem_write_lock(&mount_lock);
	if (!path_is_mount_root(at) || !is_ours(at->mnt)) {
		err = -EINVAL;
	} else if ((at->mnt->flags & at->mnt->locked_flags & ~mnt_flags) ||
		   (!bind_only && !ns_capable(at->mnt->sb->userns, CAP_SYS_ADMIN))) {
		err = -EPERM;
	} else {
		at->mnt->flags = (at->mnt->flags & keep) | (mnt_flags & ~keep);
		if (!bind_only) {
			if (mnt_flags & MNT_FLAG_RDONLY)
				at->mnt->sb->flags |= SB_RDONLY;
			else
				at->mnt->sb->flags &= ~SB_RDONLY;
		}
	}
	rwsem_write_unlock(&mount_lock);
	return err;
}

/* The mount whose root is at or is on top of it (at may be "." under it); NULL: none. mount_lock
 * held. */
static struct mount *mount_on_top(const struct path *at)
{
	const struct dentry *d = at->dentry;
	struct mount *m = at->mnt, *above;

	spin_lock(&dentry_names_lock);
	while ((above = mount_find(m, d))) {
		m = above;
		d = m->root;
	}
	spin_unlock(&dentry_names_lock);
	return d == m->root ? m : NULL;
}

/* The tree holds one reference, the caller of umount maybe one; children hold more. */
static bool mount_is_busy(const struct mount *m, const struct path *at)
{
	return !list_empty(&m->children) || refcount_read(&m->refs) > (m == at->mnt ? 2 : 1);
}

int mount_umount(const struct path *at, u32 umount_flags)
{
	struct list gone = LIST_INIT(gone);
	struct mount *m;
	int err = 0;

	if ((umount_flags & MNT_EXPIRE) && (umount_flags & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	rwsem_write_lock(&mount_lock);
	m = mount_on_top(at);
	if (!m || !is_ours(m))
		err = -EINVAL;
	else if (m->is_locked)
		err = -EINVAL;
	else if (m->parent == m)
		err = umount_flags & MNT_DETACH ? -EINVAL : -EBUSY;
	else if (!(umount_flags & MNT_DETACH) && mount_is_busy(m, at))
		err = -EBUSY;
	else if ((umount_flags & MNT_EXPIRE) && !m->is_expiring)
		err = -EAGAIN;
	if (m)
		m->is_expiring = err == -EAGAIN;
	if (!err)
		mount_tree_detach(m, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	return err;
}

/* ---- roots */

static int pivot_check(const struct path *new_root, const struct path *put_old,
		       const struct path *root)
{
	if (new_root->mnt == root->mnt || put_old->mnt == root->mnt)
		return -EBUSY;
	if (!path_is_mount_root(root) || !path_is_mount_root(new_root) ||
	    new_root->mnt->parent == new_root->mnt)
		return -EINVAL;
	if (!is_ours(new_root->mnt) || !is_ours(put_old->mnt) || !is_ours(root->mnt) ||
	    !mount_is_below(put_old->mnt, new_root->mnt))
		return -EINVAL;
	if (put_old->mnt == new_root->mnt && !dentry_is_ancestor(new_root->dentry, put_old->dentry))
		return -EINVAL;
	return 0;
}

int mount_pivot_root(const struct path *new_root, const struct path *put_old)
{
	struct path root, above = { 0 }, root_above = { 0 };
	bool is_ns_root;
	int err;

	fs_ctx_root(fs_ctx_current(), &root);
	rwsem_write_lock(&mount_lock);
	err = pivot_check(new_root, put_old, &root);
	if (!err) {
		is_ns_root = root.mnt->parent == root.mnt;
		mount_unhook(new_root->mnt, &above);
		if (!is_ns_root) {
			mount_unhook(root.mnt, &root_above);
			mount_attach(new_root->mnt, &root_above);
		}
		mount_attach(root.mnt, put_old);
		if (is_ns_root) {
			path_get(new_root);
			path_put(&root.mnt->ns->root);
			root.mnt->ns->root = *new_root;
		}
	}
	rwsem_write_unlock(&mount_lock);
	if (!err)
		fs_ctx_replace(&root, new_root);
	path_put(&above);
	path_put(&root_above);
	path_put(&root);
	return err;
}

void mount_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mount_hash); i++)
		list_init(&mount_hash[i]);
	mnt_ns_init();
}
