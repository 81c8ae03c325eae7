/* The names of BSD for what the standard spells otherwise. */
#include <string.h>

void bzero(void *s, size_t n)
{
	memset(s, 0, n);
}

char *index(const char *s, int c)
{
	return strchr(s, c);
}

char *rindex(const char *s, int c)
{
	return strrchr(s, c);
}

char *strchrnul(const char *s, int c)
{
	while (*s && *s != (char)c)
		s++;
	return (char *)s;
}

int strcoll(const char *a, const char *b)
{
	return strcmp(a, b);
}

int ffs(int bits)
{
	return __builtin_ffs(bits);
}

int ffsl(long bits)
{
	return __builtin_ffsl(bits);
}
