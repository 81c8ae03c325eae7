/*
 * struct file: an open file description: a place, a mode, a position.
 *
 * Why not the path itself: dup, fork and SCM_RIGHTS share position and flags, so they share this.
 *
 *   [I] constant after open   [P] pos_lock, when shared   [a] atomic   [E] epoll's global mutex
 * The opener's credentials are not kept: who needs them later keeps them itself.
 */
#pragma once

#include <linux/fcntl.h>

#include "lib/list.h"
#include "kernel/sched/work.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/wait.h"
#include "fs/dentry.h"
#include "fs/mount.h"
#include "fs/ops.h"
#include "fs/path.h"
#include "fs/uio.h"

/* file->mode */
#define FILE_READ    0x01u
#define FILE_WRITE   0x02u
#define FILE_PATH    0x04u /* O_PATH: only a place */
#define FILE_STREAM  0x08u /* has no position: lseek is ESPIPE */
#define FILE_WRITER  0x10u /* counted in writers of inode and mount */
#define FILE_PREAD   0x20u /* pread and pwrite work */
#define FILE_EXEC    0x40u /* opened to be run */
#define FILE_DENIER  0x80u /* counted negatively in inode->writers */
#define FILE_CREATED 0x100u /* its name was made by this open: F_CREATED_QUERY */

struct files;

struct file {
	struct refcount refs; /* [a] */
	_Atomic u32 flags; /* [a] O_* as F_GETFL shows them */
	u32 mode; /* [I] FILE_* */
	_Atomic u32 pos_lock; /* 0 free, 1 held, 2 held and waited for: fs/rw.c */
	const struct file_ops *ops; /* [I] */
	struct inode *inode; /* [I] path.dentry's; uncounted (the dentry holds it) */
	struct path path; /* [I] counted */
	void *private; /* [I] the file system's per-open state */
	u64 pos; /* [P] */
	struct list ep_links; /* [E] struct epitem: sets that watch this file */
	struct file_owner *_Atomic owner; /* [a] F_SETOWN, F_SETSIG: made on first use */
};
#ifndef CONFIG_DEBUG
static_assert(sizeof(struct file) <= 88, "ten thousand pidfds are in 1.4 MB");
#endif

/* One of the queues that tell when a file is ready. */
struct file_async {
	struct wait_entry entry;
	struct wait_queue *wq;
	struct file_owner *owner;
};

/* Whom SIGIO goes to, and, with O_ASYNC, what it takes to hear of a reason: kernel/task/sigio.c. */
struct file_owner {
	struct refcount refs; /* the file's, and due work's */
	struct spinlock lock; /* RANK_FILES: the next five */
	u32 type; /* F_OWNER_* */
	int sig; /* F_SETSIG; 0: SIGIO */
	struct pid *pid; /* counted */
	u32 uid, euid; /* of who set it */
	int fd; /* that O_ASYNC was set through */
	u32 usual; /* POLLIN or POLLOUT */
	u32 nr_async; /* 0: no O_ASYNC */
	struct file_async async[2];
	struct work work;
	_Atomic bool is_due; /* [a] the work is queued */
	_Atomic u32 events; /* [a] that it will tell of */
};
void file_owner_put(struct file_owner *owner); /* may sleep */
void file_owner_mute(struct file_owner *owner); /* nothing is heard any more */
/* The file's owner record, made if need be; NULL: out of memory. */
struct file_owner *file_owner_get(struct file *file);

/**
 * file_new - an open file on path.
 * @path: consumed on success only (its references become the file's).
 * @flags: O_* of open(2); mode is derived from the access mode; O_CLOEXEC, O_CREAT, O_EXCL,
 * O_NOCTTY, O_TRUNC are stripped from file->flags by callers that must, not here.
 * @out: one reference. ops = inode->fops; ops->open is NOT called.
 * Errors: -ENFILE, -ENOMEM.
 */
int file_new(const struct path *path, u32 flags, struct file **out) __must_check;

/* A transfer that does not wait: the file's or this call's wish. */
static inline bool file_nowait(const struct file *f, const struct uio *uio)
{
	return (f->flags & O_NONBLOCK) || uio->is_nowait;
}

static inline struct file *file_get(struct file *f)
{
	refcount_get(&f->refs);
	return f;
}
/* The count is 0: flock and record locks, epoll links, ops->release, path. */
void file_release(struct file *f);
/* May sleep. */
static inline void file_put(struct file *f)
{
	if (refcount_put(&f->refs))
		file_release(f);
}

/* Opens by kernel string for the kernel itself (exec, initramfs): flags O_*. mode for O_CREAT. */
int file_open_kernel(const char *name, u32 flags, u32 mode, struct file **out) __must_check;

/* openat2 for the system call: how->flags, mode, resolve are already validated. */
struct open_how;
int file_open_at(int dirfd, const char *name, const struct open_how *how,
		 struct file **out) __must_check;

/* The file's count limits ENFILE: /proc/sys/fs/file-nr. */
u64 file_count(void);
extern u64 file_max;

/* Set by layer 8/9 at boot; called on the last put / each close, may be NULL. */
extern void (*file_hook_epoll_release)(struct file *f); /* ep_links not empty */
struct files;
void file_init_cache(void);
