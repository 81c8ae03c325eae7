/*
 * Mount namespaces: which tree of mounts a process sees.
 *
 * Owns: struct mnt_ns and the list of all of them but the anonymous ones, by number.
 * Life: counted as all namespaces are (kernel/id/ns.h). A new one is a copy of the maker's whole
 *   tree, with the maker moved to the same places in it; the last reference takes its tree apart.
 *   The initial one gets its root at boot, and never goes. An anonymous one has a tree that was
 *   made but not yet put anywhere; an open file has it (mountops.c).
 * Peers: a copied mount is a peer of the original, if that has any, or a slave of the same master.
 *   Where the new namespace has another owner, it only gets, and gives nothing back; and what is
 *   hidden or forbidden there stays so (mount_tree_lock).
 * Locks: mount_lock. A namespace that nobody has any more is taken off the list under it; who finds
 *   one on the list therefore only tries to take a reference.
 * Not here: what happens to single mounts (mount.c).
 */
#include "fs/mnt_ns.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>

#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "fs/internal.h"

static struct list all = LIST_INIT(all);
static struct slab_cache *mnt_ns_cache;

/* Sorted, and nearly always to the end. */
void mnt_ns_add(struct mnt_ns *ns, struct mount *m)
{
	struct list *after = ns->mounts.prev;

	while (after != &ns->mounts &&
	       list_entry(after, struct mount, ns_link)->unique_id > m->unique_id)
		after = after->prev;
	list_add(&m->ns_link, after);
	ns->nr_mounts++;
	spin_lock(&dentry_names_lock);
	m->ns = ns;
	spin_unlock(&dentry_names_lock);
}

void mnt_ns_remove(struct mount *m)
{
	m->ns->nr_mounts--;
	list_del_init(&m->ns_link);
	spin_lock(&dentry_names_lock);
	m->ns = NULL;
	spin_unlock(&dentry_names_lock);
}

/* ---- life */

static void mnt_ns_free(struct ns_common *common)
{
	struct mnt_ns *ns = mnt_ns_of(common);
	struct list gone = LIST_INIT(gone);
	struct mount *top;

	rwsem_write_lock(&mount_lock);
	list_del(&ns->all_link);
	while (!list_empty(&ns->mounts)) {
		top = list_first(&ns->mounts, struct mount, ns_link);
		while (top->parent != top)
			top = top->parent;
		mount_take_out(top, ns->origin ? TAKE_CONNECTED : 0, &gone);
	}
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	path_put(&ns->root);
	cache_free(mnt_ns_cache, ns);
}

static struct mnt_ns *mnt_ns_new(const struct ns_type *type, struct userns *owner)
{
	struct mnt_ns *ns = cache_zalloc(mnt_ns_cache);

	if (!ns)
		return NULL;
	ns_init(&ns->ns, type, owner);
	list_init(&ns->mounts);
	list_init(&ns->all_link);
	return ns;
}

int mnt_ns_new_anonymous(struct mnt_ns **out)
{
	const struct mnt_ns *from = mnt_ns_current();

	*out = mnt_ns_new(from->ns.type, from->ns.owner);
	if (!*out)
		return -ENOMEM;
	(*out)->origin = from->ns.ino;
	return 0;
}

/* Both trees have the same shape, but for the left out files of mount namespaces: whoever stood in
 * one stands in the other. */
static void move_path(struct path *p, struct mount *from, struct mount *to)
{
	struct mount *top_from = from, *top_to = to;

	while (from && p->mnt != from) {
		from = mount_tree_next(from, top_from);
		if (from && !mnt_ns_is_file(from->root))
			to = mount_tree_next(to, top_to);
	}
	if (!from || !to || from->root != to->root)
		return;
	mount_get(to);
	mount_put(p->mnt);
	p->mnt = to;
}

/* mount_lock held. ns: new, in no list yet. */
static int copy_tree(struct mnt_ns *old, struct mnt_ns *ns, struct list *gone)
{
	bool is_foreign = ns->ns.owner != old->ns.owner;
	u32 how = CLONE_UNBINDABLE | (is_foreign ? CLONE_SLAVE : 0);
	struct mount *top;
	int err = mount_tree_clone(old->root.mnt, old->root.mnt->root, how, &top, gone);

	if (err)
		return err;
	ns->root = (struct path){ mount_get(top), dentry_get(old->root.dentry) };
	for (struct mount *m = top; m; m = mount_tree_next(m, top))
		mnt_ns_add(ns, m);
	if (is_foreign)
		mount_tree_lock(top);
	list_add_tail(&ns->all_link, &all);
	return 0;
}

static int mnt_ns_copy(struct ns_common *common, struct userns *owner, struct fs_ctx *fs,
		       struct ns_common **out)
{
	struct mnt_ns *old = mnt_ns_of(common), *ns = mnt_ns_new(common->type, owner);
	struct list gone = LIST_INIT(gone);
	struct path root, cwd;
	int err;

	if (!ns)
		return -ENOMEM;
	fs_ctx_root(fs, &root);
	fs_ctx_cwd(fs, &cwd);
	rwsem_write_lock(&mount_lock);
	err = copy_tree(old, ns, &gone);
	if (!err) {
		move_path(&root, old->root.mnt, ns->root.mnt);
		move_path(&cwd, old->root.mnt, ns->root.mnt);
	}
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
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

static const struct ns_type mnt_type = { .name = "mnt",
					 .limit = NS_MAX_MNT,
					 .flag = CLONE_NEWNS,
					 .copy = mnt_ns_copy,
					 .free = mnt_ns_free };

static struct mnt_ns mnt_ns_initial = {
	.ns = { .refs = REFCOUNT_INIT(1),
		.type = &mnt_type,
		.owner = &userns_initial,
		.ino = MNT_NS_INIT_INO },
	.mounts = LIST_INIT(mnt_ns_initial.mounts),
	.all_link = LIST_INIT(mnt_ns_initial.all_link),
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

void mount_for_each(struct mnt_ns *ns, const struct path *root, void (*fn)(struct mount *, void *),
		    void *arg)
{
	struct mount *m;

	rwsem_read_lock(&mount_lock);
	list_for_each(m, &ns->mounts, ns_link)
		if (path_is_reachable(&(struct path){ m, m->root }, root))
			fn(m, arg);
	rwsem_read_unlock(&mount_lock);
}

struct mount *mnt_ns_mount_get(struct mnt_ns *ns, u64 unique_id)
{
	struct mount *m;

	rwsem_read_lock(&mount_lock);
	list_for_each(m, &ns->mounts, ns_link)
		if (m->unique_id == unique_id) {
			mount_get(m);
			goto out_unlock;
		}
	m = NULL;
out_unlock:
	rwsem_read_unlock(&mount_lock);
	return m;
}

size_t mnt_ns_list(struct mnt_ns *ns, const struct path *root, u64 but, u64 after,
		   bool is_backwards, u64 *ids, size_t max)
{
	struct list *at = &ns->mounts;
	size_t n = 0;

	rwsem_read_lock(&mount_lock);
	while (n < max && (at = is_backwards ? at->prev : at->next) != &ns->mounts) {
		struct mount *m = list_entry(at, struct mount, ns_link);

		if (after && (is_backwards ? m->unique_id >= after : m->unique_id <= after))
			continue;
		if (m->unique_id != but && path_is_reachable(&(struct path){ m, m->root }, root))
			ids[n++] = m->unique_id;
	}
	rwsem_read_unlock(&mount_lock);
	return n;
}

void mount_state(const struct mount *m, const struct path *root, struct mount_state *out)
{
	rwsem_read_lock(&mount_lock);
	*out = (struct mount_state){
		.parent_unique_id = m->parent->unique_id,
		.parent_id = m->parent->id,
		.ns_id = m->ns ? ns_id(&m->ns->ns) : 0,
		.flags = m->flags,
		.group = m->group,
		.master = m->master,
		.from = mount_propagates_from(m, root),
		.is_unbindable = m->is_unbindable,
	};
	rwsem_read_unlock(&mount_lock);
}

struct mnt_ns *mnt_ns_next_get(const struct mnt_ns *ns, bool is_backwards)
{
	struct list *at = (struct list *)&ns->all_link;
	struct mnt_ns *next = NULL;

	rwsem_read_lock(&mount_lock);
	while (!next && (at = is_backwards ? at->prev : at->next) != &all) {
		next = list_entry(at, struct mnt_ns, all_link);
		if (!ns_capable(next->ns.owner, CAP_SYS_ADMIN) || !refcount_tryget(&next->ns.refs))
			next = NULL;
	}
	rwsem_read_unlock(&mount_lock);
	return next;
}

struct mnt_ns *mnt_ns_find_get(u64 id)
{
	struct mnt_ns *ns;

	rwsem_read_lock(&mount_lock);
	list_for_each(ns, &all, all_link)
		if (ns_id(&ns->ns) == id && refcount_tryget(&ns->ns.refs))
			goto out_unlock;
	ns = NULL;
out_unlock:
	rwsem_read_unlock(&mount_lock);
	return ns;
}

bool super_has_writers(const struct super *sb)
{
	const struct mount *m;
	const struct mnt_ns *ns;

	list_for_each(ns, &all, all_link)
		list_for_each(m, &ns->mounts, ns_link)
			if (m->sb == sb && atomic_load_explicit(&m->writers, memory_order_seq_cst))
				return true;
	return false;
}

bool mnt_ns_is_file(const struct dentry *d)
{
	const struct ns_common *ns = dentry_inode(d)->private;

	return d->sb->magic == NSFS_MAGIC && ns->type->flag == CLONE_NEWNS;
}

bool mnt_ns_is_older_file(const struct dentry *d)
{
	const struct ns_common *ns = dentry_inode(d)->private;

	return mnt_ns_is_file(d) && ns->ino <= mnt_ns_current()->ns.ino;
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
	mnt_ns_cache = cache_create("mnt_ns", sizeof(struct mnt_ns), 0);
	list_add(&mnt_ns_initial.all_link, &all);
	nsproxy_initial.ns[NS_MNT] = &mnt_ns_initial.ns;
}
