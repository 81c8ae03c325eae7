/*
 * fs_ctx: where a process's names start: root, working directory, umask.
 *
 * Life: counted by the threads that share it (CLONE_FS). All of them are on one list, because
 *   pivot_root moves everybody who stands at the old root.
 * Locks: ctx_list_lock, then fs->lock (both RANK_FSCTX). References that are replaced are put
 *   after the locks are left, because a put may sleep. Without one (kernel threads, boot) names
 *   start at the root of the mount namespace.
 */
#include "fs/path.h"

#include <linux/errno.h>

#include "arch/x86_64/percpu.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/spinlock.h"
#include "fs/internal.h"
#include "fs/mnt_ns.h"

struct fs_ctx {
	struct refcount refs;
	struct spinlock lock;
	u32 umask;
	struct path root, cwd; /* counted; {NULL, NULL} before they are set */
	struct list link;
};

static struct spinlock ctx_list_lock = SPINLOCK_INIT(RANK_FSCTX);
static struct list ctx_list = LIST_INIT(ctx_list);

static void path_get_or_null(const struct path *p)
{
	if (p->mnt)
		path_get(p);
}

int fs_ctx_new(struct fs_ctx **out)
{
	struct fs_ctx *fs = kzalloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	refcount_init(&fs->refs, 1);
	spin_init(&fs->lock, RANK_FSCTX);
	fs->umask = 022;
	spin_lock(&ctx_list_lock);
	list_add(&fs->link, &ctx_list);
	spin_unlock(&ctx_list_lock);
	*out = fs;
	return 0;
}

/* The copy is filled in before pivot_root can see it, and sees every pivot_root after. */
int fs_ctx_copy(struct fs_ctx *from, struct fs_ctx **out)
{
	struct fs_ctx *fs = kmalloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	refcount_init(&fs->refs, 1);
	spin_init(&fs->lock, RANK_FSCTX);
	spin_lock(&ctx_list_lock);
	spin_lock_nested(&from->lock);
	fs->umask = from->umask;
	fs->root = from->root;
	fs->cwd = from->cwd;
	path_get_or_null(&fs->root);
	path_get_or_null(&fs->cwd);
	spin_unlock(&from->lock);
	list_add(&fs->link, &ctx_list);
	spin_unlock(&ctx_list_lock);
	*out = fs;
	return 0;
}

void fs_ctx_get(struct fs_ctx *fs)
{
	refcount_get(&fs->refs);
}

void fs_ctx_put(struct fs_ctx *fs)
{
	if (!fs || !refcount_put(&fs->refs))
		return;
	spin_lock(&ctx_list_lock);
	list_del(&fs->link);
	spin_unlock(&ctx_list_lock);
	path_put(&fs->root);
	path_put(&fs->cwd);
	kfree(fs);
}

bool fs_ctx_is_shared(const struct fs_ctx *fs)
{
	return refcount_read(&fs->refs) > 1;
}

struct fs_ctx *fs_ctx_current(void)
{
	return current->fs;
}

static inline void fs_ctx_read(struct fs_ctx *fs, const struct path *which, struct path *out)
{
	struct mount *mnt = NULL;

	if (likely(fs)) {
		spin_lock(&fs->lock);
		mnt = which->mnt;
		if (likely(mnt)) {
			out->mnt = mount_get(mnt);
			out->dentry = dentry_get(which->dentry);
		}
		spin_unlock(&fs->lock);
	}
	if (unlikely(!mnt)) {
		*out = *mount_ns_root();
		path_get(out);
	}
}

void fs_ctx_root(struct fs_ctx *fs, struct path *out)
{
	fs_ctx_read(fs, fs ? &fs->root : NULL, out);
}

void fs_ctx_cwd(struct fs_ctx *fs, struct path *out)
{
	fs_ctx_read(fs, fs ? &fs->cwd : NULL, out);
}

bool fs_ctx_is_chrooted(struct fs_ctx *fs)
{
	struct path root, top;
	bool is;

	fs_ctx_root(fs, &root);
	mnt_ns_root_get(mnt_ns_current(), &top);
	is = !path_equal(&root, &top);
	path_put(&root);
	path_put(&top);
	return is;
}

static void fs_ctx_write(struct fs_ctx *fs, struct path *which, const struct path *p)
{
	struct path old;

	path_get(p);
	spin_lock(&fs->lock);
	old = *which;
	*which = *p;
	spin_unlock(&fs->lock);
	path_put(&old);
}

void fs_ctx_set_root(struct fs_ctx *fs, const struct path *p)
{
	fs_ctx_write(fs, &fs->root, p);
}

void fs_ctx_set_cwd(struct fs_ctx *fs, const struct path *p)
{
	fs_ctx_write(fs, &fs->cwd, p);
}

u32 fs_ctx_umask(struct fs_ctx *fs)
{
	return fs ? fs->umask : 0;
}

u32 fs_ctx_set_umask(struct fs_ctx *fs, u32 mask)
{
	u32 old;

	spin_lock(&fs->lock);
	old = fs->umask;
	fs->umask = mask & 0777;
	spin_unlock(&fs->lock);
	return old;
}

/* 1 if p stood at from; the reference it had on from is then the caller's to put. */
static u32 path_replace(struct path *p, const struct path *from, const struct path *to)
{
	if (!path_equal(p, from))
		return 0;
	path_get(to);
	*p = *to;
	return 1;
}

void fs_ctx_replace(const struct path *from, const struct path *to)
{
	struct fs_ctx *fs;
	u32 replaced = 0;

	spin_lock(&ctx_list_lock);
	list_for_each(fs, &ctx_list, link) {
		spin_lock_nested(&fs->lock);
		replaced += path_replace(&fs->root, from, to);
		replaced += path_replace(&fs->cwd, from, to);
		spin_unlock(&fs->lock);
	}
	spin_unlock(&ctx_list_lock);
	while (replaced--)
		path_put(from);
}
