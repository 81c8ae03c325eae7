/*
 * Namespaces for tests: thin calls, and children that report through their exit status.
 *
 * On the host only namespaces of users, processes, names and the like are made, in children; mount
 * namespaces only where in_guest().
 */
#pragma once

#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "pidfds.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#define NSFS_USERNS       0xb701UL /* NS_GET_USERNS ... */
#define NSFS_PARENT       0xb702UL
#define NSFS_TYPE         0xb703UL
#define NSFS_OWNER_UID    0xb704UL
#define NSFS_PID_FROM     0x8004b706UL /* NS_GET_PID_FROM_PIDNS */
#define NSFS_PID_IN       0x8004b708UL
#define NSFS_ID           0x8008b70dUL
#define PIDFD_NS(nr)      (0xff00UL + (nr)) /* 1 cgroup, ipc, mnt, net, pid ... */
#define PIDFD_PID_NS      PIDFD_NS(5)
#define PIDFD_CHILDREN_NS PIDFD_NS(6)
#define PIDFD_USER_NS     PIDFD_NS(9)
#define PIDFD_UTS_NS      PIDFD_NS(10)

static inline int unshare_(unsigned long flags)
{
	return (int)syscall(SYS_unshare, flags);
}

static inline int setns_(int fd, int flags)
{
	return (int)syscall(SYS_setns, fd, flags);
}

/* A child in new namespaces, which exits with what it returns. */
static inline pid_t spawn_in(unsigned long flags, int (*child)(void *), void *arg)
{
	struct clone_args_v2 args = { .flags = flags, .exit_signal = SIGCHLD };
	pid_t pid;

	fflush(stdout);
	pid = (pid_t)clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(child(arg));
	return pid;
}

/* The exit status of such a child; -1 if there is none. */
static inline int run_in(unsigned long flags, int (*child)(void *), void *arg)
{
	pid_t pid = spawn_in(flags, child, arg);
	int status = pid > 0 ? reap(pid) : -1;

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* For children: what they return first is what went wrong first, by line. */
#define CHILD_EXPECT(cond)                                                                         \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			tap_note("not so: %s (errno %d)", #cond, errno);                           \
			fflush(stdout);                                                            \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static inline int open_ns(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static inline uint64_t ino_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* The number of a namespace of a process (0: the caller), or 0. */
static inline uint64_t ns_ino(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	else
		snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return stat(path, &st) ? 0 : st.st_ino;
}

static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* Whether this system lets the caller make such namespaces. */
static inline int can_unshare(unsigned long flags)
{
	int status = run_in(flags, child_exits, (void *)7);

	return status == 7;
}

#define NEEDS_NAMESPACES(flags)                                                                    \
	do {                                                                                       \
		if (!can_unshare(flags))                                                           \
			SKIP("no such namespaces here");                                           \
	} while (0)
