/*
 * struct inode: one file, however many names and openers it has.
 *
 * Life: NEW (being filled, locked against a second finder) -> LIVE -> evicted with the last
 * reference. There is no cache of unused inodes: file systems whose files live in memory hold a
 * reference of their own (through a linked dentry), pseudo ones want them gone.
 *
 *   [I] set before LIVE   [L] lock (RANK_INODE, directories RANK_DIR)   [a] atomic   [C]
 * sb->icache_lock
 */
#pragma once

#include "lib/list.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/rwsem.h"
#include "kernel/sync/spinlock.h"
#include "fs/ops.h"
#include "fs/super.h"

struct flock_context;
struct pagecache;
struct socket;

struct inode {
	u64 ino; /* [I] */
	struct super *sb; /* [I] counted by the mount, not by inodes */
	const struct inode_ops *ops; /* [I] never NULL; inode_ops_none if nothing */
	const struct file_ops *fops; /* [I] given to files opened on it */
	void *private; /* [I] the file system's; evict drops it */
	struct refcount refs; /* [a] 0: being evicted */
	_Atomic u32 state; /* [a] INODE_* */
	u32 mode; /* [L] type and permissions; readers need no lock */
	u32 uid, gid; /* [L] likewise */
	_Atomic u32 nlink; /* [a] */
	_Atomic s32 writers; /* [a] >0: open for writing; <0: being executed (ETXTBSY) */
	union {
		u64 rdev; /* [I] devices */
		struct pagecache *pages; /* [I] regular files: contents in memory, or NULL */
		void *fifo; /* [L] fs/pipefs: the open pipe of a FIFO inode */
		struct socket *bound; /* fs/sockfs, its lock: who is bound to a socket inode */
	};
	_Atomic u64 size; /* [L] for writing */
	_Atomic u64 atime_ns, mtime_ns, ctime_ns; /* [a] since 1970 */
	struct rwsem lock; /* RANK_INODE or RANK_DIR */
	struct inode *hash_next; /* [C] */
	struct flock_context
		*_Atomic locks; /* [a] fs/flock.c's, made on first use, freed at evict */
};
#ifndef CONFIG_DEBUG
static_assert(sizeof(struct inode) <= 160, "there is one for every process that has a pidfd");
#endif

#define INODE_NEW      0x1u /* locked until inode_unlock_new() */
#define INODE_HASHED   0x2u
#define INODE_UNSEEN   0x10u /* just made under icache_lock, which is still held */
#define INODE_LINKABLE 0x8u /* O_TMPFILE without O_EXCL: may get its first name */
#define INODE_MARKED   0x20u /* its file system's own: pidfs kills the process with the inode */
#define INODE_FAILED   0x4u /* the one who filled it gave up */

/* An inode in no table, refs 1, state LIVE once filled: mode 0, times now, nlink 1, lock
 * initialised by mode's type when inode_init_lock is called by the caller (or default INODE rank).
 * NULL: out of memory. */
struct inode *inode_new(struct super *sb) __must_check;
/* The same with times 0: the first stat sets them, which saves asking the clock for what nobody
 * looks at. */
struct inode *inode_new_timeless(struct super *sb) __must_check;
void inode_set_dir_rank(struct inode *inode); /* before use: its lock is a directory's */

/**
 * inode_get_locked - the one inode of number ino in sb.
 * Returns it with one reference: either live and shared, or new (state INODE_NEW) for the caller to
 * fill and inode_unlock_new(), or inode_fail_new(). A second caller sleeps until the first is done.
 * A dying inode is never revived: a new one takes its place. NULL: out of memory.
 */
struct inode *inode_get_locked(struct super *sb, u64 ino) __must_check;
void inode_unlock_new(struct inode *inode);
void inode_fail_new(struct inode *inode);

/**
 * inode_get_or_add - inode_get_locked() for those who can fill in an inode without sleeping.
 * Returns it with one reference. inode_is_unseen(): it is fresh, and sb->icache_lock is held until
 * the caller has filled it in and calls inode_publish(). Its times are 0: who does not inode_touch()
 * it gets those of the first stat.
 */
struct inode *inode_get_or_add(struct super *sb, u64 ino) __must_check;

static inline struct inode *inode_get(struct inode *inode)
{
	refcount_get(&inode->refs);
	return inode;
}
void inode_put_last(struct inode *inode); /* the count is 0: unhash, sb->ops->evict, free */
/* May sleep. NULL is fine. */
static inline void inode_put(struct inode *inode)
{
	if (inode && refcount_put(&inode->refs))
		inode_put_last(inode);
}

static inline bool inode_is_new(const struct inode *i)
{
	return atomic_load_explicit(&i->state, memory_order_relaxed) & INODE_NEW;
}
static inline void inode_publish(struct inode *i)
{
	atomic_store_explicit(&i->state, INODE_HASHED, memory_order_relaxed);
	spin_unlock(&i->sb->icache_lock);
}
static inline bool inode_is_unseen(const struct inode *i)
{
	return atomic_load_explicit(&i->state, memory_order_relaxed) & INODE_UNSEEN;
}
#define INODE_TYPE(i) ((i)->mode & S_IFMT)

int inode_permission(struct inode *inode, u32 mask); /* ops->permission or generic; fs creds */
/* The caller's capability, if owner and group have names in its user namespace. */
bool inode_capable(const struct inode *inode, unsigned cap);
bool inode_is_owned(const struct inode *inode); /* by the caller, or it has CAP_FOWNER over it */
int inode_permission_generic(struct inode *inode, u32 mask);
/* new inode in dir: uid/gid/mode by the creator's credentials, set-gid directories, umask already
 * applied */
void inode_init_owner(struct inode *inode, const struct inode *dir, u32 mode);
int inode_setattr_simple(struct inode *inode, const struct iattr *attr); /* everything but size */
void inode_touch(struct inode *inode, u32 attr_valid); /* ATTR_ATIME|MTIME|CTIME: now */

/* S_ISUID/S_ISGID go when a non-privileged writer changes the file. */
void inode_kill_suid(struct inode *inode);

extern const struct inode_ops inode_ops_none;
extern const struct file_ops file_ops_none; /* everything refused with the defaults */
/* atime: after a read, as the mount's noatime, relatime say. */
struct file;
void inode_accessed(struct file *file);
u64 inode_count(void);
void inode_init_cache(void);
