/*
 * supervise [-n TIMES] COMMAND [ARGUMENT...]: starts a command again whenever
 * it ends, as a service manager does. The child comes with its pidfd from
 * clone3(CLONE_PIDFD), so there is no moment in which its number could belong
 * to another; its end arrives by epoll, and waitid(P_PIDFD) reaps just it.
 */
#include <sys/epoll.h>

#include "pidtool.h"

static const uint64_t clone_pidfd = 0x1000;

/* Starts the command; returns its pid, and its pidfd in "fd". */
static pid_t start(char **argv, int *fd)
{
	uint64_t args[8] = { [0] = clone_pidfd, [1] = (uintptr_t)fd, [4] = SIGCHLD };
	long pid;

	fflush(stdout);
	pid = syscall(NR_CLONE3, args, sizeof(args));
	if (pid == 0) {
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	return (pid_t)pid;
}

/* Waits for the end of the child that "fd" stands for, and reports it. */
static int await(int ep, int fd, pid_t pid)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	siginfo_t info;

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) < 0)
		return -1;
	while (epoll_wait(ep, &event, 1, -1) < 0)
		if (errno != EINTR)
			return -1;
	if (syscall(SYS_waitid, BY_PIDFD, event.data.fd, &info, WEXITED, NULL) < 0)
		return -1;
	printf("supervise: %d %s %d\n", pid,
	       info.si_code == CLD_EXITED ? "exited with" : "was killed by", info.si_status);
	return 0;
}

int main(int argc, char **argv)
{
	long times = -1;
	int ep = epoll_create1(EPOLL_CLOEXEC), at = 1;

	if (argc > 3 && !strcmp(argv[1], "-n")) {
		times = strtol(argv[2], NULL, 10);
		at = 3;
	}
	if (at >= argc || ep < 0) {
		fprintf(stderr, "usage: supervise [-n TIMES] COMMAND...\n");
		return 2;
	}
	for (; times != 0; times -= times > 0) {
		int fd = -1;
		pid_t pid = start(argv + at, &fd);

		if (pid < 0) {
			perror("supervise: clone3");
			return 1;
		}
		printf("supervise: started %d\n", pid);
		fflush(stdout);
		if (await(ep, fd, pid) < 0) {
			perror("supervise");
			return 1;
		}
		close(fd);
		if (times != 1)
			usleep(300000);
	}
	return 0;
}
