/*
 * Character devices: device number to file operations.
 */
#pragma once

#include "lib/list.h"
#include "fs/ops.h"

#define MKDEV(ma, mi) (((u64)(ma) << 20) | (mi))
#define DEV_MAJOR(d)  ((u32)((d) >> 20))
#define DEV_MINOR(d)  ((u32)((d)&0xfffff))

struct chrdev {
	const char *name; /* in /dev; also /sys, may hold '/'; NULL: not shown */
	u64 first; /* MKDEV */
	u32 count; /* minors */
	u32 mode; /* permissions of the node in /dev */
	const struct file_ops *ops; /* ops->open gets the inode with its rdev */
	struct list link;
};
/* For ever, at boot. devfs shows it from now on. */
void chrdev_register(struct chrdev *dev);
const struct chrdev *chrdev_find(u64 rdev); /* NULL: ENXIO */
/* Until fn returns false. */
void chrdev_for_each(bool (*fn)(const struct chrdev *, void *), void *arg);
/* fops of device inodes: open switches to the driver's. */
extern const struct file_ops chrdev_file_ops;
