/*
 * inode: the life of files in memory, and what is generic about their attributes.
 *
 * Owns: struct inode; each super's table of inodes by number.
 * Life: see inode.h. The table holds no references. A finder takes one with tryget under
 *   icache_lock; the last holder brings the count to zero first and takes the inode out of the
 *   table second, so a finder in between sees a dying inode, passes it by and makes another.
 *   Nothing is ever revived.
 * Locks: icache_lock (RANK_ICACHE) for the table; objects are allocated under it, which is fine
 *   because the allocator never sleeps. Times are atomic words: a reader may see atime of one
 *   change with mtime of another, as on Linux.
 */
#include "fs/inode.h"

#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/time/clock.h"
#include "fs/file.h"
#include "fs/flock.h"
#include "fs/internal.h"
#include "fs/stat.h"

#define ICACHE_MIN_BITS 6
#define ICACHE_MAX_BITS 18
#define ICACHE_LOAD     2u /* inodes per bucket before the table doubles */

static struct slab_cache *inode_cache;

const struct inode_ops inode_ops_none;
const struct file_ops file_ops_none;

/* Each field once: a literal would be cleared first, and there is a new inode for every pidfd. */
static inline struct inode *inode_alloc(struct super *sb)
{
	struct inode *inode = cache_alloc(inode_cache);

	if (unlikely(!inode))
		return NULL;
	inode->ino = 0;
	inode->sb = sb;
	inode->ops = &inode_ops_none;
	inode->fops = &file_ops_none;
	inode->private = NULL;
	refcount_init(&inode->refs, 1);
	atomic_init(&inode->state, 0);
	inode->mode = 0;
	inode->uid = 0;
	inode->gid = 0;
	atomic_init(&inode->nlink, 1);
	atomic_init(&inode->writers, 0);
	inode->pages = NULL;
	atomic_init(&inode->size, 0);
	atomic_init(&inode->atime_ns, 0);
	atomic_init(&inode->mtime_ns, 0);
	atomic_init(&inode->ctime_ns, 0);
	inode->lock = (struct rwsem)RWSEM_INIT(RANK_INODE);
	inode->hash_next = NULL;
	atomic_init(&inode->locks, NULL);
	return inode;
}

struct inode *inode_new_timeless(struct super *sb)
{
	return inode_alloc(sb);
}

struct inode *inode_new(struct super *sb)
{
	struct inode *inode = inode_alloc(sb);

	if (inode)
		inode_touch(inode, ATTR_ATIME | ATTR_MTIME | ATTR_CTIME);
	return inode;
}

void inode_set_dir_rank(struct inode *inode)
{
	rwsem_init(&inode->lock, RANK_DIR);
}

/* ---- the table */

/* LAB 4 BEGIN table */
static inline struct inode **icache_bucket(struct super *sb, u64 ino)
{
	return &sb->icache[ino * 0x9e3779b97f4a7c15ull >> (64 - sb->icache_bits)];
}

/* Twice the buckets; if memory is out the chains just get longer. */
static __noinline void icache_grow(struct super *sb)
{
	u32 old_size = sb->icache ? 1u << sb->icache_bits : 0;
	u32 bits = old_size ? sb->icache_bits + 1 : ICACHE_MIN_BITS;
	struct inode **old = sb->icache;
	struct inode **table;

	if (bits > ICACHE_MAX_BITS)
		return;
	table = kzalloc(sizeof(*table) << bits);
	if (!table)
		return;
	sb->icache = table;
	sb->icache_bits = bits;
	for (u32 i = 0; i < old_size; i++) {
		struct inode *inode, *next;

		for (inode = old[i]; inode; inode = next) {
			struct inode **bucket = icache_bucket(sb, inode->ino);

			next = inode->hash_next;
			inode->hash_next = *bucket;
			*bucket = inode;
		}
	}
	kfree(old);
}

/* The live inode, +1, or a new one with state; NULL: out of memory. icache_lock is held. */
static inline struct inode *icache_get_or_add(struct super *sb, u64 ino, u32 state)
{
	struct inode **bucket;
	struct inode *inode;

	if (unlikely(sb->icache_count >= sb->icache_limit)) {
		icache_grow(sb);
		if (!sb->icache)
			return NULL;
		sb->icache_limit = ICACHE_LOAD << sb->icache_bits;
	}
	bucket = icache_bucket(sb, ino);
	for (inode = *bucket; inode; inode = inode->hash_next)
		if (inode->ino == ino && refcount_tryget(&inode->refs))
			return inode;
	inode = inode_alloc(sb);
	if (unlikely(!inode))
		return NULL;
	inode->ino = ino;
	atomic_init(&inode->state, state);
	inode->hash_next = *bucket;
	*bucket = inode;
	sb->icache_count++;
	return inode;
}

static inline void icache_remove(struct inode *inode)
{
	struct super *sb = inode->sb;
	struct inode **link;

	spin_lock(&sb->icache_lock);
	link = icache_bucket(sb, inode->ino);
	while (*link != inode)
		link = &(*link)->hash_next;
	*link = inode->hash_next;
	sb->icache_count--;
	spin_unlock(&sb->icache_lock);
}
/* LAB 4 END */

struct inode *inode_get_locked(struct super *sb, u64 ino)
{
	struct inode *inode;
	u32 state;

	for (;;) {
		spin_lock(&sb->icache_lock);
		inode = icache_get_or_add(sb, ino, INODE_NEW | INODE_UNSEEN | INODE_HASHED);
		if (!inode || (inode->state & INODE_UNSEEN)) {
			if (inode)
				atomic_init(&inode->state, INODE_NEW | INODE_HASHED);
			spin_unlock(&sb->icache_lock);
			if (inode)
				inode_touch(inode, ATTR_ATIME | ATTR_MTIME | ATTR_CTIME);
			return inode;
		}
		spin_unlock(&sb->icache_lock);
		/* Pairs with the release in inode_unlock_new(): what was filled in is seen. */
		state = atomic_load_explicit(&inode->state, memory_order_acquire);
		if (likely(!(state & (INODE_NEW | INODE_FAILED))))
			return inode;
		wait_event(&sb->new_wait, !(inode->state & INODE_NEW));
		if (!(inode->state & INODE_FAILED))
			return inode;
		inode_put(inode);
	}
}

struct inode *inode_get_or_add(struct super *sb, u64 ino)
{
	struct inode *inode;

	spin_lock(&sb->icache_lock);
	inode = icache_get_or_add(sb, ino, INODE_UNSEEN | INODE_HASHED);
	if (!inode || likely(!(inode->state & INODE_UNSEEN)))
		spin_unlock(&sb->icache_lock);
	return inode;
}

void inode_unlock_new(struct inode *inode)
{
	assert(inode_is_new(inode));
	atomic_fetch_and_explicit(&inode->state, ~INODE_NEW, memory_order_release);
	wake_all(&inode->sb->new_wait);
}

void inode_fail_new(struct inode *inode)
{
	assert(inode_is_new(inode));
	icache_remove(inode);
	atomic_store_explicit(&inode->state, INODE_FAILED, memory_order_release);
	wake_all(&inode->sb->new_wait);
	inode_put(inode);
}

void inode_put_last(struct inode *inode)
{
	u32 state = atomic_load_explicit(&inode->state, memory_order_relaxed);

	if (state & INODE_HASHED)
		icache_remove(inode);
	if (unlikely(inode->locks))
		flock_free(inode);
	if (inode->sb->ops->evict && likely(!(state & INODE_FAILED)))
		inode->sb->ops->evict(inode);
	cache_free(inode_cache, inode);
}

/* ---- permission */

bool inode_capable(const struct inode *inode, unsigned cap)
{
	const struct cred *c = cred_current();

	return cred_has_cap(c, cap) && id_has_name(c->userns, ID_USER, inode->uid) &&
	       id_has_name(c->userns, ID_GROUP, inode->gid);
}

bool inode_is_owned(const struct inode *inode)
{
	const struct cred *c = cred_current();

	return c->fsuid == inode->uid ||
	       (cred_has_cap(c, CAP_FOWNER) && id_has_name(c->userns, ID_USER, inode->uid));
}

int inode_permission_generic(struct inode *inode, u32 mask)
{
	const struct cred *cred = cred_current();
	u32 mode = inode->mode;

	if (cred->fsuid == inode->uid)
		mode >>= 6;
	else if (((mode >> 3) & 7) != (mode & 7) && cred_in_group(cred, inode->gid))
		mode >>= 3;
	if (likely(!(mask & ~mode & 7)))
		return 0;
	if (S_ISDIR(inode->mode)) {
		if (!(mask & MAY_WRITE) && inode_capable(inode, CAP_DAC_READ_SEARCH))
			return 0;
		return inode_capable(inode, CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	}
	if (mask == MAY_READ && inode_capable(inode, CAP_DAC_READ_SEARCH))
		return 0;
	/* Even root runs only what somebody may run. */
	if ((!(mask & MAY_EXEC) || (inode->mode & 0111)) && inode_capable(inode, CAP_DAC_OVERRIDE))
		return 0;
	return -EACCES;
}

int inode_permission(struct inode *inode, u32 mask)
{
	if (unlikely((mask & MAY_WRITE) && (inode->sb->flags & SB_RDONLY) &&
		     (S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode))))
		return -EROFS;
	if (unlikely(inode->ops->permission))
		return inode->ops->permission(inode, mask);
	return inode_permission_generic(inode, mask);
}

/* In a sticky directory only the owner of the entry or of the directory removes or renames it. */
int inode_check_sticky(const struct inode *dir, const struct inode *victim)
{
	u32 fsuid = cred_current()->fsuid;

	if (!(dir->mode & S_ISVTX) || victim->uid == fsuid || dir->uid == fsuid ||
	    inode_capable(victim, CAP_FOWNER))
		return 0;
	return -EPERM;
}

/* ---- attributes */

void inode_init_owner(struct inode *inode, const struct inode *dir, u32 mode)
{
	const struct cred *cred = cred_current();

	inode->uid = cred->fsuid;
	inode->gid = cred->fsgid;
	if (dir && (dir->mode & S_ISGID)) {
		inode->gid = dir->gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | 0010)) == (S_ISGID | 0010) &&
			 !cred_in_group(cred, dir->gid) && !inode_capable(dir, CAP_FSETID))
			mode &= ~(u32)S_ISGID;
	}
	inode->mode = mode;
	if (S_ISDIR(mode))
		inode_set_dir_rank(inode);
}

int inode_setattr_simple(struct inode *inode, const struct iattr *attr)
{
	if (attr->valid & ATTR_SIZE)
		return -EINVAL;
	if (attr->valid & ATTR_UID)
		inode->uid = attr->uid;
	if (attr->valid & ATTR_GID)
		inode->gid = attr->gid;
	if (attr->valid & ATTR_MODE)
		inode->mode = (inode->mode & S_IFMT) | (attr->mode & ~(u32)S_IFMT);
	if (attr->valid & ATTR_ATIME)
		inode->atime_ns = attr->atime_ns;
	if (attr->valid & ATTR_MTIME)
		inode->mtime_ns = attr->mtime_ns;
	if (attr->valid & ATTR_CTIME)
		inode->ctime_ns = attr->ctime_ns;
	return 0;
}

int setattr_unsupported(struct inode *inode, const struct iattr *attr)
{
	return -EOPNOTSUPP;
}

void inode_touch(struct inode *inode, u32 attr_valid)
{
	u64 now = clock_realtime_ns();

	if (attr_valid & ATTR_ATIME)
		atomic_store_explicit(&inode->atime_ns, now, memory_order_relaxed);
	if (attr_valid & ATTR_MTIME)
		atomic_store_explicit(&inode->mtime_ns, now, memory_order_relaxed);
	if (attr_valid & ATTR_CTIME)
		atomic_store_explicit(&inode->ctime_ns, now, memory_order_relaxed);
}

void inode_accessed(struct file *file)
{
	struct inode *inode = file->inode;
	u32 mnt_flags = file->path.mnt->flags;
	u64 atime = atomic_load_explicit(&inode->atime_ns, memory_order_relaxed);

	if ((mnt_flags & (MNT_FLAG_NOATIME | MNT_FLAG_RDONLY)) || (file->flags & O_NOATIME) ||
	    (inode->sb->flags & SB_RDONLY) ||
	    ((mnt_flags & MNT_FLAG_NODIRATIME) && S_ISDIR(inode->mode)))
		return;
	/* relatime: only if it was not read since it changed, or a day ago. */
	if ((mnt_flags & MNT_FLAG_RELATIME) && atime > inode->mtime_ns && atime > inode->ctime_ns &&
	    clock_realtime_ns() - atime < 86400 * NS_PER_SEC)
		return;
	inode_touch(inode, ATTR_ATIME);
}

void inode_kill_suid(struct inode *inode)
{
	u32 mode = inode->mode;

	if (likely(!(mode & (S_ISUID | S_ISGID))) || !S_ISREG(mode) || capable(CAP_FSETID))
		return;
	mode &= ~(u32)S_ISUID;
	if (mode & 0010) /* without group execution set-gid means something else */
		mode &= ~(u32)S_ISGID;
	inode->mode = mode;
}

static void inode_count_slab(const struct slab_stats *stats, void *arg)
{
	if (str_eq(stats->name, "inode"))
		*(u64 *)arg = stats->active;
}

u64 inode_count(void)
{
	u64 n = 0;

	slab_for_each(inode_count_slab, &n);
	return n;
}

void inode_init_cache(void)
{
	inode_cache = cache_create("inode", sizeof(struct inode), 8);
}
