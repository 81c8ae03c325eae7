/* select. */
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <time.h>

#define FD_SETSIZE 1024
#define NFDBITS    64

typedef struct {
	unsigned long fds_bits[FD_SETSIZE / NFDBITS];
} fd_set;

#define FD_ZERO(set)      ((void)(*(set) = (fd_set){ { 0 } }))
#define FD_SET(fd, set)   ((void)((set)->fds_bits[(fd) / NFDBITS] |= 1UL << ((fd) % NFDBITS)))
#define FD_CLR(fd, set)   ((void)((set)->fds_bits[(fd) / NFDBITS] &= ~(1UL << ((fd) % NFDBITS))))
#define FD_ISSET(fd, set) ((int)((set)->fds_bits[(fd) / NFDBITS] >> ((fd) % NFDBITS) & 1))

int select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout);
int pselect(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
	    const sigset_t *mask);
