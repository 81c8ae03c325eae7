/*
 * Mount namespaces: which tree of mounts a process sees.
 *
 * Owns: struct mnt_ns and the list of all of them.
 * Life: counted as all namespaces are (kernel/id/ns.h). A new one is a copy of the maker's whole
 *   tree, with the maker moved to the same places in it; the last reference takes its tree apart.
 *   The initial one gets its root at boot, and never goes.
 * Locks: mount_lock. A namespace that nobody has any more is taken off the list under it; who finds
 *   one on the list therefore only tries to take a reference.
 * Not here: what happens to single mounts (mount.c).
 */
#include "fs/mnt_ns.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/nsfs.h>
#include <linux/sched.h>

#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "fs/internal.h"

void mnt_ns_add(struct mnt_ns *ns, struct mount *m)
{
	m->ns = ns;
	list_add_tail(&m->ns_link, &ns->mounts);
	ns->nr_mounts++;
}

void mnt_ns_remove(struct mount *m)
{
	m->ns->nr_mounts--;
	m->ns = NULL;
	list_del_init(&m->ns_link);
}

/* ---- life */

static void mnt_ns_free(struct ns_common *common)
{
	struct mnt_ns *ns = mnt_ns_of(common);
	struct list gone = LIST_INIT(gone);

	rwsem_write_lock(&mount_lock);
	if (ns->root.mnt)
		mount_tree_detach(ns->root.mnt, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	path_put(&ns->root);
	kfree(ns);
}

/* Both trees have the same shape: whoever stood in one stands in the other. */
static void move_path(struct path *p, struct mount *from, struct mount *to)
{
	struct mount *top_from = from, *top_to = to;

	while (from && p->mnt != from) {
		from = mount_tree_next(from, top_from);
		to = mount_tree_next(to, top_to);
	}
	if (!from)
		return;
	mount_get(to);
	mount_put(p->mnt);
	p->mnt = to;
}

/* mount_namespaces(7), "Restrictions on mount namespaces": what a more privileged one hid stays
 * hidden, and what it forbade forbidden. */
static void lock_mounts(struct mount *top)
{
	for (struct mount *m = top; m; m = mount_tree_next(m, top)) {
		m->is_locked = m != top;
		m->locked_flags = m->flags & (MNT_FLAG_RDONLY | MNT_FLAG_NOSUID | MNT_FLAG_NODEV |
					      MNT_FLAG_NOEXEC);
	}
}

static int mnt_ns_copy(struct ns_common *common, struct userns *owner, struct fs_ctx *fs,
		       struct ns_common **out)
{
	struct mnt_ns *old = mnt_ns_of(common), *ns = kzalloc(sizeof(*ns));
	struct path root, cwd;
	int err;

	if (!ns)
		return -ENOMEM;
	ns_init(&ns->ns, common->type, owner);
	list_init(&ns->mounts);
	fs_ctx_root(fs, &root);
	fs_ctx_cwd(fs, &cwd);
	rwsem_write_lock(&mount_lock);
	err = mount_tree_clone(old->root.mnt, &ns->root.mnt);
	if (!err) {
		ns->root.dentry = dentry_get(old->root.dentry);
		mount_get(ns->root.mnt);
		for (struct mount *m = ns->root.mnt; m; m = mount_tree_next(m, ns->root.mnt))
			mnt_ns_add(ns, m);
		if (owner != old->ns.owner)
			lock_mounts(ns->root.mnt);
		move_path(&root, old->root.mnt, ns->root.mnt);
		move_path(&cwd, old->root.mnt, ns->root.mnt);
	}
	rwsem_write_unlock(&mount_lock);
	if (err) {
		ns_put(&ns->ns);
	} else {
		fs_ctx_set_root(fs, &root);
		fs_ctx_set_cwd(fs, &cwd);
		*out = &ns->ns;
	}
	path_put(&root);
	path_put(&cwd);
	return err;
}

static const struct ns_type mnt_type = {
	.name = "mnt", .flag = CLONE_NEWNS, .copy = mnt_ns_copy, .free = mnt_ns_free
};

static struct mnt_ns mnt_ns_initial = {
	.ns = { .refs = REFCOUNT_INIT(1),
		.type = &mnt_type,
		.owner = &userns_initial,
		.ino = MNT_NS_INIT_INO },
	.mounts = LIST_INIT(mnt_ns_initial.mounts),
};

/* ---- looking */

const struct path *mount_ns_root(void)
{
	return &mnt_ns_current()->root;
}

void mnt_ns_root_get(struct mnt_ns *ns, struct path *out)
{
	struct mount *m;

	rwsem_read_lock(&mount_lock);
	*out = ns->root;
	path_get(out);
	rwsem_read_unlock(&mount_lock);
	while ((m = mount_find_get(out->mnt, out->dentry))) {
		path_put(out);
		out->mnt = m;
		out->dentry = dentry_get(m->root);
	}
}

void mount_for_each(void (*fn)(struct mount *, void *), void *arg)
{
	struct mnt_ns *ns = mnt_ns_current();
	struct path root;
	struct mount *m;

	fs_ctx_root(fs_ctx_current(), &root);
	rwsem_read_lock(&mount_lock);
	list_for_each(m, &ns->mounts, ns_link)
		if (mount_is_below(m, root.mnt) && (m == root.mnt || m->parent != root.mnt ||
						    dentry_is_ancestor(root.dentry, m->mountpoint)))
			fn(m, arg);
	rwsem_read_unlock(&mount_lock);
	path_put(&root);
}

int mount_root(struct super *sb, struct path *root)
{
	struct mount *m = mount_alloc(sb, sb->root, "rootfs", 0);

	if (!m) {
		super_put(sb);
		return -ENOMEM;
	}
	rwsem_write_lock(&mount_lock);
	mnt_ns_initial.root = (struct path){ m, dentry_get(m->root) };
	mnt_ns_add(&mnt_ns_initial, m);
	rwsem_write_unlock(&mount_lock);
	mount_get(m); /* the tree's own, beside the namespace root's */
	*root = mnt_ns_initial.root;
	path_get(root);
	return 0;
}

void mnt_ns_init(void)
{
	nsproxy_initial.ns[NS_MNT] = &mnt_ns_initial.ns;
}
