/*
 * tmpfs instances: options, numbers, and the kernel's own instance for files without names.
 *
 * Owns: the types "tmpfs", "ramfs" (no limits) and "rootfs"; the internal mount behind
 *   memfd_create and shared anonymous memory; seals.
 * Locks: seals change under inode->lock, as do the writes they forbid.
 */
#include "fs/tmpfs/internal.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/statfs.h>

#include "lib/seqbuf.h"
#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "fs/dentry.h"
#include "fs/inode.h"
#include "fs/mount.h"

static struct fs_type tmpfs_type, ramfs_type;
static struct mount *anon_mnt;

/* ---- options */

struct tmpfs_options {
	u64 max_pages, max_inodes;
	u32 mode, uid, gid;
};

/* Digits in base; *p goes after them. false: none. */
static bool parse_number(const char **p, u32 base, u64 *out)
{
	const char *start = *p;

	for (*out = 0; **p >= '0' && **p < (char)('0' + base); (*p)++)
		*out = *out * base + (u64)(**p - '0');
	return *p != start;
}

/* k, m, g, or % of all memory: bytes. */
static bool parse_size(const char **p, u64 *bytes)
{
	struct mem_stats mem;

	if (!parse_number(p, 10, bytes))
		return false;
	switch (**p | 0x20) {
	case 'k':
		*bytes <<= 10;
		break;
	case 'm':
		*bytes <<= 20;
		break;
	case 'g':
		*bytes <<= 30;
		break;
	case '%' | 0x20:
		mem_stats(&mem);
		*bytes = mem.total_pages * PAGE_SIZE / 100 * *bytes;
		break;
	default:
		return true;
	}
	(*p)++;
	return true;
}

static bool parse_option(const char **p, const char *key, size_t len, struct tmpfs_options *o)
{
	u64 n = 0;

#define KEY_IS(text) (len == strlen(text) && !memcmp(key, text, len))
	if (KEY_IS("size")) {
		if (!parse_size(p, &n))
			return false;
		o->max_pages = DIV_ROUND_UP(n, PAGE_SIZE);
	} else if (KEY_IS("nr_blocks")) {
		if (!parse_size(p, &o->max_pages))
			return false;
	} else if (KEY_IS("nr_inodes")) {
		if (!parse_size(p, &o->max_inodes))
			return false;
	} else if (KEY_IS("mode")) {
		if (!parse_number(p, 8, &n))
			return false;
		o->mode = n & 07777;
	} else if (KEY_IS("uid")) {
		if (!parse_number(p, 10, &n))
			return false;
		o->uid = uid_from_user(n);
		if (o->uid == ID_NONE)
			return false;
	} else if (KEY_IS("gid")) {
		if (!parse_number(p, 10, &n))
			return false;
		o->gid = gid_from_user(n);
		if (o->gid == ID_NONE)
			return false;
	} else {
		return false;
	}
#undef KEY_IS
	return true;
}

static int parse_options(const char *text, struct tmpfs_options *o)
{
	while (text && *text) {
		const char *key = text;
		size_t len;

		if (*text == ',') {
			text++;
			continue;
		}
		while (*text && *text != '=' && *text != ',')
			text++;
		len = text - key;
		if (*text != '=')
			return -EINVAL;
		text++;
		if (!parse_option(&text, key, len, o) || (*text && *text != ','))
			return -EINVAL;
	}
	return 0;
}

/* ---- instances */

static void tmpfs_statfs(struct super *sb, struct statfs *out)
{
	const struct tmpfs_super *ts = sb->private;

	out->f_blocks = ts->max_pages;
	out->f_bfree = out->f_bavail = ts->max_pages ? ts->max_pages - ts->used_pages : 0;
	out->f_files = ts->max_inodes;
	out->f_ffree = ts->max_inodes ? ts->max_inodes - ts->used_inodes : 0;
}

static void tmpfs_show_options(struct super *sb, struct seqbuf *out)
{
	const struct tmpfs_super *ts = sb->private;

	if (ts->max_pages)
		seqbuf_printf(out, ",size=%luk", ts->max_pages * (PAGE_SIZE / 1024));
	if (ts->max_inodes)
		seqbuf_printf(out, ",nr_inodes=%lu", ts->max_inodes);
}

static void tmpfs_shutdown(struct super *sb)
{
	kfree(sb->private);
}

static const struct super_ops tmpfs_super_ops = {
	.evict = tmpfs_evict,
	.statfs = tmpfs_statfs,
	.show_options = tmpfs_show_options,
	.shutdown = tmpfs_shutdown,
};

static void anon_dname(const struct dentry *dentry, struct seqbuf *out)
{
	seqbuf_printf(out, "%s (deleted)", dentry->name);
}

static const struct super_ops anon_super_ops = {
	.evict = tmpfs_evict,
	.dname = anon_dname,
};

static int instance_new(const struct fs_type *type, const struct super_ops *ops,
			const struct tmpfs_options *o, struct super **out)
{
	struct tmpfs_super *ts = kzalloc(sizeof(*ts));
	struct inode *root;
	struct super *sb;
	int err = -ENOMEM;

	if (!ts)
		return -ENOMEM;
	ts->max_pages = o->max_pages;
	ts->max_inodes = o->max_inodes;
	err = super_new(type, ops, type == &ramfs_type ? RAMFS_MAGIC : TMPFS_MAGIC, 0, &sb);
	if (err) {
		kfree(ts);
		return err;
	}
	sb->private = ts;
	err = tmpfs_inode_new(sb, NULL, S_IFDIR | o->mode, 0, &root);
	if (!err) {
		root->uid = o->uid;
		root->gid = o->gid;
		sb->root = dentry_new_root(root);
		if (!sb->root)
			err = -ENOMEM;
	}
	if (err)
		super_put(sb);
	else
		*out = sb;
	return err;
}

/* The root is whose mounts it. */
static struct tmpfs_options options_default(u32 mode)
{
	const struct cred *c = cred_current();

	return (struct tmpfs_options){ .mode = mode, .uid = c->fsuid, .gid = c->fsgid };
}

static int tmpfs_mount(const struct fs_type *type, const char *options, struct super **out)
{
	struct tmpfs_options o = options_default(01777);
	struct mem_stats mem;
	int err;

	mem_stats(&mem);
	o.max_pages = o.max_inodes = mem.total_pages / 2;
	err = parse_options(options, &o);
	return err ? err : instance_new(type, &tmpfs_super_ops, &o, out);
}

static int ramfs_mount(const struct fs_type *type, const char *options, struct super **out)
{
	struct tmpfs_options o = options_default(0755);
	int err = parse_options(options, &o);

	o.max_pages = o.max_inodes = 0;
	return err ? err : instance_new(type, &tmpfs_super_ops, &o, out);
}

static int check_options(const char *options)
{
	struct tmpfs_options o;

	return parse_options(options, &o);
}

/* Only limits change: not to less than is used, nor from none to some. */
static int tmpfs_reconfigure(struct super *sb, const char *options)
{
	struct tmpfs_super *ts = sb->private;
	struct tmpfs_options o = { .max_pages = ts->max_pages, .max_inodes = ts->max_inodes };
	int err = parse_options(options, &o);

	if (err)
		return err;
	if (ts->used_pages > o.max_pages && o.max_pages)
		return -EINVAL;
	if (ts->used_inodes > o.max_inodes && o.max_inodes)
		return -EINVAL;
	if ((!ts->max_pages && o.max_pages) || (!ts->max_inodes && o.max_inodes))
		return -EINVAL;
	ts->max_pages = o.max_pages;
	ts->max_inodes = o.max_inodes;
	return 0;
}

static struct fs_type tmpfs_type = { .name = "tmpfs",
				     .flags = FS_NODEV | FS_USERNS,
				     .mount = tmpfs_mount,
				     .reconfigure = tmpfs_reconfigure,
				     .check = check_options };
static struct fs_type ramfs_type = {
	.name = "ramfs", .flags = FS_NODEV | FS_USERNS, .mount = ramfs_mount, .check = check_options
};

int tmpfs_new(const char *options, struct super **out)
{
	return tmpfs_mount(&tmpfs_type, options, out);
}

/* ---- files without names */

int tmpfs_anon_file(const char *name, u64 size, u32 mode, u32 flags, struct file **out)
{
	struct path path = { .mnt = anon_mnt };
	struct qname q = qname_of(name, strlen(name));
	struct inode *inode;
	int err;

	if (size > INT64_MAX)
		return -EINVAL;
	path.dentry = dentry_new(anon_mnt->root, &q);
	if (!path.dentry)
		return -ENOMEM;
	err = tmpfs_inode_new(anon_mnt->sb, NULL, S_IFREG | mode, 0, &inode);
	if (err)
		goto out_put;
	inode->nlink = 0;
	inode->size = size;
	dentry_attach_unlinked(path.dentry, inode);
	mount_get(anon_mnt);
	err = file_new(&path, flags, out);
	if (!err)
		return 0;
	mount_put(anon_mnt);
out_put:
	dentry_put(path.dentry);
	return err;
}

/* ---- seals */

static struct tmpfs_node *sealable(struct file *file)
{
	const struct super_ops *ops = file->inode->sb->ops;

	return S_ISREG(file->inode->mode) && (ops == &tmpfs_super_ops || ops == &anon_super_ops)
		       ? file->inode->private
		       : NULL;
}

int tmpfs_get_seals(struct file *file)
{
	struct tmpfs_node *node = sealable(file);

	return node ? (int)node->seals : -EINVAL;
}

static int add_seals_locked(struct file *file, struct tmpfs_node *node, u32 seals)
{
	int err;

	if (node->seals & F_SEAL_SEAL)
		return -EPERM;
	if ((seals & F_SEAL_WRITE) && !(node->seals & F_SEAL_WRITE)) {
		err = pagecache_forbid_writable(&node->pages);
		if (err)
			return err;
	}
	if (seals & F_SEAL_FUTURE_WRITE)
		node->pages.no_new_writable = true;
	if (seals & F_SEAL_EXEC) {
		if (file->inode->mode & 0111)
			seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	}
	node->seals |= seals;
	return 0;
}

int tmpfs_add_seals(struct file *file, u32 seals)
{
	struct tmpfs_node *node = sealable(file);
	int err;

	if (!(file->mode & FILE_WRITE))
		return -EPERM;
	if (!node || (seals & ~(u32)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
				     F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)))
		return -EINVAL;
	rwsem_write_lock(&file->inode->lock);
	err = add_seals_locked(file, node, seals);
	rwsem_write_unlock(&file->inode->lock);
	return err;
}

void tmpfs_set_seals(struct file *file, u32 seals)
{
	struct tmpfs_node *node = sealable(file);

	assert(node);
	node->seals = seals;
}

void tmpfs_init(void)
{
	struct tmpfs_options o = { .mode = 0777 };
	struct super *sb;

	pagecache_init_cache();
	fs_type_register(&tmpfs_type);
	fs_type_register(&ramfs_type);
	if (instance_new(&tmpfs_type, &anon_super_ops, &o, &sb) || mount_internal(sb, &anon_mnt))
		panic("no memory for the kernel's tmpfs");
}
