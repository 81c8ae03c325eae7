/*
 * The mount tree from user space.
 *
 * Every mount is private: nothing propagates, so asking for that is granted and asking for more is
 * not.
 * Follows: mount(2), umount2(2), pivot_root(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mount.h>

#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "fs/mnt_ns.h"

#define MS_PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

/* A string that may be absent: NULL is fine. Freed with kfree. */
static int string_from_user(const char __user *ustr, char **out)
{
	long len;

	*out = NULL;
	if (!ustr)
		return 0;
	*out = kmalloc(PAGE_SIZE);
	if (!*out)
		return -ENOMEM;
	len = strncpy_from_user(*out, ustr, PAGE_SIZE);
	if (len >= 0 && len < (long)PAGE_SIZE)
		return 0;
	kfree(*out);
	*out = NULL;
	return len < 0 ? -EFAULT : -EINVAL;
}

static u32 mount_flags(u64 ms)
{
	u32 flags = 0;

	flags |= ms & MS_RDONLY ? MNT_FLAG_RDONLY : 0;
	flags |= ms & MS_NOSUID ? MNT_FLAG_NOSUID : 0;
	flags |= ms & MS_NODEV ? MNT_FLAG_NODEV : 0;
	flags |= ms & MS_NOEXEC ? MNT_FLAG_NOEXEC : 0;
	flags |= ms & MS_NOATIME ? MNT_FLAG_NOATIME : 0;
	flags |= ms & MS_NODIRATIME ? MNT_FLAG_NODIRATIME : 0;
	if (!(ms & (MS_NOATIME | MS_STRICTATIME)))
		flags |= MNT_FLAG_RELATIME;
	return flags;
}

static bool may_mount(void)
{
	return ns_capable(mnt_ns_current()->ns.owner, CAP_SYS_ADMIN);
}

static long mount_from(const char *source, const struct path *at, u64 ms)
{
	struct path from;
	long err;

	if (!source || !*source)
		return -EINVAL;
	err = path_lookup(AT_FDCWD_KERNEL, source, LOOKUP_FOLLOW, &from);
	if (err)
		return err;
	err = ms & MS_MOVE ? mount_move(&from, at) : mount_bind(&from, at, ms & MS_REC);
	path_put(&from);
	return err;
}

static long mount_at(const char *source, const char *type, const char *options,
		     const struct path *at, u64 ms)
{
	if (ms & MS_REMOUNT)
		return mount_remount(at, mount_flags(ms), ms & MS_BIND, options);
	if (ms & (MS_BIND | MS_MOVE))
		return mount_from(source, at, ms);
	if (ms & MS_PROPAGATION)
		return (ms & MS_PROPAGATION) == MS_PRIVATE ? 0 : -EINVAL;
	if (!type)
		return -EINVAL;
	return mount_new(type, source ? source : "none", mount_flags(ms), options, at);
}

SYSCALL(mount, const char __user *usource, const char __user *utarget, const char __user *utype,
	u64 ms, const char __user *uoptions)
{
	char *source = NULL, *type = NULL, *options = NULL;
	struct path at;
	long err;

	if ((ms & MS_MGC_MSK) == MS_MGC_VAL)
		ms &= ~(u64)MS_MGC_MSK;
	err = string_from_user(utype, &type);
	if (!err)
		err = string_from_user(usource, &source);
	if (!err)
		err = string_from_user(uoptions, &options);
	if (!err)
		err = path_lookup_user(AT_FDCWD_KERNEL, utarget, LOOKUP_FOLLOW, &at);
	if (!err) {
		if (ms & ~(u64)INT32_MAX) /* the flags that only a kernel's own mounts have */
			err = -EINVAL;
		else
			err = may_mount() ? mount_at(source, type, options, &at, ms) : -EPERM;
		path_put(&at);
	}
	kfree(options);
	kfree(source);
	kfree(type);
	return err;
}

SYSCALL(umount2, const char __user *utarget, u32 flags)
{
	struct path at;
	long err;

	if (flags & ~(u32)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = path_lookup_user(AT_FDCWD_KERNEL, utarget,
			       flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &at);
	if (err)
		return err;
	err = may_mount() ? mount_umount(&at, flags) : -EPERM;
	path_put(&at);
	return err;
}

SYSCALL(pivot_root, const char __user *unew, const char __user *uold)
{
	struct path new, old;
	long err;

	if (!may_mount())
		return -EPERM;
	err = path_lookup_user(AT_FDCWD_KERNEL, unew, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new);
	if (err)
		return err;
	err = path_lookup_user(AT_FDCWD_KERNEL, uold, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &old);
	if (!err) {
		err = mount_pivot_root(&new, &old);
		path_put(&old);
	}
	path_put(&new);
	return err;
}
