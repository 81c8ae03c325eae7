/* Writing characters, strings and blocks. */
#include <string.h>

#include "libc/src/stdio/file.h"

static int put(const void *data, size_t n, FILE *file)
{
	int result;

	flockfile(file);
	result = libc_file_write(file, data, n);
	funlockfile(file);
	return result;
}

int fputc(int c, FILE *file)
{
	unsigned char byte = (unsigned char)c;

	return put(&byte, 1, file) ? EOF : byte;
}

int putc(int c, FILE *file)
{
	return fputc(c, file);
}

int putc_unlocked(int c, FILE *file)
{
	return fputc(c, file);
}

int putchar(int c)
{
	return fputc(c, stdout);
}

int fputs(const char *s, FILE *file)
{
	return put(s, strlen(s), file);
}

int puts(const char *s)
{
	int result;

	flockfile(stdout);
	result = libc_file_write(stdout, s, strlen(s)) || libc_file_write(stdout, "\n", 1);
	funlockfile(stdout);
	return result ? EOF : 0;
}

size_t fwrite(const void *buf, size_t size, size_t n, FILE *file)
{
	if (!size || !n || put(buf, size * n, file))
		return 0;
	return n;
}
