/*
 * Reading, writing and seeking on open files.
 *
 * O_PATH files never get here (fdref_get refuses them). RLIMIT_FSIZE and SIGXFSZ are the system
 * call layer's.
 */
#pragma once

#include "fs/file.h"
#include "fs/uio.h"

/* At the file's own position, which advances; alone when the description is shared. Bytes or
 * -errno: -EBADF not open for it, -EINVAL the file cannot. */
long vfs_read(struct file *file, struct uio *uio);
long vfs_write(struct file *file, struct uio *uio);

/* At pos; the file's position stays. -ESPIPE for streams. O_APPEND files are appended to all the
 * same. */
long vfs_pread(struct file *file, struct uio *uio, u64 pos);
long vfs_pwrite(struct file *file, struct uio *uio, u64 pos);
/* pwritev2's RWF_APPEND, RWF_NOAPPEND: is_append instead of O_APPEND. pos < 0: the file's own,
 * advancing. */
long vfs_pwrite_flags(struct file *file, struct uio *uio, s64 pos, bool is_append);

/* lseek(2): the new position, -ESPIPE, -EINVAL, -ENXIO, -EOVERFLOW. */
s64 vfs_seek(struct file *file, s64 offset, int whence);

/* A seek op for anything whose end is inode->size. With the page cache SEEK_DATA and SEEK_HOLE know
 * holes. */
/* For files that can be seeked without effect: always 0. */
s64 file_seek_nowhere(struct file *file, s64 offset, int whence);
s64 file_seek_generic(struct file *file, s64 offset, int whence);
/* SEEK_SET and SEEK_CUR only within [0, max]; end is SEEK_END's base. */
s64 file_seek_within(struct file *file, s64 offset, int whence, u64 end, u64 max);

/* The kernel's own reads (exec) and writes: bytes, fewer only at the end, or -errno. */
long file_read_kernel(struct file *file, void *buf, size_t n, u64 pos);
long file_write_kernel(struct file *file, const void *buf, size_t n, u64 pos);

/* The position of a shared description is read and changed under this. May sleep. */
bool file_pos_lock(struct file *file); /* true: was needed, call unlock */
void file_pos_unlock(struct file *file);

int vfs_fsync(struct file *file, bool data_only);
int vfs_fallocate(struct file *file, int mode, s64 offset, s64 len);

/* ops->ioctl; -ENOTTY if there is none. Generic commands (FIONBIO ...) are the system call layer's.
 */
long vfs_ioctl(struct file *file, u32 cmd, u64 arg);

/* Copies up to n bytes from in at *in_pos (NULL: its own position) to out at *out_pos (likewise)
 * through a kernel page: sendfile, copy_file_range, splice's fallback. Bytes or -errno. */
long vfs_copy(struct file *in, u64 *in_pos, struct file *out, u64 *out_pos, size_t n);
