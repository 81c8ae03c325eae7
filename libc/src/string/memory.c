/* Less common work on blocks of bytes. */
#include <string.h>

void *mempcpy(void *to, const void *from, size_t n)
{
	return (char *)memcpy(to, from, n) + n;
}

void *memccpy(void *to, const void *from, int c, size_t n)
{
	const void *found = memchr(from, c, n);

	if (!found) {
		memcpy(to, from, n);
		return NULL;
	}
	return mempcpy(to, from, (size_t)((const char *)found - (const char *)from) + 1);
}

void *memrchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	while (n--)
		if (p[n] == (unsigned char)c)
			return (void *)(p + n);
	return NULL;
}

void *memmem(const void *s, size_t len, const void *part, size_t part_len)
{
	const char *p = s;

	for (; len >= part_len; p++, len--)
		if (!memcmp(p, part, part_len))
			return (void *)p;
	return NULL;
}

void explicit_bzero(void *s, size_t n)
{
	memset(s, 0, n);
	__asm__ volatile("" : : "r"(s) : "memory");
}
