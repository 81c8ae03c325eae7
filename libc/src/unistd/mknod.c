/* Making directories and special files. */
#include <fcntl.h>
#include <sys/stat.h>

#include "libc/src/libc.h"

int mkdir(const char *path, mode_t mode)
{
	return (int)SYSCALL(mkdir, path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
	return (int)SYSCALL(mkdirat, dir, path, mode);
}

int mknod(const char *path, mode_t mode, dev_t dev)
{
	return (int)SYSCALL(mknod, path, mode, dev);
}

int mknodat(int dir, const char *path, mode_t mode, dev_t dev)
{
	return (int)SYSCALL(mknodat, dir, path, mode, dev);
}

int mkfifo(const char *path, mode_t mode)
{
	return mknod(path, (mode & ~S_IFMT) | S_IFIFO, 0);
}

int mkfifoat(int dir, const char *path, mode_t mode)
{
	return mknodat(dir, path, (mode & ~S_IFMT) | S_IFIFO, 0);
}
