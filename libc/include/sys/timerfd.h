/* A timer as a descriptor. */
#pragma once

#include <time.h>

#include <linux/timerfd.h>

int timerfd_create(int clock, int flags);
int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);
int timerfd_gettime(int fd, struct itimerspec *value);
