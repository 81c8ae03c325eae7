/*
 * Names: making, moving and removing them, and where a process stands among them.
 *
 * Every call copies its path strings in, calls one function of fs/namei.c or fs/stat.c, and frees
 * them.
 * Follows: mkdir(2), link(2), rename(2), chmod(2), chown(2), utimensat(2), chdir(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>

#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "fs/stat.h"

SYSCALL(mknodat, int dirfd, const char __user *uname, u32 mode, u64 dev)
{
	char *name;
	int err = path_name_from_user(uname, false, &name);

	if (err)
		return err;
	err = vfs_mknod(dirfd, name, mode, dev_from_user((u32)dev), NULL);
	path_name_free(name);
	return err;
}

SYSCALL(mknod, const char __user *uname, u32 mode, u64 dev)
{
	return sys_mknodat(AT_FDCWD, uname, mode, dev);
}

SYSCALL(mkdirat, int dirfd, const char __user *uname, u32 mode)
{
	char *name;
	int err = path_name_from_user(uname, false, &name);

	if (err)
		return err;
	err = vfs_mkdir(dirfd, name, mode);
	path_name_free(name);
	return err;
}

SYSCALL(mkdir, const char __user *uname, u32 mode)
{
	return sys_mkdirat(AT_FDCWD, uname, mode);
}

SYSCALL(unlinkat, int dirfd, const char __user *uname, u32 flags)
{
	char *name;
	int err;

	if (flags & ~(u32)AT_REMOVEDIR)
		return -EINVAL;
	err = path_name_from_user(uname, false, &name);
	if (err)
		return err;
	err = flags & AT_REMOVEDIR ? vfs_rmdir(dirfd, name) : vfs_unlink(dirfd, name);
	path_name_free(name);
	return err;
}

SYSCALL(unlink, const char __user *uname)
{
	return sys_unlinkat(AT_FDCWD, uname, 0);
}

SYSCALL(rmdir, const char __user *uname)
{
	return sys_unlinkat(AT_FDCWD, uname, AT_REMOVEDIR);
}

/* Two strings; on success both are to be freed. */
static int two_names(const char __user *ua, bool a_may_be_empty, const char __user *ub, char **a,
		     char **b)
{
	int err = path_name_from_user(ua, a_may_be_empty, a);

	if (err)
		return err;
	err = path_name_from_user(ub, false, b);
	if (err)
		path_name_free(*a);
	return err;
}

SYSCALL(symlinkat, const char __user *utarget, int dirfd, const char __user *uname)
{
	char *target, *name;
	int err = two_names(utarget, false, uname, &target, &name);

	if (err)
		return err;
	err = vfs_symlink(target, dirfd, name);
	path_name_free(name);
	path_name_free(target);
	return err;
}

SYSCALL(symlink, const char __user *utarget, const char __user *uname)
{
	return sys_symlinkat(utarget, AT_FDCWD, uname);
}

SYSCALL(linkat, int old_dirfd, const char __user *uold, int new_dirfd, const char __user *unew,
	u32 flags)
{
	char *old, *new;
	int err;

	if (flags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = two_names(uold, flags & AT_EMPTY_PATH, unew, &old, &new);
	if (err)
		return err;
	err = vfs_link(old_dirfd, old, new_dirfd, new, flags);
	path_name_free(new);
	path_name_free(old);
	return err;
}

SYSCALL(link, const char __user *uold, const char __user *unew)
{
	return sys_linkat(AT_FDCWD, uold, AT_FDCWD, unew, 0);
}

SYSCALL(renameat2, int old_dirfd, const char __user *uold, int new_dirfd, const char __user *unew,
	u32 flags)
{
	char *old, *new;
	int err = two_names(uold, false, unew, &old, &new);

	if (err)
		return err;
	err = vfs_rename(old_dirfd, old, new_dirfd, new, flags);
	path_name_free(new);
	path_name_free(old);
	return err;
}

SYSCALL(renameat, int old_dirfd, const char __user *uold, int new_dirfd, const char __user *unew)
{
	return sys_renameat2(old_dirfd, uold, new_dirfd, unew, 0);
}

SYSCALL(rename, const char __user *uold, const char __user *unew)
{
	return sys_renameat2(AT_FDCWD, uold, AT_FDCWD, unew, 0);
}

SYSCALL(readlinkat, int dirfd, const char __user *uname, char __user *ubuf, int size)
{
	struct path p;
	char *buf, first;
	long n;

	if (size <= 0)
		return -EINVAL;
	n = path_lookup_user(dirfd, uname, LOOKUP_EMPTY, &p);
	if (n)
		return n;
	buf = kmalloc(PATH_MAX);
	n = buf ? vfs_readlink(&p, buf, MIN(size, PATH_MAX)) : -ENOMEM;
	if (n == -EINVAL && !get_user(first, uname) && !first)
		n = -ENOENT; /* an empty name names links only */
	if (n > 0 && copy_to_user(ubuf, buf, n))
		n = -EFAULT;
	kfree(buf);
	path_put(&p);
	return n;
}

SYSCALL(readlink, const char __user *uname, char __user *ubuf, int size)
{
	return sys_readlinkat(AT_FDCWD, uname, ubuf, size);
}

/* ---- attributes */

static u32 at_lookup(u32 at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

SYSCALL(fchmodat2, int dirfd, const char __user *uname, u32 mode, u32 flags)
{
	struct path p;
	long err;

	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = path_lookup_user(dirfd, uname, at_lookup(flags), &p);
	if (err)
		return err;
	err = vfs_chmod(&p, mode & 07777);
	path_put(&p);
	return err;
}

SYSCALL(fchmodat, int dirfd, const char __user *uname, u32 mode)
{
	return sys_fchmodat2(dirfd, uname, mode, 0);
}

SYSCALL(chmod, const char __user *uname, u32 mode)
{
	return sys_fchmodat2(AT_FDCWD, uname, mode, 0);
}

SYSCALL(fchmod, int fd, u32 mode)
{
	struct fdref ref = fdref_get(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = vfs_chmod(&ref.file->path, mode & 07777);
	fdref_put(ref);
	return err;
}

/* ~0u stays: leave alone. */
static int chown_to(const struct path *p, u32 uid, u32 gid)
{
	u32 new_uid = uid == ID_NONE ? uid : uid_from_user(uid);
	u32 new_gid = gid == ID_NONE ? gid : gid_from_user(gid);

	if ((uid != ID_NONE && new_uid == ID_NONE) || (gid != ID_NONE && new_gid == ID_NONE))
		return -EINVAL;
	return vfs_chown(p, new_uid, new_gid);
}

SYSCALL(fchownat, int dirfd, const char __user *uname, u32 uid, u32 gid, u32 flags)
{
	struct path p;
	long err;

	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = path_lookup_user(dirfd, uname, at_lookup(flags), &p);
	if (err)
		return err;
	err = chown_to(&p, uid, gid);
	path_put(&p);
	return err;
}

SYSCALL(chown, const char __user *uname, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, uname, uid, gid, 0);
}

SYSCALL(lchown, const char __user *uname, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, uname, uid, gid, AT_SYMLINK_NOFOLLOW);
}

SYSCALL(fchown, int fd, u32 uid, u32 gid)
{
	struct fdref ref = fdref_get(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = chown_to(&ref.file->path, uid, gid);
	fdref_put(ref);
	return err;
}

static bool utimes_is_nothing(const struct timespec *times)
{
	return times && times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT;
}

/* uname NULL: dirfd itself, an open file (futimens). */
static long utimes_at(int dirfd, const char __user *uname, const struct timespec *times, u32 flags)
{
	struct fdref ref;
	struct path p;
	long err;

	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (utimes_is_nothing(times))
		return 0;
	if (!uname && dirfd != AT_FDCWD) {
		if (flags)
			return -EINVAL;
		ref = fdref_get(dirfd);
		if (!ref.file)
			return -EBADF;
		err = vfs_utimes(&ref.file->path, times);
		fdref_put(ref);
		return err;
	}
	err = path_lookup_user(dirfd, uname, at_lookup(flags), &p);
	if (err)
		return err;
	err = vfs_utimes(&p, times);
	path_put(&p);
	return err;
}

SYSCALL(utimensat, int dirfd, const char __user *uname, const struct timespec __user *utimes,
	u32 flags)
{
	struct timespec times[2];

	if (utimes && copy_from_user(times, utimes, sizeof(times)))
		return -EFAULT;
	return utimes_at(dirfd, uname, utimes ? times : NULL, flags);
}

SYSCALL(futimesat, int dirfd, const char __user *uname, const struct timeval __user *utv)
{
	struct timeval tv[2];
	struct timespec times[2];

	if (!utv)
		return utimes_at(dirfd, uname, NULL, 0);
	if (copy_from_user(tv, utv, sizeof(tv)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if ((u64)tv[i].tv_usec >= 1000000)
			return -EINVAL;
		times[i] = (struct timespec){ .tv_sec = tv[i].tv_sec,
					      .tv_nsec = tv[i].tv_usec * 1000 };
	}
	return utimes_at(dirfd, uname, times, 0);
}

SYSCALL(utimes, const char __user *uname, const struct timeval __user *utv)
{
	return sys_futimesat(AT_FDCWD, uname, utv);
}

SYSCALL(utime, const char __user *uname, const long __user *useconds)
{
	long seconds[2];
	struct timespec times[2] = { { 0, 0 }, { 0, 0 } };

	if (!useconds)
		return utimes_at(AT_FDCWD, uname, NULL, 0);
	if (copy_from_user(seconds, useconds, sizeof(seconds)))
		return -EFAULT;
	times[0].tv_sec = seconds[0];
	times[1].tv_sec = seconds[1];
	return utimes_at(AT_FDCWD, uname, times, 0);
}

SYSCALL(umask, u32 mask)
{
	return fs_ctx_set_umask(fs_ctx_current(), mask & 0777);
}

/* ---- where the process stands */

static long change_dir(const struct path *p)
{
	int err = path_permission(p, MAY_EXEC);

	if (!err)
		fs_ctx_set_cwd(fs_ctx_current(), p);
	return err;
}

SYSCALL(chdir, const char __user *uname)
{
	struct path p;
	long err = path_lookup_user(AT_FDCWD, uname, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (err)
		return err;
	err = change_dir(&p);
	path_put(&p);
	return err;
}

SYSCALL(fchdir, int fd)
{
	struct fdref ref = fdref_get_any(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = INODE_TYPE(ref.file->inode) == S_IFDIR ? change_dir(&ref.file->path) : -ENOTDIR;
	fdref_put(ref);
	return err;
}

SYSCALL(chroot, const char __user *uname)
{
	struct path p;
	long err = path_lookup_user(AT_FDCWD, uname, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (err)
		return err;
	err = path_permission(&p, MAY_EXEC);
	if (!err && !capable_own(CAP_SYS_CHROOT))
		err = -EPERM;
	if (!err)
		fs_ctx_set_root(fs_ctx_current(), &p);
	path_put(&p);
	return err;
}

SYSCALL(getcwd, char __user *ubuf, size_t size)
{
	struct seqbuf out;
	struct path cwd, root;
	char *buf = kmalloc(PATH_MAX);
	long n;

	if (!buf)
		return -ENOMEM;
	seqbuf_init(&out, buf, PATH_MAX - 1);
	fs_ctx_cwd(fs_ctx_current(), &cwd);
	fs_ctx_root(fs_ctx_current(), &root);
	if (!path_is_reachable(&cwd, &root))
		seqbuf_puts(&out, "(unreachable)");
	if (dentry_is_unlinked(cwd.dentry))
		n = -ENOENT;
	else if (!path_print(&cwd, &root, &out))
		n = -ENAMETOOLONG;
	else
		n = out.len + 1;
	buf[out.len] = 0;
	if (n > 0 && (size_t)n > size)
		n = -ERANGE;
	else if (n > 0 && copy_to_user(ubuf, buf, n))
		n = -EFAULT;
	path_put(&root);
	path_put(&cwd);
	kfree(buf);
	return n;
}
