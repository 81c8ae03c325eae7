/* Attributes of file systems, in both forms. */
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "libc/src/libc.h"

int statfs(const char *path, struct statfs *out)
{
	return (int)SYSCALL(statfs, path, out);
}

int fstatfs(int fd, struct statfs *out)
{
	return (int)SYSCALL(fstatfs, fd, out);
}

static int convert(int result, const struct statfs *in, struct statvfs *out)
{
	if (result < 0)
		return result;
	*out = (struct statvfs){
		.f_bsize = (unsigned long)in->f_bsize,
		.f_frsize = (unsigned long)(in->f_frsize ? in->f_frsize : in->f_bsize),
		.f_blocks = in->f_blocks,
		.f_bfree = in->f_bfree,
		.f_bavail = in->f_bavail,
		.f_files = in->f_files,
		.f_ffree = in->f_ffree,
		.f_favail = in->f_ffree,
		.f_fsid = (unsigned int)in->f_fsid.val[0],
		.f_flag = (unsigned long)in->f_flags,
		.f_namemax = (unsigned long)in->f_namelen,
	};
	return 0;
}

int statvfs(const char *path, struct statvfs *out)
{
	struct statfs in;

	return convert(statfs(path, &in), &in, out);
}

int fstatvfs(int fd, struct statvfs *out)
{
	struct statfs in;

	return convert(fstatfs(fd, &in), &in, out);
}
