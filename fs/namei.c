/*
 * namei: the operations that change which names there are.
 *
 * Owns: the order of checks and locks around inode_ops.create ... rename; the file systems do the
 *   rest.
 * Locks: the parents' inode->lock (RANK_DIR) for writing during look-up, checks and operation, so
 *   that what was checked is what is changed. Two parents: super->rename_lock first, then the
 *   ancestor first. A victim's own lock is taken last, which is what a mount on it has to wait
 *   for. Errors: where several apply, the order is Linux's (what is there before what is allowed).
 * Follows: the man pages of section 2, Linux 7.3 fs/namei.c
 */
#include "fs/namei.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "fs/inode.h"
#include "fs/protect.h"
#include "fs/internal.h"

int path_want_write(const struct path *p)
{
	return (p->mnt->flags & MNT_FLAG_RDONLY) || (p->mnt->sb->flags & SB_RDONLY) ? -EROFS : 0;
}

/* Whether the owner of a new file can be said in the file system's user namespace. */
static bool super_has_names_of(const struct super *sb, const struct cred *c)
{
	return id_has_name(sb->userns, ID_USER, c->fsuid) &&
	       id_has_name(sb->userns, ID_GROUP, c->fsgid);
}

int dir_check_create(const struct path *dir)
{
	if (dentry_flags(dir->dentry) & DENTRY_DEAD)
		return -ENOENT;
	if (!super_has_names_of(dentry_inode(dir->dentry)->sb, cred_current()))
		return -EOVERFLOW;
	return inode_permission(dentry_inode(dir->dentry), MAY_WRITE | MAY_EXEC);
}

/* ---- new names */

struct creation {
	struct path dir;
	struct dentry *dentry; /* negative */
};

static struct inode *creation_dir(const struct creation *c)
{
	return dentry_inode(c->dir.dentry);
}

static int creation_lookup(struct creation *c, const struct last_component *last, bool is_dir)
{
	struct qname q = qname_of(last->name, last->len);
	int err = dentry_lookup_locked(c->dir.dentry, &q, &c->dentry);

	if (err)
		return err;
	if (dentry_inode(c->dentry))
		err = -EEXIST;
	else if (last->has_slash && !is_dir)
		err = -ENOENT;
	if (!err)
		err = path_want_write(&c->dir);
	if (!err)
		err = dir_check_create(&c->dir);
	if (err)
		dentry_put(c->dentry);
	return err;
}

/* Afterwards the directory is locked and the dentry may be created. */
static int creation_begin(struct creation *c, int dirfd, const char *name, bool is_dir)
{
	struct last_component last;
	int err = path_lookup_parent(dirfd, name, 0, &c->dir, &last);

	if (err)
		return err;
	if (last.kind != LAST_NORMAL) {
		path_put(&c->dir);
		return -EEXIST;
	}
	rwsem_write_lock(&creation_dir(c)->lock);
	err = creation_lookup(c, &last, is_dir);
	if (err) {
		rwsem_write_unlock(&creation_dir(c)->lock);
		path_put(&c->dir);
	}
	return err;
}

static void creation_end(struct creation *c)
{
	rwsem_write_unlock(&creation_dir(c)->lock);
	dentry_put(c->dentry);
	path_put(&c->dir);
}

static int mknod_locked(struct creation *c, u32 mode, u64 rdev)
{
	struct inode *dir = creation_dir(c);

	if (S_ISREG(mode))
		return dir->ops->create ? dir->ops->create(dir, c->dentry, mode) : -EACCES;
	return dir->ops->mknod ? dir->ops->mknod(dir, c->dentry, mode, rdev) : -EPERM;
}

int vfs_mknod(int dirfd, const char *name, u32 mode, u64 rdev, struct path *out)
{
	struct creation c;
	int err;

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISFIFO(mode) &&
	    !S_ISSOCK(mode))
		return -EINVAL;
	err = creation_begin(&c, dirfd, name, false);
	if (err)
		return err;
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !capable(CAP_MKNOD))
		err = -EPERM;
	else
		err = mknod_locked(&c, mode & ~fs_ctx_umask(fs_ctx_current()), rdev);
	if (!err && out) {
		*out = (struct path){ c.dir.mnt, c.dentry };
		path_get(out);
	}
	creation_end(&c);
	return err;
}

int vfs_mkdir(int dirfd, const char *name, u32 mode)
{
	struct creation c;
	struct inode *dir;
	int err = creation_begin(&c, dirfd, name, true);

	if (err)
		return err;
	dir = creation_dir(&c);
	mode = S_IFDIR | (mode & (0777 | S_ISVTX) & ~fs_ctx_umask(fs_ctx_current()));
	err = dir->ops->mkdir ? dir->ops->mkdir(dir, c.dentry, mode) : -EPERM;
	creation_end(&c);
	return err;
}

int vfs_symlink(const char *target, int dirfd, const char *name)
{
	struct creation c;
	struct inode *dir;
	int err;

	if (!*target)
		return -ENOENT;
	err = creation_begin(&c, dirfd, name, false);
	if (err)
		return err;
	dir = creation_dir(&c);
	err = dir->ops->symlink ? dir->ops->symlink(dir, c.dentry, target) : -EPERM;
	creation_end(&c);
	return err;
}

static int link_locked(struct creation *c, const struct path *old)
{
	struct inode *inode = dentry_inode(old->dentry), *dir = creation_dir(c);
	int err;

	if (old->mnt != c->dir.mnt)
		return -EXDEV;
	err = protect_hardlink(inode);
	if (err)
		return err;
	if (S_ISDIR(inode->mode) || !dir->ops->link)
		return -EPERM;
	rwsem_write_lock(&inode->lock);
	if (!inode->nlink && !(inode->state & INODE_LINKABLE))
		err = -ENOENT;
	else
		err = dir->ops->link(inode, dir, c->dentry);
	if (!err)
		atomic_fetch_and_explicit(&inode->state, ~INODE_LINKABLE, memory_order_relaxed);
	rwsem_write_unlock(&inode->lock);
	return err;
}

int vfs_link(int old_dirfd, const char *old, int new_dirfd, const char *new, u32 at_flags)
{
	u32 flags = 0;
	struct path old_path;
	struct creation c;
	int err;

	if (at_flags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (at_flags & AT_SYMLINK_FOLLOW)
		flags |= LOOKUP_FOLLOW;
	if (at_flags & AT_EMPTY_PATH) {
		if (!*old && !capable(CAP_DAC_READ_SEARCH))
			return -ENOENT;
		flags |= LOOKUP_EMPTY;
	}
	err = path_lookup(old_dirfd, old, flags, &old_path);
	if (err)
		return err;
	err = creation_begin(&c, new_dirfd, new, false);
	if (!err) {
		err = link_locked(&c, &old_path);
		creation_end(&c);
	}
	path_put(&old_path);
	return err;
}

/* ---- names that go */

/* May victim be taken out of dir (locked), by something that is a directory or not? */
static int check_delete(struct inode *dir, struct dentry *victim, bool is_dir)
{
	struct inode *inode = dentry_inode(victim);
	int err = inode_permission(dir, MAY_WRITE | MAY_EXEC);

	if (!err)
		err = inode_check_sticky(dir, inode);
	if (err)
		return err;
	if (is_dir && !S_ISDIR(inode->mode))
		return -ENOTDIR;
	if (!is_dir && S_ISDIR(inode->mode))
		return -EISDIR;
	return 0;
}

static int unlink_locked(struct inode *dir, struct dentry *victim)
{
	struct inode *inode = dentry_inode(victim);
	int err = check_delete(dir, victim, false);

	if (err)
		return err;
	if (!dir->ops->unlink)
		return -EPERM;
	rwsem_write_lock(&inode->lock);
	err = dentry_is_mounted_here(victim) ? -EBUSY : dir->ops->unlink(dir, victim);
	rwsem_write_unlock(&inode->lock);
	return err;
}

static int rmdir_locked(struct inode *dir, struct dentry *victim)
{
	struct inode *inode = dentry_inode(victim);
	int err = check_delete(dir, victim, true);

	if (err)
		return err;
	if (!dir->ops->rmdir)
		return -EPERM;
	rwsem_write_lock_nested(&inode->lock);
	err = dentry_is_mounted_here(victim) ? -EBUSY : dir->ops->rmdir(dir, victim);
	if (!err)
		atomic_fetch_or_explicit(&victim->flags, DENTRY_DEAD, memory_order_relaxed);
	rwsem_write_unlock(&inode->lock);
	return err;
}

/* An existing name in the locked directory, +1; -ENOENT. */
static int lookup_existing(const struct path *dir, const struct last_component *last,
			   struct dentry **out)
{
	struct qname q = qname_of(last->name, last->len);
	int err = dentry_lookup_locked(dir->dentry, &q, out);

	if (!err && !dentry_inode(*out)) {
		dentry_put(*out);
		err = -ENOENT;
	}
	return err;
}

static int remove_last(const struct path *parent, const struct last_component *last, bool is_rmdir)
{
	struct inode *dir = dentry_inode(parent->dentry);
	struct dentry *victim = NULL;
	int err = path_want_write(parent);

	if (err)
		return err;
	rwsem_write_lock(&dir->lock);
	err = lookup_existing(parent, last, &victim);
	if (err)
		victim = NULL;
	else if (is_rmdir)
		err = rmdir_locked(dir, victim);
	else if (last->has_slash)
		err = S_ISDIR(dentry_inode(victim)->mode) ? -EISDIR : -ENOTDIR;
	else
		err = unlink_locked(dir, victim);
	rwsem_write_unlock(&dir->lock);
	if (!err)
		dentry_drop_mounts(victim);
	dentry_put(victim); /* maybe the file's end: outside the lock */
	return err;
}

int vfs_unlink(int dirfd, const char *name)
{
	struct last_component last;
	struct path parent;
	int err = path_lookup_parent(dirfd, name, 0, &parent, &last);

	if (err)
		return err;
	err = last.kind == LAST_NORMAL ? remove_last(&parent, &last, false) : -EISDIR;
	path_put(&parent);
	return err;
}

int vfs_rmdir(int dirfd, const char *name)
{
	static const int bad[] = {
		[LAST_DOT] = -EINVAL, [LAST_DOTDOT] = -ENOTEMPTY, [LAST_ROOT] = -EBUSY
	};
	struct last_component last;
	struct path parent;
	int err = path_lookup_parent(dirfd, name, 0, &parent, &last);

	if (err)
		return err;
	err = last.kind == LAST_NORMAL ? remove_last(&parent, &last, true) : bad[last.kind];
	path_put(&parent);
	return err;
}

/* ---- rename */

struct renaming {
	struct path old_dir, new_dir;
	struct last_component old_last, new_last;
	struct dentry *old, *new;
	u32 flags;
};

static void rename_lock_dirs(struct renaming *r)
{
	struct dentry *a = r->old_dir.dentry, *b = r->new_dir.dentry, *t;

	if (a == b) {
		rwsem_write_lock(&dentry_inode(a)->lock);
		return;
	}
	mutex_lock(&a->sb->rename_lock);
	/* Unrelated ones by address, as lock_inodes() does: they may be children that a rename in
	 * their parent locks. */
	if (dentry_is_ancestor(b, a) ||
	    (dentry_inode(b) < dentry_inode(a) && !dentry_is_ancestor(a, b))) {
		t = a;
		a = b;
		b = t;
	}
	rwsem_write_lock(&dentry_inode(a)->lock);
	rwsem_write_lock_nested(&dentry_inode(b)->lock);
}

static void rename_unlock_dirs(struct renaming *r)
{
	struct dentry *a = r->old_dir.dentry, *b = r->new_dir.dentry;

	rwsem_write_unlock(&dentry_inode(a)->lock);
	if (a == b)
		return;
	rwsem_write_unlock(&dentry_inode(b)->lock);
	mutex_unlock(&a->sb->rename_lock);
}

/* Directories before files, then by address; b may be NULL or a. */
static void lock_inodes(struct inode *a, struct inode *b)
{
	struct inode *t;
	bool a_is_dir, b_is_dir;

	if (!b || a == b) {
		rwsem_write_lock_nested(&a->lock);
		return;
	}
	a_is_dir = S_ISDIR(a->mode);
	b_is_dir = S_ISDIR(b->mode);
	if (a_is_dir != b_is_dir ? b_is_dir : b < a) {
		t = a;
		a = b;
		b = t;
	}
	rwsem_write_lock_nested(&a->lock);
	rwsem_write_lock_nested(&b->lock);
}

static void unlock_inodes(struct inode *a, struct inode *b)
{
	rwsem_write_unlock(&a->lock);
	if (b && b != a)
		rwsem_write_unlock(&b->lock);
}

/* What both names are, before permission. */
static int rename_check_names(struct renaming *r)
{
	struct inode *old = dentry_inode(r->old), *new = dentry_inode(r->new);
	bool is_exchange = r->flags & RENAME_EXCHANGE;

	if (new && (r->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!new &&is_exchange)
		return -ENOENT;
	if (is_exchange && !S_ISDIR(new->mode) && r->new_last.has_slash)
		return -ENOTDIR;
	if (!S_ISDIR(old->mode) &&
	    (r->old_last.has_slash || (!is_exchange && r->new_last.has_slash)))
		return -ENOTDIR;
	/* A directory cannot move into itself, nor replace one it is in. */
	if (dentry_is_ancestor(r->old, r->new_dir.dentry))
		return -EINVAL;
	if (new &&dentry_is_ancestor(r->new, r->old_dir.dentry))
		return is_exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int rename_check_permission(struct renaming *r)
{
	struct inode *old_dir = dentry_inode(r->old_dir.dentry),
		     *new_dir = dentry_inode(r->new_dir.dentry);
	struct inode *old = dentry_inode(r->old), *new = dentry_inode(r->new);
	bool is_dir = S_ISDIR(old->mode);
	bool is_exchange = r->flags & RENAME_EXCHANGE;
	int err = check_delete(old_dir, r->old, is_dir);

	if (!err && !new)
		err = dir_check_create(&r->new_dir);
	else if (!err)
		err = check_delete(new_dir, r->new, is_exchange ? S_ISDIR(new->mode) : is_dir);
	if (err)
		return err;
	if (!old_dir->ops->rename)
		return -EPERM;
	/* A directory whose ".." changes is written to. */
	if (old_dir != new_dir && is_dir)
		err = inode_permission(old, MAY_WRITE);
	if (!err && is_exchange && old_dir != new_dir && S_ISDIR(new->mode))
		err = inode_permission(new, MAY_WRITE);
	return err;
}

static int rename_run(struct renaming *r)
{
	struct inode *old_dir = dentry_inode(r->old_dir.dentry),
		     *new_dir = dentry_inode(r->new_dir.dentry);
	struct inode *old = dentry_inode(r->old), *new = dentry_inode(r->new);
	int err = -EBUSY;

	lock_inodes(old, new);
	if (!dentry_is_mounted_here(r->old) && !dentry_is_mounted_here(r->new))
		err = old_dir->ops->rename(old_dir, r->old, new_dir, r->new, r->flags);
	if (!err && (r->flags & RENAME_EXCHANGE)) {
		dentry_exchange(r->old, r->new);
	} else if (!err) {
		dentry_move(r->old, r->new);
		if (new &&S_ISDIR(new->mode))
			atomic_fetch_or_explicit(&r->new->flags, DENTRY_DEAD, memory_order_relaxed);
	}
	unlock_inodes(old, new);
	return err;
}

static int rename_locked(struct renaming *r)
{
	struct qname q = qname_of(r->new_last.name, r->new_last.len);
	int err = lookup_existing(&r->old_dir, &r->old_last, &r->old);

	if (err) {
		r->old = NULL;
		return err;
	}
	err = dentry_lookup_locked(r->new_dir.dentry, &q, &r->new);
	if (err) {
		r->new = NULL;
		return err;
	}
	err = rename_check_names(r);
	if (err)
		return err;
	/* rename(2): two names of one file: nothing is done. */
	if (dentry_inode(r->old) == dentry_inode(r->new))
		return 0;
	err = rename_check_permission(r);
	return err ? err : rename_run(r);
}

static int rename_in_dirs(struct renaming *r)
{
	int err;

	if (r->old_dir.mnt != r->new_dir.mnt)
		return -EXDEV;
	if (r->old_last.kind != LAST_NORMAL)
		return -EBUSY;
	if (r->new_last.kind != LAST_NORMAL)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	err = path_want_write(&r->old_dir);
	if (err)
		return err;
	r->old = r->new = NULL;
	rename_lock_dirs(r);
	err = rename_locked(r);
	rename_unlock_dirs(r);
	if (!err && dentry_is_unlinked(r->new))
		dentry_drop_mounts(r->new);
	dentry_put(r->old);
	dentry_put(r->new);
	return err;
}

int vfs_rename(int old_dirfd, const char *old, int new_dirfd, const char *new, u32 flags)
{
	struct renaming r = { .flags = flags };
	int err;

	if ((flags & ~(u32)(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = path_lookup_parent(old_dirfd, old, 0, &r.old_dir, &r.old_last);
	if (err)
		return err;
	err = path_lookup_parent(new_dirfd, new, 0, &r.new_dir, &r.new_last);
	if (!err) {
		err = rename_in_dirs(&r);
		path_put(&r.new_dir);
	}
	path_put(&r.old_dir);
	return err;
}

/* ---- links' text */

long vfs_readlink(const struct path *p, char *buf, size_t size)
{
	struct inode *inode = dentry_inode(p->dentry);

	return inode->ops->readlink ? inode->ops->readlink(inode, buf, size) : -EINVAL;
}
