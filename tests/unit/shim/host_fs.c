/*
 * See host_fs.h. The child has a mount namespace and a root of its own; it ends when the parent does.
 * Not with _GNU_SOURCE: then the C library would include headers of the kernel's that are found in uapi/.
 */
#include "host_fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef O_PATH
#define O_PATH 010000000
#endif
#define CLONE_NEWNS 0x20000
#define MS_BIND	    0x1000
#define MS_MOVE	    0x2000
#define MS_REC	    0x4000
#define MS_PRIVATE  0x40000
#define MNT_DETACH  2

static int sock = -1, first_root;
static int slots[HOST_SLOTS] = { -1, -1, -1, -1 };

static int fd_of(int dir)
{
	return dir >= 0 && dir < HOST_SLOTS ? slots[dir] : dir;
}

static int or_errno(long result)
{
	return result < 0 ? -errno : (int)result;
}

static int do_open(const struct host_call *c)
{
	struct {
		unsigned long long flags, mode, resolve;
	} how = { c->a, c->b, c->c };
	int fd = or_errno(syscall(SYS_openat2, fd_of(c->dir), c->path, &how, sizeof(how)));
	struct stat st;

	if (fd < 0)
		return fd;
	if (*c->text && !(c->a & O_PATH) && (c->a & O_ACCMODE) && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    write(fd, c->text, strlen(c->text)) < 0)
		perror("write");
	close(fd);
	return 0;
}

static int do_opendir(const struct host_call *c)
{
	int fd = or_errno(openat(fd_of(c->dir), c->path, O_PATH | O_DIRECTORY | O_CLOEXEC));

	if (fd < 0)
		return fd;
	if (slots[c->a] >= 0)
		close(slots[c->a]);
	slots[c->a] = fd;
	return 0;
}

static int do_stat(const struct host_call *c, struct host_stat *out)
{
	struct stat st;
	int err = or_errno(fstatat(fd_of(c->dir), c->path, &st, (int)c->a));

	if (!err)
		*out = (struct host_stat){ st.st_mode, (unsigned)st.st_nlink, st.st_uid, st.st_gid, st.st_dev,
					   st.st_ino, (unsigned long long)st.st_size };
	return err;
}

static int do_read(const struct host_call *c, struct host_reply *reply)
{
	int n = or_errno(readlinkat(fd_of(c->dir), c->path, reply->text, sizeof(reply->text))), fd;

	if (n != -EINVAL)
		return n;
	fd = or_errno(openat(fd_of(c->dir), c->path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
	if (fd < 0)
		return fd;
	n = or_errno(read(fd, reply->text, sizeof(reply->text)));
	close(fd);
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int do_list(const struct host_call *c, struct host_reply *reply)
{
	int fd = or_errno(openat(fd_of(c->dir), c->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)), n = 0;
	char *names[1000], *to = reply->text;
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	while (n < 1000 && (e = readdir(d)))
		names[n++] = strdup(e->d_name);
	closedir(d);
	qsort(names, (size_t)n, sizeof(*names), by_name);
	for (int i = 0; i < n; i++) {
		to += snprintf(to, (size_t)(reply->text + sizeof(reply->text) - to), "%s\n", names[i]);
		free(names[i]);
	}
	return n;
}

static int do_become(unsigned id)
{
	if (syscall(SYS_setresuid, 0, 0, 0) || setgroups(0, NULL) || syscall(SYS_setresgid, id, id, 0) || syscall(SYS_setresuid, id, id, 0))
		return -errno;
	return 0;
}

static int do_chroot(const char *path)
{
	if (*path)
		return or_errno(chroot(path));
	return fchdir(first_root) || chroot(".") ? -errno : 0;
}

static int serve(const struct host_call *c, struct host_reply *r)
{
	int dir = fd_of(c->dir), dir2 = fd_of(c->dir2);

	switch (c->op) {
	case HOST_MKDIR:
		return or_errno(mkdirat(dir, c->path, c->a));
	case HOST_RMDIR:
		return or_errno(unlinkat(dir, c->path, AT_REMOVEDIR));
	case HOST_UNLINK:
		return or_errno(unlinkat(dir, c->path, 0));
	case HOST_RENAME:
		return or_errno(syscall(SYS_renameat2, dir, c->path, dir2, c->path2, c->a));
	case HOST_LINK:
		return or_errno(linkat(dir, c->path, dir2, c->path2, (int)c->a));
	case HOST_SYMLINK:
		return or_errno(symlinkat(c->path, dir2, c->path2));
	case HOST_MKNOD:
		return or_errno(mknodat(dir, c->path, c->a, 0));
	case HOST_OPEN:
		return do_open(c);
	case HOST_OPENDIR:
		return do_opendir(c);
	case HOST_STAT:
		return do_stat(c, &r->stat);
	case HOST_READ:
		return do_read(c, r);
	case HOST_LIST:
		return do_list(c, r);
	case HOST_TRUNCATE:
		return or_errno(truncate(c->path, c->a));
	case HOST_CHMOD:
		return or_errno(fchmodat(dir, c->path, c->a, 0));
	case HOST_CHOWN:
		return or_errno(fchownat(dir, c->path, c->a, c->b, (int)c->c));
	case HOST_ACCESS:
		return or_errno(access(c->path, (int)c->a));
	case HOST_CHDIR:
		return or_errno(chdir(c->path));
	case HOST_CHROOT:
		return do_chroot(c->path);
	case HOST_GETCWD:
		return or_errno(syscall(SYS_getcwd, r->text, sizeof(r->text)));
	case HOST_BECOME:
		return do_become(c->a);
	case HOST_MOUNT:
		return or_errno(syscall(SYS_mount, "none", c->path, "tmpfs", 0ul, "mode=0777"));
	case HOST_BIND:
		return or_errno(syscall(SYS_mount, c->path, c->path2, NULL, MS_BIND | (c->a ? MS_REC : 0), NULL));
	case HOST_MOVE:
		return or_errno(syscall(SYS_mount, c->path, c->path2, NULL, MS_MOVE, NULL));
	case HOST_UMOUNT:
		return or_errno(syscall(SYS_umount2, c->path, (int)c->a));
	}
	return -ENOSYS;
}

/* Exits with 1 where the host does not let us. */
static void child(int fd)
{
	char top[] = "/tmp/unit-XXXXXX";
	struct host_reply reply;
	struct host_call call;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(022);
	if (!mkdtemp(top))
		_exit(1);
	if (syscall(272 /* unshare */, CLONE_NEWNS) || syscall(SYS_mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    syscall(SYS_mount, "none", top, "tmpfs", 0ul, "mode=0777") || chdir(top)) {
		rmdir(top);
		_exit(1);
	}
	/* Our mount keeps its place; the name may go from everybody else's. */
	if (syscall(SYS_pivot_root, ".", ".") || syscall(SYS_umount2, ".", MNT_DETACH) || chdir("/"))
		_exit(1);
	first_root = open("/", O_PATH | O_CLOEXEC);
	reply.result = 0;
	strcpy(reply.text, top);
	if (write(fd, &reply, sizeof(reply)) < 0)
		_exit(1);
	while (read(fd, &call, sizeof(call)) == sizeof(call)) {
		memset(&reply, 0, sizeof(reply));
		reply.result = serve(&call, &reply);
		if (write(fd, &reply, sizeof(reply)) < 0)
			_exit(1);
	}
	_exit(0);
}

bool host_fs_start(void)
{
	struct host_reply reply;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return false;
	fflush(stdout);
	if (fork() == 0) {
		close(fds[0]);
		child(fds[1]);
	}
	close(fds[1]);
	sock = fds[0];
	if (read(sock, &reply, sizeof(reply)) != sizeof(reply))
		return false;
	rmdir(reply.text); /* nothing is mounted there any more */
	return true;
}

void host_fs_call(const struct host_call *call, struct host_reply *reply)
{
	if (write(sock, call, sizeof(*call)) != sizeof(*call) || read(sock, reply, sizeof(*reply)) != sizeof(*reply)) {
		perror("host_fs");
		exit(1);
	}
}

static unsigned long long read_number(const char *file, const char *key, int base)
{
	unsigned long long n = 0;
	char line[200];
	FILE *f = fopen(file, "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			n = strtoull(line + strlen(key), NULL, base);
	if (f)
		fclose(f);
	return n;
}

unsigned long long host_fs_caps(void)
{
	return read_number("/proc/self/status", "CapEff:", 16);
}

bool host_fs_protects_hardlinks(void)
{
	return read_number("/proc/sys/fs/protected_hardlinks", "", 10);
}
