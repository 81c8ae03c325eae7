/*
 * The environment: an array of NAME=value.
 *
 * The array the kernel gave is copied when it must grow. Strings that setenv made are not freed
 * when replaced: getenv may have handed them out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static char **own; /* the array that we allocated, if environ is that */

static char **find(const char *name, size_t len)
{
	char **entry = environ;

	for (; entry && *entry; entry++)
		if (!strncmp(*entry, name, len) && (*entry)[len] == '=')
			return entry;
	return NULL;
}

char *getenv(const char *name)
{
	size_t len = strlen(name);
	char **entry = len ? find(name, len) : NULL;

	return entry ? *entry + len + 1 : NULL;
}

char *secure_getenv(const char *name)
{
	return getauxval(AT_SECURE) ? NULL : getenv(name);
}

static int append(char *entry)
{
	size_t n = 0;
	char **bigger;

	while (environ && environ[n])
		n++;
	bigger = realloc(environ == own ? own : NULL, (n + 2) * sizeof(*bigger));
	if (!bigger)
		return -1;
	if (environ != own && n)
		memcpy(bigger, environ, n * sizeof(*bigger));
	bigger[n] = entry;
	bigger[n + 1] = NULL;
	environ = own = bigger;
	return 0;
}

static int is_bad_name(const char *name)
{
	if (name && *name && !strchr(name, '='))
		return 0;
	errno = EINVAL;
	return 1;
}

int setenv(const char *name, const char *value, int overwrite)
{
	size_t len, value_size = strlen(value) + 1;
	char **old, *entry;

	if (is_bad_name(name))
		return -1;
	len = strlen(name);
	old = find(name, len);
	if (old && !overwrite)
		return 0;
	entry = malloc(len + 1 + value_size);
	if (!entry)
		return -1;
	memcpy(entry, name, len);
	entry[len] = '=';
	memcpy(entry + len + 1, value, value_size);
	if (!old)
		return append(entry);
	*old = entry;
	return 0;
}

int unsetenv(const char *name)
{
	char **entry;

	if (is_bad_name(name))
		return -1;
	while ((entry = find(name, strlen(name))))
		for (; *entry; entry++)
			entry[0] = entry[1];
	return 0;
}

int putenv(char *entry)
{
	size_t len = strcspn(entry, "=");
	char **old;

	if (!entry[len])
		return unsetenv(entry);
	old = find(entry, len);
	if (!old)
		return append(entry);
	*old = entry;
	return 0;
}

int clearenv(void)
{
	environ = NULL;
	return 0;
}
