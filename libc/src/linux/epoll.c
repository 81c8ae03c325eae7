/* Waiting for many descriptors. */
#include <sys/epoll.h>

#include "libc/src/libc.h"

int epoll_create1(int flags)
{
	return (int)SYSCALL(epoll_create1, flags);
}

int epoll_create(int size)
{
	return (int)SYSCALL(epoll_create, size);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return (int)SYSCALL(epoll_ctl, epfd, op, fd, event);
}

int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	return (int)SYSCALL(epoll_wait, epfd, events, max, timeout_ms);
}

int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout_ms, const sigset_t *mask)
{
	return (int)SYSCALL(epoll_pwait, epfd, events, max, timeout_ms, mask, sizeof(*mask));
}

int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
		 const sigset_t *mask)
{
	return (int)SYSCALL(epoll_pwait2, epfd, events, max, timeout, mask, sizeof(*mask));
}
