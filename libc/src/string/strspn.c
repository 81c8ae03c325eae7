/* How far a string consists of, or avoids, a set of bytes. */
#include <string.h>

static void add_all(unsigned char set[256], const char *bytes)
{
	for (; *bytes; bytes++)
		set[(unsigned char)*bytes] = 1;
}

size_t strspn(const char *s, const char *accept)
{
	unsigned char set[256] = { 0 };
	size_t n = 0;

	add_all(set, accept);
	while (set[(unsigned char)s[n]])
		n++;
	return n;
}

size_t strcspn(const char *s, const char *reject)
{
	unsigned char set[256] = { [0] = 1 };
	size_t n = 0;

	add_all(set, reject);
	while (!set[(unsigned char)s[n]])
		n++;
	return n;
}

char *strpbrk(const char *s, const char *accept)
{
	s += strcspn(s, accept);
	return *s ? (char *)s : NULL;
}
