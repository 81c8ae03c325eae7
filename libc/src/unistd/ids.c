/* Who a process is, among processes. */
#include <unistd.h>

#include "libc/src/libc.h"

pid_t getpid(void)
{
	return (pid_t)RAW(__NR_getpid);
}

pid_t getppid(void)
{
	return (pid_t)RAW(__NR_getppid);
}

pid_t gettid(void)
{
	return (pid_t)RAW(__NR_gettid);
}

pid_t getpgid(pid_t pid)
{
	return (pid_t)SYSCALL(getpgid, pid);
}

pid_t getpgrp(void)
{
	return (pid_t)RAW(__NR_getpgrp);
}

pid_t getsid(pid_t pid)
{
	return (pid_t)SYSCALL(getsid, pid);
}

pid_t setsid(void)
{
	return (pid_t)SYSCALL(setsid);
}

int setpgid(pid_t pid, pid_t pgid)
{
	return (int)SYSCALL(setpgid, pid, pgid);
}

int setpgrp(void)
{
	return setpgid(0, 0);
}
