/*
 * A small world for tests that call with arguments from tests/user/shapes.tbl:
 * descriptors of every kind under fixed numbers, names of every kind in one
 * folder, and memory at fixed addresses with good and bad places in it.
 *
 * world_make() builds it in the calling process; world_remove() removes the folder.
 */
#pragma once

#include <dirent.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tap.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef O_PATH
#define O_PATH 010000000
#endif

/* The descriptors, from FIRST_FD on; CLOSED and what is above it are not open. */
/* clang-format off */
#define WORLD_FDS(X) \
	X(file) X(rdonly) X(wronly) X(dir) X(opath) X(opathdir) X(pipe) X(pipew) X(pidfd) \
	X(epoll) X(memfd) X(tty) X(ptmx) X(eventfd) X(timerfd) X(signalfd) X(null) X(proc) \
	X(other) X(sock) X(sockend) X(fresh) X(listener)
/* clang-format on */
#define FD_ENUM(name) fd_##name,
#define FD_TEXT(name) #name,
enum world_fd { WORLD_FDS(FD_ENUM) NR_FDS };
enum { HOME_FD = 9, FIRST_FD = 10, CLOSED = 50, MAX_FDS = 64 };

static const char *const world_fd_names[] = { WORLD_FDS(FD_TEXT) };

/*
 * Memory: for each of six arguments two pages that can be written, then one without
 * access; then AREA, four pages for calls that work on memory, a hole, a page that
 * can only be read.
 */
#define ARENA     0x100000000UL
#define SLOT_SIZE 8192UL
#define SLOT(i)   (ARENA + (i)*0x3000UL)
#define AREA      (ARENA + 0x20000UL)
#define HOLE      (ARENA + 0x30000UL)
#define READ_ONLY (ARENA + 0x40000UL)
#define NO_ACCESS (ARENA + 0x50000UL)

static inline int world_map(unsigned long at, size_t size, int prot)
{
	return mmap((void *)at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	       (void *)at;
}

static inline int world_memory(void)
{
	for (int i = 0; i < 6; i++)
		if (!world_map(SLOT(i), SLOT_SIZE, PROT_READ | PROT_WRITE) ||
		    !world_map(SLOT(i) + SLOT_SIZE, 4096, PROT_NONE))
			return -1;
	return world_map(AREA, 4 * 4096, PROT_READ | PROT_WRITE) &&
			       world_map(READ_ONLY, 4096, PROT_READ) &&
			       world_map(NO_ACCESS, 4096, PROT_NONE)
		       ? 0
		       : -1;
}

/* Moves a fresh descriptor to its number. */
static inline void world_place(enum world_fd which, int fd)
{
	if (fd < 0)
		return;
	dup2(fd, FIRST_FD + which);
	close(fd);
}

static inline void world_write(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_CREAT | O_WRONLY, mode);

	if (fd >= 0 && write(fd, text, strlen(text)) >= 0)
		close(fd);
}

static inline void world_terminal(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), zero = 0, number;
	char path[32];

	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero) < 0 ||
	    ioctl(master, TIOCGPTN, &number) < 0)
		return;
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	world_place(fd_tty, open(path, O_RDWR | O_NOCTTY | O_NONBLOCK));
	world_place(fd_ptmx, master);
}

static inline void world_files(void)
{
	world_write("file", "0123456789", 0600);
	world_write("other", "", 0600);
	world_write("readonly", "0123456789", 0400);
	world_write("script", "#!/bin/true\n", 0700);
	mkdir("dir", 0700);
	mkdir("locked", 0);
	mkfifo("fifo", 0600);
	if (symlink("file", "link") < 0 || symlink("nowhere", "dangling") < 0 ||
	    symlink("loop", "loop") < 0)
		perror("symlink");
}

/* What reading and writing have changed. */
static inline void world_rewind(void)
{
	char scratch[4096];

	for (int fd = FIRST_FD + fd_file; fd <= FIRST_FD + fd_dir; fd++)
		lseek(fd, 0, SEEK_SET);
	lseek(FIRST_FD + fd_proc, 0, SEEK_SET);
	lseek(FIRST_FD + fd_other, 0, SEEK_SET);
	if (ftruncate(FIRST_FD + fd_file, 10) < 0)
		return;
	fcntl(FIRST_FD + fd_pipe, F_SETFL, O_NONBLOCK);
	fcntl(FIRST_FD + fd_pipew, F_SETFL, O_NONBLOCK);
	fcntl(FIRST_FD + fd_sock, F_SETFL, O_NONBLOCK);
	fcntl(FIRST_FD + fd_sockend, F_SETFL, O_NONBLOCK);
	while (read(FIRST_FD + fd_pipe, scratch, sizeof(scratch)) > 0)
		;
	while (read(FIRST_FD + fd_sock, scratch, sizeof(scratch)) > 0 ||
	       read(FIRST_FD + fd_sockend, scratch, sizeof(scratch)) > 0)
		;
	if (write(FIRST_FD + fd_pipew, "0123456789", 10) != 10 ||
	    write(FIRST_FD + fd_sockend, "0123456789", 10) != 10)
		return;
}

/* Two ends of a connection, a socket without a name, and one that listens under a name. */
static inline void world_sockets(void)
{
	unsigned short family = 1; /* AF_UNIX, which as an address means: any name */
	int type = 1 | O_NONBLOCK, p[2]; /* SOCK_STREAM */

	if (syscall(SYS_socketpair, family, type, 0, p) < 0)
		return;
	world_place(fd_sock, p[0]);
	world_place(fd_sockend, p[1]);
	world_place(fd_fresh, (int)syscall(SYS_socket, family, type, 0));
	world_place(fd_listener, (int)syscall(SYS_socket, family, type, 0));
	syscall(SYS_bind, FIRST_FD + fd_listener, &family, 2);
	syscall(SYS_listen, FIRST_FD + fd_listener, 1);
}

static inline void world_descriptors(void)
{
	unsigned long mask = 1UL << (SIGUSR2 - 1);
	int p[2];

	world_place(fd_file, open("file", O_RDWR));
	world_place(fd_rdonly, open("file", O_RDONLY));
	world_place(fd_wronly, open("file", O_WRONLY));
	world_place(fd_dir, open("dir", O_RDONLY | O_DIRECTORY));
	world_place(fd_opath, open("file", O_PATH));
	world_place(fd_opathdir, open("dir", O_PATH | O_DIRECTORY));
	if (syscall(SYS_pipe2, p, O_NONBLOCK) == 0) {
		world_place(fd_pipe, p[0]);
		world_place(fd_pipew, p[1]);
	}
	world_place(fd_pidfd, (int)syscall(SYS_pidfd_open, getpid(), 0));
	world_place(fd_epoll, (int)syscall(SYS_epoll_create1, 0));
	world_place(fd_memfd, (int)syscall(SYS_memfd_create, "m", 2)); /* MFD_ALLOW_SEALING */
	world_terminal();
	world_place(fd_eventfd, (int)syscall(SYS_eventfd2, 0, O_NONBLOCK));
	world_place(fd_timerfd, (int)syscall(SYS_timerfd_create, 1, O_NONBLOCK));
	world_place(fd_signalfd, (int)syscall(SYS_signalfd4, -1, &mask, 8, O_NONBLOCK));
	world_place(fd_null, open("/dev/null", O_RDWR));
	world_place(fd_proc, open("/proc/self/status", O_RDONLY));
	world_place(fd_other, open("other", O_RDWR));
	world_sockets();
	world_rewind();
}

/* The names once more, after calls that may have removed or replaced them. */
static inline void world_renew(void)
{
	static const char *const names[] = { "file", "other",   "readonly", "script",
					     "fifo", "link",    "dangling", "loop",
					     "new",  "nowhere", "missing" };

	fchmod(HOME_FD, 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	rmdir("new");
	rmdir("missing");
	rmdir("nowhere");
	chmod("dir", 0700);
	unlink("dir/new");
	rmdir("dir");
	rmdir("locked");
	world_files();
}

/* Makes the folder "where", goes there, and closes what else is open but 0 to 2. */
static inline int world_make(const char *where)
{
	for (int fd = 3; fd < MAX_FDS; fd++)
		close(fd);
	umask(0);
	if (mkdir(where, 0700) < 0 || chdir(where) < 0 || world_memory() < 0)
		return -1;
	dup2(open(".", O_RDONLY | O_DIRECTORY), HOME_FD);
	close(3);
	world_files();
	world_descriptors();
	return 0;
}

/* A folder and all that is in it. */
static inline void world_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char name[600];

	while (dir && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path, e->d_name) >= (int)sizeof(name))
			continue;
		if (unlink(name) < 0)
			world_remove(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* Objects in use in these slab caches. */
static inline long world_objects(void)
{
	static const char *const caches[] = { "dentry", "inode", "file", "pid", "pseudo_dentry" };
	long sum = 0;

	for (size_t i = 0; i < sizeof(caches) / sizeof(*caches); i++)
		sum += slab_in_use(caches[i]);
	return sum;
}

/* Tells which slab caches have more objects than at the last call. */
static inline void world_growth(void)
{
	static struct {
		char name[24];
		long active;
	} last[64];
	FILE *f = fopen("/proc/slabinfo", "r");
	char line[256], name[24];
	long active;

	while (f && fgets(line, sizeof(line), f)) {
		int i = 0;

		if (sscanf(line, "%23s %ld", name, &active) != 2)
			continue;
		while (i < 63 && last[i].name[0] && strcmp(last[i].name, name))
			i++;
		if (last[i].name[0] && active > last[i].active)
			printf("# %s: %ld, before %ld\n", name, active, last[i].active);
		memcpy(last[i].name, name, sizeof(name));
		last[i].active = active;
	}
	if (f)
		fclose(f);
}

/* Where many small files cost nothing: a tmpfs, on Linux as well. */
static inline const char *world_root(void)
{
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}
