/* Owners of files. */
#include <fcntl.h>
#include <unistd.h>

#include "libc/src/libc.h"

int chown(const char *path, uid_t uid, gid_t gid)
{
	return (int)SYSCALL(chown, path, uid, gid);
}

int fchown(int fd, uid_t uid, gid_t gid)
{
	return (int)SYSCALL(fchown, fd, uid, gid);
}

int lchown(const char *path, uid_t uid, gid_t gid)
{
	return (int)SYSCALL(lchown, path, uid, gid);
}

int fchownat(int dir, const char *path, uid_t uid, gid_t gid, int flags)
{
	return (int)SYSCALL(fchownat, dir, path, uid, gid, flags);
}
