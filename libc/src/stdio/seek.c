/* Positions in files, and their flags. */
#include <errno.h>
#include <unistd.h>

#include "libc/src/stdio/file.h"

int fseeko(FILE *file, off_t offset, int whence)
{
	int result = EOF;

	flockfile(file);
	if (libc_file_flush(file) == 0) {
		libc_file_drop_input(file);
		if (lseek(file->fd, offset, whence) >= 0) {
			file->flags &= ~(unsigned int)FILE_EOF;
			result = 0;
		}
	}
	funlockfile(file);
	return result;
}

int fseek(FILE *file, long offset, int whence)
{
	return fseeko(file, offset, whence);
}

off_t ftello(FILE *file)
{
	off_t pos;

	flockfile(file);
	pos = lseek(file->fd, 0,
		    file->flags & FILE_APPEND && file->flags & FILE_WRITING ? SEEK_END : SEEK_CUR);
	if (pos >= 0 && file->flags & FILE_WRITING)
		pos += (off_t)file->at;
	else if (pos >= 0)
		pos -= (off_t)(file->end - file->at) + (file->pushed != EOF);
	funlockfile(file);
	return pos;
}

long ftell(FILE *file)
{
	return ftello(file);
}

void rewind(FILE *file)
{
	fseeko(file, 0, SEEK_SET);
	clearerr(file);
}

int fgetpos(FILE *file, fpos_t *pos)
{
	*pos = ftello(file);
	return *pos < 0 ? -1 : 0;
}

int fsetpos(FILE *file, const fpos_t *pos)
{
	return fseeko(file, *pos, SEEK_SET);
}

int feof(FILE *file)
{
	return (file->flags & FILE_EOF) != 0;
}

int ferror(FILE *file)
{
	return (file->flags & FILE_ERROR) != 0;
}

void clearerr(FILE *file)
{
	file->flags &= ~(unsigned int)(FILE_EOF | FILE_ERROR);
}

int fileno(FILE *file)
{
	return file->fd;
}
