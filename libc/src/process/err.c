/* Messages on standard error that begin with the program name. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(int error, const char *format, va_list args)
{
	fprintf(stderr, "%s: ", program_invocation_short_name);
	if (format)
		vfprintf(stderr, format, args);
	if (error >= 0)
		fprintf(stderr, "%s%s", format ? ": " : "", strerror(error));
	fputc('\n', stderr);
}

void vwarn(const char *format, va_list args)
{
	say(errno, format, args);
}

void vwarnx(const char *format, va_list args)
{
	say(-1, format, args);
}

void verr(int status, const char *format, va_list args)
{
	vwarn(format, args);
	exit(status);
}

void verrx(int status, const char *format, va_list args)
{
	vwarnx(format, args);
	exit(status);
}

#define FORWARD(to, ...)                                                                           \
	do {                                                                                       \
		va_list args;                                                                      \
		va_start(args, format);                                                            \
		to(__VA_ARGS__, args);                                                             \
		va_end(args);                                                                      \
	} while (0)

void warn(const char *format, ...)
{
	FORWARD(vwarn, format);
}

void warnx(const char *format, ...)
{
	FORWARD(vwarnx, format);
}

void err(int status, const char *format, ...)
{
	FORWARD(verr, status, format);
}

void errx(int status, const char *format, ...)
{
	FORWARD(verrx, status, format);
}
