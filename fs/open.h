/*
 * From open(2)'s flags to a file; truncation. file_open_at() and friends are declared in fs/file.h.
 */
#pragma once

#include "fs/file.h"

/* truncate(2), ftruncate(2): permission and kind of file are checked. */
int vfs_truncate(const struct path *p, s64 size) __must_check;
int vfs_ftruncate(struct file *file, s64 size) __must_check;

/* Nobody may write to it while it runs (ETXTBSY); the last put undoes it. */
int file_deny_write(struct file *file) __must_check; /* -ETXTBSY */

/* For execve: a regular file the caller may execute, on a mount without noexec; mode FILE_READ |
 * FILE_EXEC; writing is denied until the last put. -EACCES, -ETXTBSY ... path is the caller's. */
int file_open_exec(const struct path *path, struct file **out) __must_check;

/* A driver's open op hands the file on: ops change, and with them whether it is a stream. */
void file_set_ops(struct file *file, const struct file_ops *ops);

/* fcntl(F_SETFL): O_APPEND, O_NONBLOCK, O_NOATIME, O_DIRECT change, others stay. -EINVAL, -EPERM.
 */
int file_set_flags(struct file *file, u32 flags) __must_check;
#define FILE_SETFL_MASK (O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT)
