/* Sizes, and what has reached the disk. */
#include <fcntl.h>
#include <unistd.h>

#include "libc/src/libc.h"

int fsync(int fd)
{
	return (int)SYSCALL(fsync, fd);
}

int fdatasync(int fd)
{
	return (int)SYSCALL(fdatasync, fd);
}

int syncfs(int fd)
{
	return (int)SYSCALL(syncfs, fd);
}

int ftruncate(int fd, off_t size)
{
	return (int)SYSCALL(ftruncate, fd, size);
}

int truncate(const char *path, off_t size)
{
	return (int)SYSCALL(truncate, path, size);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	return (int)SYSCALL(fallocate, fd, mode, offset, len);
}

int posix_fallocate(int fd, off_t offset, off_t len)
{
	return error_of(RAW(__NR_fallocate, fd, 0, offset, len));
}

int posix_fadvise(int fd, off_t offset, off_t len, int advice)
{
	return error_of(RAW(__NR_fadvise64, fd, offset, len, advice));
}

ssize_t readahead(int fd, off_t offset, size_t n)
{
	return SYSCALL(readahead, fd, offset, n);
}

void sync(void)
{
	RAW(__NR_sync);
}
