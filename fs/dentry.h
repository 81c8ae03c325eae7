/*
 * struct dentry: a name in a directory, or the nameless place of a pseudo file.
 *
 * A positive dentry holds its inode; every dentry holds its parent. In memory file systems (no
 * SB_NOCACHE) a dentry that is linked into its directory holds one more reference on itself: the
 * dentry tree is the directory. In all others a dentry goes with its last reference, so nothing
 * needs to be shrunk.
 *
 * The fields of a pseudo dentry end at `parent`: there is one for every pidfd, pipe and socket, and
 * it is allocated that small.
 *
 *   [N] dentry_names_lock (RANK_DENTRY) and, while linked, the parent's inode->lock: both to write
 *   [B] hash bucket (RANK_DHASH)   [P] the parent's inode->lock   [I] constant   [a] atomic
 */
#pragma once

#include "lib/list.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/spinlock.h"
#include "fs/inode.h"
#include "fs/super.h"

#define NAME_MAX_LEN 255
#define DNAME_INLINE 32

#define DENTRY_HASHED  0x1u /* can be found by name */
#define DENTRY_PINNED  0x2u /* holds the extra reference of a linked name */
#define DENTRY_MOUNTED 0x4u /* something may be mounted here, in some namespace */
#define DENTRY_PSEUDO  0x8u /* made by dentry_new_pseudo: no parent, no name */
#define DENTRY_DEAD    0x10u /* a removed directory */

struct dentry {
	struct refcount refs; /* [a] */
	_Atomic u32 flags; /* [a] DENTRY_* */
	struct inode *_Atomic inode; /* [P] for writing; NULL: negative; once set it stays */
	struct super *sb; /* [I] */
	void *private; /* the file system's */

	/* Not in pseudo dentries. */
	struct dentry *parent; /* [N] counted; itself for a root */
	struct dentry *hash_next; /* [B] */
	u32 name_len, name_hash; /* [N] */
	const char *name; /* [N] inline_name or kmalloc; zero-ended */
	struct list child_link; /* [P] in parent->children: memory file systems only */
	struct list children; /* [own inode->lock] by rising dir_pos */
	u64 dir_pos; /* [P] readdir cookie: unique and rising per directory, from 2 */
	u64 next_pos; /* [own inode->lock] what the next child gets */
	char inline_name[DNAME_INLINE];
};
#define DENTRY_PSEUDO_SIZE offsetof(struct dentry, parent)

struct qname {
	const char *name;
	u32 len, hash;
};
/* Eight characters a step, the last ones padded with zeroes: fs/path.c makes it while it scans the
 * name. */
static inline u64 name_hash_add(u64 hash, u64 word)
{
	return (hash ^ word) * 0x9e3779b97f4a7c15ull;
}
static inline u32 name_hash_end(u64 hash)
{
	return hash >> 32;
}
static inline u32 dentry_hash_name(const char *name, u32 len)
{
	u64 hash = 0, word;

	for (; len >= 8; name += 8, len -= 8) {
		__builtin_memcpy(&word, name, 8);
		hash = name_hash_add(hash, word);
	}
	for (word = 0; len; len--)
		word = word << 8 | (u8)name[len - 1];
	return name_hash_end(name_hash_add(hash, word));
}
static inline struct qname qname_of(const char *name, u32 len)
{
	return (struct qname){ name, len, dentry_hash_name(name, len) };
}

/* A root (parent itself) for a super; consumes the inode reference even on failure. NULL: out of
 * memory. */
struct dentry *dentry_new_root(struct inode *inode) __must_check;

/* A fresh nameless dentry for a pseudo file, never hashed; consumes the inode reference on success
 * only. */
struct dentry *dentry_new_pseudo(struct inode *inode) __must_check;

/* A new negative, unhashed child of parent; one reference. NULL: out of memory. */
struct dentry *dentry_new(struct dentry *parent, const struct qname *name) __must_check;

/* The cached child, +1; NULL: not cached. Any context that may take spinlocks. */
struct dentry *dentry_find_get(struct dentry *parent, const struct qname *name);

/* Makes dentry positive (consumes the inode reference), hashes it, and pins it if the super caches.
 */
void dentry_attach(struct dentry *dentry, struct inode *inode);
/* As dentry_attach, but not hashed (O_TMPFILE). */
void dentry_attach_unlinked(struct dentry *dentry, struct inode *inode);
/* Unhashes and unpins: the name is gone; the inode stays until the last holder drops the dentry. */
void dentry_detach(struct dentry *dentry);
/* After rename: old takes new's parent and name; new (the victim, maybe negative) is detached. */
void dentry_move(struct dentry *old, struct dentry *new);
void dentry_exchange(struct dentry *a, struct dentry *b); /* RENAME_EXCHANGE */

static inline struct dentry *dentry_get(struct dentry *d)
{
	refcount_get(&d->refs);
	return d;
}
void dentry_put_last(struct dentry *d); /* the count is 0 */
/* NULL is fine; may sleep (evict). */
static inline void dentry_put(struct dentry *d)
{
	if (d && refcount_put(&d->refs))
		dentry_put_last(d);
}

static inline struct inode *dentry_inode(const struct dentry *d)
{
	return atomic_load_explicit(&((struct dentry *)d)->inode, memory_order_acquire);
}
static inline bool dentry_is_unlinked(const struct dentry *d)
{
	return !(atomic_load_explicit(&((struct dentry *)d)->flags, memory_order_relaxed) &
		 (DENTRY_HASHED | DENTRY_PSEUDO)) &&
	       d->parent != d;
}
static inline u32 dentry_flags(const struct dentry *d)
{
	return atomic_load_explicit(&((struct dentry *)d)->flags, memory_order_relaxed);
}
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *of); /* a == of counts */
struct dentry *dentry_parent_get(struct dentry *d); /* +1; itself for a root or pseudo dentry */
/* No longer true (revalidate): later look-ups do not find it. Mounted ones stay. */
void dentry_invalidate(struct dentry *d);
/* The child, cached or from the file system, +1; positive. -ENOENT ... Takes parent's inode->lock.
 */
int dentry_lookup(struct dentry *parent, const struct qname *name,
		  struct dentry **out) __must_check;
/* The same with parent's inode->lock held for writing; where there is none a negative one for
 * create. */
int dentry_lookup_locked(struct dentry *parent, const struct qname *name,
			 struct dentry **out) __must_check;
extern struct spinlock
	dentry_names_lock; /* parents and names of all dentries: d_path, "..", rename */
u64 dentry_count(void); /* alive, for tests */
void dentry_init_cache(void);
