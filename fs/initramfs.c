/*
 * initramfs: from a cpio archive to files.
 *
 * How: every entry is made through the ordinary operations (fs/namei.c, fs/open.c), as a program
 * would. A gzip member is expanded into memory first. Later entries replace earlier ones of the
 * same name. Hard links: entries with the same inode number are names of the first one that was
 * made; whichever of them carries the data fills it. Directories get their times last, because
 * making what is in them changes these. A damaged archive is an error and a message, never more:
 * lengths are checked by lib/cpio.c and lib/inflate.c.
 */
#include "fs/initramfs.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "lib/cpio.h"
#include "lib/inflate.h"
#include "lib/list.h"
#include "lib/string.h"
#include "kernel/debug/printk.h"
#include "kernel/mm/kmap.h"
#include "kernel/mm/slab.h"
#include "fs/chrdev.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "fs/open.h"
#include "fs/rw.h"
#include "fs/stat.h"

/* A name to come back to: the first of a hard link, or a directory. */
struct remembered {
	struct list link;
	u32 ino, dev_major, dev_minor, mtime;
	char name[];
};

struct unpack {
	struct list links; /* of the archive at hand */
	struct list dirs; /* of all */
};

static struct remembered *remember(const struct cpio_entry *e, struct list *list)
{
	struct remembered *r = kmalloc(sizeof(*r) + e->name_len + 1);

	if (!r)
		return NULL;
	r->ino = e->ino;
	r->dev_major = e->dev_major;
	r->dev_minor = e->dev_minor;
	r->mtime = e->mtime;
	memcpy(r->name, e->name, e->name_len);
	r->name[e->name_len] = 0;
	list_add(&r->link, list);
	return r;
}

static void forget_all(struct list *list)
{
	while (!list_empty(list)) {
		struct remembered *r = list_first(list, struct remembered, link);

		list_del(&r->link);
		kfree(r);
	}
}

/* ---- one entry */

static int set_mtime(const struct path *p, u32 mtime)
{
	struct timespec times[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };

	return vfs_utimes(p, times);
}

/* Owner, then mode (chown takes set-id bits away), then time. */
static int set_attributes(const struct cpio_entry *e)
{
	struct path p;
	int err = path_lookup(AT_FDCWD, e->name, 0, &p);

	if (err)
		return err;
	if (e->uid || e->gid)
		err = vfs_chown(&p, e->uid, e->gid);
	if (!err && !S_ISLNK(e->mode))
		err = vfs_chmod(&p, e->mode & 07777);
	if (!err)
		err = set_mtime(&p, e->mtime);
	path_put(&p);
	return err;
}

static int write_data(const struct cpio_entry *e)
{
	struct file *file;
	long n = 0;
	int err;

	if (!e->size)
		return 0;
	err = file_open_kernel(e->name, O_WRONLY, 0, &file);
	if (err)
		return err;
	for (size_t done = 0; done < e->size && !err; done += n) {
		n = file_write_kernel(file, e->data + done, e->size - done, done);
		if (n <= 0)
			err = n ? (int)n : -EIO;
	}
	file_put(file);
	return err;
}

/* True: the entry was only one more name, and is made. */
static bool make_link(struct unpack *u, const struct cpio_entry *e, int *err)
{
	struct remembered *r;

	if (e->nlink < 2)
		return false;
	list_for_each(r, &u->links, link) {
		if (r->ino == e->ino && r->dev_major == e->dev_major &&
		    r->dev_minor == e->dev_minor) {
			*err = vfs_link(AT_FDCWD, r->name, AT_FDCWD, e->name, 0);
			return true;
		}
	}
	if (!remember(e, &u->links)) {
		*err = -ENOMEM;
		return true;
	}
	return false;
}

static int make_symlink(const struct cpio_entry *e)
{
	char *target;
	int err;

	if (!e->size || e->size >= 4096)
		return -EINVAL;
	target = kmalloc(e->size + 1);
	if (!target)
		return -ENOMEM;
	memcpy(target, e->data, e->size);
	target[e->size] = 0;
	err = vfs_symlink(target, AT_FDCWD, e->name);
	kfree(target);
	return err;
}

static int make_dir(struct unpack *u, const struct cpio_entry *e)
{
	int err = vfs_mkdir(AT_FDCWD, e->name, e->mode);

	if (err && err != -EEXIST)
		return err;
	return remember(e, &u->dirs) ? 0 : -ENOMEM;
}

static int make_file(struct unpack *u, const struct cpio_entry *e)
{
	int err = vfs_unlink(AT_FDCWD, e->name); /* an earlier archive's */

	if (err && err != -ENOENT)
		return err;
	err = 0;
	if (S_ISLNK(e->mode))
		return make_symlink(e);
	if (!make_link(u, e, &err))
		err = vfs_mknod(AT_FDCWD, e->name, e->mode, MKDEV(e->rdev_major, e->rdev_minor),
				NULL);
	if (!err && S_ISREG(e->mode))
		err = write_data(e);
	return err;
}

static int unpack_entry(struct unpack *u, const struct cpio_entry *e)
{
	int err = S_ISDIR(e->mode) ? make_dir(u, e) : make_file(u, e);

	if (!err)
		err = set_attributes(e);
	if (err)
		pr_err("initramfs: cannot make %s: error %d\n", e->name, -err);
	return err == -ENOMEM || err == -ENOSPC ? err : 0;
}

/* One cpio archive; *used becomes its length, with the padding after it. */
static int unpack_cpio(struct unpack *u, const u8 *image, size_t size, size_t *used)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	int err;

	cpio_init(&reader, image, size);
	while ((err = cpio_next(&reader, &entry)) > 0) {
		err = unpack_entry(u, &entry);
		if (err)
			break;
	}
	forget_all(&u->links);
	if (err)
		return err;
	cpio_skip_padding(&reader);
	*used = reader.pos;
	return 0;
}

static int unpack_archives(struct unpack *u, const u8 *image, size_t size);

/* ---- gzip */

struct expanded {
	u8 *data;
	size_t len, cap;
};

#define EXPANDED_MIN (1u << 20)

static int expanded_grow(struct expanded *x, size_t need)
{
	size_t cap = MAX(x->cap, (size_t)EXPANDED_MIN);
	u8 *data;

	while (cap < need)
		cap *= 2;
	data = kvmalloc(cap);
	if (!data)
		return -ENOMEM;
	if (x->len)
		memcpy(data, x->data, x->len);
	kvfree(x->data);
	x->data = data;
	x->cap = cap;
	return 0;
}

static int expanded_add(void *ctx, const u8 *data, size_t len)
{
	struct expanded *x = ctx;
	int err = x->len + len > x->cap ? expanded_grow(x, x->len + len) : 0;

	if (err)
		return err;
	memcpy(x->data + x->len, data, len);
	x->len += len;
	return 0;
}

static int unpack_gzip(struct unpack *u, const u8 *image, size_t size, size_t *used)
{
	struct inflate *state = kvmalloc(sizeof(*state));
	struct expanded x = { 0 };
	int err = -ENOMEM;

	if (state)
		err = gunzip(state, image, size, used, expanded_add, &x);
	kvfree(state);
	if (!err)
		err = unpack_archives(u, x.data, x.len);
	kvfree(x.data);
	return err;
}

/* ---- all of it */

static int unpack_archives(struct unpack *u, const u8 *image, size_t size)
{
	size_t pos = 0, used;
	int err;

	for (;;) {
		while (pos < size && !image[pos])
			pos++;
		if (pos == size)
			return 0;
		used = 0;
		if (gzip_is_magic(image + pos, size - pos))
			err = unpack_gzip(u, image + pos, size - pos, &used);
		else
			err = unpack_cpio(u, image + pos, size - pos, &used);
		if (err)
			return err;
		if (!used)
			return -EINVAL;
		pos += used;
	}
}

static void finish_dirs(struct unpack *u)
{
	struct remembered *r;
	struct path p;

	list_for_each(r, &u->dirs, link) {
		if (path_lookup(AT_FDCWD, r->name, 0, &p))
			continue;
		if (set_mtime(&p, r->mtime))
			pr_warn("initramfs: %s keeps the time of its making\n", r->name);
		path_put(&p);
	}
	forget_all(&u->dirs);
}

int initramfs_unpack(const void *image, size_t size)
{
	struct unpack u;
	int err;

	list_init(&u.links);
	list_init(&u.dirs);
	err = unpack_archives(&u, image, size);
	finish_dirs(&u);
	if (err)
		pr_err("initramfs: the archive is damaged or too large: error %d\n", -err);
	return err;
}
