/*
 * struct super: one instance of a file system; struct fs_type: how to make them.
 */
#pragma once

#include "lib/list.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/spinlock.h"
#include "kernel/sync/wait.h"

struct dentry;
struct inode;
struct super;
struct super_ops;
struct userns;

/* fs_type.flags */
#define FS_USERNS 0x2u /* may be mounted by whoever has CAP_SYS_ADMIN in a user namespace */
#define FS_WHOLE  0x4u /* ... if there is one to be seen already, with nothing hidden */
#define FS_NODEV  0x1u /* needs no device: "nodev" in /proc/filesystems; all of ours */

struct fs_type {
	const char *name;
	u32 flags;
	/* Makes (or finds, with a reference) an instance; options is mount(2)'s data, may be NULL.
	 */
	int (*mount)(const struct fs_type *type, const char *options, struct super **out);
	/* Other options for an instance; NULL: there are none, and all are fine. */
	int (*reconfigure)(struct super *sb, const char *options);
	/* Whether these options can be understood: -EINVAL. NULL: there are none. */
	int (*check)(const char *options);
	struct list link;
};

/* super.flags */
#define SB_NOUSER 0x1u /* never mountable by users (pseudo file systems) */
#define SB_NOEXEC 0x2u
#define SB_NODEV  0x4u
#define SB_RDONLY 0x8u
/* dentries of this super are unhashed and freed with their last reference (all but memory file
 * systems) */
#define SB_NOCACHE 0x10u

struct super {
	const struct fs_type *type; /* [I] also for unregistered pseudo types */
	const struct super_ops *ops; /* [I] */
	u64 dev; /* [I] anonymous device number: minor counts up, major 0 */
	u64 magic; /* [I] statfs */
	u32 flags; /* [I] SB_* */
	struct refcount refs; /* [a] one per mount */
	struct dentry *root; /* [I] counted */
	struct userns *userns; /* [I] counted: of who mounted it; whom its set-id bits mean */
	void *private; /* [I] the file system's */
	struct mutex rename_lock; /* RANK_RENAME */
	struct spinlock icache_lock; /* RANK_ICACHE: the inode hash */
	struct inode **
		icache; /* buckets; NULL until an inode is looked up by number; grown as it fills */
	u32 icache_bits, icache_count, icache_limit; /* limit: grow at this count */
	u64 next_ino; /* [icache_lock] for file systems without numbers of their own */
	struct wait_queue new_wait; /* sleepers in inode_get_locked() */
};

/* A super without root; refs 1; a device number of its own. The mounter sets root and private. */
int super_new(const struct fs_type *type, const struct super_ops *ops, u64 magic, u32 flags,
	      struct super **out) __must_check;
void super_put(struct super *sb); /* last: root, ops->shutdown, free. May sleep. */
u64 super_next_ino(struct super *sb);

/* An anonymous device number (MKDEV(0, n)); never given back. */
u64 super_new_dev(void);
static inline void super_get(struct super *sb)
{
	refcount_get(&sb->refs);
}
void fs_type_register(struct fs_type *type);
const struct fs_type *fs_type_find(const char *name, size_t len);
/* For /proc/filesystems. */
void fs_type_for_each(void (*fn)(const struct fs_type *, void *), void *arg);
