/* Sets of signals: signal n is bit n - 1. */
#include <errno.h>
#include <signal.h>

static int bit_of(int sig, sigset_t *bit)
{
	if (sig < 1 || sig > _NSIG) {
		errno = EINVAL;
		return -1;
	}
	*bit = 1UL << (sig - 1);
	return 0;
}

int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	*set = ~0UL;
	return 0;
}

int sigaddset(sigset_t *set, int sig)
{
	sigset_t bit;

	if (bit_of(sig, &bit) < 0)
		return -1;
	*set |= bit;
	return 0;
}

int sigdelset(sigset_t *set, int sig)
{
	sigset_t bit;

	if (bit_of(sig, &bit) < 0)
		return -1;
	*set &= ~bit;
	return 0;
}

int sigismember(const sigset_t *set, int sig)
{
	sigset_t bit;

	if (bit_of(sig, &bit) < 0)
		return -1;
	return (*set & bit) != 0;
}

int sigisemptyset(const sigset_t *set)
{
	return *set == 0;
}
