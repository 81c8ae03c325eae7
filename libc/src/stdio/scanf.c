/*
 * Formatted input: d i u x X o p c s [ n f e g and %, with width, * and the sizes hh h l ll z j t.
 *
 * A source gives one character at a time and takes one back. Numbers are collected as text, as
 * far as they can be one, and given to strtol and its kind.
 */
#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libc/src/stdio/file.h"

struct source {
	FILE *file; /* NULL: a string */
	const char *text; /* what is left of it */
	int consumed;
};

struct spec {
	int is_discarded;
	int width; /* 0: any */
	int size; /* of the integer, in bytes */
};

static int get(struct source *source)
{
	int c;

	if (source->file)
		c = libc_file_getc(source->file);
	else
		c = *source->text ? (unsigned char)*source->text++ : EOF;
	source->consumed += c != EOF;
	return c;
}

static void unget(struct source *source, int c)
{
	if (c == EOF)
		return;
	source->consumed--;
	if (source->file)
		ungetc(c, source->file);
	else
		source->text--;
}

static void skip_space(struct source *source)
{
	int c;

	do
		c = get(source);
	while (c != EOF && isspace(c));
	unget(source, c);
}

static const char *parse_size(const char *format, struct spec *spec)
{
	spec->size = sizeof(int);
	for (;; format++)
		switch (*format) {
		case 'h':
			spec->size /= 2;
			break;
		case 'l':
		case 'j':
		case 'z':
		case 't':
			spec->size = sizeof(long);
			break;
		default:
			return format;
		}
}

static void store(void *to, int size, unsigned long value)
{
	if (to)
		memcpy(to, &value, (size_t)size);
}

/* Whether c may stand at place n of a number in this base; 0 means any, 100 a fraction. */
static int may_follow(const char *text, int n, int c, int base)
{
	int digits = n - (n > 0 && (text[0] == '-' || text[0] == '+'));

	if (c == '-' || c == '+')
		return n == 0 || (base == 100 && (text[n - 1] | 32) == 'e');
	if (base == 100)
		return isdigit(c) || c == '.' || (digits > 0 && (c | 32) == 'e');
	if ((c | 32) == 'x')
		return (base == 16 || base == 0) && digits == 1 && text[n - 1] == '0';
	if (base == 16 || (base == 0 && digits > 1 && (text[n - digits + 1] | 32) == 'x'))
		return isxdigit(c);
	return isdigit(c) && (base != 8 || c < '8');
}

/* 1, 0 for no number, EOF for no input. */
static int scan_number(struct source *source, const struct spec *spec, int base, int is_signed,
		       void *to)
{
	char text[64];
	int n = 0, c, max = (int)sizeof(text) - 1;
	char *end;

	if (spec->width && spec->width < max)
		max = spec->width;
	skip_space(source);
	while ((c = get(source)) != EOF && n < max && may_follow(text, n, c, base))
		text[n++] = (char)c;
	unget(source, c);
	if (n == 0)
		return c == EOF ? EOF : 0;
	text[n] = '\0';
	if (base == 100) {
		double value = strtod(text, &end);

		if (end != text && to && spec->size == sizeof(long))
			*(double *)to = value;
		else if (end != text && to)
			*(float *)to = (float)value;
	} else {
		unsigned long value = is_signed ? (unsigned long)strtol(text, &end, base)
						: strtoul(text, &end, base);

		if (end != text)
			store(to, spec->size, value);
	}
	return end != text;
}

/* A set such as [a-z] or [^,]: the members into "set", and what follows the bracket. */
static const char *parse_set(const char *format, unsigned char set[256])
{
	int is_inverted = *format == '^';

	format += is_inverted;
	memset(set, is_inverted, 256);
	do {
		int from = (unsigned char)*format, to = from;

		if (!from)
			return format;
		if (format[1] == '-' && format[2] && format[2] != ']') {
			to = (unsigned char)format[2];
			format += 2;
		}
		for (int c = from; c <= to; c++)
			set[c] = !is_inverted;
	} while (*++format != ']');
	return format;
}

/* Characters of the set, up to the width; a NUL behind them if is_string. */
static int scan_text(struct source *source, int width, const unsigned char set[256], int is_string,
		     char *to)
{
	int n = 0, c = 0;

	while (n < width && (c = get(source)) != EOF && set[c]) {
		if (to)
			to[n] = (char)c;
		n++;
	}
	if (n < width)
		unget(source, c);
	if (n == 0 || (!is_string && n < width))
		return c == EOF ? EOF : 0;
	if (to && is_string)
		to[n] = '\0';
	return 1;
}

static int scan_string(struct source *source, const struct spec *spec, char kind,
		       unsigned char set[256], char *to)
{
	int width = spec->width;

	if (kind == 's') {
		skip_space(source);
		for (int c = 0; c < 256; c++)
			set[c] = !isspace(c);
	}
	if (kind == 'c')
		memset(set, 1, 256);
	if (!width)
		width = kind == 'c' ? 1 : INT_MAX;
	return scan_text(source, width, set, kind != 'c', to);
}

static int scan_one(struct source *source, const struct spec *spec, char kind,
		    unsigned char set[256], void *to)
{
	switch (kind) {
	case 'd':
		return scan_number(source, spec, 10, 1, to);
	case 'i':
		return scan_number(source, spec, 0, 1, to);
	case 'u':
		return scan_number(source, spec, 10, 0, to);
	case 'o':
		return scan_number(source, spec, 8, 0, to);
	case 'x':
	case 'X':
		return scan_number(source, spec, 16, 0, to);
	case 'p':
		return scan_number(source, &(struct spec){ .width = spec->width, .size = 8 }, 16, 0,
				   to);
	case 'f':
	case 'e':
	case 'g':
		return scan_number(source, spec, 100, 1, to);
	case 's':
	case 'c':
	case '[':
		return scan_string(source, spec, kind, set, to);
	}
	return 0;
}

/* Text of the format that is no conversion: 1, 0 if the input differs, EOF if it ended. */
static int match(struct source *source, char want)
{
	int c;

	if (isspace((unsigned char)want)) {
		skip_space(source);
		return 1;
	}
	c = get(source);
	if (c == (unsigned char)want)
		return 1;
	unget(source, c);
	return c == EOF ? EOF : 0;
}

static int scan(struct source *source, const char *format, va_list args)
{
	unsigned char set[256];
	int done = 0, result = 1;

	for (; *format; format++) {
		struct spec spec = { 0 };
		void *to = NULL;

		if (*format != '%' || format[1] == '%') {
			format += *format == '%';
			result = match(source, *format);
		} else {
			format++;
			spec.is_discarded = *format == '*';
			format += spec.is_discarded;
			while (isdigit((unsigned char)*format))
				spec.width = spec.width * 10 + *format++ - '0';
			format = parse_size(format, &spec);
			if (!spec.is_discarded)
				to = va_arg(args, void *);
			if (*format == 'n') {
				store(to, spec.size, (unsigned long)source->consumed);
				continue;
			}
			if (*format == '[') {
				format = parse_set(format + 1, set);
				result = scan_one(source, &spec, '[', set, to);
			} else {
				result = scan_one(source, &spec, *format, set, to);
			}
			done += result == 1 && !spec.is_discarded;
		}
		if (result != 1)
			break;
	}
	return done == 0 && result == EOF ? EOF : done;
}

int vfscanf(FILE *file, const char *format, va_list args)
{
	struct source source = { .file = file };
	int n;

	flockfile(file);
	n = scan(&source, format, args);
	funlockfile(file);
	return n;
}

int vsscanf(const char *text, const char *format, va_list args)
{
	struct source source = { .text = text };

	return scan(&source, format, args);
}

int scanf(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfscanf(stdin, format, args);
	va_end(args);
	return n;
}

int fscanf(FILE *file, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfscanf(file, format, args);
	va_end(args);
	return n;
}

int sscanf(const char *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsscanf(text, format, args);
	va_end(args);
	return n;
}
