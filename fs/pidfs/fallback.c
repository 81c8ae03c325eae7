/*
 * pidfds without pidfs: the kinds that the option pidfs= can ask for, to see what they lack.
 *
 *   pidfs=anon    files on the one anonymous inode, as before Linux 6.9: all look the same
 *   pidfs=fresh   an anonymous inode for each open: no two look the same
 *
 * Here file->private holds the counted struct pid. All that concerns the process is the same; what
 * concerns identity is lost, and what hangs on it: PIDFD_GET_INFO, handles, attributes, the mark.
 *
 * Owns: pidfd_make, which is libfs_open() for pidfs and chosen once, at boot. A kernel without pidfs
 *   (CONFIG_PIDFS=n) has anon and fresh alone.
 */
#include "fs/pidfs/internal.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "boot/options.h"
#include "lib/string.h"
#include "kernel/debug/printk.h"
#include "kernel/id/pid.h"
#include "fs/anonfs/anonfs.h"
#include "fs/libfs.h"

static bool is_fresh; /* [I] */

static void fallback_release(struct file *file)
{
	pidfd_release(file);
	pid_put(file->private);
}

static const struct file_ops fallback_file_ops = {
	.poll = pidfd_poll,
	.release = fallback_release,
	.show_fdinfo = pidfd_show_fdinfo,
};

/* In place of libfs_open(): there is neither a node nor a number. */
static int fallback_open(const struct node_template *t, u64 ino, void *pid, u32 flags,
			 struct file **out)
{
	int err = (is_fresh ? anonfs_open_new : anonfs_open)("[pidfd]", &fallback_file_ops, pid,
							     flags, out);

	if (!err)
		pid_get(pid);
	return err;
}

struct pid *fallback_pid(const struct file *file)
{
	return file->ops == &fallback_file_ops ? file->private : NULL;
}

#ifdef CONFIG_PIDFS
#define DEFAULT_KIND "pidfs"
pidfd_maker *pidfd_make = libfs_open;
#else
#define DEFAULT_KIND "anon"
pidfd_maker *pidfd_make = fallback_open;

int pidfs_open(struct pid *pid, u32 flags, struct file **out)
{
	return pidfd_make(NULL, 0, pid, O_RDWR | flags, out);
}

struct pid *pidfs_pid(const struct file *file)
{
	return fallback_pid(file);
}

void pidfs_init(void)
{
	pidfd_choose();
}
#endif

void pidfd_choose(void)
{
	const char *kind = kernel_options.pidfs ? kernel_options.pidfs : DEFAULT_KIND;

	is_fresh = !strcmp(kind, "fresh");
	if (is_fresh || !strcmp(kind, "anon"))
		pidfd_make = fallback_open;
	else if (strcmp(kind, DEFAULT_KIND))
		pr_warn("pidfs=%s is neither anon nor fresh: it is " DEFAULT_KIND "\n", kind);
}
