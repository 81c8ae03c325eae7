/* Formatted text in memory. vsnprintf and snprintf are those of lib/fmt.c. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int vsprintf(char *buf, const char *format, va_list args)
{
	return vsnprintf(buf, INT_MAX, format, args);
}

int sprintf(char *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsprintf(buf, format, args);
	va_end(args);
	return n;
}

int vasprintf(char **out, const char *format, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	*out = n < 0 ? NULL : malloc((size_t)n + 1);
	return *out ? vsnprintf(*out, (size_t)n + 1, format, args) : -1;
}

int asprintf(char **out, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(out, format, args);
	va_end(args);
	return n;
}
