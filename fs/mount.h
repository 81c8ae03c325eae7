/*
 * struct mount: a super (or a part of it) attached at a place; mount namespaces.
 */
#pragma once

#include "lib/list.h"
#include "kernel/sync/refcount.h"
#include "fs/path.h"

struct mnt_ns;
struct super;

#define MNT_FLAG_RDONLY     0x01u
#define MNT_FLAG_NOSUID     0x02u
#define MNT_FLAG_NODEV      0x04u
#define MNT_FLAG_NOEXEC     0x08u
#define MNT_FLAG_NOATIME    0x10u
#define MNT_FLAG_RELATIME   0x20u
#define MNT_FLAG_NODIRATIME 0x40u
#define MNT_FLAG_INTERNAL   0x80u /* kernel's own (pipefs, pidfs): in no namespace */

struct mount {
	struct refcount refs;
	struct super *sb; /* [I] counted */
	struct dentry *root; /* [I] counted */
	struct mount *parent; /* [MOUNT] itself at the top */
	struct dentry *mountpoint; /* [MOUNT] counted */
	struct mnt_ns *ns; /* [MOUNT] weak; NULL: internal or detached */
	u32 flags; /* [MOUNT] for writing */
	int id; /* [I] mnt_id */
	u64 unique_id; /* [I] */
	u32 locked_flags; /* [MOUNT] that cannot be cleared: a more privileged namespace set them */
	bool is_locked; /* [MOUNT] likewise: it cannot be taken off what it covers */
	bool is_expiring; /* [MOUNT] MNT_EXPIRE was here before */
	char *source; /* [I] "none", device name */
	struct list hash_link, children, child_link, ns_link; /* [MOUNT] */
};

/* Finds the mount on top of (mnt, dentry), +1; NULL: nothing is mounted there. */
struct mount *mount_find_get(struct mount *mnt, struct dentry *dentry);
static inline struct mount *mount_get(struct mount *m)
{
	refcount_get(&m->refs);
	return m;
}
void mount_put_last(struct mount *m); /* the count is 0 */
/* NULL is fine; may sleep. */
static inline void mount_put(struct mount *m)
{
	if (m && refcount_put(&m->refs))
		mount_put_last(m);
}

/* An internal mount of a pseudo super (consumes the sb reference): pidfs, pipefs ... */
int mount_internal(struct super *sb, struct mount **out) __must_check;

/* mount(2) and umount2(2) on resolved places; permission checked by the caller. */
int mount_new(const char *type, const char *source, u32 mnt_flags, const char *options,
	      const struct path *at) __must_check;
int mount_bind(const struct path *from, const struct path *at, bool recursive) __must_check;
int mount_move(const struct path *from, const struct path *at) __must_check;
int mount_remount(const struct path *at, u32 mnt_flags, bool bind_only,
		  const char *options) __must_check;
int mount_umount(const struct path *at,
		 u32 mnt_umount_flags) __must_check; /* MNT_DETACH, MNT_FORCE ... */
int mount_pivot_root(const struct path *new_root, const struct path *put_old) __must_check;

/* Boot: the first mount of the first namespace; *root gets references. */
int mount_root(struct super *sb, struct path *root) __must_check;

/* Calls fn for each mount of the current namespace visible from root, in order of mounting. MOUNT
 * held for reading. */
void mount_for_each(void (*fn)(struct mount *, void *), void *arg);
void mount_init(void);
