/*
 * Descriptor tables: small numbers to files, shared by CLONE_FILES.
 *
 * A slot is empty, reserved (number taken, nothing there yet: EBADF to everybody) or full.
 * close-on-exec is a bit of the number, not of the file.
 */
#pragma once

#include "lib/base.h"
#include "arch/x86_64/percpu.h"
#include "kernel/sched/thread.h"
#include "fs/file.h"

struct files;

int files_new(struct files **out) __must_check;
/* fork's copy: every installed descriptor below limit, each file +1. close_range's unshare uses
 * max_fd. */
int files_copy(struct files *from, struct files **out) __must_check;
void files_get(struct files *files);
void files_put(struct files *files); /* last: closes all. May sleep. */
static inline struct files *files_current(void)
{
	return current->files;
}
bool files_is_shared(const struct files *files);

/* Lowest free number >= min below RLIMIT_NOFILE, reserved. flags: O_CLOEXEC or 0. -EMFILE, -ENOMEM.
 */
int fd_reserve(struct files *files, u32 flags, int *out) __must_check;
int fd_reserve_from(struct files *files, int min, u32 flags, int *out) __must_check;
void fd_unreserve(struct files *files, int fd);
void fd_install(struct files *files, int fd, struct file *file); /* consumes file */
/* reserve + install; on failure file is put. Returns fd or -errno. */
int fd_publish(struct files *files, struct file *file, u32 flags);

/* The file, +1, or NULL. fd_get refuses O_PATH files (NULL); fd_get_any takes them too. */
struct file *fd_get(struct files *files, int fd);
struct file *fd_get_any(struct files *files, int fd);

/*
 * The fast form for the current thread's own table: no count is taken while nobody shares the
 * table, for then nobody can close the descriptor during the call.
 */
struct fdref {
	struct file *file; /* NULL: EBADF */
	bool is_counted;
};
struct fdref fdref_get(int fd); /* not O_PATH files */
struct fdref fdref_get_any(int fd); /* those too */
static inline void fdref_put(struct fdref r)
{
	if (r.is_counted)
		file_put(r.file);
}

int fd_close(struct files *files, int fd); /* 0, -EBADF */
int fd_dup_to(struct files *files, int fd, int to,
	      u32 flags); /* dup2/dup3: closes what was there; -EBUSY reserved */
int fd_dup_from(struct files *files, int fd, int min, u32 flags); /* dup, F_DUPFD */
int fd_get_cloexec(struct files *files, int fd); /* 0/1, -EBADF */
int fd_set_cloexec(struct files *files, int fd, bool on);
int fd_close_range(struct files *files, u32 first, u32 last, bool set_cloexec);
void files_close_on_exec(struct files *files);
/* The next installed fd >= fd, +1 on *file; -1: none. For /proc/PID/fd. */
int fd_next(struct files *files, int fd, struct file **file);
u32 files_max_fd(const struct files *files); /* capacity: FDSize in status */

/* RLIMIT_NOFILE of the current process, defined by kernel/task/rlimit.c. */
u64 upcall_rlimit_nofile(void);
void files_init_cache(void);
