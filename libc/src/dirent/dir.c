/*
 * Directories: a buffer of records as getdents64 gives them. struct dirent has their layout, so
 * readdir returns a pointer into the buffer.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libc/src/libc.h"

struct libc_dir {
	int fd;
	long next; /* offset of the record after the last returned, in the buffer */
	long end;
	long pos; /* the kernel's position behind the last returned record */
	char buf[8192] __attribute__((aligned(8)));
};

DIR *fdopendir(int fd)
{
	struct stat st;
	DIR *dir;

	if (fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return NULL;
	}
	dir = malloc(sizeof(*dir));
	if (!dir)
		return NULL;
	dir->fd = fd;
	dir->next = dir->end = dir->pos = 0;
	return dir;
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

ssize_t getdents64(int fd, void *buf, size_t size)
{
	return SYSCALL(getdents64, fd, buf, size);
}

/* A directory that was removed while open is at its end, not in error. */
struct dirent *readdir(DIR *dir)
{
	struct dirent *entry;

	if (dir->next >= dir->end) {
		long n = RAW(__NR_getdents64, dir->fd, dir->buf, sizeof(dir->buf));

		if (n <= 0) {
			if (n < 0 && n != -ENOENT)
				errno = (int)-n;
			return NULL;
		}
		dir->next = 0;
		dir->end = n;
	}
	entry = (struct dirent *)(dir->buf + dir->next);
	dir->next += entry->d_reclen;
	dir->pos = entry->d_off;
	return entry;
}

int closedir(DIR *dir)
{
	int fd = dir->fd;

	free(dir);
	return close(fd);
}

int dirfd(DIR *dir)
{
	return dir->fd;
}

long telldir(DIR *dir)
{
	return dir->pos;
}

void seekdir(DIR *dir, long pos)
{
	dir->pos = lseek(dir->fd, pos, SEEK_SET);
	dir->next = dir->end = 0;
}

void rewinddir(DIR *dir)
{
	seekdir(dir, 0);
}
