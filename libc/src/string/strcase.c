/* Comparison that takes upper and lower case as equal. */
#include <ctype.h>
#include <string.h>

int strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n; a++, b++, n--) {
		int diff = tolower((unsigned char)*a) - tolower((unsigned char)*b);

		if (diff || !*a)
			return diff;
	}
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	return strncasecmp(a, b, (size_t)-1);
}

char *strcasestr(const char *s, const char *part)
{
	size_t len = strlen(part);

	for (; strncasecmp(s, part, len); s++)
		if (!*s)
			return NULL;
	return (char *)s;
}
