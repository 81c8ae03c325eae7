/* Opening and closing files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libc/src/stdio/file.h"

enum { BUF_SIZE = 4096 };

int libc_file_mode(const char *mode)
{
	int is_update = strchr(mode, '+') != NULL;
	int flags;

	switch (*mode) {
	case 'r':
		flags = is_update ? O_RDWR : O_RDONLY;
		break;
	case 'w':
		flags = (is_update ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC;
		break;
	case 'a':
		flags = (is_update ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND;
		break;
	default:
		errno = EINVAL;
		return -1;
	}
	if (strchr(mode, 'e'))
		flags |= O_CLOEXEC;
	if (strchr(mode, 'x'))
		flags |= O_EXCL;
	return flags;
}

static unsigned int file_flags(int open_flags)
{
	unsigned int flags = 0;

	if ((open_flags & O_ACCMODE) != O_WRONLY)
		flags |= FILE_READ;
	if ((open_flags & O_ACCMODE) != O_RDONLY)
		flags |= FILE_WRITE | FILE_MAYBE_TTY;
	if (open_flags & O_APPEND)
		flags |= FILE_APPEND;
	return flags;
}

FILE *libc_file_new(int fd, int open_flags)
{
	FILE *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->buf = malloc(BUF_SIZE);
	if (!file->buf) {
		free(file);
		return NULL;
	}
	file->fd = fd;
	file->flags = file_flags(open_flags) | FILE_OWN_BUF;
	file->pushed = EOF;
	file->size = BUF_SIZE;
	libc_file_link(file);
	return file;
}

FILE *fopen(const char *path, const char *mode)
{
	int flags = libc_file_mode(mode);
	FILE *file;
	int fd;

	if (flags < 0)
		return NULL;
	fd = open(path, flags, 0666);
	if (fd < 0)
		return NULL;
	file = libc_file_new(fd, flags);
	if (!file)
		close(fd);
	return file;
}

FILE *fdopen(int fd, const char *mode)
{
	int flags = libc_file_mode(mode);
	int now = fcntl(fd, F_GETFL);

	if (flags < 0 || now < 0)
		return NULL;
	if ((flags & O_APPEND) && !(now & O_APPEND))
		fcntl(fd, F_SETFL, now | O_APPEND);
	if (flags & O_CLOEXEC)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return libc_file_new(fd, flags);
}

FILE *tmpfile(void)
{
	char path[] = "/tmp/tmpXXXXXX";
	int fd = mkstemp(path);
	FILE *file;

	if (fd < 0)
		return NULL;
	unlink(path);
	file = libc_file_new(fd, O_RDWR);
	if (!file)
		close(fd);
	return file;
}

/* The same FILE on another path; the descriptor stays the same, too, so stdout is still 1. */
FILE *freopen(const char *path, const char *mode, FILE *file)
{
	int flags = libc_file_mode(mode);
	int fd;

	flockfile(file);
	libc_file_flush(file);
	libc_file_drop_input(file);
	fd = flags < 0 ? -1 : open(path, flags, 0666);
	if (fd >= 0 && fd != file->fd) {
		dup3(fd, file->fd, flags & O_CLOEXEC);
		close(fd);
	}
	file->flags = (file->flags & (FILE_OWN_BUF | FILE_STATIC)) | file_flags(flags);
	if (file->buffering == _IOLBF)
		file->buffering = _IOFBF;
	funlockfile(file);
	if (fd >= 0)
		return file;
	fclose(file);
	return NULL;
}

int fclose(FILE *file)
{
	int result;

	libc_file_unlink(file);
	flockfile(file);
	result = libc_file_flush(file);
	libc_file_drop_input(file);
	if (close(file->fd) < 0)
		result = EOF;
	if (file->flags & FILE_OWN_BUF)
		free(file->buf);
	if (file->flags & FILE_STATIC) {
		file->flags = FILE_STATIC;
		funlockfile(file);
	} else {
		free(file);
	}
	return result;
}

int fflush(FILE *file)
{
	int result;

	if (!file)
		return libc_file_flush_all();
	flockfile(file);
	result = libc_file_flush(file);
	libc_file_drop_input(file);
	funlockfile(file);
	return result;
}
