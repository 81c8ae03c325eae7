/* Shared memory by name: files of /dev/shm. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int shm_path(char *path, size_t size, const char *name)
{
	name += strspn(name, "/");
	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX) {
		errno = EINVAL;
		return -1;
	}
	snprintf(path, size, "/dev/shm/%s", name);
	return 0;
}

int shm_open(const char *name, int flags, mode_t mode)
{
	char path[NAME_MAX + 10];

	if (shm_path(path, sizeof(path), name) < 0)
		return -1;
	return open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
}

int shm_unlink(const char *name)
{
	char path[NAME_MAX + 10];

	return shm_path(path, sizeof(path), name) < 0 ? -1 : unlink(path);
}
