/* The working and root directory. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libc/src/libc.h"

int chdir(const char *path)
{
	return (int)SYSCALL(chdir, path);
}

int fchdir(int fd)
{
	return (int)SYSCALL(fchdir, fd);
}

int chroot(const char *path)
{
	return (int)SYSCALL(chroot, path);
}

int pivot_root(const char *new_root, const char *put_old)
{
	return (int)SYSCALL(pivot_root, new_root, put_old);
}

/* With no buffer, the result is fresh memory, as glibc has it. */
char *getcwd(char *buf, size_t size)
{
	char path[PATH_MAX];

	if (!buf) {
		if (SYSCALL(getcwd, path, sizeof(path)) < 0)
			return NULL;
		return strdup(path);
	}
	if (!size) {
		errno = EINVAL;
		return NULL;
	}
	return SYSCALL(getcwd, buf, size) < 0 ? NULL : buf;
}
