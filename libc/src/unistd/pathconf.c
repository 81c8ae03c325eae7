/* Limits of paths. They are the same everywhere. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

long fpathconf(int fd, int name)
{
	switch (name) {
	case _PC_LINK_MAX:
		return LINK_MAX;
	case _PC_NAME_MAX:
		return NAME_MAX;
	case _PC_PATH_MAX:
		return PATH_MAX;
	case _PC_PIPE_BUF:
		return PIPE_BUF;
	}
	errno = EINVAL;
	return -1;
}

long pathconf(const char *path, int name)
{
	return fpathconf(-1, name);
}
