/*
 * Opening files, and looking at them: openat2, stat, statx, statfs, access.
 *
 *                                         Follows: open(2), openat2(2), stat(2), statx(2),
 * access(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <linux/statfs.h>

#include "lib/string.h"
#include "kernel/id/userns.h"
#include "kernel/task/signal.h"
#include "fs/fdtable.h"
#include "fs/open.h"
#include "fs/stat.h"

#define OPEN_FLAGS                                                                                 \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |      \
	 O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |     \
	 O_PATH | __O_TMPFILE)
#define OPEN_PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define RESOLVE_ALL                                                                                \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |         \
	 RESOLVE_IN_ROOT | RESOLVE_CACHED)

static bool open_creates(u64 flags)
{
	return flags & (O_CREAT | __O_TMPFILE);
}

/* What openat2(2) lists under EINVAL. */
static int open_how_check(const struct open_how *how)
{
	if ((how->flags & ~(u64)OPEN_FLAGS) || (how->resolve & ~(u64)RESOLVE_ALL) ||
	    (how->mode & ~07777ull))
		return -EINVAL;
	if (how->mode && !open_creates(how->flags))
		return -EINVAL;
	if ((how->resolve & RESOLVE_BENEATH) && (how->resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if ((how->flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL;
	if ((how->flags & __O_TMPFILE) && (!(how->flags & O_DIRECTORY) || (how->flags & O_CREAT) ||
					   !(how->flags & (O_WRONLY | O_RDWR))))
		return -EINVAL;
	if ((how->flags & O_PATH) && (how->flags & ~(u64)OPEN_PATH_FLAGS))
		return -EINVAL;
	if ((how->resolve & RESOLVE_CACHED) && (how->flags & (O_TRUNC | O_CREAT | __O_TMPFILE)))
		return -EAGAIN;
	return 0;
}

static long open_run(int dirfd, const char __user *uname, const struct open_how *how)
{
	struct files *files = files_current();
	struct file *file;
	char *name;
	int fd, err = open_how_check(how);

	if (!err)
		err = path_name_from_user(uname, false, &name);
	if (err)
		return err;
	err = fd_reserve(files, how->flags & O_CLOEXEC, &fd);
	if (err)
		goto out_name;
	err = file_open_at(dirfd, name, how, &file);
	if (err) {
		fd_unreserve(files, fd);
		goto out_name;
	}
	fd_install(files, fd, file);
	err = fd;
out_name:
	path_name_free(name);
	return err;
}

/* open(2) ignores what it does not know; openat2(2) does not. */
SYSCALL(openat, int dirfd, const char __user *uname, u32 flags, u32 mode)
{
	struct open_how how = { .flags = (flags & OPEN_FLAGS) | O_LARGEFILE };

	if (how.flags & O_PATH)
		how.flags &= OPEN_PATH_FLAGS;
	if (open_creates(how.flags))
		how.mode = mode & 07777;
	return open_run(dirfd, uname, &how);
}

SYSCALL(open, const char __user *uname, u32 flags, u32 mode)
{
	return sys_openat(AT_FDCWD, uname, flags, mode);
}

SYSCALL(creat, const char __user *uname, u32 mode)
{
	return sys_openat(AT_FDCWD, uname, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int struct_from_user(void *to, size_t known, const void __user *from, size_t size)
{
	u8 byte;

	if (size > PAGE_SIZE)
		return -E2BIG;
	memset(to, 0, known);
	if (copy_from_user(to, from, MIN(size, known)))
		return -EFAULT;
	for (size_t i = known; i < size; i++) {
		if (get_user(byte, (const u8 __user *)from + i))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}

SYSCALL(openat2, int dirfd, const char __user *uname, const struct open_how __user *uhow,
	size_t size)
{
	struct open_how how;
	int err;

	if (size < OPEN_HOW_SIZE_VER0)
		return -EINVAL;
	err = struct_from_user(&how, sizeof(how), uhow, size);
	return err ? err : open_run(dirfd, uname, &how);
}

/* ---- stat */

/*
 * The place that (dirfd, name, flags) of the *at calls mean. The usual "" or NULL with
 * AT_EMPTY_PATH, fstat's own form, needs no walk, and no references beside the descriptor's.
 */
struct place {
	struct path path; /* counted, unless ref.file */
	struct fdref ref;
};

static int place_lookup(int dirfd, const char __user *uname, u32 lookup, struct place *out)
{
	out->ref.file = NULL;
	return path_lookup_user(dirfd, uname, lookup, &out->path);
}

static int place_get(int dirfd, const char __user *uname, u32 at_flags, struct place *out)
{
	u32 lookup = at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	char first = 0;

	if (!(at_flags & AT_EMPTY_PATH))
		return place_lookup(dirfd, uname, lookup, out);
	if (uname && get_user(first, uname))
		return -EFAULT;
	if (first || dirfd == AT_FDCWD)
		return place_lookup(dirfd, uname, lookup | LOOKUP_EMPTY, out);
	out->ref = fdref_get_any(dirfd);
	if (!out->ref.file)
		return -EBADF;
	out->path = out->ref.file->path;
	return 0;
}

static void place_put(struct place *place)
{
	if (place->ref.file)
		fdref_put(place->ref);
	else
		path_put(&place->path);
}

static long stat_report(const struct path *p, struct stat __user *ustat)
{
	struct kstat k __uninitialized;
	struct stat st __uninitialized;
	int err = vfs_getattr(p, &k);

	if (err)
		return err;
	kstat_to_stat(&k, &st);
	return copy_to_user(ustat, &st, sizeof(st));
}

SYSCALL(newfstatat, int dirfd, const char __user *uname, struct stat __user *ustat, u32 flags)
{
	struct place p __uninitialized;
	long err;

	if (flags &
	    ~(u32)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = place_get(dirfd, uname, flags, &p);
	if (err)
		return err;
	err = stat_report(&p.path, ustat);
	place_put(&p);
	return err;
}

SYSCALL(stat, const char __user *uname, struct stat __user *ustat)
{
	return sys_newfstatat(AT_FDCWD, uname, ustat, 0);
}

SYSCALL(lstat, const char __user *uname, struct stat __user *ustat)
{
	return sys_newfstatat(AT_FDCWD, uname, ustat, AT_SYMLINK_NOFOLLOW);
}

SYSCALL(fstat, int fd, struct stat __user *ustat)
{
	struct fdref ref = fdref_get_any(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = stat_report(&ref.file->path, ustat);
	fdref_put(ref);
	return err;
}

SYSCALL(statx, int dirfd, const char __user *uname, u32 flags, u32 mask,
	struct statx __user *ustatx)
{
	struct kstat k __uninitialized;
	struct statx stx __uninitialized;
	struct place p __uninitialized;
	long err;

	if (mask & STATX__RESERVED)
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    (flags &
	     ~(u32)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)))
		return -EINVAL;
	err = place_get(dirfd, uname, flags, &p);
	if (err)
		return err;
	err = vfs_getattr(&p.path, &k);
	if (!err) {
		kstat_to_statx(&k, &p.path, mask, &stx);
		err = copy_to_user(ustatx, &stx, sizeof(stx));
	}
	place_put(&p);
	return err;
}

static long statfs_report(const struct path *p, struct statfs __user *ubuf)
{
	struct statfs st;
	int err = vfs_statfs(p, &st);

	return err ? err : copy_to_user(ubuf, &st, sizeof(st));
}

SYSCALL(statfs, const char __user *uname, struct statfs __user *ubuf)
{
	struct path p;
	long err = path_lookup_user(AT_FDCWD, uname, LOOKUP_FOLLOW, &p);

	if (err)
		return err;
	err = statfs_report(&p, ubuf);
	path_put(&p);
	return err;
}

SYSCALL(fstatfs, int fd, struct statfs __user *ubuf)
{
	struct fdref ref = fdref_get_any(fd);
	long err;

	if (!ref.file)
		return -EBADF;
	err = statfs_report(&ref.file->path, ubuf);
	fdref_put(ref);
	return err;
}

/* ---- access: with the real ids, so that set-uid programs can ask what their user may do */

static struct cred *access_cred(void)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_copy(old);

	if (!c)
		return NULL;
	c->fsuid = c->uid;
	c->fsgid = c->gid;
	c->cap_effective = c->uid == userns_root(c->userns) ? c->cap_permitted : 0;
	return c;
}

static long access_check(int dirfd, const char __user *uname, u32 mode, u32 flags)
{
	struct place p __uninitialized;
	int err = place_get(dirfd, uname, flags, &p);

	if (err)
		return err;
	err = vfs_access(&p.path, mode);
	place_put(&p);
	return err;
}

SYSCALL(faccessat2, int dirfd, const char __user *uname, u32 mode, u32 flags)
{
	const struct cred *old = cred_current();
	struct cred *c;
	long err;

	if ((mode & ~7u) || (flags & ~(u32)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	if ((flags & AT_EACCESS) ||
	    (old->fsuid == old->uid && old->fsgid == old->gid &&
	     old->cap_effective == (old->uid == userns_root(old->userns) ? old->cap_permitted : 0)))
		return access_check(dirfd, uname, mode, flags);
	c = access_cred();
	if (!c)
		return -ENOMEM;
	cred_get(old);
	thread_set_cred(c);
	err = access_check(dirfd, uname, mode, flags);
	thread_set_cred(old);
	return err;
}

SYSCALL(faccessat, int dirfd, const char __user *uname, u32 mode)
{
	return sys_faccessat2(dirfd, uname, mode, 0);
}

SYSCALL(access, const char __user *uname, u32 mode)
{
	return sys_faccessat2(AT_FDCWD, uname, mode, 0);
}

/* ---- truncate */

int file_size_limit(const struct inode *inode, u64 size)
{
	if (size <= inode->size || size <= rlimit_get(RLIMIT_FSIZE))
		return 0;
	signal_send(current, SCOPE_THREAD, SIGXFSZ, NULL);
	return -EFBIG;
}

SYSCALL(truncate, const char __user *uname, s64 size)
{
	struct path p;
	long err;

	if (size < 0)
		return -EINVAL;
	err = path_lookup_user(AT_FDCWD, uname, LOOKUP_FOLLOW, &p);
	if (err)
		return err;
	err = file_size_limit(dentry_inode(p.dentry), size);
	if (!err)
		err = vfs_truncate(&p, size);
	path_put(&p);
	return err;
}

SYSCALL(ftruncate, int fd, s64 size)
{
	struct fdref ref;
	long err;

	if (size < 0)
		return -EINVAL;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	err = file_size_limit(ref.file->inode, size);
	if (!err)
		err = vfs_ftruncate(ref.file, size);
	fdref_put(ref);
	return err;
}
