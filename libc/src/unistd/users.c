/* Who a thread acts for. Unlike POSIX, the setters change the calling thread only. */
#include <grp.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "libc/src/libc.h"

uid_t getuid(void)
{
	return (uid_t)RAW(__NR_getuid);
}

uid_t geteuid(void)
{
	return (uid_t)RAW(__NR_geteuid);
}

gid_t getgid(void)
{
	return (gid_t)RAW(__NR_getgid);
}

gid_t getegid(void)
{
	return (gid_t)RAW(__NR_getegid);
}

int getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
	return (int)SYSCALL(getresuid, real, effective, saved);
}

int getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
	return (int)SYSCALL(getresgid, real, effective, saved);
}

int setuid(uid_t uid)
{
	return (int)SYSCALL(setuid, uid);
}

int setgid(gid_t gid)
{
	return (int)SYSCALL(setgid, gid);
}

int seteuid(uid_t uid)
{
	return (int)SYSCALL(setresuid, -1, uid, -1);
}

int setegid(gid_t gid)
{
	return (int)SYSCALL(setresgid, -1, gid, -1);
}

int setreuid(uid_t real, uid_t effective)
{
	return (int)SYSCALL(setreuid, real, effective);
}

int setregid(gid_t real, gid_t effective)
{
	return (int)SYSCALL(setregid, real, effective);
}

int setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return (int)SYSCALL(setresuid, real, effective, saved);
}

int setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return (int)SYSCALL(setresgid, real, effective, saved);
}

int setfsuid(uid_t uid)
{
	return (int)SYSCALL(setfsuid, uid);
}

int setfsgid(gid_t gid)
{
	return (int)SYSCALL(setfsgid, gid);
}

int getgroups(int n, gid_t *groups)
{
	return (int)SYSCALL(getgroups, n, groups);
}

int setgroups(size_t n, const gid_t *groups)
{
	return (int)SYSCALL(setgroups, n, groups);
}
