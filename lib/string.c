/*
 * Memory and strings; linked into the kernel and into the C library.
 *
 * Bulk work is done by string instructions, small sizes by a few overlapping moves: a block of n
 * bytes, 8 <= n <= 16, is its first eight bytes and its last eight. Loads come before stores, so
 * that one copy routine serves memmove() too.
 */
#include "lib/string.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp

#define ONES  0x0101010101010101ull
#define HIGHS 0x8080808080808080ull

static inline u64 load64(const void *p)
{
	u64 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline u32 load32(const void *p)
{
	u32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline void store64(void *p, u64 v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void store32(void *p, u32 v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void copy_small(u8 *d, const u8 *s, size_t n)
{
	if (n >= 16) {
		u64 a = load64(s), b = load64(s + 8), c = load64(s + n - 16), e = load64(s + n - 8);

		store64(d, a);
		store64(d + 8, b);
		store64(d + n - 16, c);
		store64(d + n - 8, e);
	} else if (n >= 8) {
		u64 a = load64(s), b = load64(s + n - 8);

		store64(d, a);
		store64(d + n - 8, b);
	} else if (n >= 4) {
		u32 a = load32(s), b = load32(s + n - 4);

		store32(d, a);
		store32(d + n - 4, b);
	} else if (n) {
		u8 a = s[0], b = s[n / 2], c = s[n - 1];

		d[0] = a;
		d[n / 2] = b;
		d[n - 1] = c;
	}
}

/* Right for overlapping blocks too if d is below s. */
static inline void copy_forward(void *d, const void *s, size_t n)
{
	u64 tail, words = n / 8;
	void *end = (u8 *)d + n - 8;

	if (n <= 32) {
		copy_small(d, s, n);
		return;
	}
	tail = load64((const u8 *)s + n - 8);
	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words)::"memory");
	store64(end, tail);
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_forward(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= n || n <= 32) {
		copy_forward(dst, src, n);
		return dst;
	}
	while (n >= 8) {
		n -= 8;
		store64(d + n, load64(s + n));
	}
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u64 v = (u8)c * ONES, words = n / 8;
	u8 *d = dst;
	void *at = dst;

	if (n > 32) {
		__asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(v) : "memory");
		store64(d + n - 8, v);
	} else if (n >= 8) {
		store64(d, v);
		store64(d + n - 8, v);
		if (n > 16) {
			store64(d + 8, v);
			store64(d + n - 16, v);
		}
	} else if (n >= 4) {
		store32(d, (u32)v);
		store32(d + n - 4, (u32)v);
	} else if (n) {
		d[0] = d[n / 2] = d[n - 1] = (u8)c;
	}
	return dst;
}

/* The first byte in memory is the most significant one. */
static inline int compare_words(u64 x, u64 y)
{
	return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;
	u64 x, y;

	if (n < 8) {
		for (size_t i = 0; i < n; i++)
			if (p[i] != q[i])
				return p[i] - q[i];
		return 0;
	}
	for (size_t i = 0; i < n - 8; i += 8) {
		x = load64(p + i);
		y = load64(q + i);
		if (x != y)
			return compare_words(x, y);
	}
	x = load64(p + n - 8);
	y = load64(q + n - 8);
	return x == y ? 0 : compare_words(x, y);
}

void *memchr(const void *p, int c, size_t n)
{
	const u8 *s = p;

	for (size_t i = 0; i < n; i++)
		if (s[i] == (u8)c)
			return (void *)(s + i);
	return NULL;
}

typedef u64 __attribute__((may_alias)) text_word;

/* Reads the words around the string too: they never cross into another page. */
__no_sanitize_address size_t strlen(const char *s)
{
	size_t skip = (uintptr_t)s & 7;
	const text_word *at = (const text_word *)((uintptr_t)s - skip);
	/* Bytes before the string count as non-zero. */
	u64 word = *at | ((1ull << (skip * 8)) - 1);
	u64 zeroes;

	while (!(zeroes = (word - ONES) & ~word & HIGHS))
		word = *++at;
	return (uintptr_t)at - (uintptr_t)s + (size_t)__builtin_ctzll(zeroes) / 8;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--) {
		a++;
		b++;
	}
	return n ? (u8)*a - (u8)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)found;
}

char *strstr(const char *s, const char *needle)
{
	size_t n = strlen(needle);

	if (!n)
		return (char *)s;
	for (; (s = strchr(s, *needle)); s++) {
		if (strncmp(s, needle, n) == 0)
			return (char *)s;
		if (!*s)
			break;
	}
	return NULL;
}

char *strcpy(char *restrict dst, const char *restrict src)
{
	return memcpy(dst, src, strlen(src) + 1);
}

char *strncpy(char *restrict dst, const char *restrict src, size_t n)
{
	size_t len = strnlen(src, n);

	memcpy(dst, src, len);
	memset(dst + len, 0, n - len);
	return dst;
}

size_t strlcpy(char *restrict dst, const char *restrict src, size_t size)
{
	size_t len = strlen(src);
	size_t kept = len < size ? len : size - 1;

	if (size) {
		memcpy(dst, src, kept);
		dst[kept] = 0;
	}
	return len;
}
