/* Times of files: every older call in terms of utimensat. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "libc/src/libc.h"

int utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
	return (int)SYSCALL(utimensat, dir, path, times, flags);
}

int futimens(int fd, const struct timespec times[2])
{
	return utimensat(fd, NULL, times, 0);
}

static int set_micro(int dir, const char *path, const struct timeval times[2], int flags)
{
	struct timespec nano[2];

	if (!times)
		return utimensat(dir, path, NULL, flags);
	for (int i = 0; i < 2; i++) {
		nano[i].tv_sec = times[i].tv_sec;
		nano[i].tv_nsec = times[i].tv_usec * 1000;
	}
	return utimensat(dir, path, nano, flags);
}

int utimes(const char *path, const struct timeval times[2])
{
	return set_micro(AT_FDCWD, path, times, 0);
}

int lutimes(const char *path, const struct timeval times[2])
{
	return set_micro(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

int futimes(int fd, const struct timeval times[2])
{
	return set_micro(fd, NULL, times, 0);
}

int utime(const char *path, const struct utimbuf *times)
{
	struct timeval micro[2] = { { 0 } };

	if (!times)
		return utimes(path, NULL);
	micro[0].tv_sec = times->actime;
	micro[1].tv_sec = times->modtime;
	return utimes(path, micro);
}
