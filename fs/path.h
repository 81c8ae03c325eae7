/*
 * struct path: a place in the mount tree, and the walk that finds one by name.
 */
#pragma once

#include "lib/base.h"
#include "lib/seqbuf.h"

struct dentry;
struct mount;

struct path {
	struct mount *mnt; /* counted */
	struct dentry *dentry; /* counted */
};

void path_get(const struct path *p);
void path_put(const struct path *p); /* may sleep; {NULL, NULL} is fine */
static inline bool path_equal(const struct path *a, const struct path *b)
{
	return a->mnt == b->mnt && a->dentry == b->dentry;
}

#define LOOKUP_FOLLOW      0x001u /* follow a symlink at the end */
#define LOOKUP_DIRECTORY   0x002u /* the end must be a directory */
#define LOOKUP_EMPTY       0x004u /* "" means dirfd itself (AT_EMPTY_PATH) */
#define LOOKUP_NO_MOUNT    0x008u /* do not cross into what is mounted on the end (umount) */
#define LOOKUP_NO_XDEV     0x010u /* RESOLVE_NO_XDEV */
#define LOOKUP_NO_MAGIC    0x020u /* RESOLVE_NO_MAGICLINKS */
#define LOOKUP_NO_SYMLINKS 0x040u /* RESOLVE_NO_SYMLINKS */
#define LOOKUP_BENEATH     0x080u /* RESOLVE_BENEATH */
#define LOOKUP_IN_ROOT     0x100u /* RESOLVE_IN_ROOT */

#define AT_FDCWD_KERNEL (-100)

/**
 * path_lookup - walk name from dirfd (AT_FDCWD: the working directory; absolute names: the root).
 * @name: kernel string, at most PATH_MAX with NUL.  @out: references, on success only.
 * Context: may sleep.  Errors: ENOENT ENOTDIR EACCES ELOOP ENAMETOOLONG EBADF EXDEV ENOMEM, as
 * path_resolution(7).
 */
int path_lookup(int dirfd, const char *name, u32 flags, struct path *out) __must_check;

/* The last component left over: *parent gets the directory, *last the component (points into name),
 * *trailing says it ended in '/'. "." and ".." and "/" as last: last->len 0 and special set
 * (LAST_*). */
enum last_kind { LAST_NORMAL, LAST_DOT, LAST_DOTDOT, LAST_ROOT };
struct last_component {
	const char *name;
	u32 len;
	enum last_kind kind;
	bool has_slash;
};
/* "a/b" where a is a symlink is fine: last points into name all the same. */
int path_lookup_parent(int dirfd, const char *name, u32 flags, struct path *parent,
		       struct last_component *last) __must_check;

/* Copies a path string from user space: a kmalloc'ed buffer, freed with path_name_free. -EFAULT,
 * -ENAMETOOLONG;
 * "" is -ENOENT unless allow_empty. */
int path_name_from_user(const char __user *uname, bool allow_empty, char **out) __must_check;
void path_name_free(char *name);

/* User string in one go: name copied, walked, freed. */
int path_lookup_user(int dirfd, const char __user *uname, u32 flags, struct path *out) __must_check;

/**
 * path_print - the absolute name of p as the current thread's root sees it (d_path).
 * Unlinked: " (deleted)" is appended; pseudo: super_ops.dname; outside the root: "(unreachable)"
 * prefix is for getcwd. Returns false if out overflowed.
 */
/* root NULL: the current thread's. For getcwd: is p below root at all? */
bool path_is_reachable(const struct path *p, const struct path *root);
bool path_print(const struct path *p, const struct path *root, struct seqbuf *out);
/* Where the root of a mount is in its file system: "/" unless it is a part of that. */
void path_print_inner(const struct mount *m, struct seqbuf *out);

/* fs_ctx: root, working directory and umask, shared by CLONE_FS. */
struct fs_ctx;
int fs_ctx_new(struct fs_ctx **out); /* root and cwd unset */
int fs_ctx_copy(struct fs_ctx *from, struct fs_ctx **out) __must_check;
void fs_ctx_get(struct fs_ctx *fs);
void fs_ctx_put(struct fs_ctx *fs);
bool fs_ctx_is_shared(const struct fs_ctx *fs);
bool fs_ctx_is_chrooted(struct fs_ctx *fs); /* its root is not its mount namespace's */
void fs_ctx_root(struct fs_ctx *fs, struct path *out); /* +refs */
void fs_ctx_cwd(struct fs_ctx *fs, struct path *out); /* +refs */
void fs_ctx_set_root(struct fs_ctx *fs, const struct path *p); /* takes its own refs */
void fs_ctx_set_cwd(struct fs_ctx *fs, const struct path *p);
u32 fs_ctx_umask(struct fs_ctx *fs);
u32 fs_ctx_set_umask(struct fs_ctx *fs, u32 mask); /* returns the old one */
struct fs_ctx *fs_ctx_current(void);
void path_init(void);
