/*
 * Pipes and FIFOs.
 */
#pragma once

#include "fs/file.h"

/**
 * pipe_open - a new pipe.
 * @flags: O_NONBLOCK, O_DIRECT (packets) for both ends.
 * @ends: [0] to read, [1] to write; one reference each, set on success only.
 * Context: may sleep.  Errors: -ENOMEM, -ENFILE.
 */
int pipe_open(u32 flags, struct file *ends[2]) __must_check;

/* fops of FIFO inodes in any file system: open(2) of a FIFO per fifo(7). */
extern const struct file_ops fifo_file_ops;

/* F_GETPIPE_SZ, F_SETPIPE_SZ: bytes, or -EBADF (no pipe), -EBUSY, -EINVAL, -EPERM, -ENOMEM. */
long pipe_get_size(struct file *file);
long pipe_set_size(struct file *file, u64 size);

extern u32 pipe_max_size; /* /proc/sys/fs/pipe-max-size: bytes, for the unprivileged */

void pipefs_init(void);
