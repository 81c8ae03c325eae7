/* A shell command as a file. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libc/src/stdio/file.h"

static _Noreturn void run(const char *command, int fd, int as)
{
	if (fd == as)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, as);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

FILE *popen(const char *command, const char *mode)
{
	int is_read = *mode == 'r';
	int fds[2];
	FILE *file;

	if (!is_read && *mode != 'w') {
		errno = EINVAL;
		return NULL;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	file = fdopen(fds[!is_read], mode);
	if (file) {
		file->child = fork();
		if (file->child == 0)
			run(command, fds[is_read], is_read);
	}
	close(fds[is_read]);
	if (file && file->child > 0)
		return file;
	if (file)
		fclose(file);
	else
		close(fds[!is_read]);
	return NULL;
}

int pclose(FILE *file)
{
	pid_t child = file->child;
	int status;

	fclose(file);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}
