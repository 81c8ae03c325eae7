/*
 * Advisory locks: flock(2) on whole files, fcntl(2) record locks of processes and of open
 * descriptions.
 */
#pragma once

#include <linux/fcntl.h>

#include "fs/file.h"

struct files;
struct inode;
struct pid;

/* op: LOCK_SH, LOCK_EX, LOCK_UN, with LOCK_NB. pid: the caller's process, to be shown. 0, -EWOULDBLOCK, -EINVAL, -ENOLCK, -ERESTARTSYS. */
int flock_whole(struct file *file, int op, struct pid *pid) __must_check;

/**
 * flock_record - F_GETLK, F_SETLK, F_SETLKW and their F_OFD_ forms, on a kernel copy of the
 * argument.
 * @files: the caller's table (owner of process locks). @pid: the caller's process, for F_GETLK's
 * l_pid. Errors: -EAGAIN, -EBADF, -EDEADLK, -EINVAL, -ENOLCK, -EOVERFLOW, -ERESTARTSYS.
 */
int flock_record(struct file *file, struct files *files, struct pid *pid, u32 cmd,
		 struct flock *fl) __must_check;

/* At each close of a descriptor: the process's record locks on the file go. inode->locks is not
 * NULL. */
void flock_close(struct file *file, struct files *files);
/* The last reference of the description: its flock and OFD locks go. */
void flock_release(struct file *file);
/* The inode's end. */
void flock_free(struct inode *inode);

/* Calls fn, under a spin lock, for each lock on inode, or NULL: on all. type "FLOCK", "POSIX", "OFDLCK".
 * end ~0: EOF. */
struct flock_view {
	const char *type;
	bool is_write;
	struct pid *pid; /* NULL: none */
	struct inode *inode;
	u64 start, end;
	struct file *file; /* description that owns a FLOCK or OFDLCK, else NULL */
};
void flock_for_each(struct inode *inode, void (*fn)(const struct flock_view *, void *), void *arg);
