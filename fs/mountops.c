/*
 * mountops: what the system calls do with trees of mounts.
 *
 * Owns: nothing; it says who may do what to which mount, and in which order that is found out.
 * A caller changes only the tree of its own mount namespace, or one in an anonymous namespace that
 *   was made there (open_tree, fsmount); what a more privileged namespace locked stays as it is.
 * Locks: mount_lock for each whole operation. What is to become a mountpoint has its inode->lock
 *   held against an rmdir.
 *                      Follows: mount(2), umount2(2), pivot_root(2), mount_setattr(2), move_mount(2)
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

#include "kernel/id/userns.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/mnt_ns.h"

static bool is_ours(const struct mount *m)
{
	return m->ns == mnt_ns_current();
}

/* In a tree that was made here, and is in no namespace yet. */
static bool is_ours_apart(const struct mount *m)
{
	return m->ns && m->ns->origin == mnt_ns_current()->ns.ino;
}

static bool path_is_mount_root(const struct path *p)
{
	return p->dentry == p->mnt->root;
}

static bool path_is_dir(const struct path *p)
{
	return S_ISDIR(dentry_inode(p->dentry)->mode);
}

/* ---- where something is to be mounted */

/* The top of what is mounted at `at`, or the place under it, is *place, and held there; on success
 * place_unlock() is due. */
static int place_lock(const struct path *at, bool is_beneath, struct path *place)
{
	struct mount *m = path_is_mount_root(at) ? at->mnt : mount_find(at->mnt, at->dentry);
	int err = 0;

	*place = *at;
	if (m) {
		m = mount_uppermost(m);
		*place = (struct path){ m, m->root };
		if (is_beneath)
			*place = (struct path){ m->parent, m->mountpoint };
	} else if (is_beneath) {
		return -EINVAL;
	}
	if (is_beneath && m->parent == m)
		return -EINVAL;
	path_get(place);
	rwsem_write_lock(&dentry_inode(place->dentry)->lock);
	if ((dentry_flags(place->dentry) & DENTRY_DEAD) || dentry_is_unlinked(place->dentry) ||
	    !place->mnt->ns)
		err = -ENOENT;
	else if (!is_ours(place->mnt) && !is_ours_apart(place->mnt))
		err = -EINVAL;
	if (err) {
		rwsem_write_unlock(&dentry_inode(place->dentry)->lock);
		path_put(place);
	}
	return err;
}

static void place_unlock(struct path *place)
{
	rwsem_write_unlock(&dentry_inode(place->dentry)->lock);
	path_put(place);
}

/* ---- mount(2) */

static int graft(struct mount *m, const struct path *place, struct list *gone)
{
	if (m->sb->flags & SB_NOUSER)
		return -EINVAL;
	if (S_ISDIR(dentry_inode(m->root)->mode) != path_is_dir(place))
		return -ENOTDIR;
	return mount_attach_tree(m, place, gone);
}

/* Another instance of some file systems shows what may be hidden in the one that is there. */
static int check_hidden(struct mount *new)
{
	struct mnt_ns *ns = mnt_ns_current();
	struct mount *m, *child;

	if (!(FS_WHOLE & new->sb->type->flags) || ns->ns.owner == &userns_initial)
		return 0;
	list_for_each(m, &ns->mounts, ns_link) {
		u32 locked = m->locked_flags & (MNT_FLAG_RDONLY | MNT_FLAG_ATIMES);
		bool is_whole = m->sb->type == new->sb->type && m->root == m->sb->root &&
				!((m->flags ^ new->flags) & m->flags & locked);

		list_for_each(child, &m->children, child_link)
			is_whole &= !child->is_locked;
		if (is_whole) {
			new->locked_flags = new->flags &locked;
			return 0;
		}
	}
	return -EPERM;
}

int mount_new(const char *type, const char *source, u32 mnt_flags, const char *options,
	      const struct path *at)
{
	const struct fs_type *fs = fs_type_find(type, strlen(type));
	struct list gone = LIST_INIT(gone);
	struct super *sb;
	struct mount *m;
	struct path place;
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
	if ((mnt_flags & MNT_FLAG_RDONLY) && refcount_read(&sb->refs) == 1)
		sb->flags |= SB_RDONLY;
	rwsem_write_lock(&mount_lock);
	err = check_hidden(m);
	if (!err)
		err = place_lock(at, false, &place);
	if (!err) {
		err = place.mnt->sb == sb && path_is_mount_root(&place) ? -EBUSY
									: graft(m, &place, &gone);
		place_unlock(&place);
	}
	if (err)
		mount_take_out(m, 0, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	return err;
}

static bool has_locked_children(const struct mount *m, const struct dentry *root)
{
	const struct mount *child;

	list_for_each(child, &m->children, child_link)
		if (child->is_locked && dentry_is_ancestor(root, child->mountpoint))
			return true;
	return false;
}

/* Files of pidfs and nsfs may be mounted though what they are from is in no namespace. */
static bool may_copy(const struct path *p)
{
	return (dentry_flags(p->dentry) & DENTRY_PSEUDO) || is_ours(p->mnt) ||
	       is_ours_apart(p->mnt);
}

/* A copy of what is at `from`, in no namespace yet. mount_lock held. */
static int copy(const struct path *from, bool recursive, struct mount **out, struct list *gone)
{
	int err;

	if (from->mnt->is_unbindable || !may_copy(from))
		return -EINVAL;
	if (!recursive && has_locked_children(from->mnt, from->dentry))
		return -EINVAL;
	if (mnt_ns_is_older_file(from->dentry))
		return -EINVAL;
	err = mount_tree_clone(from->mnt, from->dentry, recursive ? 0 : CLONE_ALONE, out, gone);
	if (!err)
		(*out)->is_locked = false;
	return err;
}

int mount_bind(const struct path *from, const struct path *at, bool recursive)
{
	struct list gone = LIST_INIT(gone);
	struct mount *m = NULL;
	struct path place;
	int err;

	rwsem_write_lock(&mount_lock);
	err = place_lock(at, false, &place);
	if (!err) {
		err = copy(from, recursive, &m, &gone);
		if (!err)
			err = graft(m, &place, &gone);
		place_unlock(&place);
	}
	if (err && m)
		mount_take_out(m, 0, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	return err;
}

/* ---- moving */

static bool has_unbindable(struct mount *top)
{
	for (struct mount *m = top; m; m = mount_tree_next(m, top))
		if (m->is_unbindable)
			return true;
	return false;
}

static bool has_ns_files(struct mount *top)
{
	for (struct mount *m = top; m; m = mount_tree_next(m, top))
		if (mnt_ns_is_older_file(m->root))
			return true;
	return false;
}

/* What would come under `over`, must not come on it as well, nor take its place for who names
 * things from there. */
static bool may_go_beneath(const struct mount *m, const struct path *at, const struct path *place)
{
	struct mount *over = mount_find(place->mnt, place->dentry);
	struct path root;
	bool is_root;

	fs_ctx_root(fs_ctx_current(), &root);
	is_root = root.mnt == over;
	path_put(&root);
	return path_is_mount_root(at) && at->mnt == over && !is_root && !over->is_locked &&
	       place->mnt != over && !mount_is_below(m, over) &&
	       !propagate_reaches(place->mnt, over, place->dentry) &&
	       !(is_ours(m) && propagate_reaches(place->mnt, m, place->dentry));
}

static int move_check(const struct path *from, const struct path *place)
{
	struct mount *m = from->mnt;
	bool is_attached = m->parent != m;

	if (!(is_attached ? is_ours(m) : is_ours_apart(m)) || m->is_locked ||
	    !path_is_mount_root(from) || path_is_dir(from) != path_is_dir(place) ||
	    (is_attached && m->parent->group) || (place->mnt->group && has_unbindable(m)))
		return -EINVAL;
	return has_ns_files(m) || mount_is_below(place->mnt, m) ? -ELOOP : 0;
}

int mount_move(const struct path *from, const struct path *at, bool beneath)
{
	struct list gone = LIST_INIT(gone);
	struct path place;
	int err;

	rwsem_write_lock(&mount_lock);
	err = place_lock(at, beneath, &place);
	if (!err) {
		err = move_check(from, &place);
		if (!err && beneath && !may_go_beneath(from->mnt, at, &place))
			err = -EINVAL;
		if (!err)
			err = mount_attach_tree(from->mnt, &place, &gone);
		place_unlock(&place);
	}
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	return err;
}

int mount_set_group(const struct path *from_path, const struct path *to_path)
{
	struct mount *from = from_path->mnt, *to = to_path->mnt;
	int err = -EINVAL;

	rwsem_write_lock(&mount_lock);
	if (!from->ns || !to->ns)
		goto out_unlock;
	err = -EPERM;
	if (!ns_capable(from->ns->ns.owner, CAP_SYS_ADMIN) ||
	    !ns_capable(to->ns->ns.owner, CAP_SYS_ADMIN))
		goto out_unlock;
	err = -EINVAL;
	if (!path_is_mount_root(from_path) || !path_is_mount_root(to_path) || from->sb != to->sb ||
	    !dentry_is_ancestor(from->root, to->root) || has_locked_children(from, to->root) ||
	    to->group || to->master || (!from->group && !from->master))
		goto out_unlock;
	propagate_clone(to, from, 0);
	err = 0;
out_unlock:
	rwsem_write_unlock(&mount_lock);
	return err;
}

/* ---- changing */

static bool has_writers(const struct mount *m)
{
	return atomic_load_explicit(&m->writers, memory_order_seq_cst);
}

static int check_flags(const struct mount *m, u32 flags)
{
	if ((m->flags ^ flags) & m->locked_flags)
		return -EPERM;
	return (flags & ~m->flags & MNT_FLAG_RDONLY) && has_writers(m) ? -EBUSY : 0;
}

int super_reconfigure(struct super *sb, bool is_rdonly, const char *options)
{
	int err = 0;

	if (is_rdonly && !(sb->flags & SB_RDONLY) && super_has_writers(sb))
		err = -EBUSY;
	else if (sb->type->reconfigure)
		err = sb->type->reconfigure(sb, options);
	if (err)
		return err;
	if (is_rdonly)
		sb->flags |= SB_RDONLY;
	else
		sb->flags &= ~SB_RDONLY;
	return 0;
}

int mount_remount(const struct path *at, u32 flags, bool bind_only, const char *options)
{
	struct mount *m = at->mnt;
	int err;

	rwsem_write_lock(&mount_lock);
	if (!path_is_mount_root(at) || !is_ours(m))
		err = -EINVAL;
	else
		err = check_flags(m, flags);
	if (!err && !bind_only)
		err = ns_capable(m->sb->userns, CAP_SYS_ADMIN)
			      ? super_reconfigure(m->sb, flags & MNT_FLAG_RDONLY, options)
			      : -EPERM;
	if (!err)
		m->flags = flags;
	rwsem_write_unlock(&mount_lock);
	return err;
}

/* The next one that a change is about. */
static struct mount *change_next(struct mount *m, const struct path *at,
				 const struct mount_change *c)
{
	return c->is_recursive ? mount_tree_next(m, at->mnt) : NULL;
}

int mount_change(const struct path *at, const struct mount_change *c)
{
	struct mount *m = at->mnt;
	int err = 0;

	rwsem_write_lock(&mount_lock);
	if (!path_is_mount_root(at) || (!is_ours(m) && !is_ours_apart(m)))
		err = -EINVAL;
	if (c->set | c->clear)
		for (; m && !err; m = change_next(m, at, c))
			err = check_flags(m, (m->flags & ~c->clear) | c->set);
	for (m = at->mnt; m && !err; m = change_next(m, at, c)) {
		m->flags = (m->flags & ~c->clear) | c->set;
		if (c->propagation)
			mount_set_propagation(m, c->propagation);
	}
	rwsem_write_unlock(&mount_lock);
	return err;
}

/* ---- umount2(2) */

/* The tree holds one reference, the caller of umount maybe one; children hold more. */
static bool mount_is_busy(struct mount *m, const struct path *at)
{
	return !list_empty(&m->children) || refcount_read(&m->refs) > (m == at->mnt ? 2 : 1) ||
	       propagate_is_busy(m);
}

static int umount_check(struct mount *m, const struct path *at, u32 flags)
{
	if (!is_ours(m) || m->is_locked)
		return -EINVAL;
	if (m->parent == m)
		return flags & MNT_DETACH ? -EINVAL : -EBUSY;
	if (!(flags & MNT_DETACH) && mount_is_busy(m, at))
		return -EBUSY;
	return (flags & MNT_EXPIRE) && !m->is_expiring ? -EAGAIN : 0;
}

int mount_umount(const struct path *at, u32 umount_flags)
{
	struct list gone = LIST_INIT(gone);
	struct path place = *at;
	struct mount *m;
	int err;

	if ((umount_flags & MNT_EXPIRE) && (umount_flags & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	rwsem_write_lock(&mount_lock);
	/* "." may be under something. */
	while ((m = mount_find(place.mnt, place.dentry)))
		place = (struct path){ m, m->root };
	m = place.mnt;
	err = path_is_mount_root(&place) ? umount_check(m, at, umount_flags) : -EINVAL;
	m->is_expiring = err == -EAGAIN;
	if (!err)
		mount_take_out(m, TAKE_PROPAGATED, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	return err;
}

/* ---- pivot_root(2) */

static int pivot_check(const struct path *new_root, const struct path *put_old,
		       const struct path *root)
{
	struct mount *new = new_root->mnt, *old = put_old->mnt;

	if (old->group || new->parent->group ||
	    (root->mnt->parent != root->mnt && root->mnt->parent->group))
		return -EINVAL;
	if (!is_ours(new) || !is_ours(old) || !is_ours(root->mnt) || new->is_locked)
		return -EINVAL;
	if (dentry_is_unlinked(new_root->dentry))
		return -ENOENT;
	if (new == root->mnt || old == root->mnt)
		return -EBUSY;
	if (!path_is_mount_root(root) || !path_is_mount_root(new_root) || new->parent == new)
		return -EINVAL;
	return path_is_reachable(put_old, new_root) && path_is_reachable(new_root, root) ? 0
											 : -EINVAL;
}

/* The namespace's own root is on nothing; what takes its place is on nothing after. */
static void pivot(const struct path *new_root, const struct path *put_old, struct path *root)
{
	struct mount *new = new_root->mnt, *old = root->mnt;
	struct path above, at = { old->parent, old->mountpoint };

	if (old->parent == old) {
		mount_unhook(new, &above);
		path_get(new_root);
		path_put(&old->ns->root);
		old->ns->root = *new_root;
		mount_hook(old, put_old);
		path_put(&above);
	} else {
		path_get(&at);
		mount_hook(new, &at);
		mount_hook(old, put_old);
		path_put(&at);
	}
	new->is_locked = old->is_locked;
	old->is_locked = false;
}

int mount_pivot_root(const struct path *new_root, const struct path *put_old)
{
	struct path root, place;
	int err;

	fs_ctx_root(fs_ctx_current(), &root);
	rwsem_write_lock(&mount_lock);
	err = place_lock(put_old, false, &place);
	if (!err) {
		err = pivot_check(new_root, &place, &root);
		if (!err)
			pivot(new_root, &place, &root);
		place_unlock(&place);
	}
	rwsem_write_unlock(&mount_lock);
	if (!err)
		fs_ctx_replace(&root, new_root);
	path_put(&root);
	return err;
}

/* ---- trees of their own */

static void apart_release(struct file *file)
{
	struct mnt_ns *ns = file->private;

	ns_put(&ns->ns);
}

static const struct file_ops apart_ops = { .release = apart_release };

/* A file at the root of the tree m, which is put into an anonymous namespace that goes with the
 * file. Consumes m, also on error. */
static int open_apart(struct mount *top, struct file **out)
{
	struct path root = { mount_get(top), dentry_get(top->root) };
	struct list gone = LIST_INIT(gone);
	struct mnt_ns *ns = NULL;
	int err;

	*out = NULL;
	err = file_new(&root, O_PATH, out);
	if (err)
		path_put(&root);
	else
		err = mnt_ns_new_anonymous(&ns);
	rwsem_write_lock(&mount_lock);
	for (struct mount *m = top; m; m = mount_tree_next(m, top))
		if (!err)
			mnt_ns_add(ns, m);
	if (err)
		mount_take_out(top, 0, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	if (!err) {
		(*out)->private = ns;
		(*out)->ops = &apart_ops;
	} else if (*out) {
		file_put(*out);
	}
	return err;
}

int mount_open_tree(const struct path *from, bool recursive, struct file **out)
{
	struct list gone = LIST_INIT(gone);
	struct mount *m;
	int err;

	rwsem_write_lock(&mount_lock);
	err = copy(from, recursive, &m, &gone);
	rwsem_write_unlock(&mount_lock);
	mount_tree_put(&gone);
	return err ? err : open_apart(m, out);
}

int mount_open_super(struct super *sb, const char *source, u32 mnt_flags, struct file **out)
{
	struct mount *m = mount_alloc(sb, sb->root, source, mnt_flags);

	int err;

	if (!m) {
		super_put(sb);
		return -ENOMEM;
	}
	rwsem_read_lock(&mount_lock);
	err = check_hidden(m);
	rwsem_read_unlock(&mount_lock);
	if (!err)
		return open_apart(m, out);
	mount_put(m);
	return err;
}
