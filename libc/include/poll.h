/* Waiting for descriptors. */
#pragma once

#include <time.h>

#include <linux/poll.h>
#include <linux/signal.h>

typedef unsigned long nfds_t;

int poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
	  const kernel_sigset_t *mask);
