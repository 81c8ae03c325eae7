/*
 * What pidfs remembers of a process beside its inode: trusted.* attributes, and whose the kill on
 * last close is (lastclose.c).
 *
 * Owns: struct pidfs_attr.
 * Life: made when there is something to remember, found by every later inode of the process, freed
 *   with struct pid. So attributes outlive all pidfds, and the process too while somebody has one.
 * Locks: inode->lock guards the list; a process has one live inode. The old one may still be on its
 *   way out when a new one is made, but nobody can reach attributes through it.
 * Follows: xattr(7)
 */
#include <linux/errno.h>
#include <linux/xattr.h>

#include "lib/string.h"

#include "fs/pidfs/internal.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/slab.h"
#include "fs/inode.h"

static struct pidfs_attr *attr_of(const struct pid *pid)
{
	return atomic_load_explicit(&pid->attr, memory_order_acquire);
}

struct pidfs_attr *pidfs_attr_make(struct pid *pid)
{
	struct pidfs_attr *attr = attr_of(pid), *none = NULL;

	if (attr)
		return attr;
	attr = kzalloc(sizeof(*attr));
	if (!attr)
		return NULL;
	xattr_list_init(&attr->xattrs);
	if (atomic_compare_exchange_strong_explicit(&pid->attr, &none, attr, memory_order_acq_rel,
						    memory_order_acquire))
		return attr;
	kfree(attr);
	return none;
}

static void attr_free(struct pidfs_attr *attr)
{
	if (attr->killer)
		cred_put(attr->killer);
	xattr_list_free(&attr->xattrs);
	kfree(attr);
}

/* trusted.* alone is kept here. */
static int check_name(const char *name)
{
	if (!str_has_prefix(name, XATTR_TRUSTED_PREFIX))
		return -EOPNOTSUPP;
	return name[sizeof(XATTR_TRUSTED_PREFIX) - 1] ? 0 : -EINVAL;
}

int pidfs_xattr_get(struct inode *inode, const char *name, void *buf, size_t size)
{
	struct pidfs_attr *attr = attr_of(inode->private);
	int err = check_name(name);

	if (err)
		return err;
	return attr ? xattr_list_get(&attr->xattrs, name, buf, size) : -ENODATA;
}

int pidfs_xattr_set(struct inode *inode, const char *name, const void *value, size_t size,
		    int flags)
{
	struct pidfs_attr *attr;
	int err = check_name(name);

	if (err)
		return err;
	attr = pidfs_attr_make(inode->private);
	return attr ? xattr_list_set(&attr->xattrs, name, value, size, flags) : -ENOMEM;
}

int pidfs_xattr_remove(struct inode *inode, const char *name)
{
	struct pidfs_attr *attr = attr_of(inode->private);
	int err = check_name(name);

	if (err)
		return err;
	return attr ? xattr_list_remove(&attr->xattrs, name) : -ENODATA;
}

long pidfs_xattr_list(struct inode *inode, char *buf, size_t size, bool show_trusted)
{
	struct pidfs_attr *attr = attr_of(inode->private);

	return attr ? xattr_list_names(&attr->xattrs, buf, size, show_trusted) : 0;
}

void pidfs_attr_init(void)
{
	pid_free_attr = attr_free;
}
