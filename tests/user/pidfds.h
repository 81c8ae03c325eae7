/*
 * pidfds for tests: numbers, structs and thin calls that a C library may not
 * have yet. Values are Linux's.
 */
#pragma once

#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "tap.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_waitid
#define SYS_waitid 247
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

#define BY_PIDFD         3 /* P_PIDFD */
#define F_NONBLOCK       0x800 /* PIDFD_NONBLOCK */
#define F_THREAD         0x80 /* PIDFD_THREAD */
#define F_AUTOKILL       0x200 /* PIDFD_AUTOKILL */
#define SELF_THREAD      (-10000) /* PIDFD_SELF_THREAD */
#define SELF_PROCESS     (-10001) /* PIDFD_SELF_THREAD_GROUP */
#define TO_THREAD        1 /* PIDFD_SIGNAL_THREAD */
#define TO_PROCESS       2 /* PIDFD_SIGNAL_THREAD_GROUP */
#define TO_GROUP         4 /* PIDFD_SIGNAL_PROCESS_GROUP */
#define PIDFS_MAGIC      0x50494446L
#define ANON_INODE_MAGIC 0x09041934L

/* PIDFD_GET_INFO, version 0 of its struct. */
#define GET_INFO  0xc040ff0bUL
#define INFO_EXIT 0x08
/* Pipit's: kill on last close. */
#define SET_KILL_ON_CLOSE  0xffe0UL
#define INFO_KILL_ON_CLOSE (1ULL << 63)
struct info {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};

struct clone_args_v2 {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

static inline int pidfd_open_(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int pidfd_signal(int fd, int sig, void *info, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, sig, info, flags);
}

static inline int pidfd_getfd_(int fd, int target, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_getfd, fd, target, flags);
}

static inline int pidfd_wait(int fd, siginfo_t *info, int options)
{
	return (int)syscall(SYS_waitid, BY_PIDFD, fd, info, options, NULL);
}

static inline long clone3_(struct clone_args_v2 *args, size_t size)
{
	return syscall(SYS_clone3, args, size);
}

/* clone3 with CLONE_PIDFD whose child pauses for ever. */
static inline pid_t clone_sleeper(int *fd, uint64_t more_flags)
{
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD | more_flags,
		.pidfd = (uintptr_t)fd,
		.exit_signal = SIGCHLD,
	};
	long pid = clone3_(&args, sizeof(args));

	if (pid == 0)
		_exit(child_pauses(NULL));
	return (pid_t)pid;
}

/* What poll reports within "timeout" ms; 0 for nothing, -1 for failure. Who was not woken, and saw it
 * with his last look when the time was over, has missed it: -2. */
static inline int polled(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDNORM };
	long long start = now_ms();
	int n = poll(&p, 1, timeout);

	if (n > 0 && timeout >= 1000 && now_ms() - start >= timeout)
		return -2;
	return n < 0 ? -1 : n == 0 ? 0 : p.revents;
}

static inline uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

/* Two may have one number. A lock is on the inode, so through another file of the same one it cannot
 * be had. Not for two descriptors of one open file. */
static inline int is_one_inode(int a, int b)
{
	int is_locked = flock(a, LOCK_EX | LOCK_NB) == 0 && flock(b, LOCK_EX | LOCK_NB) < 0;

	flock(a, LOCK_UN);
	flock(b, LOCK_UN);
	return is_locked && inode_of(a) == inode_of(b);
}

/* CONFIG_PIDFS=n, or the option pidfs=anon: pidfds are on the anonymous inode. */
static inline int has_pidfs(void)
{
	const char *value = getenv("PIDFS");

	return !value || strcmp(value, "0");
}

/* The number after "key" in fd's fdinfo; -99 where there is none. */
static inline long fdinfo_number(int fd, const char *key, int base)
{
	static char buf[1024];
	char path[64], *at;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	slurp(path, buf, sizeof(buf));
	at = strstr(buf, key);
	return at ? strtol(at + strlen(key), NULL, base) : -99;
}

/* The number of a process that is gone and reaped. */
static inline pid_t dead_pid(void)
{
	pid_t pid = spawn(child_exits, NULL);

	reap(pid);
	return pid;
}
