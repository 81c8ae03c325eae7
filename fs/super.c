/*
 * super: instances of file systems, and the table of their types.
 *
 * Owns: struct super; anonymous device numbers; the list of registered types, which only grows.
 * Life: made by fs_type.mount, counted by its mounts, gone with the last: then the names of a
 *   memory file system are taken apart (they hold the inodes), and last the file system's own
 *   data.
 * Locks: icache_lock (RANK_ICACHE) is fs/inode.c's; types are registered at boot, before there is
 *   a second thread, and never leave, so the list needs none.
 */
#include "fs/super.h"

#include <linux/errno.h>

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "fs/chrdev.h"
#include "fs/dentry.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/ops.h"

static struct list fs_types = LIST_INIT(fs_types);
static _Atomic u32 last_dev;

u64 super_new_dev(void)
{
	return MKDEV(0, atomic_fetch_add_explicit(&last_dev, 1, memory_order_relaxed) + 1);
}

int super_new(const struct fs_type *type, const struct super_ops *ops, u64 magic, u32 flags,
	      struct super **out)
{
	struct super *sb = kzalloc(sizeof(*sb));

	if (!sb)
		return -ENOMEM;
	sb->type = type;
	sb->ops = ops;
	sb->magic = magic;
	sb->userns = userns_get(userns_current());
	sb->flags = flags | (sb->userns == &userns_initial ? 0 : SB_NODEV);
	sb->dev = super_new_dev();
	sb->next_ino = 1;
	refcount_init(&sb->refs, 1);
	mutex_init(&sb->rename_lock, RANK_RENAME);
	spin_init(&sb->icache_lock, RANK_ICACHE);
	wait_queue_init(&sb->new_wait);
	*out = sb;
	return 0;
}

void super_put(struct super *sb)
{
	if (!sb || !refcount_put(&sb->refs))
		return;
	if (sb->root) {
		dentry_drop_tree(sb->root);
		dentry_put(sb->root);
	}
	assert(!sb->icache_count);
	if (sb->ops->shutdown)
		sb->ops->shutdown(sb);
	userns_put(sb->userns);
	kfree(sb->icache);
	kfree(sb);
}

u64 super_next_ino(struct super *sb)
{
	u64 ino;

	spin_lock(&sb->icache_lock);
	ino = sb->next_ino++;
	spin_unlock(&sb->icache_lock);
	return ino;
}

void fs_type_register(struct fs_type *type)
{
	assert(!fs_type_find(type->name, strlen(type->name)));
	list_add_tail(&type->link, &fs_types);
}

const struct fs_type *fs_type_find(const char *name, size_t len)
{
	struct fs_type *type;

	list_for_each(type, &fs_types, link)
		if (strlen(type->name) == len && !memcmp(type->name, name, len))
			return type;
	return NULL;
}

void fs_type_for_each(void (*fn)(const struct fs_type *, void *), void *arg)
{
	struct fs_type *type;

	list_for_each(type, &fs_types, link)
		fn(type, arg);
}
