/* Reading blocks. */
#include <string.h>

#include "libc/src/stdio/file.h"

/* Takes what is buffered; whether there was any. */
static size_t take(FILE *file, char *to, size_t n)
{
	size_t ready = file->flags & FILE_WRITING ? 0 : file->end - file->at;

	if (n > ready)
		n = ready;
	memcpy(to, file->buf + file->at, n);
	file->at += n;
	return n;
}

size_t fread(void *buf, size_t size, size_t n, FILE *file)
{
	size_t bytes = size * n, done = 0;
	char *to = buf;

	if (!bytes)
		return 0;
	flockfile(file);
	if (file->pushed != EOF)
		to[done++] = (char)libc_file_getc(file);
	while (done < bytes) {
		size_t part = take(file, to + done, bytes - done);

		done += part;
		if (!part && libc_file_fill(file))
			break;
	}
	funlockfile(file);
	return done / size;
}
