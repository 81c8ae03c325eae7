/*
 * Formatted output: the core of lib/fmt.c with a file as its sink.
 *
 * A file without a buffer gets one for the time of the call, so that a message is one write.
 */
#include <stdarg.h>
#include <unistd.h>

#include "lib/fmt.h"
#include "libc/src/stdio/file.h"

static void to_file(void *ctx, const char *text, size_t n)
{
	libc_file_write(ctx, text, n);
}

static int print_unbuffered(FILE *file, const char *format, va_list args)
{
	FILE copy = *file;
	unsigned char buf[512];
	size_t n;

	copy.buf = buf;
	copy.size = sizeof(buf);
	copy.buffering = _IOFBF;
	copy.at = copy.end = 0;
	copy.flags &= ~(unsigned int)(FILE_WRITING | FILE_MAYBE_TTY);
	n = fmt_print(to_file, &copy, format, args);
	libc_file_flush(&copy);
	file->flags |= copy.flags & FILE_ERROR;
	return (int)n;
}

int vfprintf(FILE *file, const char *format, va_list args)
{
	unsigned int old;
	int n;

	flockfile(file);
	old = file->flags & FILE_ERROR;
	file->flags &= ~(unsigned int)FILE_ERROR;
	if (file->buffering == _IONBF)
		n = print_unbuffered(file, format, args);
	else
		n = (int)fmt_print(to_file, file, format, args);
	if (file->flags & FILE_ERROR)
		n = -1;
	file->flags |= old;
	funlockfile(file);
	return n;
}

int vprintf(const char *format, va_list args)
{
	return vfprintf(stdout, format, args);
}

int vdprintf(int fd, const char *format, va_list args)
{
	FILE file = { .fd = fd, .flags = FILE_WRITE, .buffering = _IONBF, .pushed = EOF };

	return vfprintf(&file, format, args);
}

int fprintf(FILE *file, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(file, format, args);
	va_end(args);
	return n;
}

int printf(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(stdout, format, args);
	va_end(args);
	return n;
}

int dprintf(int fd, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vdprintf(fd, format, args);
	va_end(args);
	return n;
}
