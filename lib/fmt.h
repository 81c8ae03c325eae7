/*
 * printf formatting, one core for kernel and C library.
 *
 * Conversions: d i u x X o c s p % with flags - + 0 space #, width and precision (also *), sizes
 * hh h l ll z t j. Floating point (e f g, also upper case) only where the compiler may use it: in
 * the C library, not in the kernel.
 */
#pragma once

#include "lib/base.h"

#if defined(__SSE2__) && !defined(HOST_TEST)
#define FMT_FLOAT 1
#endif

/* Host tests keep the C library's own. */
#ifdef HOST_TEST
#define vsnprintf fmt_vsnprintf
#define snprintf  fmt_snprintf
#endif

/* Takes the next n bytes of output; called many times per fmt_print(). */
typedef void (*fmt_sink)(void *ctx, const char *text, size_t n);

/* Returns the number of bytes handed to the sink. */
size_t fmt_print(fmt_sink sink, void *ctx, const char *fmt, va_list args) __printf(3, 0);

/* As in C: at most size bytes with the closing zero; returns the length without cutting. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* Decimal digits of v, most significant first, without a closing zero; returns how many (<= 20). */
unsigned int fmt_dec(char *out, u64 v);

/* lib/fmt_float.c: |v| as text, or inf or nan, into out, at most FMT_FLOAT_MAX bytes without a
 * closing zero; returns how many. @kind: one of eEfFgG. @precision: -1: none given. */
#if defined(__SSE2__)
#define FMT_FLOAT_MAX 1440
size_t fmt_float(char *out, double v, char kind, int precision, bool has_point);
#endif
