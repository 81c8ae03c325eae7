/*
 * pidfs: processes as files. See pidfs.c.
 */
#pragma once

#include "fs/file.h"

struct pid;

/**
 * pidfs_open - make an open file for a process or thread.
 * @pid: caller keeps its reference.   @flags: O_NONBLOCK, PIDFD_THREAD only (others are kept out by
 * callers).
 * @out: set only on success; holds one reference for the caller.
 * Context: may sleep; no locks held.  Errors: -ENOMEM, -ENFILE.
 */
int pidfs_open(struct pid *pid, u32 flags, struct file **out) __must_check;

/* What open_by_handle_at(2) takes here; O_EXCL is PIDFD_THREAD. */
#define PIDFS_HANDLE_FLAGS (O_ACCMODE | O_NONBLOCK | O_CLOEXEC | O_EXCL | O_LARGEFILE)
/* The process with that inode number, if the caller's pid namespace can see it and somebody has had
 * a pidfd of it before; flags: O_ACCMODE, O_NONBLOCK, PIDFD_THREAD. -ESTALE, -ENOMEM, -ENFILE. */
int pidfs_open_handle(u64 ino, u32 flags, struct file **out) __must_check;

/* The struct pid behind a pidfd, borrowed from file; NULL: file is not a pidfd. */
struct pid *pidfs_pid(const struct file *file);

void pidfs_init(void);
