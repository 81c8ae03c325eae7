/* Messages that begin with the program's name, and end with the error's. */
#pragma once

#include <stdarg.h>

#define LIBC_MESSAGE(f, a) __attribute__((format(printf, f, a)))

_Noreturn void err(int status, const char *format, ...) LIBC_MESSAGE(2, 3);
_Noreturn void errx(int status, const char *format, ...) LIBC_MESSAGE(2, 3);
_Noreturn void verr(int status, const char *format, va_list args) LIBC_MESSAGE(2, 0);
_Noreturn void verrx(int status, const char *format, va_list args) LIBC_MESSAGE(2, 0);
void warn(const char *format, ...) LIBC_MESSAGE(1, 2);
void warnx(const char *format, ...) LIBC_MESSAGE(1, 2);
void vwarn(const char *format, va_list args) LIBC_MESSAGE(1, 0);
void vwarnx(const char *format, va_list args) LIBC_MESSAGE(1, 0);
