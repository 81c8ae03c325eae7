/* Cutting a string into words, in place. */
#include <string.h>

char *strtok_r(char *s, const char *delimiters, char **rest)
{
	if (!s)
		s = *rest;
	s += strspn(s, delimiters);
	if (!*s) {
		*rest = s;
		return NULL;
	}
	*rest = s + strcspn(s, delimiters);
	if (**rest)
		*(*rest)++ = '\0';
	return s;
}

char *strtok(char *s, const char *delimiters)
{
	static char *rest;

	if (!s && !rest)
		return NULL;
	return strtok_r(s, delimiters, &rest);
}

char *strsep(char **rest, const char *delimiters)
{
	char *s = *rest;

	if (!s)
		return NULL;
	*rest = s + strcspn(s, delimiters);
	if (**rest)
		*(*rest)++ = '\0';
	else
		*rest = NULL;
	return s;
}
