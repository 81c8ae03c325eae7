/* Processes as descriptors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>

#include "libc/src/libc.h"

int pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)SYSCALL(pidfd_open, pid, flags);
}

int pidfd_getfd(int pidfd, int fd, unsigned int flags)
{
	return (int)SYSCALL(pidfd_getfd, pidfd, fd, flags);
}

int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags)
{
	return (int)SYSCALL(pidfd_send_signal, pidfd, sig, info, flags);
}

/* The number that procfs shows: -1 with ESRCH once the process is reaped. */
pid_t pidfd_getpid(int pidfd)
{
	char path[40], text[512];
	char *field;
	ssize_t n;
	pid_t pid;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	field = strstr(text, "\nPid:");
	pid = field ? atoi(field + 5) : 0;
	if (pid > 0)
		return pid;
	errno = !field ? EBADF : pid ? ESRCH : EREMOTE;
	return -1;
}
