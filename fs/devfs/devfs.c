/*
 * devtmpfs: /dev, filled in by the kernel.
 *
 * Owns: one instance of tmpfs, made at boot and never given up, which every mount of the type
 *   shows; so what programs add or change there stays.
 * How: each mount first adds the nodes of drivers that have registered since, and the usual links
 *   and directories. What is there already is left alone, whoever made it.
 * Locks: the directory's inode->lock while a name is made, as for any tmpfs.
 *                                                       Follows: Linux 7.3 drivers/base/devtmpfs.c
 */
#include "fs/devfs/devfs.h"

#include <linux/errno.h>

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"
#include "fs/chrdev.h"
#include "fs/dentry.h"
#include "fs/inode.h"
#include "fs/super.h"
#include "fs/tmpfs/tmpfs.h"

/* What is to be at a name. */
struct node {
	u32 mode; /* with its type */
	u64 rdev; /* devices */
	const char *target; /* links */
};

static struct super *devfs;

static int node_make(struct inode *dir, struct dentry *dentry, const struct node *node)
{
	struct inode *inode;
	int err;

	if (S_ISDIR(node->mode))
		err = dir->ops->mkdir(dir, dentry, node->mode);
	else if (S_ISLNK(node->mode))
		err = dir->ops->symlink(dir, dentry, node->target);
	else
		err = dir->ops->mknod(dir, dentry, node->mode, node->rdev);
	if (err)
		return err;
	inode = dentry_inode(dentry);
	inode->uid = 0; /* whoever happens to mount it */
	inode->gid = 0;
	return 0;
}

/* The child called name, made as node says if there is none; +1 in *out. */
static int child_ensure(struct dentry *parent, const char *name, size_t len,
			const struct node *node, struct dentry **out)
{
	struct inode *dir = dentry_inode(parent);
	struct qname q = qname_of(name, (u32)len);
	int err;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	rwsem_write_lock(&dir->lock);
	err = dentry_lookup_locked(parent, &q, out);
	if (!err && !dentry_inode(*out)) {
		err = node_make(dir, *out, node);
		if (err)
			dentry_put(*out);
	}
	rwsem_write_unlock(&dir->lock);
	return err;
}

/* name may have directories in it; they are made too. */
static int path_ensure(const char *name, const struct node *node)
{
	static const struct node directory = { .mode = S_IFDIR | 0755 };
	struct dentry *at = dentry_get(devfs->root), *next;
	const char *slash;
	int err = 0;

	for (; !err && (slash = strchr(name, '/')); name = slash + 1) {
		err = child_ensure(at, name, (size_t)(slash - name), &directory, &next);
		if (!err) {
			dentry_put(at);
			at = next;
		}
	}
	if (!err)
		err = child_ensure(at, name, strlen(name), node, &next);
	if (!err)
		dentry_put(next);
	dentry_put(at);
	return err;
}

static bool device_ensure(const struct chrdev *dev, void *unused)
{
	struct node node = { .mode = S_IFCHR | dev->mode, .rdev = dev->first };
	int err = dev->name ? path_ensure(dev->name, &node) : 0;

	if (err)
		pr_warn("devtmpfs: cannot make %s: error %d\n", dev->name, err);
	return true;
}

static const struct {
	const char *name;
	struct node node;
} usual[] = {
	{ "fd", { .mode = S_IFLNK | 0777, .target = "/proc/self/fd" } },
	{ "stdin", { .mode = S_IFLNK | 0777, .target = "/proc/self/fd/0" } },
	{ "stdout", { .mode = S_IFLNK | 0777, .target = "/proc/self/fd/1" } },
	{ "stderr", { .mode = S_IFLNK | 0777, .target = "/proc/self/fd/2" } },
	{ "pts", { .mode = S_IFDIR | 0755 } },
	{ "shm", { .mode = S_IFDIR | S_ISVTX | 0777 } },
};

static int devfs_mount(const struct fs_type *type, const char *options, struct super **out)
{
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		int err = path_ensure(usual[i].name, &usual[i].node);

		if (err && err != -ENOTDIR)
			return err;
	}
	chrdev_for_each(device_ensure, NULL);
	super_get(devfs);
	*out = devfs;
	return 0;
}

static struct fs_type devfs_type = { .name = "devtmpfs", .flags = FS_NODEV, .mount = devfs_mount };

void devfs_init(void)
{
	if (tmpfs_new("mode=0755", &devfs))
		panic("no memory for devtmpfs");
	devfs->type = &devfs_type; /* nobody has seen it yet */
	fs_type_register(&devfs_type);
	devpts_init();
}
