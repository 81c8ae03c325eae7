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

bool file_is_pipe(struct file *file);
/* splice(2): up to n bytes from one file to another, at least one of which is a pipe; pos: of the
 * other, NULL: its own. Pages move between pipes, are copied otherwise. is_nowait: -EAGAIN instead
 * of waiting for a pipe. Bytes or -errno. */
long pipe_splice(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, size_t n,
		 bool is_nowait);
/* tee(2): the same pages in both pipes; in keeps them. */
long pipe_tee(struct file *in, struct file *out, size_t n, bool is_nowait);

extern u32 pipe_max_size; /* /proc/sys/fs/pipe-max-size: bytes, for the unprivileged */
/* pipe-user-pages-soft, -hard: of all pipes of one of them; 0: as many as they like. Above the
 * first, pipes are small; above the second there are none. */
extern u64 pipe_pages_soft, pipe_pages_hard;

void pipefs_init(void);
