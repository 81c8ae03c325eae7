/*
 * Reading directories.
 */
#pragma once

#include "fs/file.h"
#include "fs/ops.h"

/**
 * vfs_readdir - hands entries to ctx->emit from file->pos on, and moves file->pos.
 * "." and ".." are positions 0 and 1 and come from here; ops->readdir sees ctx->pos >= 2.
 * Locks: the directory's lock is held for reading during emit (user copies are fine).
 * Errors: -ENOTDIR, -ENOENT (removed), -EINTR.
 */
int vfs_readdir(struct file *file, struct dir_context *ctx) __must_check;

/* getdents64(2) and getdents(2): bytes filled in, 0 at the end, -EINVAL when not even one entry
 * fits, -EFAULT. */
long vfs_getdents64(struct file *file, void __user *ubuf, size_t size);
long vfs_getdents(struct file *file, void __user *ubuf, size_t size);

/* DT_* of a mode. */
static inline u8 mode_to_dt(u32 mode)
{
	return (mode & S_IFMT) >> 12;
}
