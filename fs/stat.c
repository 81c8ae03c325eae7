/*
 * stat: what is known of a file, and who may change it.
 *
 * Owns: the way from inode to struct stat and statx; the permission rules of chmod, chown and
 * utimes. Locks: reading takes none: each field is a word. setattr holds inode->lock for writing.
 *                                                     Follows: stat(2), statx(2), chmod(2),
 * chown(2), utimensat(2)
 */
#include "fs/stat.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>

#include "lib/string.h"
#include "kernel/id/userns.h"
#include "kernel/time/clock.h"
#include "fs/chrdev.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/namei.h"

/* ---- reading */

static inline void inode_fill_stat(const struct inode *inode, struct kstat *st)
{
	st->dev = inode->sb->dev;
	st->ino = inode->ino;
	st->rdev = S_ISCHR(inode->mode) || S_ISBLK(inode->mode) ? inode->rdev : 0;
	st->mode = inode->mode;
	st->nlink = inode->nlink;
	st->uid = inode->uid;
	st->gid = inode->gid;
	st->size = inode->size;
	st->blocks = 0;
	st->blksize = PAGE_SIZE;
	st->atime_ns = inode->atime_ns;
	st->mtime_ns = inode->mtime_ns;
	st->ctime_ns = inode->ctime_ns;
	st->btime_ns = 0;
	st->attributes = 0;
	st->attributes_mask = 0;
}

int vfs_getattr(const struct path *p, struct kstat *st)
{
	struct inode *inode = dentry_inode(p->dentry);

	if (unlikely(!inode->ctime_ns)) /* a pseudo file's: nobody asked before */
		inode_touch(inode, ATTR_ATIME | ATTR_MTIME | ATTR_CTIME);
	inode_fill_stat(inode, st);
	return inode->ops->getattr ? inode->ops->getattr(inode, st) : 0;
}

u64 dev_to_user(u64 dev)
{
	return makedev(DEV_MAJOR(dev), DEV_MINOR(dev));
}

u64 dev_from_user(u64 dev)
{
	return MKDEV(major(dev), minor(dev));
}

/* Field by field, because a compound literal is cleared before it is filled in, and fstat is called
 * often. */
static inline void put_time(struct timespec *t, u64 ns)
{
	t->tv_sec = ns / NS_PER_SEC;
	t->tv_nsec = ns % NS_PER_SEC;
}

void kstat_to_stat(const struct kstat *k, struct stat *out)
{
	out->st_dev = dev_to_user(k->dev);
	out->st_ino = k->ino;
	out->st_nlink = k->nlink;
	out->st_mode = k->mode;
	out->st_uid = uid_to_user(k->uid);
	out->st_gid = gid_to_user(k->gid);
	out->__pad0 = 0;
	out->st_rdev = unlikely(k->rdev) ? dev_to_user(k->rdev) : 0;
	out->st_size = k->size;
	out->st_blksize = k->blksize;
	out->st_blocks = k->blocks;
	put_time(&out->st_atim, k->atime_ns);
	put_time(&out->st_mtim, k->mtime_ns);
	put_time(&out->st_ctim, k->ctime_ns);
	memset(out->__unused_words, 0, sizeof(out->__unused_words));
}

static inline void put_statx_time(struct statx_timestamp *t, u64 ns)
{
	t->tv_sec = ns / NS_PER_SEC;
	t->tv_nsec = ns % NS_PER_SEC;
	t->__reserved = 0;
}

static void put_statx_mount(const struct path *p, u32 mask, struct statx *out)
{
	if (p->dentry == p->mnt->root)
		out->stx_attributes |= STATX_ATTR_MOUNT_ROOT;
	if (mask & STATX_MNT_ID_UNIQUE) {
		out->stx_mask |= STATX_MNT_ID_UNIQUE;
		out->stx_mnt_id = p->mnt->unique_id;
	} else {
		out->stx_mask |= STATX_MNT_ID;
		out->stx_mnt_id = p->mnt->id;
	}
}

void kstat_to_statx(const struct kstat *k, const struct path *p, u32 mask, struct statx *out)
{
	out->stx_mask = STATX_BASIC_STATS | (k->btime_ns ? STATX_BTIME : 0);
	out->stx_blksize = k->blksize;
	out->stx_attributes = k->attributes;
	out->stx_nlink = k->nlink;
	out->stx_uid = uid_to_user(k->uid);
	out->stx_gid = gid_to_user(k->gid);
	out->stx_mode = k->mode;
	out->__spare0[0] = 0;
	out->stx_ino = k->ino;
	out->stx_size = k->size;
	out->stx_blocks = k->blocks;
	out->stx_attributes_mask =
		k->attributes_mask | STATX_ATTR_AUTOMOUNT | STATX_ATTR_DAX | STATX_ATTR_MOUNT_ROOT;
	put_statx_time(&out->stx_atime, k->atime_ns);
	put_statx_time(&out->stx_btime, k->btime_ns);
	put_statx_time(&out->stx_ctime, k->ctime_ns);
	put_statx_time(&out->stx_mtime, k->mtime_ns);
	out->stx_rdev_major = DEV_MAJOR(k->rdev);
	out->stx_rdev_minor = DEV_MINOR(k->rdev);
	out->stx_dev_major = DEV_MAJOR(k->dev);
	out->stx_dev_minor = DEV_MINOR(k->dev);
	memset(&out->stx_mnt_id, 0, sizeof(*out) - offsetof(struct statx, stx_mnt_id));
	put_statx_mount(p, mask, out);
}

static long mount_statfs_flags(const struct mount *m)
{
	static const struct {
		u32 mnt;
		long st;
	} map[] = {
		{ MNT_FLAG_RDONLY, ST_RDONLY },     { MNT_FLAG_NOSUID, ST_NOSUID },
		{ MNT_FLAG_NODEV, ST_NODEV },       { MNT_FLAG_NOEXEC, ST_NOEXEC },
		{ MNT_FLAG_NOATIME, ST_NOATIME },   { MNT_FLAG_NODIRATIME, ST_NODIRATIME },
		{ MNT_FLAG_RELATIME, ST_RELATIME }, { MNT_FLAG_NOSYMFOLLOW, ST_NOSYMFOLLOW },
	};
	long flags = ST_VALID;

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (m->flags & map[i].mnt)
			flags |= map[i].st;
	if (m->sb->flags & SB_RDONLY)
		flags |= ST_RDONLY;
	return flags;
}

int vfs_statfs(const struct path *p, struct statfs *out)
{
	struct super *sb = p->dentry->sb;

	*out = (struct statfs){
		.f_type = sb->magic,
		.f_bsize = PAGE_SIZE,
		.f_frsize = PAGE_SIZE,
		.f_namelen = NAME_MAX_LEN,
		.f_fsid.val[0] = dev_to_user(sb->dev),
		.f_flags = mount_statfs_flags(p->mnt),
	};
	if (sb->ops->statfs)
		sb->ops->statfs(sb, out);
	return 0;
}

/* ---- permission */

bool path_is_noexec(const struct path *p)
{
	return (p->mnt->flags & MNT_FLAG_NOEXEC) || (p->mnt->sb->flags & SB_NOEXEC);
}

int path_permission(const struct path *p, u32 mask)
{
	struct inode *inode = dentry_inode(p->dentry);
	int err;

	if ((mask & MAY_EXEC) && S_ISREG(inode->mode) && path_is_noexec(p))
		return -EACCES;
	err = inode_permission(inode, mask);
	if (!err && (mask & MAY_WRITE) &&
	    (S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode)))
		err = path_want_write(p);
	return err;
}

int vfs_access(const struct path *p, u32 mask)
{
	/* R_OK, W_OK, X_OK are MAY_READ, MAY_WRITE, MAY_EXEC. */
	return mask ? path_permission(p, mask) : 0;
}

/* ---- changing */

int vfs_setattr(const struct path *p, struct iattr *attr)
{
	struct inode *inode = dentry_inode(p->dentry);
	u64 now = clock_realtime_ns();
	int err = path_want_write(p);

	if (err)
		return err;
	attr->valid |= ATTR_CTIME;
	attr->ctime_ns = now;
	rwsem_write_lock(&inode->lock);
	if (attr->valid & ATTR_SIZE) {
		inode_kill_suid(inode);
		attr->valid |= ATTR_MTIME;
		attr->mtime_ns = now;
	}
	err = inode->ops->setattr ? inode->ops->setattr(inode, attr)
				  : inode_setattr_simple(inode, attr);
	rwsem_write_unlock(&inode->lock);
	return err;
}

int vfs_chmod(const struct path *p, u32 mode)
{
	struct inode *inode = dentry_inode(p->dentry);
	struct iattr attr = { .valid = ATTR_MODE, .mode = mode & 07777 };

	if (path_want_write(p))
		return -EROFS;
	if (S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	if (!inode_is_owned(inode))
		return inode->ops->setattr == setattr_unsupported ? -EOPNOTSUPP : -EPERM;
	if ((mode & S_ISGID) && !cred_in_group(cred_current(), inode->gid) &&
	    !inode_capable(inode, CAP_FSETID))
		attr.mode &= ~(u32)S_ISGID;
	return vfs_setattr(p, &attr);
}

static int chown_check(const struct inode *inode, u32 uid, u32 gid)
{
	const struct cred *cred = cred_current();
	bool is_own = cred->fsuid == inode->uid;

	if (inode_capable(inode, CAP_CHOWN))
		return 0;
	if (uid != ~0u && !(is_own && uid == inode->uid))
		return -EPERM;
	if (gid != ~0u && !(is_own && (gid == inode->gid || cred_in_group(cred, gid))))
		return -EPERM;
	return 0;
}

int vfs_chown(const struct path *p, u32 uid, u32 gid)
{
	struct inode *inode = dentry_inode(p->dentry);
	struct iattr attr = { .uid = uid, .gid = gid };
	int err = path_want_write(p);

	if (!err)
		err = chown_check(inode, uid, gid);
	if (err)
		return err;
	attr.valid = (uid != ~0u ? ATTR_UID : 0) | (gid != ~0u ? ATTR_GID : 0);
	/* A new owner does not inherit the trust that set-id bits put in the old one. */
	if (!S_ISDIR(inode->mode) && (inode->mode & (S_ISUID | S_ISGID))) {
		if (!inode_is_owned(inode))
			return -EPERM;
		attr.valid |= ATTR_MODE;
		attr.mode = inode->mode & 07777 & ~(u32)S_ISUID;
		if (attr.mode & 0010)
			attr.mode &= ~(u32)S_ISGID;
	}
	return vfs_setattr(p, &attr);
}

/* 0: set to *ns; 1: leave alone; -EINVAL. *is_now tells UTIME_NOW. */
static int utime_value(const struct timespec *t, u64 now, u64 *ns, bool *is_now)
{
	*is_now = t->tv_nsec == UTIME_NOW;
	*ns = now;
	if (*is_now)
		return 0;
	if (t->tv_nsec == UTIME_OMIT)
		return 1;
	if (t->tv_nsec < 0 || t->tv_nsec >= (long)NS_PER_SEC)
		return -EINVAL;
	/* Before 1970 and after 2554 the nearest that can be kept, as Linux does with its own
	 * limits. */
	if (t->tv_sec < 0)
		*ns = 0;
	else if ((u64)t->tv_sec > UINT64_MAX / NS_PER_SEC - 1)
		*ns = (UINT64_MAX / NS_PER_SEC - 1) * NS_PER_SEC;
	else
		*ns = t->tv_sec * NS_PER_SEC + t->tv_nsec;
	return 0;
}

int vfs_utimes(const struct path *p, const struct timespec times[2])
{
	static const struct timespec now_times[2] = { { .tv_nsec = UTIME_NOW },
						      { .tv_nsec = UTIME_NOW } };
	struct inode *inode = dentry_inode(p->dentry);
	u64 now = clock_realtime_ns();
	struct iattr attr = { 0 };
	bool a_now, m_now;
	int a, m;

	if (!times)
		times = now_times;
	a = utime_value(&times[0], now, &attr.atime_ns, &a_now);
	m = utime_value(&times[1], now, &attr.mtime_ns, &m_now);
	if (a < 0 || m < 0)
		return -EINVAL;
	if (a && m)
		return 0;
	if (path_want_write(p))
		return -EROFS;
	attr.valid = (a ? 0 : ATTR_ATIME) | (m ? 0 : ATTR_MTIME);
	if (!inode_is_owned(inode)) {
		if (!a_now || !m_now)
			return -EPERM;
		if (inode_permission(inode, MAY_WRITE))
			return -EACCES;
	}
	return vfs_setattr(p, &attr);
}
