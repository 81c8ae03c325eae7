/*
 * The mount tree from user space.
 *
 * Flags and structs are decoded here; fs/mountops.c does what they ask for. The newer calls, which
 * do one thing each and name mounts by descriptors, follow the old ones.
 *              Follows: mount(2), umount2(2), pivot_root(2), open_tree(2), move_mount(2), fsopen(2),
 *                       fsconfig(2), fsmount(2), fspick(2), mount_setattr(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

#include "lib/string.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "fs/anonfs/fscontext.h"
#include "fs/fdtable.h"
#include "fs/mnt_ns.h"
#include "fs/nsfs/nsfs.h"
#include "fs/super.h"

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
	flags |= ms & MS_NOSYMFOLLOW ? MNT_FLAG_NOSYMFOLLOW : 0;
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
	err = ms & MS_BIND ? mount_bind(&from, at, ms & MS_REC) : mount_move(&from, at, false);
	path_put(&from);
	return err;
}

/* mount(2): without any of them, those that are there stay. */
#define MS_ATIMES (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

static long remount(const struct path *at, const char *options, u64 ms)
{
	u32 flags = mount_flags(ms);

	if (!(ms & MS_ATIMES))
		flags = (flags & ~MNT_FLAG_ATIMES) | (at->mnt->flags & MNT_FLAG_ATIMES);
	return mount_remount(at, flags, ms & MS_BIND, options);
}

static long change_propagation(const struct path *at, u64 ms)
{
	struct mount_change c = { .propagation = ms & ~(u64)(MS_REC | MS_SILENT),
				  .is_recursive = ms & MS_REC };

	if ((c.propagation & ~(u32)MS_PROPAGATION) || (c.propagation & (c.propagation - 1)))
		return -EINVAL;
	return mount_change(at, &c);
}

static long mount_at(const char *source, const char *type, const char *options,
		     const struct path *at, u64 ms)
{
	if (ms & MS_REMOUNT)
		return remount(at, options, ms);
	if (ms & MS_BIND)
		return mount_from(source, at, ms);
	if (ms & MS_PROPAGATION)
		return change_propagation(at, ms);
	if (ms & MS_MOVE)
		return mount_from(source, at, ms);
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

/* ---- mounts by descriptors */

/* uname may be NULL for "" where that is allowed. */
static int lookup_place(int dirfd, const char __user *uname, u32 flags, struct path *out)
{
	if (!uname && (flags & LOOKUP_EMPTY))
		return path_lookup(dirfd, "", flags, out);
	return path_lookup_user(dirfd, uname, flags, out);
}

static u32 lookup_flags(u32 at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

static int open_place(const struct path *place, struct file **out)
{
	int err = file_new(place, O_PATH, out);

	if (!err)
		path_get(place);
	return err;
}

static int open_tree(int dirfd, const char __user *uname, u32 flags, struct file **out)
{
	struct path place;
	int err;

	if (flags & ~(u32)(AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW |
			   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC))
		return -EINVAL;
	if ((flags & (AT_RECURSIVE | OPEN_TREE_CLONE)) == AT_RECURSIVE)
		return -EINVAL;
	if ((flags & OPEN_TREE_CLONE) && !may_mount())
		return -EPERM;
	err = lookup_place(dirfd, uname, lookup_flags(flags), &place);
	if (err)
		return err;
	err = flags & OPEN_TREE_CLONE ? mount_open_tree(&place, flags & AT_RECURSIVE, out)
				      : open_place(&place, out);
	path_put(&place);
	return err;
}

SYSCALL(open_tree, int dirfd, const char __user *uname, u32 flags)
{
	struct file *file;
	int err = open_tree(dirfd, uname, flags, &file);

	return err ? err : fd_publish(files_current(), file, flags & O_CLOEXEC);
}

static int move_mount(const struct path *from, const struct path *to, u32 flags)
{
	return flags & MOVE_MOUNT_SET_GROUP ? mount_set_group(from, to)
					    : mount_move(from, to, flags & MOVE_MOUNT_BENEATH);
}

SYSCALL(move_mount, int from_fd, const char __user *ufrom, int to_fd, const char __user *uto,
	u32 flags)
{
	struct path from, to;
	int err;

	if (!may_mount())
		return -EPERM;
	if ((flags & ~(u32)MOVE_MOUNT__MASK) ||
	    (flags & (MOVE_MOUNT_BENEATH | MOVE_MOUNT_SET_GROUP)) ==
		    (MOVE_MOUNT_BENEATH | MOVE_MOUNT_SET_GROUP))
		return -EINVAL;
	err = lookup_place(to_fd, uto,
			   (flags & MOVE_MOUNT_T_SYMLINKS ? LOOKUP_FOLLOW : 0) |
				   (flags & MOVE_MOUNT_T_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			   &to);
	if (err)
		return err;
	err = lookup_place(from_fd, ufrom,
			   (flags & MOVE_MOUNT_F_SYMLINKS ? LOOKUP_FOLLOW : 0) |
				   (flags & MOVE_MOUNT_F_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			   &from);
	if (!err) {
		err = move_mount(&from, &to, flags);
		path_put(&from);
	}
	path_put(&to);
	return err;
}

/* ---- MOUNT_ATTR_* */

#define ATTR_FLAGS                                                                                 \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |            \
	 MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW)

/* All but how access times are kept. */
static u32 attr_flags(u64 attr)
{
	static const u32 map[][2] = {
		{ MOUNT_ATTR_RDONLY, MNT_FLAG_RDONLY },
		{ MOUNT_ATTR_NOSUID, MNT_FLAG_NOSUID },
		{ MOUNT_ATTR_NODEV, MNT_FLAG_NODEV },
		{ MOUNT_ATTR_NOEXEC, MNT_FLAG_NOEXEC },
		{ MOUNT_ATTR_NODIRATIME, MNT_FLAG_NODIRATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MNT_FLAG_NOSYMFOLLOW },
	};
	u32 flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		flags |= attr & map[i][0] ? map[i][1] : 0;
	return flags;
}

/* Those are a number in a field, not flags. */
static int add_atime(u64 attr, u32 *flags)
{
	switch (attr & MOUNT_ATTR__ATIME) {
	case MOUNT_ATTR_RELATIME:
		*flags |= MNT_FLAG_RELATIME;
		return 0;
	case MOUNT_ATTR_NOATIME:
		*flags |= MNT_FLAG_NOATIME;
		return 0;
	case MOUNT_ATTR_STRICTATIME:
		return 0;
	}
	return -EINVAL;
}

/* No file system here maps ids; but first the caller learns what else is wrong. */
static int check_idmap(const struct mount_attr *attr)
{
	struct ns_common *ns;
	struct fdref ref;
	int err = -EINVAL;

	if ((attr->attr_clr & MOUNT_ATTR_IDMAP) || attr->userns_fd > INT32_MAX)
		return -EINVAL;
	ref = fdref_get((int)attr->userns_fd);
	if (!ref.file)
		return -EBADF;
	ns = nsfs_ns(ref.file);
	if (ns && ns->type->flag == CLONE_NEWUSER && userns_of(ns) == &userns_initial)
		err = -EPERM;
	fdref_put(ref);
	return err;
}

static int change_from_attr(const struct mount_attr *attr, struct mount_change *c)
{
	u64 all = attr->attr_set | attr->attr_clr;

	if ((attr->propagation & ~(u64)MS_PROPAGATION) ||
	    (attr->propagation & (attr->propagation - 1)))
		return -EINVAL;
	if (all & ~(u64)(ATTR_FLAGS | MOUNT_ATTR_IDMAP))
		return -EINVAL;
	c->propagation = attr->propagation;
	c->set = attr_flags(attr->attr_set);
	c->clear = attr_flags(attr->attr_clr);
	if (attr->attr_clr & MOUNT_ATTR__ATIME) {
		if ((attr->attr_clr & MOUNT_ATTR__ATIME) != MOUNT_ATTR__ATIME ||
		    add_atime(attr->attr_set, &c->set))
			return -EINVAL;
		c->clear |= MNT_FLAG_RELATIME | MNT_FLAG_NOATIME;
	} else if (attr->attr_set & MOUNT_ATTR__ATIME) {
		return -EINVAL;
	}
	return all & MOUNT_ATTR_IDMAP ? check_idmap(attr) : 0;
}

#define SETATTR_FLAGS (AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)

/* *is_nothing: there is nothing to change. */
static int change_from_user(const struct mount_attr __user *uattr, size_t size, u32 flags,
			    struct mount_change *c, bool *is_nothing)
{
	struct mount_attr attr;
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < MOUNT_ATTR_SIZE_VER0)
		return -EINVAL;
	if (!may_mount())
		return -EPERM;
	err = struct_from_user(&attr, sizeof(attr), uattr, size);
	if (err)
		return err;
	*is_nothing = !attr.attr_set && !attr.attr_clr && !attr.propagation;
	*c = (struct mount_change){ .is_recursive = flags & AT_RECURSIVE };
	return *is_nothing ? 0 : change_from_attr(&attr, c);
}

SYSCALL(mount_setattr, int dirfd, const char __user *uname, u32 flags,
	const struct mount_attr __user *uattr, size_t size)
{
	struct mount_change c;
	struct path at;
	bool is_nothing;
	int err;

	if (flags & ~(u32)SETATTR_FLAGS)
		return -EINVAL;
	err = change_from_user(uattr, size, flags, &c, &is_nothing);
	if (err || is_nothing)
		return err;
	err = lookup_place(dirfd, uname, lookup_flags(flags), &at);
	if (err)
		return err;
	err = mount_change(&at, &c);
	path_put(&at);
	return err;
}

/* open_tree and mount_setattr in one: nobody sees the copy before the change. */
SYSCALL(open_tree_attr, int dirfd, const char __user *uname, u32 flags,
	const struct mount_attr __user *uattr, size_t size)
{
	struct mount_change c;
	struct file *file;
	bool is_nothing = true;
	int err;

	if (!uattr && size)
		return -EINVAL;
	err = open_tree(dirfd, uname, flags, &file);
	if (err)
		return err;
	if (uattr)
		err = change_from_user(uattr, size, flags, &c, &is_nothing);
	if (!err && !is_nothing)
		err = mount_change(&file->path, &c);
	if (!err)
		return fd_publish(files_current(), file, flags & O_CLOEXEC);
	file_put(file);
	return err;
}

/* ---- file systems, step by step */

#define KEY_MAX 256

/* Longer than a key or value may be is -EINVAL. */
static int word_from_user(const char __user *uword, char *word)
{
	long len = strncpy_from_user(word, uword, KEY_MAX);

	return len < 0 ? -EFAULT : len == KEY_MAX ? -EINVAL : 0;
}

SYSCALL(fsopen, const char __user *uname, u32 flags)
{
	const struct fs_type *type;
	struct file *file;
	char name[KEY_MAX];
	int err;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(u32)FSOPEN_CLOEXEC)
		return -EINVAL;
	err = word_from_user(uname, name);
	if (err)
		return err;
	type = fs_type_find(name, strlen(name));
	if (!type)
		return -ENODEV;
	err = fscontext_open(type, NULL, &file);
	return err ? err
		   : fd_publish(files_current(), file, flags & FSOPEN_CLOEXEC ? O_CLOEXEC : 0);
}

SYSCALL(fspick, int dirfd, const char __user *uname, u32 flags)
{
	struct file *file;
	struct path at;
	int err;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(u32)(FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT |
			   FSPICK_EMPTY_PATH))
		return -EINVAL;
	err = lookup_place(dirfd, uname,
			   (flags & FSPICK_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
				   (flags & FSPICK_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			   &at);
	if (err)
		return err;
	err = at.dentry == at.mnt->root ? fscontext_open(NULL, at.mnt->sb, &file) : -EINVAL;
	path_put(&at);
	return err ? err
		   : fd_publish(files_current(), file, flags & FSPICK_CLOEXEC ? O_CLOEXEC : 0);
}

/* Which of key, value and aux go with which command. */
static int check_command(u32 cmd, bool has_key, bool has_value, int aux)
{
	switch (cmd) {
	case FSCONFIG_SET_FLAG:
		return has_key && !has_value && !aux ? 0 : -EINVAL;
	case FSCONFIG_SET_STRING:
		return has_key && has_value && !aux ? 0 : -EINVAL;
	case FSCONFIG_SET_BINARY:
		return has_key && has_value && aux > 0 && aux <= 1024 * 1024 ? 0 : -EINVAL;
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
		return has_key && has_value && (aux == AT_FDCWD || aux >= 0) ? 0 : -EINVAL;
	case FSCONFIG_SET_FD:
		return has_key && !has_value && aux >= 0 ? 0 : -EINVAL;
	case FSCONFIG_CMD_CREATE:
	case FSCONFIG_CMD_CREATE_EXCL:
	case FSCONFIG_CMD_RECONFIGURE:
		return !has_key && !has_value && !aux ? 0 : -EINVAL;
	}
	return -EOPNOTSUPP;
}

static long config(struct file *file, u32 cmd, const char __user *ukey, const char __user *uvalue)
{
	char key[KEY_MAX], value[KEY_MAX];
	int err;

	if (cmd == FSCONFIG_CMD_CREATE || cmd == FSCONFIG_CMD_CREATE_EXCL)
		return fscontext_create(file);
	if (cmd == FSCONFIG_CMD_RECONFIGURE)
		return fscontext_reconfigure(file);
	err = word_from_user(ukey, key);
	if (!err && cmd == FSCONFIG_SET_STRING)
		err = word_from_user(uvalue, value);
	if (err)
		return err;
	/* No option of any file system here is a descriptor, a place or binary. */
	if (cmd != FSCONFIG_SET_FLAG && cmd != FSCONFIG_SET_STRING)
		return -EINVAL;
	return fscontext_set(file, key, cmd == FSCONFIG_SET_STRING ? value : NULL);
}

SYSCALL(fsconfig, int fd, u32 cmd, const char __user *ukey, const char __user *uvalue, int aux)
{
	struct fdref ref;
	long err;

	if (fd < 0)
		return -EINVAL;
	err = check_command(cmd, ukey, uvalue, aux);
	if (err)
		return err;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	err = fscontext_is(ref.file) ? config(ref.file, cmd, ukey, uvalue) : -EINVAL;
	fdref_put(ref);
	return err;
}

SYSCALL(fsmount, int fd, u32 flags, u32 attr)
{
	u32 mnt_flags = attr_flags(attr);
	struct file *file;
	struct fdref ref;
	int err;

	if (!may_mount())
		return -EPERM;
	if ((flags & ~(u32)FSMOUNT_CLOEXEC) || (attr & ~(u32)ATTR_FLAGS) ||
	    add_atime(attr, &mnt_flags))
		return -EINVAL;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	err = fscontext_mount(ref.file, mnt_flags, &file);
	fdref_put(ref);
	return err ? err
		   : fd_publish(files_current(), file, flags & FSMOUNT_CLOEXEC ? O_CLOEXEC : 0);
}
