/* Permissions of files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libc/src/libc.h"

int chmod(const char *path, mode_t mode)
{
	return (int)SYSCALL(chmod, path, mode);
}

int fchmod(int fd, mode_t mode)
{
	return (int)SYSCALL(fchmod, fd, mode);
}

int fchmodat(int dir, const char *path, mode_t mode, int flags)
{
	if (flags) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)SYSCALL(fchmodat, dir, path, mode);
}

mode_t umask(mode_t mask)
{
	return (mode_t)RAW(__NR_umask, mask);
}
