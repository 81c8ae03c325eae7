/*
 * chrdev: from a device number to its driver.
 *
 * Owns: the list of drivers' ranges of numbers. It only grows, during boot, before devices can be
 * opened by a second thread, so it has no lock. How: the inode of a device node in any file system
 * has chrdev_file_ops; the open hands the file on to the driver's operations.
 */
#include "fs/chrdev.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "fs/inode.h"
#include "fs/open.h"

static struct list devices = LIST_INIT(devices);

void chrdev_register(struct chrdev *dev)
{
	list_add_tail(&dev->link, &devices);
}

const struct chrdev *chrdev_find(u64 rdev)
{
	struct chrdev *dev;

	list_for_each(dev, &devices, link)
		if (rdev >= dev->first && rdev - dev->first < dev->count)
			return dev;
	return NULL;
}

void chrdev_for_each(bool (*fn)(const struct chrdev *, void *), void *arg)
{
	struct chrdev *dev;

	list_for_each(dev, &devices, link)
		if (!fn(dev, arg))
			break;
}

static int chrdev_open(struct inode *inode, struct file *file)
{
	const struct chrdev *dev = S_ISCHR(inode->mode) ? chrdev_find(inode->rdev) : NULL;

	if (!dev)
		return -ENXIO; /* block devices have no drivers here */
	file_set_ops(file, dev->ops);
	return dev->ops->open ? dev->ops->open(inode, file) : 0;
}

const struct file_ops chrdev_file_ops = { .open = chrdev_open };
