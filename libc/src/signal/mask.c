/* Which signals wait, and waiting for them. */
#include <errno.h>
#include <signal.h>

#include "libc/src/libc.h"

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)SYSCALL(rt_sigprocmask, how, set, old, sizeof(*set));
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return error_of(RAW(__NR_rt_sigprocmask, how, set, old, sizeof(*set)));
}

int sigpending(sigset_t *set)
{
	return (int)SYSCALL(rt_sigpending, set, sizeof(*set));
}

int sigsuspend(const sigset_t *set)
{
	return (int)SYSCALL(rt_sigsuspend, set, sizeof(*set));
}

int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	return (int)SYSCALL(rt_sigtimedwait, set, info, timeout, sizeof(*set));
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *set, int *sig)
{
	long got;

	do
		got = RAW(__NR_rt_sigtimedwait, set, NULL, NULL, sizeof(*set));
	while (got == -EINTR);
	if (got < 0)
		return (int)-got;
	*sig = (int)got;
	return 0;
}

int sigaltstack(const stack_t *stack, stack_t *old)
{
	return (int)SYSCALL(sigaltstack, stack, old);
}
