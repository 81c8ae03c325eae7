/*
 * What the files of the VFS core share, and nobody else may use.
 */
#pragma once

#include "lib/string.h"
#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/path.h"

/* dentry.c: the hash of all linked names. */
#define DHASH_BITS 12

struct dhash_bucket {
	struct spinlock lock; /* RANK_DHASH */
	struct dentry *first;
};
extern struct dhash_bucket dhash[];

static inline struct dhash_bucket *dhash_bucket(const struct dentry *parent, u32 name_hash)
{
	u32 hash = name_hash ^ (u32)((u64)parent >> 4);

	return &dhash[hash * 0x9e3779b1u >> (32 - DHASH_BITS)];
}

static inline u64 load_u64(const char *p)
{
	u64 v;

	memcpy(&v, p, 8);
	return v;
}

static inline u32 load_u32(const char *p)
{
	u32 v;

	memcpy(&v, p, 4);
	return v;
}

/* Names are short, so a call of memcmp would cost more than the comparison. The last words overlap.
 */
static __always_inline bool name_equal(const char *a, const char *b, u32 len)
{
	if (len < 4)
		return a[0] == b[0] && a[len >> 1] == b[len >> 1] && a[len - 1] == b[len - 1];
	if (len < 8)
		return load_u32(a) == load_u32(b) && load_u32(a + len - 4) == load_u32(b + len - 4);
	for (u32 i = 0; i < len - 8; i += 8)
		if (load_u64(a + i) != load_u64(b + i))
			return false;
	return load_u64(a + len - 8) == load_u64(b + len - 8);
}

/* The bucket's lock is held: a pinned name cannot go before it is out of the bucket. */
static inline bool dentry_tryget_locked(struct dentry *d)
{
	if (unlikely(!(dentry_flags(d) & DENTRY_PINNED)))
		return refcount_tryget(&d->refs);
	refcount_get(&d->refs);
	return true;
}

static __always_inline struct dentry *dentry_find_inline(struct dentry *parent,
							 const struct qname *name)
{
	struct dhash_bucket *bucket = dhash_bucket(parent, name->hash);
	struct dentry *d;

	spin_lock(&bucket->lock);
	for (d = bucket->first; d; d = d->hash_next)
		if (d->name_hash == name->hash && d->parent == parent && d->name_len == name->len &&
		    name_equal(d->name, name->name, name->len) && dentry_tryget_locked(d))
			break;
	spin_unlock(&bucket->lock);
	return d;
}

/* The cached child, +1, if it is still true; NULL: ask dentry_lookup_slow(). */
struct dentry *dentry_find_valid(struct dentry *parent, const struct qname *name);
int dentry_lookup_slow(struct dentry *parent, const struct qname *name, struct dentry **out);
/* Takes apart a memory file system's names; nobody uses them any more. */
void dentry_drop_tree(struct dentry *root);

/*
 * A walk under way (path.c). The rest of the name, and under it the rests of the names whose links
 * led here. walk_end() is due after walk_start() succeeded, also when a later step failed.
 */
#define WALK_MAX_LINKS 40

struct walk {
	struct path path; /* counted: the place reached */
	struct path root; /* counted; mnt NULL: not needed yet */
	u32 flags; /* LOOKUP_* */
	u32 nr_links; /* followed so far */
	u32 depth; /* names below this one */
	const char *name; /* what is left to walk */
	char *text; /* buffer that name is in, if a link's */
	struct {
		char *text;
		const char *rest;
	} below[WALK_MAX_LINKS];
};

int walk_start(struct walk *w, int dirfd, const char *name, u32 flags);
/* All but the last component, which *last gets; LAST_ROOT: there was none. */
int walk_to_last(struct walk *w, struct last_component *last);
/* To the end. Afterwards w->path is the place. */
int walk_to_end(struct walk *w);
/* dentry, the last component, is a symlink in w->path: goes on with its text or to its place. Then
 * either w->name is to be walked, or, *is_there, w->path is the place. */
int walk_follow(struct walk *w, struct dentry *link, const char *rest, bool *is_there);
/* Goes to dentry (consumed), a child of w->path, and into what is mounted there. */
int walk_enter(struct walk *w, struct dentry *dentry);
void walk_end(struct walk *w);

/* mount.c: up from the root of mnt, +1 each; false: there is nothing above. */
bool mount_above_get(struct mount *mnt, struct path *out);
/* Trees of mounts: mount_lock held for writing; for reading is enough to look. */
extern struct rwsem mount_lock; /* RANK_MOUNT */
/* sb: its reference becomes the mount's on success. In no tree yet. */
struct mount *mount_alloc(struct super *sb, struct dentry *root, const char *source, u32 flags);
struct mount *mount_find(const struct mount *parent, const struct dentry *mountpoint);
struct mount *mount_uppermost(struct mount *m); /* of what is stacked on the root of m */
struct mount *mount_tree_next(struct mount *m, struct mount *top); /* depth first; NULL: the end */
bool mount_is_below(const struct mount *m, const struct mount *top); /* or top itself */
/* m goes to `at`, from where it may have been. */
void mount_hook(struct mount *m, const struct path *at);
/* The same, but under what is there, which then lies on the uppermost of m. */
void mount_hook_under(struct mount *m, const struct path *at);
/* The mountpoint's references become the caller's, in *above. */
void mount_unhook(struct mount *m, struct path *above);
/* mount_namespaces(7), "Restrictions on mount namespaces": what is hidden stays hidden, and what is
 * forbidden forbidden. */
void mount_tree_lock(struct mount *top);

#define CLONE_SLAVE      0x1u /* slaves of the originals, where those have peers; else peers */
#define CLONE_SHARED     0x2u /* ... with peers to come of their own */
#define CLONE_UNBINDABLE 0x4u /* the unbindable ones as well */
#define CLONE_ALONE      0x8u /* not what is below */
/* In no namespace. What of it came to be before an error is in gone. -ENOMEM, -EPERM. */
int mount_tree_clone(struct mount *from, struct dentry *root, u32 how, struct mount **out,
		     struct list *gone) __must_check;

#define TAKE_PROPAGATED 0x1u /* and what corresponds to it elsewhere */
#define TAKE_CONNECTED  0x2u /* who is inside still finds the rest */
/* Takes top and all below it out of the tree, into gone; the lock is left before the put. */
void mount_take_out(struct mount *top, u32 how, struct list *gone);
void mount_tree_put(struct list *gone);

/* For who removes names: is something mounted here that the caller sees? Else, once the name is
 * gone and no locks are held, so are the mounts that others have there. */
bool dentry_is_mounted_here(struct dentry *d);
void dentry_drop_mounts(struct dentry *d);

/* propagate.c; mount_lock held for writing. */
void mount_set_propagation(struct mount *m, u32 type); /* MS_SHARED ... */
void propagate_clone(struct mount *copy, const struct mount *from, u32 how);
void propagate_umount(struct mount *top, struct list *going);
bool propagate_is_busy(struct mount *m); /* what would go with m */
int mount_attach_tree(struct mount *top, const struct path *at, struct list *gone) __must_check;
bool propagate_reaches(const struct mount *from, const struct mount *to, struct dentry *point);
void propagate_init(void);

/* mnt_ns.c: files of it are open for writing. mount_lock held. */
bool super_has_writers(const struct super *sb);

/* mnt_ns.c: the root of the current mount namespace; no references, constant unless pivot_root. */
const struct path *mount_ns_root(void);
void mnt_ns_init(void);

/* fs_ctx.c: every root and working directory equal to from becomes to (pivot_root). */
void fs_ctx_replace(const struct path *from, const struct path *to);

void rw_init(void); /* rw.c; called by file_init_cache */

/* file.c: file_new() for a dentry of inode, not O_PATH. NULL: file_make_error() says why. */
struct file *file_make(struct mount *mnt, struct dentry *dentry, struct inode *inode,
		       u32 flags) __must_check;
int file_make_error(void);
/* The same in two steps, of which only the first may fail; file_unalloc() undoes it. */
struct file *file_alloc(void) __must_check;
void file_unalloc(struct file *file);
void file_fill(struct file *file, struct mount *mnt, struct dentry *dentry, struct inode *inode,
	       u32 flags);
/* Undoes both, or file_make(): no ops->release, and the path's references are the caller's again. */
void file_discard(struct file *file);

/* inode.c: may dir be searched? Most may by everybody. */
static inline int dir_check_search(struct inode *dir)
{
	if (likely((dir->mode & 0111) == 0111) && likely(!dir->ops->permission))
		return 0;
	return inode_permission(dir, MAY_EXEC);
}
int inode_check_sticky(const struct inode *dir, const struct inode *victim);

/* namei.c: may the caller make a name in dir (write and search permission, dir not removed)? */
int dir_check_create(const struct path *dir);
