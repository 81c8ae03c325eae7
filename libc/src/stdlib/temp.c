/* Files and directories of a fresh name: the six X at the end become random letters. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { TRIES = 100 };

static int make_dir(const char *path, int flags)
{
	return mkdir(path, 0700);
}

static int make_file(const char *path, int flags)
{
	return open(path, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
}

static int make(char *template, int flags, int (*create)(const char *, int))
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t len = strlen(template);
	unsigned char random[6];

	if (len < 6 || strcmp(template + len - 6, "XXXXXX")) {
		errno = EINVAL;
		return -1;
	}
	for (int i = 0; i < TRIES; i++) {
		int result;

		if (getrandom(random, sizeof(random), 0) < 0)
			return -1;
		for (size_t k = 0; k < sizeof(random); k++)
			template[len - 6 + k] = letters[random[k] % 64];
		result = create(template, flags);
		if (result >= 0 || errno != EEXIST)
			return result;
	}
	return -1;
}

int mkostemp(char *template, int flags)
{
	return make(template, flags, make_file);
}

int mkstemp(char *template)
{
	return mkostemp(template, 0);
}

char *mkdtemp(char *template)
{
	return make(template, 0, make_dir) < 0 ? NULL : template;
}
