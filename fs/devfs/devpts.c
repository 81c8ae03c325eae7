/*
 * devpts: the slave sides of pseudo terminals, as device nodes named by their numbers.
 *
 * Owns: one instance, shown by every mount; its options. Which numbers there are, the driver says
 *   (pty_next).
 * Life: an inode is made when a name is looked up, with the owner that the driver tells, and goes
 *   with its last holder. So what chmod and chown change lasts for as long as somebody has the
 *   slave open, which is what those who call them do. A node that is held while its terminal goes
 *   is not found any more.
 * Invariant: the inode number is the terminal's number plus FIRST_PTS; ptmx is before that.
 * Locks: the directory's inode->lock around lookup and readdir is the caller's.
 *                       Follows: pts(4), Linux 7.3 fs/devpts, Documentation/filesystems/devpts.rst
 */
#include "fs/devfs/devfs.h"

#include <linux/errno.h>
#include <linux/magic.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "fs/chrdev.h"
#include "fs/dentry.h"
#include "fs/inode.h"
#include "fs/readdir.h"
#include "drivers/tty/pty.h"

#define INO_ROOT    1
#define INO_PTMX    2
#define FIRST_PTS   3
#define PTS_MAJOR   136
#define PTMX_DEVICE MKDEV(5, 2)
#define MAX_PTS     (1u << 20)

struct devpts_options {
	u32 uid, gid, mode, ptmx_mode;
	bool has_uid, has_gid, has_mode;
};

static struct super *devpts;
static struct devpts_options options_now; /* of the latest mount; words, read as they are */

/* ---- Names */

/* The number, or MAX_PTS: no terminal is called that. */
static u32 parse_index(const char *name, u32 len)
{
	u32 n = 0;

	if (!len || len > 7 || (name[0] == '0' && len > 1))
		return MAX_PTS;
	for (u32 i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return MAX_PTS;
		n = n * 10 + (u32)(name[i] - '0');
	}
	return MIN(n, MAX_PTS);
}

static bool is_ptmx(const char *name, u32 len)
{
	return len == 4 && !memcmp(name, "ptmx", 4);
}

static bool pts_find(u32 index, struct pty_info *info)
{
	return index < MAX_PTS && pty_next(index, info) && info->index == index;
}

static void fill_slave(struct inode *inode, const struct pty_info *info)
{
	const struct devpts_options *o = &options_now;

	inode->mode = S_IFCHR | (o->has_mode ? o->mode : info->mode & 07777);
	inode->uid = o->has_uid ? o->uid : info->uid;
	inode->gid = o->has_gid ? o->gid : info->gid;
	inode->rdev = MKDEV(PTS_MAJOR, info->index);
}

static int devpts_lookup(struct inode *dir, struct dentry *dentry)
{
	bool wants_ptmx = is_ptmx(dentry->name, dentry->name_len);
	struct pty_info info = { 0 };
	struct inode *inode;

	if (!wants_ptmx && !pts_find(parse_index(dentry->name, dentry->name_len), &info))
		return 0;
	inode = inode_get_locked(dir->sb, wants_ptmx ? INO_PTMX : FIRST_PTS + (u64)info.index);
	if (!inode)
		return -ENOMEM;
	if (inode_is_new(inode)) {
		if (wants_ptmx) {
			inode->mode = S_IFCHR | options_now.ptmx_mode;
			inode->rdev = PTMX_DEVICE;
		} else {
			fill_slave(inode, &info);
		}
		inode->fops = &chrdev_file_ops;
		inode_unlock_new(inode);
	}
	dentry_attach(dentry, inode);
	return 0;
}

static bool devpts_revalidate(struct dentry *dentry)
{
	struct pty_info info;

	if (dentry->parent == dentry || is_ptmx(dentry->name, dentry->name_len))
		return true;
	return pts_find(parse_index(dentry->name, dentry->name_len), &info);
}

/* Positions are inode numbers. */
static int devpts_readdir(struct file *file, struct dir_context *ctx)
{
	struct pty_info info;
	char name[12];

	if (ctx->pos <= INO_PTMX) {
		if (!dir_emit(ctx, "ptmx", 4, INO_PTMX, mode_to_dt(S_IFCHR)))
			return 0;
		ctx->pos = FIRST_PTS;
	}
	while (ctx->pos - FIRST_PTS < MAX_PTS && pty_next((u32)(ctx->pos - FIRST_PTS), &info)) {
		ctx->pos = FIRST_PTS + (u64)info.index;
		if (!dir_emit(ctx, name, fmt_dec(name, info.index), ctx->pos, mode_to_dt(S_IFCHR)))
			return 0;
		ctx->pos++;
	}
	return 0;
}

/* ---- Mounting */

static bool option_value(const char **p, const char *name, u32 base, u32 *out)
{
	size_t len = strlen(name);
	const char *at;

	if (strncmp(*p, name, len) || (*p)[len] != '=')
		return false;
	at = *p + len + 1;
	if (*at < '0' || *at >= (char)('0' + base))
		return false;
	for (*out = 0; *at >= '0' && *at < (char)('0' + base); at++)
		*out = *out * base + (u32)(*at - '0');
	*p = at;
	return *at == 0 || *at == ',';
}

static int parse_options(const char *text, struct devpts_options *o)
{
	u32 ignored;

	while (text && *text) {
		if (*text == ',') {
			text++;
		} else if (option_value(&text, "uid", 10, &o->uid)) {
			o->has_uid = true;
		} else if (option_value(&text, "gid", 10, &o->gid)) {
			o->has_gid = true;
		} else if (option_value(&text, "mode", 8, &o->mode)) {
			o->mode &= 0777;
			o->has_mode = true;
		} else if (option_value(&text, "ptmxmode", 8, &o->ptmx_mode)) {
			o->ptmx_mode &= 0777;
		} else if (str_has_prefix(text, "newinstance")) {
			text += strlen("newinstance"); /* there is only the one */
		} else if (!option_value(&text, "max", 10, &ignored)) {
			return -EINVAL;
		}
	}
	return 0;
}

static void devpts_show_options(struct super *sb, struct seqbuf *out)
{
	const struct devpts_options *o = &options_now;

	if (o->has_uid)
		seqbuf_printf(out, ",uid=%u", o->uid);
	if (o->has_gid)
		seqbuf_printf(out, ",gid=%u", o->gid);
	seqbuf_printf(out, ",mode=%03o,ptmxmode=%03o", o->has_mode ? o->mode : 0620, o->ptmx_mode);
}

static int check_options(const char *text)
{
	struct devpts_options o = { 0 };

	return parse_options(text, &o);
}

static int devpts_reconfigure(struct super *sb, const char *text)
{
	return parse_options(text, &options_now);
}

static int devpts_mount(const struct fs_type *type, const char *text, struct super **out)
{
	struct devpts_options o = { 0 };
	int err = parse_options(text, &o);

	if (err)
		return err;
	if (userns_current() == &userns_initial)
		options_now = o;
	super_get(devpts);
	*out = devpts;
	return 0;
}

static const struct inode_ops devpts_dir_inode_ops = { .lookup = devpts_lookup };
static const struct file_ops devpts_dir_ops = { .readdir = devpts_readdir };
static const struct super_ops devpts_super_ops = {
	.revalidate = devpts_revalidate,
	.show_options = devpts_show_options,
};

static struct fs_type devpts_type = { .name = "devpts",
				      .flags = FS_NODEV | FS_USERNS,
				      .mount = devpts_mount,
				      .reconfigure = devpts_reconfigure,
				      .check = check_options };

void devpts_init(void)
{
	struct inode *root;

	if (super_new(&devpts_type, &devpts_super_ops, DEVPTS_SUPER_MAGIC, SB_NOCACHE | SB_NOEXEC,
		      &devpts))
		panic("no memory for devpts");
	root = inode_new(devpts);
	if (!root)
		panic("no memory for devpts");
	root->ino = INO_ROOT;
	root->mode = S_IFDIR | 0755;
	root->nlink = 2;
	root->ops = &devpts_dir_inode_ops;
	root->fops = &devpts_dir_ops;
	inode_set_dir_rank(root);
	devpts->root = dentry_new_root(root);
	if (!devpts->root)
		panic("no memory for devpts");
	fs_type_register(&devpts_type);
}
