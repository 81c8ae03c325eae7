/*
 * What several files of the system call layer share: times and signal masks from user memory.
 */
#pragma once

#include <linux/errno.h>
#include <linux/time.h>

#include "arch/x86_64/uaccess.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/wait.h"
#include "kernel/time/clock.h"
#include "fs/uio.h"

/* A handler's prototype stands in its own file only: the table calls it by name. */
#define SYSCALL(name, ...)                                                                         \
	long sys_##name(__VA_ARGS__);                                                              \
	long sys_##name(__VA_ARGS__)

static inline bool timespec_is_valid(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && (u64)ts->tv_nsec < NS_PER_SEC;
}

/* Nanoseconds, saturating far beyond any uptime but below WAIT_FOREVER. */
static inline u64 timespec_to_ns(const struct timespec *ts)
{
	u64 max = WAIT_FOREVER / 4 / NS_PER_SEC;

	return MIN((u64)ts->tv_sec, max) * NS_PER_SEC + (u64)ts->tv_nsec;
}

/* -EFAULT, -EINVAL. */
static inline int timespec_from_user(const struct timespec __user *uts, u64 *ns)
{
	struct timespec ts;

	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (!timespec_is_valid(&ts))
		return -EINVAL;
	*ns = timespec_to_ns(&ts);
	return 0;
}

/* A struct that grows with the years: what is missing is zero, and what this kernel (which knows so
 * many bytes) does not know must be. -EFAULT, -E2BIG. */
int struct_from_user(void *to, size_t known, const void __user *from, size_t size) __must_check;

static inline struct timespec timespec_from_ns(u64 ns)
{
	return (struct timespec){ .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
}

struct files;
/* fd.c: two numbers are reserved and told to the user before anybody can reach a file by them.
 * flags: O_CLOEXEC counts. Nothing is reserved on error: those of fd_reserve(), -EFAULT. */
int fd_reserve_pair(struct files *files, u32 flags, int __user *ufds, int fd[2]) __must_check;

#define MAX_RW_COUNT 0x7ffff000ul /* read(2) NOTES */
#define IOV_ON_STACK 8

struct iov_import {
	struct iovec on_stack[IOV_ON_STACK];
	struct iovec *iov;
	struct uio uio;
};

/* io.c: uio over nr segments of user memory, checked. After success iov_free() is due. -EINVAL,
 * -EFAULT, -ENOMEM. */
int iov_from_user(struct iov_import *in, const struct iovec __user *uiov, u64 nr) __must_check;
void iov_free(struct iov_import *in);

/* The thread of this id, 0: the current one; +1, or NULL. */
struct thread *thread_find_get(int nr);

/* utimeout NULL: WAIT_FOREVER; zero: 0; else now + it. -EFAULT, -EINVAL. */
int deadline_from_user(const struct timespec __user *utimeout, u64 *deadline_ns);
/* Writes what is left until deadline back, as ppoll and pselect do; a fault is not an error there.
 */
void deadline_to_user(u64 deadline_ns, struct timespec __user *utimeout);
/* Milliseconds of poll and epoll_wait: negative is for ever. */
u64 deadline_from_ms(int ms);

/* For ppoll, pselect6, epoll_pwait: installs *umask (if not NULL) for the call. sigmask_finish
 * restores it, at once or, when a handler must run first (err is a restart or -EINTR), on the way
 * to user mode. */
int sigmask_begin(const u64 __user *umask, size_t size) __must_check;
void sigmask_finish(const u64 __user *umask, long err);

/* RLIMIT_FSIZE: -EFBIG and SIGXFSZ for a file that is to grow beyond it. */
struct inode;
int file_size_limit(const struct inode *inode, u64 size);
