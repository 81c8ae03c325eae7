/*
 * Files without an identity: all of them share one inode (Linux's anon_inodefs).
 */
#pragma once

#include "fs/file.h"

/**
 * anonfs_open - an open file on the one anonymous inode.
 * @name: shown as "anon_inode:NAME"; must stay.  @private: becomes file->private; ownership is the
 * caller's matter.
 * @flags: O_ACCMODE, O_NONBLOCK.  @out: one reference.  Errors: -ENOMEM, -ENFILE.
 */
int anonfs_open(const char *name, const struct file_ops *ops, void *private, u32 flags,
		struct file **out) __must_check;

/* The same on an inode of its own. */
int anonfs_open_new(const char *name, const struct file_ops *ops, void *private, u32 flags,
		    struct file **out) __must_check;

void anonfs_init(void);
