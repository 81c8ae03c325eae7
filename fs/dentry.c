/*
 * dentry: names in directories, and finding them.
 *
 * Owns: struct dentry, the hash of all linked names, dentry_names_lock.
 * Life: counted; a child holds its parent. A memory file system's linked names hold one more
 * reference on themselves (PINNED), so its dentry tree is its directory; elsewhere a dentry goes
 * with its last user. Invariants: a hashed dentry is positive. A positive one stays so: unlinking
 * takes the name out of the hash, never the inode out of the dentry. Locks: linking, unlinking and
 * moving need the directories' inode->lock for writing. Parent and name change only while the
 * dentry is out of the hash and under dentry_names_lock (RANK_DENTRY), so a finder under its
 * bucket's lock (RANK_DHASH) sees them whole, and who goes up or prints takes dentry_names_lock. A
 *   finder may miss a name on the move; it asks again under the directory's lock before it says
 * ENOENT.
 */
#include "fs/dentry.h"

#include <linux/errno.h>

#include "lib/hash.h"
#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/mm/slab.h"
#include "fs/internal.h"

/* A name too long for the dentry; shared with the victim of a rename. */
struct long_name {
	struct refcount refs;
	char text[];
};

struct spinlock dentry_names_lock = SPINLOCK_INIT(RANK_DENTRY);

struct dhash_bucket dhash[1 << DHASH_BITS];
static struct slab_cache *dentry_cache, *pseudo_cache;

/* ---- making */

static int dentry_set_name(struct dentry *d, const struct qname *name)
{
	struct long_name *ln;
	char *text = d->inline_name;

	if (name->len >= DNAME_INLINE) {
		ln = kmalloc(sizeof(*ln) + name->len + 1);
		if (!ln)
			return -ENOMEM;
		refcount_init(&ln->refs, 1);
		text = ln->text;
	}
	memcpy(text, name->name, name->len);
	text[name->len] = 0;
	d->name = text;
	d->name_len = name->len;
	d->name_hash = name->hash;
	return 0;
}

static void dentry_put_name(struct dentry *d)
{
	struct long_name *ln;

	if (d->name == d->inline_name)
		return;
	ln = container_of(d->name, struct long_name, text);
	if (refcount_put(&ln->refs))
		kfree(ln);
}

/* to's name is from now on the same as from's. */
static void dentry_copy_name(struct dentry *to, const struct dentry *from)
{
	dentry_put_name(to);
	if (from->name == from->inline_name) {
		memcpy(to->inline_name, from->inline_name, DNAME_INLINE);
		to->name = to->inline_name;
	} else {
		refcount_get(&container_of(from->name, struct long_name, text)->refs);
		to->name = from->name;
	}
	to->name_len = from->name_len;
	to->name_hash = from->name_hash;
}

static struct dentry *dentry_alloc(struct super *sb)
{
	struct dentry *d = cache_alloc(dentry_cache);

	if (!d)
		return NULL;
	refcount_init(&d->refs, 1);
	d->flags = 0;
	d->inode = NULL;
	d->sb = sb;
	d->private = NULL;
	d->parent = NULL;
	d->hash_next = NULL;
	list_init(&d->child_link);
	list_init(&d->children);
	d->dir_pos = 0;
	d->next_pos = 2; /* after "." and ".." */
	return d;
}

struct dentry *dentry_new_root(struct inode *inode)
{
	static const struct qname slash = { "/", 1, 0 };
	struct dentry *d = dentry_alloc(inode->sb);

	if (!d) {
		inode_put(inode);
		return NULL;
	}
	if (dentry_set_name(d, &slash))
		panic("a short name needs no memory");
	d->parent = d;
	d->inode = inode;
	return d;
}

struct dentry *dentry_new_pseudo(struct inode *inode)
{
	struct dentry *d = cache_alloc(pseudo_cache);

	if (unlikely(!d))
		return NULL;
	refcount_init(&d->refs, 1);
	d->flags = DENTRY_PSEUDO;
	d->inode = inode;
	d->sb = inode->sb;
	d->private = NULL;
	return d;
}

struct dentry *dentry_new(struct dentry *parent, const struct qname *name)
{
	struct dentry *d = dentry_alloc(parent->sb);

	if (!d)
		return NULL;
	if (dentry_set_name(d, name)) {
		cache_free(dentry_cache, d);
		return NULL;
	}
	d->parent = dentry_get(parent);
	return d;
}

/* ---- the hash */

struct dentry *dentry_find_get(struct dentry *parent, const struct qname *name)
{
	return dentry_find_inline(parent, name);
}

static void dentry_hash(struct dentry *d)
{
	struct dhash_bucket *bucket = dhash_bucket(d->parent, d->name_hash);

	spin_lock(&bucket->lock);
	d->hash_next = bucket->first;
	bucket->first = d;
	atomic_fetch_or_explicit(&d->flags, DENTRY_HASHED, memory_order_relaxed);
	spin_unlock(&bucket->lock);
}

static void dentry_unhash(struct dentry *d)
{
	struct dhash_bucket *bucket = dhash_bucket(d->parent, d->name_hash);
	struct dentry **link = &bucket->first;

	spin_lock(&bucket->lock);
	if (dentry_flags(d) & DENTRY_HASHED) {
		while (*link != d)
			link = &(*link)->hash_next;
		*link = d->hash_next;
		atomic_fetch_and_explicit(&d->flags, ~DENTRY_HASHED, memory_order_relaxed);
	}
	spin_unlock(&bucket->lock);
}

void dentry_invalidate(struct dentry *d)
{
	if (!(dentry_flags(d) & DENTRY_MOUNTED))
		dentry_unhash(d);
}

/* ---- linking */

static void dentry_link_child(struct dentry *d, struct dentry *parent)
{
	d->dir_pos = parent->next_pos++;
	list_add_tail(&d->child_link, &parent->children);
}

void dentry_attach(struct dentry *d, struct inode *inode)
{
	assert(!dentry_inode(d));
	if (!(d->sb->flags & SB_NOCACHE)) {
		dentry_get(d);
		atomic_fetch_or_explicit(&d->flags, DENTRY_PINNED, memory_order_relaxed);
		dentry_link_child(d, d->parent);
	}
	atomic_store_explicit(&d->inode, inode, memory_order_release);
	dentry_hash(d);
}

void dentry_attach_unlinked(struct dentry *d, struct inode *inode)
{
	atomic_store_explicit(&d->inode, inode, memory_order_release);
}

void dentry_detach(struct dentry *d)
{
	dentry_unhash(d);
	if (!(dentry_flags(d) & DENTRY_PINNED))
		return;
	atomic_fetch_and_explicit(&d->flags, ~DENTRY_PINNED, memory_order_relaxed);
	list_del_init(&d->child_link);
	dentry_put(d);
}

void dentry_move(struct dentry *old, struct dentry *new)
{
	struct dentry *old_parent = old->parent;

	if (dentry_inode(new))
		dentry_detach(new);
	spin_lock(&dentry_names_lock);
	dentry_unhash(old);
	dentry_copy_name(old, new);
	old->parent = dentry_get(new->parent);
	dentry_hash(old);
	spin_unlock(&dentry_names_lock);
	if (dentry_flags(old) & DENTRY_PINNED) {
		list_del(&old->child_link);
		dentry_link_child(old, old->parent);
	}
	dentry_put(old_parent);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *parent = a->parent, saved;

	saved.name = saved.inline_name; /* room for one name */
	spin_lock(&dentry_names_lock);
	dentry_unhash(a);
	dentry_unhash(b);
	dentry_copy_name(&saved, a);
	dentry_copy_name(a, b);
	dentry_copy_name(b, &saved);
	dentry_put_name(&saved);
	a->parent = b->parent;
	b->parent = parent;
	dentry_hash(a);
	dentry_hash(b);
	spin_unlock(&dentry_names_lock);
	if (!(dentry_flags(a) & DENTRY_PINNED))
		return;
	list_del(&a->child_link);
	list_del(&b->child_link);
	dentry_link_child(a, a->parent);
	dentry_link_child(b, b->parent);
}

/* ---- looking up */

/* As dentry_find_get, but a name that is no longer true is not found. */
struct dentry *dentry_find_valid(struct dentry *parent, const struct qname *name)
{
	struct dentry *d = dentry_find_inline(parent, name);

	if (d && unlikely(d->sb->flags & SB_NOCACHE) && d->sb->ops->revalidate &&
	    !d->sb->ops->revalidate(d)) {
		dentry_invalidate(d);
		dentry_put(d);
		d = NULL;
	}
	return d;
}

int dentry_lookup_locked(struct dentry *parent, const struct qname *name, struct dentry **out)
{
	struct inode *dir = dentry_inode(parent);
	struct dentry *d = dentry_find_valid(parent, name);
	int err;

	rwsem_assert_write_held(&dir->lock);
	if (!d) {
		if (unlikely(dentry_flags(parent) & DENTRY_DEAD))
			return -ENOENT;
		if (unlikely(name->len > NAME_MAX_LEN))
			return -ENAMETOOLONG;
		d = dentry_new(parent, name);
		if (!d)
			return -ENOMEM;
		err = dir->ops->lookup ? dir->ops->lookup(dir, d) : 0;
		if (err) {
			dentry_put(d);
			return err;
		}
	}
	*out = d;
	return 0;
}

/* Memory file systems have no name that is not in the hash, so that a miss costs nothing. */
static int dentry_lookup_memory(struct dentry *parent, const struct qname *name,
				struct dentry **out)
{
	struct inode *dir = dentry_inode(parent);

	rwsem_read_lock(&dir->lock);
	*out = dentry_find_get(parent, name);
	rwsem_read_unlock(&dir->lock);
	return *out ? 0 : -ENOENT;
}

int dentry_lookup_slow(struct dentry *parent, const struct qname *name, struct dentry **out)
{
	struct inode *dir = dentry_inode(parent);
	int err;

	if (unlikely(name->len > NAME_MAX_LEN))
		return -ENAMETOOLONG;
	if (!dir->ops->lookup)
		return dentry_lookup_memory(parent, name, out);
	rwsem_write_lock(&dir->lock);
	err = dentry_lookup_locked(parent, name, out);
	rwsem_write_unlock(&dir->lock);
	if (!err && !dentry_inode(*out)) {
		dentry_put(*out);
		err = -ENOENT;
	}
	return err;
}

int dentry_lookup(struct dentry *parent, const struct qname *name, struct dentry **out)
{
	*out = dentry_find_valid(parent, name);
	return likely(*out) ? 0 : dentry_lookup_slow(parent, name, out);
}

/* ---- going up, and the end */

struct dentry *dentry_parent_get(struct dentry *d)
{
	struct dentry *parent;

	if (dentry_flags(d) & DENTRY_PSEUDO)
		return dentry_get(d);
	spin_lock(&dentry_names_lock);
	parent = dentry_get(d->parent);
	spin_unlock(&dentry_names_lock);
	return parent;
}

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *of)
{
	if (a == of)
		return true;
	if (dentry_flags(of) & DENTRY_PSEUDO)
		return false;
	spin_lock(&dentry_names_lock);
	while (of != of->parent && of != a)
		of = of->parent;
	spin_unlock(&dentry_names_lock);
	return of == a;
}

/* Frees d; its parent loses a reference that the caller now has to put. */
static struct dentry *dentry_free(struct dentry *d)
{
	struct inode *inode = dentry_inode(d);
	struct dentry *parent;

	if (dentry_flags(d) & DENTRY_HASHED)
		dentry_unhash(d);
	parent = d->parent == d ? NULL : d->parent;
	dentry_put_name(d);
	cache_free(dentry_cache, d);
	inode_put(inode);
	return parent;
}

void dentry_put_last(struct dentry *d)
{
	if (likely(dentry_flags(d) & DENTRY_PSEUDO)) {
		/* LAB 5 BEGIN last-dentry */
		struct inode *inode = dentry_inode(d);

		cache_free(pseudo_cache, d);
		inode_put(inode);
		/* LAB 5 END */
		return;
	}
	do
		d = dentry_free(d);
	while (d && refcount_put(&d->refs));
}

void dentry_drop_tree(struct dentry *root)
{
	struct dentry *d = root;

	while (d != root || !list_empty(&d->children)) {
		struct dentry *parent;

		if (!list_empty(&d->children)) {
			d = list_first(&d->children, struct dentry, child_link);
			continue;
		}
		parent = d->parent;
		dentry_detach(d);
		d = parent;
	}
}

static void dentry_count_slab(const struct slab_stats *stats, void *arg)
{
	if (str_eq(stats->name, "dentry") || str_eq(stats->name, "pseudo_dentry"))
		*(u64 *)arg += stats->active;
}

u64 dentry_count(void)
{
	u64 n = 0;

	slab_for_each(dentry_count_slab, &n);
	return n;
}

void dentry_init_cache(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(dhash); i++)
		spin_init(&dhash[i].lock, RANK_DHASH);
	dentry_cache = cache_create("dentry", sizeof(struct dentry), 8);
	pseudo_cache = cache_create("pseudo_dentry", DENTRY_PSEUDO_SIZE, 8);
}
