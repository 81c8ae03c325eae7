/*
 * What the files of the VFS core share, and nobody else may use.
 */
#pragma once

#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/path.h"

/* dentry.c: takes apart a memory file system's names; nobody uses them any more. */
void dentry_drop_tree(struct dentry *root);

/*
 * A walk under way (path.c). The rest of the name, and under it the rests of the names whose links led
 * here. walk_end() is due after walk_start() succeeded, also when a later step failed.
 */
#define WALK_MAX_LINKS 40

struct walk {
	struct path path; /* counted: the place reached */
	struct path root; /* counted; mnt NULL: not needed yet */
	u32 flags;	  /* LOOKUP_* */
	u32 nr_links;	  /* followed so far */
	u32 depth;	  /* names below this one */
	const char *name; /* what is left to walk */
	char *text;	  /* buffer that name is in, if a link's */
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
/* dentry, the last component, is a symlink in w->path: goes on with its text or to its place. Then either
 * w->name is to be walked, or, *is_there, w->path is the place. */
int walk_follow(struct walk *w, struct dentry *link, const char *rest, bool *is_there);
/* Goes to dentry (consumed), a child of w->path, and into what is mounted there. */
int walk_enter(struct walk *w, struct dentry *dentry);
void walk_end(struct walk *w);

/* mount.c: up from the root of mnt, +1 each; false: there is nothing above. */
bool mount_above_get(struct mount *mnt, struct path *out);
/* The root of the one mount namespace; no references, constant unless pivot_root. */
const struct path *mount_ns_root(void);

/* fs_ctx.c: every root and working directory equal to from becomes to (pivot_root). */
void fs_ctx_replace(const struct path *from, const struct path *to);

void rw_init(void); /* rw.c; called by file_init_cache */

/* file.c: undoes file_new: no ops->release, and the path's references are the caller's again. */
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
