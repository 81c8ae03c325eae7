/*
 * What the pid* tools share: pidfd calls by number, since not every C library
 * has them, and the identity of a pidfd.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NR_PIDFD_SEND_SIGNAL = 424, NR_PIDFD_OPEN = 434, NR_CLONE3 = 435 };
enum { BY_PIDFD = 3 }; /* P_PIDFD */

static inline int open_pid(pid_t pid)
{
	return (int)syscall(NR_PIDFD_OPEN, pid, 0);
}

static inline int signal_pidfd(int fd, int sig)
{
	return (int)syscall(NR_PIDFD_SEND_SIGNAL, fd, sig, NULL, 0);
}

/* A pid from the command line, or a complaint and -1. */
static inline pid_t parse_pid(const char *text)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (*text && !*end && pid > 0 && pid <= 0x7fffffff)
		return (pid_t)pid;
	fprintf(stderr, "'%s' is not a process number\n", text);
	return -1;
}

/* Opens a pid from the command line, or complains and returns -1. */
static inline int open_argument(const char *text)
{
	pid_t pid = parse_pid(text);
	int fd;

	if (pid < 0)
		return -1;
	fd = open_pid(pid);
	if (fd < 0)
		fprintf(stderr, "%d: %s\n", pid, strerror(errno));
	return fd;
}

/* Alive, a zombie, or reaped: what poll says of the pidfd. */
static inline const char *state_of(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, 0) <= 0)
		return "alive";
	return p.revents & POLLHUP ? "reaped" : "zombie";
}
