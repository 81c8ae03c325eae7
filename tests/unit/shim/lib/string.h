/*
 * Host tests use the C library's string functions, which the sanitizers watch.
 */
#pragma once

#include <string.h>

#include "lib/base.h"

#ifndef STRING_UNDER_TEST

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline size_t host_strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src), kept = len < size ? len : size - 1;

	if (size) {
		memcpy(dst, src, kept);
		dst[kept] = 0;
	}
	return len;
}
#define strlcpy host_strlcpy

#endif
