/*
 * Extended attributes: three ways to name the file, one core each (fs/xattr.c).
 *
 *                               Follows: getxattr(2), setxattr(2), listxattr(2), removexattr(2),
 * xattr(7)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>

#include "kernel/mm/kmap.h"
#include "fs/fdtable.h"
#include "fs/xattr.h"

struct xattr_name {
	char text[XATTR_NAME_MAX + 1];
};

static int name_from_user(struct xattr_name *name, const char __user *uname)
{
	long len = strncpy_from_user(name->text, uname, sizeof(name->text));

	if (len < 0)
		return len;
	return len == 0 || len == (long)sizeof(name->text) ? -ERANGE : 0;
}

static long get_at(const struct path *p, const char __user *uname, void __user *uvalue, size_t size)
{
	struct xattr_name name;
	void *value = NULL;
	long n = name_from_user(&name, uname);

	if (n)
		return n;
	size = MIN(size, (size_t)XATTR_SIZE_MAX);
	if (size && !(value = kvmalloc(size)))
		return -ENOMEM;
	n = vfs_getxattr(p, name.text, value, size);
	if (n > 0 && size && copy_to_user(uvalue, value, n))
		n = -EFAULT;
	kvfree(value);
	return n;
}

static long set_at(const struct path *p, const char __user *uname, const void __user *uvalue,
		   size_t size, int flags)
{
	struct xattr_name name;
	void *value = NULL;
	long err;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	err = name_from_user(&name, uname);
	if (err)
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (size && !(value = kvmalloc(size)))
		return -ENOMEM;
	err = size ? copy_from_user(value, uvalue, size) : 0;
	if (!err)
		err = vfs_setxattr(p, name.text, value, size, flags);
	kvfree(value);
	return err;
}

static long list_at(const struct path *p, char __user *ulist, size_t size)
{
	char *list = NULL;
	long n;

	size = MIN(size, (size_t)XATTR_LIST_MAX);
	if (size && !(list = kvmalloc(size)))
		return -ENOMEM;
	n = vfs_listxattr(p, list, size);
	if (n == -ERANGE && size == XATTR_LIST_MAX)
		n = -E2BIG; /* no room would do */
	if (n > 0 && size && copy_to_user(ulist, list, n))
		n = -EFAULT;
	kvfree(list);
	return n;
}

static long remove_at(const struct path *p, const char __user *uname)
{
	struct xattr_name name;
	int err = name_from_user(&name, uname);

	return err ? err : vfs_removexattr(p, name.text);
}

/* Runs call, which uses &p, on the place of a path string, or of a descriptor. */
#define XATTR_ON_PATH(upath, lookup, call)                                                         \
	({                                                                                         \
		struct path p;                                                                     \
		long ret_ = path_lookup_user(AT_FDCWD, upath, lookup, &p);                         \
		if (!ret_) {                                                                       \
			ret_ = call;                                                               \
			path_put(&p);                                                              \
		}                                                                                  \
		ret_;                                                                              \
	})
#define XATTR_ON_FD(fd, call)                                                                      \
	({                                                                                         \
		struct fdref ref_ = fdref_get(fd);                                                 \
		long ret_ = -EBADF;                                                                \
		if (ref_.file) {                                                                   \
			struct path p = ref_.file->path;                                           \
			ret_ = call;                                                               \
			fdref_put(ref_);                                                           \
		}                                                                                  \
		ret_;                                                                              \
	})

SYSCALL(getxattr, const char __user *upath, const char __user *uname, void __user *uvalue,
	size_t size)
{
	return XATTR_ON_PATH(upath, LOOKUP_FOLLOW, get_at(&p, uname, uvalue, size));
}

SYSCALL(lgetxattr, const char __user *upath, const char __user *uname, void __user *uvalue,
	size_t size)
{
	return XATTR_ON_PATH(upath, 0, get_at(&p, uname, uvalue, size));
}

SYSCALL(fgetxattr, int fd, const char __user *uname, void __user *uvalue, size_t size)
{
	return XATTR_ON_FD(fd, get_at(&p, uname, uvalue, size));
}

SYSCALL(setxattr, const char __user *upath, const char __user *uname, const void __user *uvalue,
	size_t size, int flags)
{
	return XATTR_ON_PATH(upath, LOOKUP_FOLLOW, set_at(&p, uname, uvalue, size, flags));
}

SYSCALL(lsetxattr, const char __user *upath, const char __user *uname, const void __user *uvalue,
	size_t size, int flags)
{
	return XATTR_ON_PATH(upath, 0, set_at(&p, uname, uvalue, size, flags));
}

SYSCALL(fsetxattr, int fd, const char __user *uname, const void __user *uvalue, size_t size,
	int flags)
{
	return XATTR_ON_FD(fd, set_at(&p, uname, uvalue, size, flags));
}

SYSCALL(listxattr, const char __user *upath, char __user *ulist, size_t size)
{
	return XATTR_ON_PATH(upath, LOOKUP_FOLLOW, list_at(&p, ulist, size));
}

SYSCALL(llistxattr, const char __user *upath, char __user *ulist, size_t size)
{
	return XATTR_ON_PATH(upath, 0, list_at(&p, ulist, size));
}

SYSCALL(flistxattr, int fd, char __user *ulist, size_t size)
{
	return XATTR_ON_FD(fd, list_at(&p, ulist, size));
}

SYSCALL(removexattr, const char __user *upath, const char __user *uname)
{
	return XATTR_ON_PATH(upath, LOOKUP_FOLLOW, remove_at(&p, uname));
}

SYSCALL(lremovexattr, const char __user *upath, const char __user *uname)
{
	return XATTR_ON_PATH(upath, 0, remove_at(&p, uname));
}

SYSCALL(fremovexattr, int fd, const char __user *uname)
{
	return XATTR_ON_FD(fd, remove_at(&p, uname));
}
