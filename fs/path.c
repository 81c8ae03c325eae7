/*
 * path: from a name to a place, and back.
 *
 * Owns: the walk (struct walk), and printing. How: one loop takes one component a turn. A
 *   symlink's text is walked first and what was left of the name after it later; both are on a
 *   small stack, so nothing recurses. Each place reached is counted.
 * Locks: none held between turns. Names are found under their hash bucket's lock, parents under
 *   dentry_names_lock; only a name that is not in the cache takes the directory's inode->lock.
 * Follows: path_resolution(7), openat2(2) for RESOLVE_*.
 */
#include "fs/path.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>

#include "lib/string.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/debug/panic.h"
#include "kernel/mm/slab.h"
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/protect.h"

/* ---- names from user space */

static struct slab_cache *name_cache;

int path_name_from_user(const char __user *uname, bool allow_empty, char **out)
{
	char *name = cache_alloc(name_cache);
	long len;

	if (!name)
		return -ENOMEM;
	len = strncpy_from_user(name, uname, PATH_MAX);
	if (likely(len > 0 && len < PATH_MAX) || (len == 0 && allow_empty)) {
		*out = name;
		return 0;
	}
	cache_free(name_cache, name);
	if (len < 0)
		return len;
	return len ? -ENAMETOOLONG : -ENOENT;
}

void path_name_free(char *name)
{
	cache_free(name_cache, name);
}

/* ---- the walk's places */

static void walk_set_root(struct walk *w)
{
	if (!w->root.mnt)
		fs_ctx_root(fs_ctx_current(), &w->root);
}

/* The reference on p becomes the walk's. */
static void walk_goto(struct walk *w, const struct path *p)
{
	path_put(&w->path);
	w->path = *p;
}

static int walk_goto_root(struct walk *w)
{
	if (w->flags & LOOKUP_BENEATH)
		return -EXDEV;
	/* A root nobody has asked for yet is elsewhere, says Linux: an absolute link under a
	 * relative name. */
	if ((w->flags & LOOKUP_NO_XDEV) && w->path.mnt != w->root.mnt)
		return -EXDEV;
	walk_set_root(w);
	path_get(&w->root);
	walk_goto(w, &w->root);
	return 0;
}

static __noinline int walk_from_fd(struct walk *w, int dirfd)
{
	struct fdref r;

	if (dirfd == AT_FDCWD) {
		fs_ctx_cwd(fs_ctx_current(), &w->path);
		return 0;
	}
	r = fdref_get_any(dirfd);
	if (!r.file)
		return -EBADF;
	w->path = r.file->path;
	path_get(&w->path);
	fdref_put(r);
	return 0;
}

static void walk_init(struct walk *w, const char *name, u32 flags)
{
	w->root = (struct path){ 0 };
	w->flags = flags;
	w->nr_links = 0;
	w->depth = 0;
	w->name = name;
	w->text = NULL;
}

int walk_start(struct walk *w, int dirfd, const char *name, u32 flags)
{
	int err;

	walk_init(w, name, flags);
	if (unlikely(!*name) && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	if (*name == '/' && !(flags & LOOKUP_IN_ROOT)) {
		if (flags & LOOKUP_BENEATH)
			return -EXDEV;
		fs_ctx_root(fs_ctx_current(), &w->path);
		if (unlikely(flags & LOOKUP_NO_XDEV))
			walk_set_root(w);
		return 0;
	}
	err = walk_from_fd(w, dirfd);
	if (err)
		return err;
	if (*name && !S_ISDIR(dentry_inode(w->path.dentry)->mode)) {
		path_put(&w->path);
		return -ENOTDIR;
	}
	if (flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) {
		w->root = w->path;
		path_get(&w->root);
	}
	return 0;
}

void walk_end(struct walk *w)
{
	kfree(w->text);
	while (w->depth)
		kfree(w->below[--w->depth].text);
	dentry_put(w->path.dentry);
	mount_put(w->path.mnt);
	if (w->root.mnt)
		path_put(&w->root);
}

/* Into what is mounted on the place reached. */
static int walk_cross_mounts(struct walk *w)
{
	while (unlikely(dentry_flags(w->path.dentry) & DENTRY_MOUNTED)) {
		struct mount *m = mount_find_get(w->path.mnt, w->path.dentry);
		struct path top;

		if (!m)
			break;
		top = (struct path){ m, dentry_get(m->root) };
		walk_goto(w, &top);
		if (w->flags & LOOKUP_NO_XDEV)
			return -EXDEV;
	}
	return 0;
}

int walk_enter(struct walk *w, struct dentry *dentry)
{
	dentry_put(w->path.dentry);
	w->path.dentry = dentry;
	return walk_cross_mounts(w);
}

static int walk_up(struct walk *w)
{
	struct path above;

	walk_set_root(w);
	for (;;) {
		if (path_equal(&w->path, &w->root))
			return w->flags & LOOKUP_BENEATH ? -EXDEV : walk_cross_mounts(w);
		if (w->path.dentry != w->path.mnt->root)
			break;
		if (!mount_above_get(w->path.mnt, &above))
			return walk_cross_mounts(w);
		walk_goto(w, &above);
		if (w->flags & LOOKUP_NO_XDEV)
			return -EXDEV;
	}
	return walk_enter(w, dentry_parent_get(w->path.dentry));
}

/* ---- symlinks */

/* A magic link: to the place itself, wherever that is. */
static int walk_jump(struct walk *w, struct inode *link)
{
	struct path p;
	int err;

	if (w->flags & LOOKUP_NO_MAGIC)
		return -ELOOP;
	err = link->ops->follow(link, &p);
	if (err)
		return err;
	if ((w->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) ||
	    ((w->flags & LOOKUP_NO_XDEV) && p.mnt != w->path.mnt)) {
		path_put(&p);
		return -EXDEV;
	}
	walk_goto(w, &p);
	return 0;
}

static int link_text(struct inode *link, char **out)
{
	char *text;
	int n;

	if (!link->ops->readlink)
		return -EINVAL;
	text = kmalloc(PATH_MAX);
	if (!text)
		return -ENOMEM;
	n = link->ops->readlink(link, text, PATH_MAX - 1);
	if (n <= 0) {
		kfree(text);
		return n ? n : -ENOENT;
	}
	text[n] = 0;
	*out = text;
	return 0;
}

/* text is walked next, rest after it. The name that rest is in stays until then. */
static void walk_push(struct walk *w, char *text, const char *rest)
{
	if (*rest) {
		assert(w->depth < WALK_MAX_LINKS);
		w->below[w->depth].text = w->text;
		w->below[w->depth++].rest = rest;
	} else {
		kfree(w->text);
	}
	w->text = text;
	w->name = text;
}

int walk_follow(struct walk *w, struct dentry *dentry, const char *rest, bool *is_there)
{
	struct inode *link = dentry_inode(dentry);
	char *text;
	int err;

	if ((w->flags & LOOKUP_NO_SYMLINKS) || (w->path.mnt->flags & MNT_FLAG_NOSYMFOLLOW) ||
	    w->nr_links++ >= WALK_MAX_LINKS)
		return -ELOOP;
	w->name = rest;
	*is_there = link->ops->follow;
	if (link->ops->follow)
		return walk_jump(w, link);
	err = link_text(link, &text);
	if (err)
		return err;
	walk_push(w, text, rest);
	return *text == '/' ? walk_goto_root(w) : 0;
}

/* ---- the loop */

#ifdef HOST_TEST /* the address sanitizer would object to reading behind the end */
#define IS_ENABLED_HOST_TEST 1
#else
#define IS_ENABLED_HOST_TEST 0
#endif

struct component {
	struct qname q;
	const char *rest; /* after it and its slashes */
	bool has_slash, is_final;
};

/* What was left of the name before the last link; false: nothing. */
static bool walk_pop(struct walk *w)
{
	if (!w->depth)
		return false;
	kfree(w->text);
	w->text = w->below[--w->depth].text;
	w->name = w->below[w->depth].rest;
	return true;
}

/*
 * A component from p to the next slash or the end, eight characters at a time. The word that is
 * loaded may reach behind the end of the name, but not into another page.
 */
#define BYTES(b) (0x0101010101010101ull * (b))

static inline u64 load_name_word(const char *p)
{
	u64 word = 0;

	if (likely(((u64)p & (PAGE_SIZE - 1)) <= PAGE_SIZE - 8) && !IS_ENABLED_HOST_TEST)
		return load_u64(p);
	for (u32 i = 0; i < 8 && p[i] && (!i || p[i - 1] != '/'); i++)
		word |= (u64)(u8)p[i] << 8 * i;
	return word;
}

static __always_inline const char *name_scan(struct qname *q, const char *p)
{
	u64 hash = 0, word, slash, end;
	const char *start = p;

	for (;;) {
		word = load_name_word(p);
		slash = word ^ BYTES('/');
		end = ((word - BYTES(1)) & ~word) | ((slash - BYTES(1)) & ~slash);
		end &= BYTES(0x80); /* its lowest bit is in the first zero or slash */
		if (end)
			break;
		hash = name_hash_add(hash, word);
		p += 8;
	}
	word &= (end & -end) / 128 - 1; /* the characters before that */
	p += __builtin_ctzll(end) / 8;
	q->name = start;
	q->len = p - start;
	q->hash = name_hash_end(name_hash_add(hash, word));
	return p;
}

static __always_inline void component_scan(struct component *c, const char *p)
{
	p = name_scan(&c->q, p);
	c->has_slash = *p == '/';
	while (*p == '/')
		p++;
	c->rest = p;
}

static inline enum last_kind component_kind(const struct component *c)
{
	if (likely(c->q.name[0] != '.') || c->q.len > 2)
		return LAST_NORMAL;
	if (c->q.len == 1)
		return LAST_DOT;
	return c->q.name[1] == '.' ? LAST_DOTDOT : LAST_NORMAL;
}

/* dentry, found in w->path, is a symlink. */
static __noinline int walk_link(struct walk *w, const struct component *c, struct dentry *dentry)
{
	bool is_there;
	int err = c->is_final ? protect_symlink(dentry_inode(w->path.dentry), dentry_inode(dentry))
			      : 0;

	if (c->is_final && c->has_slash)
		w->flags |= LOOKUP_DIRECTORY | LOOKUP_FOLLOW; /* of the links it leads to, too */
	if (!err)
		err = walk_follow(w, dentry, c->rest, &is_there);
	dentry_put(dentry);
	return err;
}

static __always_inline int walk_name(struct walk *w, const struct component *c)
{
	struct dentry *dentry = dentry_find_valid(w->path.dentry, &c->q);

	if (unlikely(!dentry)) {
		int err = dentry_lookup_slow(w->path.dentry, &c->q, &dentry);

		if (err)
			return err;
	}
	if (unlikely(S_ISLNK(dentry_inode(dentry)->mode)) &&
	    (!c->is_final || c->has_slash || (w->flags & LOOKUP_FOLLOW)))
		return walk_link(w, c, dentry);
	w->name = c->rest;
	dentry_put(w->path.dentry);
	w->path.dentry = dentry;
	if (likely(!(dentry_flags(dentry) & DENTRY_MOUNTED)) ||
	    (c->is_final && (w->flags & LOOKUP_NO_MOUNT)))
		return 0;
	return walk_cross_mounts(w);
}

/* "." and "..". */
static int walk_dots(struct walk *w, const struct component *c, enum last_kind kind)
{
	w->name = c->rest;
	return kind == LAST_DOTDOT ? walk_up(w) : 0;
}

/* last NULL: to the end; otherwise up to the last component. */
static __always_inline int walk_loop(struct walk *w, struct last_component *last)
{
	struct component c;
	enum last_kind kind;
	int err;

	c.has_slash = false;
	for (;;) {
		const char *p = w->name;
		struct inode *dir;

		while (*p == '/')
			p++;
		if (!*p) {
			if (likely(!walk_pop(w)))
				break;
			continue;
		}
		/* The place reached must be a directory that the caller may search. */
		dir = dentry_inode(w->path.dentry);
		err = likely(S_ISDIR(dir->mode)) ? dir_check_search(dir) : -ENOTDIR;
		if (unlikely(err))
			return err;
		component_scan(&c, p);
		c.is_final = !*c.rest && !w->depth;
		kind = component_kind(&c);
		if (last && c.is_final) {
			*last = (struct last_component){ c.q.name, c.q.len, kind, c.has_slash };
			w->name = c.rest;
			return 0;
		}
		err = likely(kind == LAST_NORMAL) ? walk_name(w, &c) : walk_dots(w, &c, kind);
		if (unlikely(err))
			return err;
	}
	if (last)
		*last = (struct last_component){ .kind = LAST_ROOT };
	else if ((c.has_slash || (w->flags & LOOKUP_DIRECTORY)) &&
		 !S_ISDIR(dentry_inode(w->path.dentry)->mode))
		return -ENOTDIR;
	return 0;
}

int walk_to_last(struct walk *w, struct last_component *last)
{
	return walk_loop(w, last);
}

int walk_to_end(struct walk *w)
{
	return walk_loop(w, NULL);
}

/* ---- by name */

/*
 * The beginning of most names, often all of it: plain components that are in the cache, in
 * directories that everybody may search. Stops at the first that is anything else; *p and *at are
 * as far as it came. The place is in two variables, so that nothing is kept in memory on the way.
 */
static __always_inline const char *walk_plain(const char *p, struct path *at)
{
	struct mount *mnt = at->mnt;
	struct dentry *dentry = at->dentry, *child;
	struct qname q;

	while (*p == '/')
		p++;
	while (*p) {
		struct inode *dir = dentry_inode(dentry);
		const char *end, *next;

		if (unlikely((dir->mode & (S_IFMT | 0111)) != (S_IFDIR | 0111)) ||
		    unlikely(dir->ops->permission))
			break;
		next = end = name_scan(&q, p);
		while (*next == '/')
			next++;
		if (unlikely(*p == '.' && q.len <= 2) || unlikely(q.len > NAME_MAX) ||
		    unlikely(next != end && !*next))
			break;
		child = dentry_find_inline(dentry, &q);
		if (unlikely(!child))
			break;
		if (unlikely(S_ISLNK(dentry_inode(child)->mode)) ||
		    unlikely(child->sb->flags & SB_NOCACHE) ||
		    unlikely(dentry_flags(child) & DENTRY_MOUNTED)) {
			dentry_put(child);
			break;
		}
		dentry_put(dentry);
		dentry = child;
		p = next;
	}
	at->mnt = mnt;
	at->dentry = dentry;
	return p;
}

/* Goes on from at, whose references are consumed. */
static __noinline int lookup_from(struct path *at, const char *name, u32 flags, struct path *out)
{
	struct walk w __uninitialized;
	int err;

	walk_init(&w, name, flags);
	w.path = *at;
	err = walk_to_end(&w);
	if (!err) {
		*out = w.path;
		w.path = (struct path){ 0 };
	}
	walk_end(&w);
	return err;
}

static __noinline int lookup_general(int dirfd, const char *name, u32 flags, struct path *out)
{
	struct walk w __uninitialized;
	int err = walk_start(&w, dirfd, name, flags);

	if (err)
		return err;
	err = walk_to_end(&w);
	if (!err) {
		*out = w.path;
		w.path = (struct path){ 0 };
	}
	walk_end(&w);
	return err;
}

int path_lookup(int dirfd, const char *name, u32 flags, struct path *out)
{
	struct path at;

	if (unlikely(flags & ~(u32)(LOOKUP_FOLLOW | LOOKUP_DIRECTORY)) || unlikely(!*name))
		return lookup_general(dirfd, name, flags, out);
	if (likely(*name == '/'))
		fs_ctx_root(fs_ctx_current(), &at);
	else if (dirfd == AT_FDCWD)
		fs_ctx_cwd(fs_ctx_current(), &at);
	else
		return lookup_general(dirfd, name, flags, out);
	name = walk_plain(name, &at);
	if (unlikely(*name || (flags & LOOKUP_DIRECTORY)))
		return lookup_from(&at, name, flags, out);
	*out = at;
	return 0;
}

int path_lookup_parent(int dirfd, const char *name, u32 flags, struct path *parent,
		       struct last_component *last)
{
	struct walk w __uninitialized;
	int err = walk_start(&w, dirfd, name, flags);

	if (err)
		return err;
	err = walk_to_last(&w, last);
	if (!err) {
		assert(!w.text); /* only final links are followed into texts that end a walk */
		*parent = w.path;
		w.path = (struct path){ 0 };
	}
	walk_end(&w);
	return err;
}

int path_lookup_user(int dirfd, const char __user *uname, u32 flags, struct path *out)
{
	char *name;
	int err = path_name_from_user(uname, flags & LOOKUP_EMPTY, &name);

	if (err)
		return err;
	err = path_lookup(dirfd, name, flags, out);
	path_name_free(name);
	return err;
}

void path_init(void)
{
	name_cache = cache_create("path_name", PATH_MAX, 8);
}
