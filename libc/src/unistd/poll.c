/*
 * Waiting for descriptors. The kernel may write the time left into its timeout argument, so the
 * calls that promise not to get a copy.
 */
#include <poll.h>
#include <sys/select.h>

#include "libc/src/libc.h"

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return (int)SYSCALL(poll, fds, n, timeout_ms);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const kernel_sigset_t *mask)
{
	struct timespec copy;

	if (timeout)
		copy = *timeout;
	return (int)SYSCALL(ppoll, fds, n, timeout ? &copy : NULL, mask, sizeof(*mask));
}

int select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
	return (int)SYSCALL(select, n, in, out, except, timeout);
}

int pselect(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
	    const sigset_t *mask)
{
	struct {
		const sigset_t *mask;
		size_t size;
	} mask_argument = { mask, sizeof(*mask) };
	struct timespec copy;

	if (timeout)
		copy = *timeout;
	return (int)SYSCALL(pselect6, n, in, out, except, timeout ? &copy : NULL, &mask_argument);
}
