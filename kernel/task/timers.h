/*
 * Interval timers and POSIX timers: signals that come by themselves.
 */
#pragma once

#include <linux/time.h>

#include "kernel/task/task.h"

/* A new process's timers (fork does not inherit any); before anybody sees it. */
void timers_init_task(struct task *t);
/* Last thread's exit, no locks held: every timer is gone and its callback done. */
void timers_exit_task(struct task *t);
/* exec: POSIX timers go, interval timers stay. */
void timers_exec(struct task *t);

/* A timer's queue entry was taken for delivery (info: gets the overrun count) or dropped (NULL).
 * sig_lock held. */
void timers_signal_taken(struct sigqueue *q, siginfo_t *info);
/* SIGALRM was taken: the real interval timer goes on. sig_lock held. */
void timers_alarm_taken(struct task *t);

/* getitimer, setitimer of the current process, in ns; -EINVAL: no such timer. */
int itimer_get(int which, u64 *value_ns, u64 *interval_ns) __must_check;
int itimer_set(int which, u64 value_ns, u64 interval_ns, u64 *old_value_ns,
	       u64 *old_interval_ns) __must_check;

/* timer_create ... timer_delete of the current process. */
int ptimer_create(clockid_t clock, const struct sigevent *event, int *id) __must_check;
int ptimer_set(int id, bool is_absolute, u64 value_ns, u64 interval_ns, u64 *old_value_ns,
	       u64 *old_interval_ns) __must_check;
int ptimer_get(int id, u64 *value_ns, u64 *interval_ns) __must_check;
int ptimer_overrun(int id) __must_check;
int ptimer_delete(int id) __must_check;

void timers_init(void);
