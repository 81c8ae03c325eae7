/*
 * pidfd_handle: file handles to processes: a name that needs no descriptor,
 * cannot be mistaken for another process's, and opens without privilege.
 */
#include <pthread.h>

#include "pidfds.h"

#define PIDFS_ROOT (-10002) /* FD_PIDFS_ROOT */
#define HANDLE_FID 0x200
#define ID_UNIQUE  0x001
#define CONNECT    0x002
#define EMPTY      0x1000

struct handle {
	uint32_t bytes;
	int32_t type;
	uint64_t ino, more[15];
};

static int has_handles(int major, int minor)
{
	return has_pidfs() && kernel_at_least(major, minor);
}
#define NEEDS(major, minor)                                                                        \
	do {                                                                                       \
		if (!has_handles(major, minor))                                                    \
			SKIP("no handles of pidfds");                                              \
	} while (0)

static int name_at(int dirfd, const char *name, struct handle *h, void *mount_id, int flags)
{
	return (int)syscall(SYS_name_to_handle_at, dirfd, name, h, mount_id, flags);
}

static int open_at(int mountfd, const void *h, int flags)
{
	return (int)syscall(SYS_open_by_handle_at, mountfd, h, flags);
}

static struct handle handle_of(int fd)
{
	struct handle h = { .bytes = 8 };
	int id;

	if (name_at(fd, "", &h, &id, EMPTY) < 0)
		h.type = -errno;
	return h;
}

static void a_handle_is_the_inode_number(void)
{
	int fd = pidfd_open_(getpid(), 0), path_fd, id = -1;
	struct handle h = { .bytes = 8 };
	uint64_t unique = 0;
	char path[64];

	NEEDS(6, 14);
	EXPECT_EQ(name_at(fd, "", &h, &id, EMPTY), 0);
	EXPECT_EQ(h.bytes, 8);
	EXPECT_EQ(h.type, 0xfe);
	EXPECT_EQ(h.ino, inode_of(fd));
	EXPECT_EQ(id, fdinfo_number(fd, "mnt_id:", 10));
	h = (struct handle){ .bytes = 128 };
	EXPECT_EQ(name_at(fd, "", &h, &unique, EMPTY | ID_UNIQUE), 0);
	EXPECT_EQ(h.bytes, 8);
	EXPECT(unique != 0);
	EXPECT_EQ(name_at(fd, "", &h, &id, EMPTY | HANDLE_FID), 0);
	EXPECT_EQ(h.type, 0xfe);
	EXPECT_EQ(h.ino, inode_of(fd));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	h = (struct handle){ .bytes = 8 };
	EXPECT_EQ(name_at(AT_FDCWD, path, &h, &id, 0x400 /* AT_SYMLINK_FOLLOW */), 0);
	EXPECT_EQ(h.ino, inode_of(fd));
	path_fd = open(path, O_PATH);
	EXPECT_EQ(handle_of(path_fd).ino, inode_of(fd));
	close(path_fd);
	close(fd);
}

static void naming_fails_as_it_should(void)
{
	int fd = pidfd_open_(getpid(), 0), id = -1;
	struct handle h = { .bytes = 4 };

	NEEDS(6, 14);
	EXPECT_ERR(name_at(fd, "", &h, &id, EMPTY), EOVERFLOW);
	EXPECT_EQ(h.bytes, 8);
	EXPECT_EQ(h.type, 0xff);
	EXPECT_EQ(id, fdinfo_number(fd, "mnt_id:", 10));
	h.bytes = 0;
	EXPECT_ERR(name_at(fd, "", &h, &id, EMPTY), EOVERFLOW);
	h.bytes = 129;
	EXPECT_ERR(name_at(fd, "", &h, &id, EMPTY), EINVAL);
	h.bytes = 8;
	EXPECT_ERR(name_at(fd, "", &h, &id, EMPTY | 4), EINVAL);
	EXPECT_ERR(name_at(fd, "", &h, &id, 0), ENOENT);
	EXPECT_ERR(name_at(fd, "", NULL, &id, EMPTY), EFAULT);
	EXPECT_ERR(name_at(fd, "", &h, NULL, EMPTY), EFAULT);
	EXPECT_ERR(name_at(SELF_PROCESS, "", &h, &id, EMPTY), EBADF);
	EXPECT_ERR(name_at(PIDFS_ROOT, "", &h, &id, EMPTY), EBADF);
	EXPECT_ERR(name_at(999, "", &h, &id, EMPTY), EBADF);
	if (kernel_at_least(6, 13))
		EXPECT_ERR(name_at(fd, "", &h, &id, EMPTY | CONNECT), EINVAL);
	close(fd);
}

static void other_files_have_handles_only_to_compare_by(void)
{
	struct handle h = { .bytes = 128 };
	int id, fd = open("/proc/self/stat", O_RDONLY);
	struct stat st;

	EXPECT_ERR(name_at(fd, "", &h, &id, EMPTY), EOPNOTSUPP);
	if (!kernel_at_least(6, 7))
		SKIP("older than 6.7");
	EXPECT_EQ(name_at(fd, "", &h, &id, EMPTY | HANDLE_FID), 0);
	fstat(fd, &st);
	EXPECT_EQ(h.type, 0x81);
	EXPECT_EQ(h.bytes, 12);
	EXPECT_EQ(h.ino, st.st_ino);
	EXPECT_ERR(open_at(fd, &h, O_RDONLY), ESTALE);
	close(fd);
}

static void opens_through_any_pidfd_or_none(void)
{
	pid_t pid;
	struct handle h;
	int fd, again;

	NEEDS(6, 14);
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	h = handle_of(fd);
	again = open_at(fd, &h, O_RDWR);
	EXPECT(again >= 0);
	EXPECT_EQ(inode_of(again), inode_of(fd));
	EXPECT_EQ(fcntl(again, F_GETFL), O_RDWR);
	EXPECT_EQ(fcntl(again, F_GETFD), 0);
	EXPECT_EQ(fdinfo_number(again, "\nPid:", 10), pid);
	EXPECT_EQ(pidfd_signal(again, 0, NULL, 0), 0);
	close(again);
	close(fd);
	if (kernel_at_least(6, 17)) {
		again = open_at(PIDFS_ROOT, &h, O_RDONLY | O_CLOEXEC); /* no pidfd is open now */
		EXPECT(again >= 0);
		EXPECT_EQ(inode_of(again), h.ino);
		EXPECT_EQ(fcntl(again, F_GETFL) & ~O_CLOEXEC, O_RDWR);
		EXPECT_EQ(fcntl(again, F_GETFD), FD_CLOEXEC);
		EXPECT_EQ(polled(again, 0), 0);
		close(again);
	}
	kill_and_reap(pid);
}

static void flags_of_the_opening(void)
{
	static const int bad[] = { O_PATH,     O_TRUNC,     O_CREAT,   O_APPEND,
				   O_NOFOLLOW, O_DIRECTORY, O_NOATIME, 020000 /* FASYNC */,
				   O_SYNC,     F_AUTOKILL };
	int fd = pidfd_open_(getpid(), 0), again;
	struct handle h;

	NEEDS(6, 14);
	h = handle_of(fd);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		again = open_at(fd, &h, O_RDWR | bad[i]);
		EXPECT_EQ(again, -1);
		EXPECT_EQ(errno, EINVAL);
		if (again >= 0)
			tap_note("flag 0%o", bad[i]);
	}
	again = open_at(fd, &h, O_WRONLY);
	EXPECT_EQ(fcntl(again, F_GETFL), 3);
	EXPECT_EQ(polled(again, 0), 0);
	close(again);
	again = open_at(fd, &h, O_RDONLY | O_NONBLOCK | 0100000 /* O_LARGEFILE */);
	EXPECT_EQ(fcntl(again, F_GETFL), O_RDWR | O_NONBLOCK);
	close(again);
	again = open_at(fd, &h, O_EXCL); /* PIDFD_THREAD */
	EXPECT(again >= 0);
	if (kernel_at_least(7, 3))
		EXPECT_EQ(fcntl(again, F_GETFL), O_RDWR | F_THREAD);
	close(again);
	close(fd);
}

static void bad_handles(void)
{
	int fd = pidfd_open_(getpid(), 0), path_fd, again;
	struct handle good, h;
	char path[64];

	NEEDS(6, 14);
	good = h = handle_of(fd);
	EXPECT_ERR(open_at(fd, NULL, O_RDWR), EFAULT);
	h.bytes = 0;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), EINVAL);
	h.bytes = 129;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), EINVAL);
	h.bytes = 4;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), ESTALE);
	h.bytes = 16; /* more than there is to say */
	again = open_at(fd, &h, O_RDWR);
	EXPECT_EQ(inode_of(again), good.ino);
	close(again);
	h = good;
	h.type = -1;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), EINVAL);
	h.type = 1;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), ESTALE);
	h.type = 0xff;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), ESTALE);
	if (kernel_at_least(6, 13)) {
		h.type = 0x40000fe;
		EXPECT_ERR(open_at(fd, &h, O_RDWR), EINVAL);
		h.type = 0x100fe; /* connectable: tolerated */
		again = open_at(fd, &h, O_RDWR);
		EXPECT_EQ(inode_of(again), good.ino);
		close(again);
	}
	h = good;
	h.ino = 0;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), ESTALE);
	h.ino = 1ULL << 60;
	EXPECT_ERR(open_at(fd, &h, O_RDWR), ESTALE);
	EXPECT_ERR(open_at(SELF_PROCESS, &good, O_RDWR), EBADF);
	EXPECT_ERR(open_at(999, &good, O_RDWR), EBADF);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	path_fd = open(path, O_PATH);
	EXPECT_ERR(open_at(path_fd, &good, O_RDWR), EBADF);
	EXPECT_ERR(open_at(fd, &good, O_RDWR | O_TRUNC), EINVAL);
	close(path_fd);
	close(fd);
}

static void lives_as_long_as_the_process(void)
{
	struct handle h;
	pid_t pid;
	int fd, other;

	NEEDS(6, 14);
	pid = spawn(child_exits, NULL);
	fd = pidfd_open_(pid, 0);
	h = handle_of(fd);
	wait_zombie(pid);
	other = open_at(fd, &h, O_RDWR);
	EXPECT_EQ(inode_of(other), h.ino);
	close(other);
	reap(pid);
	EXPECT_EQ(handle_of(fd).ino, h.ino); /* it can still be named */
	EXPECT_ERR(open_at(fd, &h, O_RDWR), ESTALE);
	close(fd);
	other = pidfd_open_(getpid(), 0);
	EXPECT_ERR(open_at(other, &h, O_RDWR), ESTALE);
	close(other);
}

static int leads_a_group(void *pipe_end)
{
	struct handle h;

	setpgid(0, 0);
	h = handle_of(pidfd_open_(getpid(), 0));
	if (fork() == 0)
		return child_pauses(NULL);
	return write((int)(long)pipe_end, &h, sizeof(h)) != sizeof(h);
}

/* The number lives on as a group's, the process does not. */
static void a_group_is_no_process(void)
{
	int fd = pidfd_open_(getpid(), 0), ends[2];
	struct handle h = { 0 };
	pid_t pid;

	NEEDS(6, 14);
	REQUIRE(pipe(ends) == 0);
	pid = spawn(leads_a_group, (void *)(long)ends[1]);
	EXPECT_EQ(read(ends[0], &h, sizeof(h)), sizeof(h));
	EXPECT_EQ(reap(pid), 0);
	if (kernel_at_least(7, 3))
		EXPECT_ERR(open_at(fd, &h, O_RDWR), ESTALE);
	EXPECT_EQ(kill(-pid, SIGKILL), 0);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

/* Whose pidfd nobody ever had cannot be guessed, since 7.3. */
static void needs_a_pidfd_once(void)
{
	struct handle h = { .bytes = 8, .type = 0xfe };
	int fd;
	pid_t pid;

	NEEDS(7, 3);
	pid = spawn_sleeper();
	fd = pidfd_open_(getpid(), 0);
	h.ino = inode_of(fd);
	for (uint64_t ino = h.ino + 1; ino < h.ino + 64; ino++) {
		struct handle guess = { .bytes = 8, .type = 0xfe, .ino = ino };
		int got = open_at(fd, &guess, O_RDWR);

		if (got >= 0 && fdinfo_number(got, "\nPid:", 10) == pid) {
			tap_note("guessed %llu", (unsigned long long)ino);
			tap_is_bad = 1;
		}
		close(got);
	}
	close(pidfd_open_(pid, 0));
	kill_and_reap(pid);
	close(fd);
}

static int opens_without_privilege(void *arg)
{
	struct handle *h = arg;
	int fd;

	if (setgid(1000) || setuid(1000))
		return 1;
	fd = pidfd_open_(getpid(), 0);
	return open_at(fd, h, O_RDWR) >= 0 ? 0 : 2;
}

static int finds_nothing_outside(void *arg)
{
	int own = pidfd_open_(getpid(), 0);
	struct handle mine = handle_of(own);

	if (open_at(own, arg, O_RDWR) != -1 || errno != ESTALE)
		return 1;
	return open_at(own, &mine, O_RDWR) >= 0 ? 0 : 2;
}

static void permission_is_to_see_it(void)
{
	struct clone_args_v2 args = { .flags = 0x20000000 /* CLONE_NEWPID */,
				      .exit_signal = SIGCHLD };
	int fd = pidfd_open_(getpid(), 0);
	struct handle h;
	long pid;

	NEEDS(6, 14);
	if (geteuid())
		SKIP("not root");
	h = handle_of(fd);
	EXPECT_EQ(reap(spawn(opens_without_privilege, &h)), 0);
	fflush(stdout);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(finds_nothing_outside(&h));
	if (pid > 0)
		EXPECT_EQ(reap(pid), 0);
	close(fd);
}

static void *names_itself(void *arg)
{
	int fd = pidfd_open_((pid_t)syscall(SYS_gettid), F_THREAD);

	*(struct handle *)arg = handle_of(fd);
	close(fd);
	return child_pauses(NULL) ? NULL : NULL;
}

static int opens_a_thread(void *arg)
{
	static volatile struct handle h;
	int fd = pidfd_open_(getpid(), 0), other;
	pthread_t thread;

	if (pthread_create(&thread, NULL, names_itself, (void *)&h))
		return 1;
	if (!eventually(h.type))
		return 2;
	other = open_at(fd, (void *)&h, O_RDWR);
	if (other < 0 || inode_of(other) != h.ino || inode_of(other) == inode_of(fd))
		return 3;
	return fcntl(other, F_GETFL) == O_RDWR ? 0 : 4;
}

static void threads_have_handles_too(void)
{
	NEEDS(6, 14);
	EXPECT_EQ(reap(spawn(opens_a_thread, NULL)), 0);
}

static void without_pidfs_there_are_none(void)
{
	struct handle h = { .bytes = 8, .type = 0xfe, .ino = 2 };
	int fd = pidfd_open_(getpid(), 0), id;

	if (has_pidfs())
		SKIP("there is pidfs");
	EXPECT_ERR(name_at(fd, "", &h, &id, EMPTY), EOPNOTSUPP);
	EXPECT_ERR(open_at(PIDFS_ROOT, &h, O_RDWR), EBADF);
	close(fd);
}

int main(void)
{
	RUN(a_handle_is_the_inode_number);
	RUN(naming_fails_as_it_should);
	RUN(other_files_have_handles_only_to_compare_by);
	RUN(opens_through_any_pidfd_or_none);
	RUN(flags_of_the_opening);
	RUN(bad_handles);
	RUN(lives_as_long_as_the_process);
	RUN(a_group_is_no_process);
	RUN(needs_a_pidfd_once);
	RUN(permission_is_to_see_it);
	RUN(threads_have_handles_too);
	RUN(without_pidfs_there_are_none);
	return tap_done();
}
