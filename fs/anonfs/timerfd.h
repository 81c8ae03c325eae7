/*
 * timerfd: a timer as a file. See timerfd_create(2).
 */
#pragma once

#include <linux/time.h>

#include "fs/file.h"

/* clock: CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME. flags: TFD_NONBLOCK. Errors: -ENOMEM,
 * -ENFILE. */
int timerfd_open(int clock, u32 flags, struct file **out) __must_check;

/* flags: TFD_TIMER_ABSTIME; new is validated here; old may be NULL. -EINVAL: not a timerfd, bad
 * times. */
int timerfd_settime(struct file *file, int flags, const struct itimerspec *new,
		    struct itimerspec *old);
int timerfd_gettime(struct file *file, struct itimerspec *out);
void timerfd_init(void);
