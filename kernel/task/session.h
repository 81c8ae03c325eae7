/*
 * Process groups, sessions, orphaned groups.
 */
#pragma once

#include "kernel/task/task.h"

int session_new(void); /* setsid: the session id or -EPERM */
int group_set(int pid, int pgid); /* setpgid */
int group_of(int pid); /* getpgid: number or -ESRCH */
int session_of(int pid); /* getsid */
bool group_is_orphaned(struct pid *group, const struct task *ignoring) REQUIRES(tasks_lock);
/* exit of t, before its children get another parent: groups it leaves orphaned that have stopped
 * members get SIGHUP and SIGCONT. tasks_lock held for writing. */
void session_exit_orphans(struct task *t) REQUIRES(tasks_lock);
/* No member of session has a controlling terminal any more. */
void session_clear_tty(struct pid *session) REQUIRES(tasks_lock);
/* exit of a session leader: hangs up its terminal through session_hangup_tty. No locks held;
 * others: does nothing. */
void session_exit_leader(struct task *t);
extern void (*session_hangup_tty)(struct task *leader); /* set by drivers/tty; NULL before */
