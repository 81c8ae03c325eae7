/* How a file is buffered. */
#include <errno.h>
#include <stdlib.h>

#include "libc/src/stdio/file.h"

/* With no buffer given, the one at hand serves; one byte of it if there is to be none. */
int setvbuf(FILE *file, char *buf, int mode, size_t size)
{
	if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF) {
		errno = EINVAL;
		return -1;
	}
	flockfile(file);
	libc_file_flush(file);
	libc_file_drop_input(file);
	file->flags &= ~(unsigned int)FILE_MAYBE_TTY;
	file->buffering = mode;
	if (buf && size && mode != _IONBF) {
		if (file->flags & FILE_OWN_BUF)
			free(file->buf);
		file->flags &= ~(unsigned int)FILE_OWN_BUF;
		file->buf = (unsigned char *)buf;
		file->size = size;
	} else if (mode == _IONBF) {
		file->size = 1;
	}
	funlockfile(file);
	return 0;
}

void setbuf(FILE *file, char *buf)
{
	setvbuf(file, buf, buf ? _IOFBF : _IONBF, BUFSIZ);
}

void setlinebuf(FILE *file)
{
	setvbuf(file, NULL, _IOLBF, 0);
}
