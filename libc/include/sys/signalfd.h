/* Signals as a descriptor. */
#pragma once

#include <signal.h>

#include <linux/signalfd.h>

int signalfd(int fd, const sigset_t *set, int flags);
