/* Leaving and entering namespaces. */
#include <sched.h>

#include "libc/src/libc.h"

#ifdef __NR_unshare
int unshare(int flags)
{
	return (int)SYSCALL(unshare, flags);
}
#endif

#ifdef __NR_setns
int setns(int fd, int type)
{
	return (int)SYSCALL(setns, fd, type);
}
#endif
