/*
 * Core dumps: what is left of a process that a signal ended.
 */
#pragma once

#include <linux/coredump.h>

#include "kernel/task/task.h"

#define CORE_PIDFD_NR 3 /* %F: the descriptor that a helper has of the process */

enum core_kind { CORE_FILE, CORE_PIPE, CORE_SOCKET };

/* One dump, while it is made; on the stack of the thread that makes it, which is current. */
struct core_dump {
	siginfo_t info; /* of the signal; si_signo is set */
	u32 nr_running; /* [S] other threads, not stopped yet */
	u32 nr_threads; /* in the dump */
	enum core_kind kind;
	bool wants_pidfd; /* a helper that gets a pidfd of the process */
	bool is_asking; /* a server that says what is to be done */
	u64 what; /* COREDUMP_* to be done */
	u64 limit; /* bytes written at most */
	char *name; /* a path; of a helper: its words, each with its NUL */
	u32 nr_words;
	struct file *file; /* where it goes */
};

/* Dumps that go to a process: pipefs and sockfs each fill in one. */
struct core_stream {
	int (*open)(struct core_dump *d); /* sets d->file */
	/* After an open: the dump is complete, or it failed; waits for the reader if d->what says
	 * so. */
	void (*finish)(struct core_dump *d, bool is_complete);
};
extern const struct core_stream *core_streams[CORE_SOCKET + 1];

/**
 * coredump - what the signal's default action is besides ending the process.
 * Stops all other threads for good and writes the dump, if one is wanted. The caller then goes on
 * to task_exit_group().
 */
void coredump(int sig, const siginfo_t *info);

/* The exit of another thread waits for the dump. sig_lock held; it is given up meanwhile. */
u64 coredump_park(struct task *t, u64 irqflags);

/* The current thread looks up names with other credentials and root; a second call takes it back. */
void core_swap_identity(const struct cred **cred, struct fs_ctx **fs);

/* elfcore.c: true: there is a dump, though perhaps cut short. */
bool elfcore_write(struct core_dump *d);

/* ---- Settings in /proc/sys */

#define CORE_PATTERN_MAX 128 /* with its NUL */
extern int core_uses_pid, core_pipe_limit, suid_dumpable;
void core_pattern_get(char text[CORE_PATTERN_MAX]);
int core_pattern_set(const char *text, size_t len); /* -EINVAL: not the name of a socket */
