/* Processes as descriptors. */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <linux/pidfd.h>

int pidfd_open(pid_t pid, unsigned int flags);
int pidfd_getfd(int pidfd, int fd, unsigned int flags);
int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags);
pid_t pidfd_getpid(int pidfd);
