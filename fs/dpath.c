/*
 * dpath: printing where a path is.
 *
 * How: names are put in front of each other, from the end of the buffer's free room backwards, on
 * the way up to the root; then the whole is moved to where the buffer continues. Locks:
 * dentry_names_lock the whole way, so that no rename is seen half done; it also keeps mounts where
 *   they are. Callers may hold sleeping locks of any rank (maps prints under the MM lock).
 */
#include "fs/path.h"

#include <linux/magic.h>

#include "lib/string.h"
#include "fs/internal.h"
#include "fs/ops.h"

struct printer {
	char *start, *at; /* free room; what is printed begins at `at` */
	bool overflow;
};

static void put_front(struct printer *p, const char *text, size_t n)
{
	if ((size_t)(p->at - p->start) < n) {
		p->overflow = true;
		return;
	}
	p->at -= n;
	memcpy(p->at, text, n);
}

/* To where the buffer continues. */
static void put_printed(const struct printer *p, struct seqbuf *out)
{
	size_t n = out->buf + out->cap - p->at;

	if (n || p->overflow) {
		memmove(p->start, p->at, n);
		out->len += n;
	} else {
		seqbuf_putc(out, '/');
	}
	out->overflow |= p->overflow;
}

/* Locked. True: root was met on the way up. */
static bool print_up(struct printer *p, const struct path *from, const struct path *root)
{
	const struct dentry *d = from->dentry;
	const struct mount *mnt = from->mnt;

	while (d != root->dentry || mnt != root->mnt) {
		if (d == mnt->root ||
		    d->parent == d) { /* the first: pseudo dentries have no parent */
			if (mnt->parent == mnt)
				return false;
			d = mnt->mountpoint;
			mnt = mnt->parent;
			continue;
		}
		put_front(p, d->name, d->name_len);
		put_front(p, "/", 1);
		d = d->parent;
	}
	return true;
}

/* Pseudo files have no names, but one may be mounted somewhere. */
static bool is_nowhere(const struct path *p)
{
	return (dentry_flags(p->dentry) & DENTRY_PSEUDO) && p->dentry != p->mnt->root;
}

static void print_pseudo(const struct dentry *d, struct seqbuf *out)
{
	if (d->sb->ops->dname)
		d->sb->ops->dname(d, out);
	else
		seqbuf_putc(out, '/');
}

static bool print_path(const struct path *path, const struct path *root, struct seqbuf *out,
		       bool *is_reachable)
{
	struct printer p = { .start = out->buf + out->len, .at = out->buf + out->cap };
	bool is_deleted;

	spin_lock(&dentry_names_lock);
	is_deleted = dentry_is_unlinked(path->dentry);
	*is_reachable = print_up(&p, path, root);
	spin_unlock(&dentry_names_lock);
	put_printed(&p, out);
	if (is_deleted)
		seqbuf_puts(out, " (deleted)");
	return !out->overflow;
}

bool path_print(const struct path *path, const struct path *root, struct seqbuf *out)
{
	bool is_reachable, ok;
	struct path own;

	if (is_nowhere(path)) {
		print_pseudo(path->dentry, out);
		return !out->overflow;
	}
	/* Internal file systems with names that nobody can walk to: memfd and shared memory. */
	if ((path->mnt->flags & MNT_FLAG_INTERNAL) && path->dentry->sb->ops->dname) {
		path->dentry->sb->ops->dname(path->dentry, out);
		return !out->overflow;
	}
	if (root)
		return print_path(path, root, out, &is_reachable);
	fs_ctx_root(fs_ctx_current(), &own);
	ok = print_path(path, &own, out, &is_reachable);
	path_put(&own);
	return ok;
}

bool path_is_reachable(const struct path *path, const struct path *root)
{
	char none[1];
	struct printer p = { .start = none, .at = none };
	bool is_reachable;

	if (is_nowhere(path))
		return false;
	spin_lock(&dentry_names_lock);
	is_reachable = print_up(&p, path, root);
	spin_unlock(&dentry_names_lock);
	return is_reachable;
}

void path_print_inner(const struct mount *m, struct seqbuf *out)
{
	struct printer p = { .start = out->buf + out->len, .at = out->buf + out->cap };
	const struct dentry *d = m->root;

	if (dentry_flags(d) & DENTRY_PSEUDO) {
		if (d->sb->magic == NSFS_MAGIC)
			print_pseudo(d, out);
		else
			seqbuf_putc(out, '/');
		return;
	}
	spin_lock(&dentry_names_lock);
	for (; d->parent != d; d = d->parent) {
		put_front(&p, d->name, d->name_len);
		put_front(&p, "/", 1);
	}
	spin_unlock(&dentry_names_lock);
	put_printed(&p, out);
	if (dentry_is_unlinked(m->root))
		seqbuf_puts(out, "//deleted");
}
