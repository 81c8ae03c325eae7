/*
 * Reader of "newc" cpio archives (initramfs), straight from memory.
 *
 *	cpio_init(&r, image, size);
 *	while ((err = cpio_next(&r, &entry)) > 0)
 *		... use entry ...
 */
#pragma once

#include "lib/base.h"

struct cpio_reader {
	const u8 *image;
	size_t size;
	size_t pos; /* of the next header */
};

struct cpio_entry {
	const char *name; /* zero-terminated, inside the image; no leading / is removed */
	size_t name_len;
	const u8 *data; /* inside the image; a link's target is not zero-terminated */
	size_t size;
	u32 ino, mode, uid, gid, nlink, mtime;
	u32 dev_major, dev_minor; /* of the file system it came from */
	u32 rdev_major, rdev_minor; /* of a device node */
};

static inline void cpio_init(struct cpio_reader *r, const void *image, size_t size)
{
	*r = (struct cpio_reader){ .image = image, .size = size };
}

/* 1: *entry is filled in; 0: the end (trailer, or nothing left); -EINVAL: not a sound archive. */
int cpio_next(struct cpio_reader *r, struct cpio_entry *entry) __must_check;

/* After the end: skips zero padding. True: more bytes follow at r->pos, maybe another archive. */
bool cpio_skip_padding(struct cpio_reader *r);
