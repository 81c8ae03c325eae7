/* Signals. */
#pragma once

#include <sys/types.h>
#include <sys/ucontext.h>
#include <time.h>

#include <linux/signal.h>

#define NSIG (_NSIG + 1)

typedef int sig_atomic_t;
typedef kernel_sigset_t sigset_t;
typedef __sighandler_t sighandler_t;
typedef __sighandler_t sig_t;

struct sigaction {
	union {
		__sighandler_t sa_handler;
		void (*sa_sigaction)(int, siginfo_t *, void *);
	};
	sigset_t sa_mask;
	int sa_flags;
	void (*sa_restorer)(void);
};

int sigaction(int sig, const struct sigaction *action, struct sigaction *old);
__sighandler_t signal(int sig, __sighandler_t handler);
int siginterrupt(int sig, int interrupts);
int raise(int sig);
int kill(pid_t pid, int sig);
int killpg(pid_t pgid, int sig);
int tgkill(pid_t tgid, pid_t tid, int sig);
int sigqueue(pid_t pid, int sig, const union sigval value);

int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int sig);
int sigdelset(sigset_t *set, int sig);
int sigismember(const sigset_t *set, int sig);
int sigisemptyset(const sigset_t *set);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int pthread_kill(unsigned long thread, int sig);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *set);
int sigwait(const sigset_t *set, int *sig);
int sigwaitinfo(const sigset_t *set, siginfo_t *info);
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
int sigaltstack(const stack_t *stack, stack_t *old);
void psignal(int sig, const char *prefix);
