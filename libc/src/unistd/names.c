/* Names in directories: links, and whether one may use them. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libc/src/libc.h"

int link(const char *from, const char *to)
{
	return (int)SYSCALL(link, from, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	return (int)SYSCALL(linkat, from_dir, from, to_dir, to, flags);
}

int symlink(const char *target, const char *path)
{
	return (int)SYSCALL(symlink, target, path);
}

int symlinkat(const char *target, int dir, const char *path)
{
	return (int)SYSCALL(symlinkat, target, dir, path);
}

ssize_t readlink(const char *path, char *buf, size_t size)
{
	return SYSCALL(readlink, path, buf, size);
}

ssize_t readlinkat(int dir, const char *path, char *buf, size_t size)
{
	return SYSCALL(readlinkat, dir, path, buf, size);
}

int unlink(const char *path)
{
	return (int)SYSCALL(unlink, path);
}

int unlinkat(int dir, const char *path, int flags)
{
	return (int)SYSCALL(unlinkat, dir, path, flags);
}

int rmdir(const char *path)
{
	return (int)SYSCALL(rmdir, path);
}

int rename(const char *from, const char *to)
{
	return (int)SYSCALL(rename, from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return (int)SYSCALL(renameat, from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
	return (int)SYSCALL(renameat2, from_dir, from, to_dir, to, flags);
}

int access(const char *path, int mode)
{
	return (int)SYSCALL(access, path, mode);
}

int eaccess(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

/* The older call knows no flags; the newer one is needed only for them. */
int faccessat(int dir, const char *path, int mode, int flags)
{
	if (!flags)
		return (int)SYSCALL(faccessat, dir, path, mode);
	return (int)SYSCALL(faccessat2, dir, path, mode, flags);
}
