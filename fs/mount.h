/*
 * struct mount: a super (or a part of it) attached at a place; mount namespaces.
 */
#pragma once

#include "lib/list.h"
#include "kernel/sync/refcount.h"
#include "fs/path.h"

struct file;
struct mnt_ns;
struct super;

#define MNT_FLAG_RDONLY      0x001u
#define MNT_FLAG_NOSUID      0x002u
#define MNT_FLAG_NODEV       0x004u
#define MNT_FLAG_NOEXEC      0x008u
#define MNT_FLAG_NOATIME     0x010u
#define MNT_FLAG_RELATIME    0x020u
#define MNT_FLAG_NODIRATIME  0x040u
#define MNT_FLAG_INTERNAL    0x080u /* kernel's own (pipefs, pidfs): in no namespace */
#define MNT_FLAG_NOSYMFOLLOW 0x100u
#define MNT_FLAG_ATIMES      (MNT_FLAG_NOATIME | MNT_FLAG_RELATIME | MNT_FLAG_NODIRATIME)

struct mount {
	struct refcount refs;
	struct super *sb; /* [I] counted */
	struct dentry *root; /* [I] counted */
	struct mount *parent; /* [MOUNT] itself at the top */
	struct dentry *mountpoint; /* [MOUNT] counted */
	struct mnt_ns *ns; /* [MOUNT] weak; NULL: internal, or in no tree (any more) */
	_Atomic u32 writers; /* [a] regular files open for writing */
	u32 flags; /* [MOUNT] for writing */
	int id; /* [I] mnt_id */
	u64 unique_id; /* [I] */
	u32 locked_flags; /* [MOUNT] that cannot change: a more privileged namespace set them */
	bool is_locked; /* [MOUNT] likewise: it cannot be taken off what it covers */
	bool is_expiring; /* [MOUNT] MNT_EXPIRE was here before */
	bool is_unbindable; /* [MOUNT] */
	bool is_going; /* [MOUNT] while it is taken out of its tree */
	u32 group, master; /* [MOUNT] peers and masters: propagate.c. 0: none */
	char *source; /* [I] "none", device name */
	struct list hash_link, point_link, children, child_link, ns_link; /* [MOUNT] */
	struct list group_link, master_link; /* [MOUNT] */
	/* [MOUNT] for the time of one operation: */
	struct list work_link, reach_link; /* what it is about; whom that reaches */
	struct mount *received; /* the copy that is to be mounted here */
	struct path left; /* what to put, once the lock is left */
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

/*
 * What mount(2), umount2(2) and their newer kin do, on resolved places. Whether the caller may
 * mount at all is checked before. All may sleep.
 */
int mount_new(const char *type, const char *source, u32 mnt_flags, const char *options,
	      const struct path *at) __must_check;
int mount_bind(const struct path *from, const struct path *at, bool recursive) __must_check;
/* beneath: under what is mounted at `at`, instead of on it. */
int mount_move(const struct path *from, const struct path *at, bool beneath) __must_check;
int mount_remount(const struct path *at, u32 mnt_flags, bool bind_only,
		  const char *options) __must_check;
int mount_umount(const struct path *at,
		 u32 mnt_umount_flags) __must_check; /* MNT_DETACH, MNT_FORCE ... */
int mount_pivot_root(const struct path *new_root, const struct path *put_old) __must_check;
/* What changes of a mount, or of all in a tree. */
struct mount_change {
	u32 set, clear; /* MNT_FLAG_*; clear goes first */
	u32 propagation; /* one of MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE; 0: as it is */
	bool is_recursive;
};
int mount_change(const struct path *at, const struct mount_change *c) __must_check;
/* to gets the peers and masters of from. */
int mount_set_group(const struct path *from, const struct path *to) __must_check;
/* A tree of its own, in no namespace, that goes with the file unless it is moved somewhere. */
int mount_open_tree(const struct path *from, bool recursive, struct file **out) __must_check;
int mount_open_super(struct super *sb, const char *source, u32 mnt_flags,
		     struct file **out) __must_check; /* consumes the sb reference */
/* Other flags and options for a super; the caller may. */
int super_reconfigure(struct super *sb, bool is_rdonly, const char *options) __must_check;

/* The nearest group above m with a member below root, for mountinfo; 0: none. MOUNT held for
 * reading. */
u32 mount_propagates_from(const struct mount *m, const struct path *root);

extern u32 mount_max; /* in one namespace */

/* Boot: the first mount of the first namespace; *root gets references. */
int mount_root(struct super *sb, struct path *root) __must_check;

void mount_init(void);
