/*
 * Between the buffer of a file and its descriptor.
 *
 * Data that could not be written is dropped, and the error flag tells; writing on after an error
 * would put the rest in the wrong place.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libc/src/stdio/file.h"

static int write_all(FILE *file, const unsigned char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = write(file->fd, data, n);

		if (done < 0) {
			file->flags |= FILE_ERROR;
			return EOF;
		}
		data += done;
		n -= (size_t)done;
	}
	return 0;
}

int libc_file_flush(FILE *file)
{
	size_t n = file->at;

	if (!(file->flags & FILE_WRITING))
		return 0;
	file->flags &= ~(unsigned int)FILE_WRITING;
	file->at = file->end = 0;
	return write_all(file, file->buf, n);
}

void libc_file_drop_input(FILE *file)
{
	off_t ahead = (off_t)(file->end - file->at) + (file->pushed != EOF);

	if (file->flags & FILE_WRITING)
		return;
	if (ahead && lseek(file->fd, -ahead, SEEK_CUR) < 0)
		return; /* a pipe: what was read stays */
	file->pushed = EOF;
	file->at = file->end = 0;
}

static int begin_writing(FILE *file)
{
	if (!(file->flags & FILE_WRITE)) {
		file->flags |= FILE_ERROR;
		errno = EBADF;
		return EOF;
	}
	if (file->flags & FILE_MAYBE_TTY) {
		int saved = errno;

		file->flags &= ~(unsigned int)FILE_MAYBE_TTY;
		if (isatty(file->fd))
			file->buffering = _IOLBF;
		errno = saved;
	}
	libc_file_drop_input(file);
	file->pushed = EOF;
	file->at = file->end = 0;
	file->flags |= FILE_WRITING;
	return 0;
}

int libc_file_write(FILE *file, const void *data, size_t n)
{
	const unsigned char *from = data;

	if (!(file->flags & FILE_WRITING) && begin_writing(file))
		return EOF;
	if (file->buffering == _IONBF || n >= file->size) {
		if (libc_file_flush(file))
			return EOF;
		return write_all(file, from, n);
	}
	while (n > 0) {
		size_t room = file->size - file->at;
		size_t part = n < room ? n : room;

		memcpy(file->buf + file->at, from, part);
		file->at += part;
		from += part;
		n -= part;
		if (file->at == file->size) {
			if (libc_file_flush(file))
				return EOF;
			file->flags |= FILE_WRITING;
		}
	}
	if (file->buffering == _IOLBF && memrchr(file->buf, '\n', file->at))
		return libc_file_flush(file);
	return 0;
}

/* A terminal shows its prompt before the program reads the answer. */
static void flush_prompt(FILE *file)
{
	if (file != stdin || stdout->buffering != _IOLBF || ftrylockfile(stdout))
		return;
	libc_file_flush(stdout);
	funlockfile(stdout);
}

int libc_file_fill(FILE *file)
{
	ssize_t n;

	if (file->flags & FILE_EOF)
		return EOF;
	if (!(file->flags & FILE_READ)) {
		file->flags |= FILE_ERROR;
		errno = EBADF;
		return EOF;
	}
	if (libc_file_flush(file))
		return EOF;
	flush_prompt(file);
	n = read(file->fd, file->buf, file->size);
	if (n <= 0) {
		file->flags |= n < 0 ? FILE_ERROR : FILE_EOF;
		return EOF;
	}
	file->at = 0;
	file->end = (size_t)n;
	return 0;
}

int libc_file_getc(FILE *file)
{
	int c = file->pushed;

	if (c != EOF) {
		file->pushed = EOF;
		return c;
	}
	if ((file->flags & FILE_WRITING || file->at == file->end) && libc_file_fill(file))
		return EOF;
	return file->buf[file->at++];
}
