/* File attributes. */
#include <fcntl.h>
#include <sys/stat.h>

#include "libc/src/libc.h"

int stat(const char *path, struct stat *st)
{
	return (int)SYSCALL(stat, path, st);
}

int lstat(const char *path, struct stat *st)
{
	return (int)SYSCALL(lstat, path, st);
}

int fstat(int fd, struct stat *st)
{
	return (int)SYSCALL(fstat, fd, st);
}

int fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return (int)SYSCALL(newfstatat, dir, path, st, flags);
}

int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *stx)
{
	return (int)SYSCALL(statx, dir, path, flags, mask, stx);
}
