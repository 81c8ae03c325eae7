/* The two parts of a path, as POSIX splits it: slashes at the end do not count. */
#include <string.h>

#include <libgen.h>

static void strip_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
}

char *libc_basename(char *path)
{
	char *slash;

	if (!path || !*path)
		return ".";
	strip_slashes(path);
	slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

char *dirname(char *path)
{
	char *slash;

	if (!path || !*path)
		return ".";
	strip_slashes(path);
	slash = strrchr(path, '/');
	if (!slash)
		return ".";
	slash[slash == path] = '\0';
	strip_slashes(path);
	return path;
}
