/*
 * What a signal does. The kernel wants to be told where handlers return to: libc_restorer.
 */
#include <signal.h>

#include "libc/src/libc.h"

void libc_restorer(void);

int sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	struct kernel_sigaction set, was;

	if (action) {
		set.handler = action->sa_handler;
		set.flags = (unsigned int)action->sa_flags | SA_RESTORER;
		set.restorer = libc_restorer;
		set.mask = action->sa_mask;
	}
	if (SYSCALL(rt_sigaction, sig, action ? &set : NULL, old ? &was : NULL, sizeof(set.mask)) <
	    0)
		return -1;
	if (old) {
		old->sa_handler = was.handler;
		old->sa_mask = was.mask;
		old->sa_flags = (int)was.flags & ~SA_RESTORER;
		old->sa_restorer = was.restorer;
	}
	return 0;
}

__sighandler_t signal(int sig, __sighandler_t handler)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	return sigaction(sig, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int siginterrupt(int sig, int interrupts)
{
	struct sigaction action;

	if (sigaction(sig, NULL, &action) < 0)
		return -1;
	if (interrupts)
		action.sa_flags &= ~SA_RESTART;
	else
		action.sa_flags |= SA_RESTART;
	return sigaction(sig, &action, NULL);
}
