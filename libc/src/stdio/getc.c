/* Reading characters and lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libc/src/stdio/file.h"

int fgetc(FILE *file)
{
	int c;

	flockfile(file);
	c = libc_file_getc(file);
	funlockfile(file);
	return c;
}

int getc(FILE *file)
{
	return fgetc(file);
}

int getc_unlocked(FILE *file)
{
	return libc_file_getc(file);
}

int getchar(void)
{
	return fgetc(stdin);
}

int ungetc(int c, FILE *file)
{
	flockfile(file);
	if (file->pushed != EOF)
		c = EOF;
	if (c != EOF) {
		libc_file_flush(file);
		file->pushed = (unsigned char)c;
		file->flags &= ~(unsigned int)FILE_EOF;
	}
	funlockfile(file);
	return c;
}

char *fgets(char *buf, int size, FILE *file)
{
	int n = 0, c = EOF;

	flockfile(file);
	while (n < size - 1 && (c = libc_file_getc(file)) != EOF) {
		buf[n++] = (char)c;
		if (c == '\n')
			break;
	}
	funlockfile(file);
	if (n == 0 && c == EOF)
		return NULL;
	buf[n] = '\0';
	return buf;
}

static int grow(char **line, size_t *size)
{
	size_t bigger = *size ? *size * 2 : 128;
	char *fresh = realloc(*line, bigger);

	if (!fresh)
		return -1;
	*line = fresh;
	*size = bigger;
	return 0;
}

ssize_t getdelim(char **line, size_t *size, int delimiter, FILE *file)
{
	size_t n = 0;
	int c = 0;

	if (!*line)
		*size = 0;
	flockfile(file);
	do {
		if (n + 1 >= *size && grow(line, size) < 0) {
			funlockfile(file);
			return -1;
		}
		c = libc_file_getc(file);
		if (c != EOF)
			(*line)[n++] = (char)c;
	} while (c != EOF && c != delimiter);
	funlockfile(file);
	(*line)[n] = '\0';
	return n ? (ssize_t)n : -1;
}

ssize_t getline(char **line, size_t *size, FILE *file)
{
	return getdelim(line, size, '\n', file);
}
