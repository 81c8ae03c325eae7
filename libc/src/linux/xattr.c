/* Extended attributes: of a path, of a path that may be a symbolic link (l), of a file (f). */
#include <sys/xattr.h>

#include "libc/src/libc.h"

ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
	return SYSCALL(getxattr, path, name, value, size);
}

int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	return (int)SYSCALL(setxattr, path, name, value, size, flags);
}

ssize_t listxattr(const char *path, char *list, size_t size)
{
	return SYSCALL(listxattr, path, list, size);
}

int removexattr(const char *path, const char *name)
{
	return (int)SYSCALL(removexattr, path, name);
}

ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	return SYSCALL(lgetxattr, path, name, value, size);
}

int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	return (int)SYSCALL(lsetxattr, path, name, value, size, flags);
}

ssize_t llistxattr(const char *path, char *list, size_t size)
{
	return SYSCALL(llistxattr, path, list, size);
}

int lremovexattr(const char *path, const char *name)
{
	return (int)SYSCALL(lremovexattr, path, name);
}

ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)
{
	return SYSCALL(fgetxattr, fd, name, value, size);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	return (int)SYSCALL(fsetxattr, fd, name, value, size, flags);
}

ssize_t flistxattr(int fd, char *list, size_t size)
{
	return SYSCALL(flistxattr, fd, list, size);
}

int fremovexattr(int fd, const char *name)
{
	return (int)SYSCALL(fremovexattr, fd, name);
}
