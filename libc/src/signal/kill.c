/* Sending signals. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "libc/src/libc.h"

int kill(pid_t pid, int sig)
{
	return (int)SYSCALL(kill, pid, sig);
}

int killpg(pid_t pgid, int sig)
{
	return kill(-pgid, sig);
}

int tgkill(pid_t tgid, pid_t tid, int sig)
{
	return (int)SYSCALL(tgkill, tgid, tid, sig);
}

/* To the calling thread, whose number a handler in between cannot change. */
int raise(int sig)
{
	return tgkill(getpid(), gettid(), sig);
}

int sigqueue(pid_t pid, int sig, const union sigval value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value = value;
	return (int)SYSCALL(rt_sigqueueinfo, pid, sig, &info);
}
