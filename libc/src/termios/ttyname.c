/* The path of a terminal: what procfs says, if that still leads there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int ttyname_r(int fd, char *buf, size_t size)
{
	char link[40];
	struct stat by_fd, by_path;
	ssize_t len;

	if (!isatty(fd))
		return errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, buf, size);
	if (len < 0)
		return errno;
	if ((size_t)len == size)
		return errno = ERANGE;
	buf[len] = '\0';
	if (fstat(fd, &by_fd) < 0 || stat(buf, &by_path) < 0 || by_fd.st_dev != by_path.st_dev ||
	    by_fd.st_ino != by_path.st_ino)
		return errno = ENODEV;
	return 0;
}

char *ttyname(int fd)
{
	static char name[32];

	return ttyname_r(fd, name, sizeof(name)) ? NULL : name;
}
