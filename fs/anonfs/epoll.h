/*
 * epoll: a set of files that tells which of them are ready. See epoll(7).
 */
#pragma once

#include <linux/eventpoll.h>

#include "fs/file.h"

int epoll_open(struct file **out) __must_check; /* -ENOMEM, -ENFILE */

/* One change of the set. fd is the number the entry is known by; event is NULL for EPOLL_CTL_DEL.
 * Errors: -EINVAL -EEXIST -ENOENT -EPERM -ELOOP -ENOMEM -ENOSPC per epoll_ctl(2). */
int epoll_control(struct file *ep_file, int op, int fd, struct file *file,
		  const struct epoll_event *event);

/* Up to max ready entries to user memory. deadline_ns monotonic; 0: do not sleep. Their number, 0
 * at the deadline, -EINTR, -EFAULT, -EINVAL (not an epoll file). May sleep. */
long epoll_collect(struct file *ep_file, struct epoll_event __user *events, int max,
		   u64 deadline_ns);

/* The file that is watched as fd, after skip others of that number; only to compare. -EINVAL (not an
 * epoll file), -ENOENT. */
int epoll_find_target(struct file *ep_file, int fd, u32 skip, const struct file **out);
extern s64 epoll_max_watches; /* /proc/sys/fs/epoll/max_user_watches */

void epoll_init(void);
