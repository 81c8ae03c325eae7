/*
 * pidfd_reopen: open(2) of /proc/self/fd/N where N is a pidfd: every flag, what the new file keeps
 * of the old, and that it works where the process itself is gone.
 */
#include <linux/openat2.h>

#include "pidfds.h"

static int fd;
static char path[64];

static void open_of(pid_t pid, unsigned int flags)
{
	fd = pidfd_open_(pid, flags);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
}

#define NEEDS_PIDFS()                                                                              \
	do {                                                                                       \
		if (!has_pidfs())                                                                  \
			SKIP("the anonymous inode cannot be reopened");                            \
		if (getuid())                                                                      \
			SKIP("not root");                                                          \
	} while (0)

static void flags_of_open(void)
{
	static const struct {
		int flags, getfl, error;
	} table[] = {
		{ O_RDONLY, 0100000, 0 },
		{ O_WRONLY, 0100001, 0 },
		{ O_RDWR, 0100002, 0 },
		{ O_RDWR | O_NONBLOCK, 0104002, 0 },
		{ O_RDWR | O_APPEND, 0102002, 0 },
		{ O_RDWR | O_NOATIME, 01100002, 0 },
		{ O_RDWR | O_SYNC, 04110002, 0 },
		{ O_RDWR | O_EXCL, 0100002, 0 }, /* no PIDFD_THREAD */
		{ O_RDWR | O_CREAT, 0100002, 0 },
		{ O_RDWR | O_CREAT | O_EXCL, 0, EEXIST },
		{ O_RDWR | O_TRUNC, 0, EOPNOTSUPP },
		{ O_RDWR | O_DIRECT, 0, EINVAL },
		{ O_RDONLY | O_DIRECTORY, 0, ENOTDIR },
		{ O_RDWR | O_TMPFILE, 0, ENOTDIR },
		{ O_RDWR | O_NOFOLLOW, 0, ELOOP },
	};

	NEEDS_PIDFS();
	open_of(getpid(), F_NONBLOCK);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		int again = open(path, table[i].flags, 0600);

		if (again < 0 ? errno != table[i].error
			      : table[i].error || fcntl(again, F_GETFL) != table[i].getfl) {
			tap_note("open with 0%o: %d, errno %d, flags 0%o", table[i].flags, again,
				 again < 0 ? errno : 0, fcntl(again, F_GETFL));
			tap_is_bad = 1;
		}
		EXPECT(again < 0 || inode_of(again) == inode_of(fd));
		close(again);
	}
	close(fd);
}

static void flags_of_openat2(void)
{
	static const struct {
		uint64_t resolve;
		int error;
	} table[] = {
		{ 0, 0 },
		{ RESOLVE_NO_MAGICLINKS, ELOOP },
		{ RESOLVE_NO_SYMLINKS, ELOOP },
		{ RESOLVE_NO_XDEV, EXDEV },
		{ RESOLVE_BENEATH, EXDEV },
	};

	NEEDS_PIDFS();
	open_of(getpid(), 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct open_how how = { .flags = O_RDWR, .resolve = table[i].resolve };
		int again = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

		if (again < 0 ? errno != table[i].error : table[i].error) {
			tap_note("row %zu: %d, errno %d", i, again, again < 0 ? errno : 0);
			tap_is_bad = 1;
		}
		close(again);
	}
	close(fd);
}

static void a_file_to_read_only_does_all_that_a_pidfd_does(void)
{
	pid_t child = spawn_sleeper();
	siginfo_t info;
	int again, copy;

	NEEDS_PIDFS();
	open_of(child, 0);
	again = open(path, O_RDONLY | O_CLOEXEC);
	REQUIRE(again >= 0);
	EXPECT_EQ(fcntl(again, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(polled(again, 0), 0);
	copy = pidfd_getfd_(again, 1, 0);
	EXPECT(copy >= 0);
	close(copy);
	EXPECT_EQ(fdinfo_number(again, "\nPid:\t", 10), child);
	EXPECT_EQ(pidfd_signal(again, SIGTERM, NULL, 0), 0);
	EXPECT_EQ(pidfd_wait(again, &info, WEXITED), 0);
	EXPECT_EQ(info.si_status, SIGTERM);
	EXPECT_EQ(polled(again, 0), POLLIN | POLLRDNORM | POLLHUP);
	close(again);
	close(fd);
}

static void a_reaped_process_can_be_opened_anew(void)
{
	pid_t child = spawn(child_exits, NULL);
	uint64_t ino;
	int again;

	NEEDS_PIDFS();
	open_of(child, 0);
	ino = inode_of(fd);
	reap(child);
	again = open(path, O_RDWR | O_CLOEXEC);
	EXPECT(again >= 0);
	close(fd);
	EXPECT_EQ(inode_of(again), ino);
	EXPECT_EQ(polled(again, 0), POLLIN | POLLRDNORM | POLLHUP);
	EXPECT_EQ(fdinfo_number(again, "\nPid:\t", 10), -1);
	EXPECT_ERR(pidfd_signal(again, 0, NULL, 0), ESRCH);
	close(again);
}

static void a_thread_is_signalled_with_its_process(void)
{
	int again;

	NEEDS_PIDFS();
	open_of(getpid(), F_THREAD);
	again = open(path, O_RDWR);
	EXPECT_EQ(fcntl(fd, F_GETFL) & F_THREAD, F_THREAD);
	EXPECT_EQ(fcntl(again, F_GETFL) & F_THREAD, 0);
	close(again);
	close(fd);
}

static void through_a_path_descriptor(void)
{
	char of_path[64];
	struct stat st;
	int by_path, again;

	NEEDS_PIDFS();
	open_of(getpid(), 0);
	by_path = open(path, O_PATH);
	snprintf(of_path, sizeof(of_path), "/proc/self/fd/%d", by_path);
	EXPECT_EQ(fstat(by_path, &st), 0);
	EXPECT_EQ(st.st_ino, inode_of(fd));
	again = open(of_path, O_RDONLY);
	EXPECT_EQ(pidfd_signal(again, 0, NULL, 0), 0);
	EXPECT_ERR(ioctl(by_path, GET_INFO, &st), EBADF);
	EXPECT_ERR(pidfd_signal(by_path, 0, NULL, 0), EBADF);
	close(again);
	close(by_path);
	close(fd);
}

static int reopens_as_stranger(void *arg)
{
	(void)arg;
	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	open_of(getpid(), 0);
	if (open(path, O_RDONLY) != -1 || errno != EACCES || open(path, O_WRONLY) != -1)
		return 2;
	return open(path, O_PATH) < 0;
}

static void the_inodes_mode_is_roots(void)
{
	NEEDS_PIDFS();
	EXPECT_EQ(reap(spawn(reopens_as_stranger, NULL)), 0);
}

int main(void)
{
	RUN(flags_of_open);
	RUN(flags_of_openat2);
	RUN(a_file_to_read_only_does_all_that_a_pidfd_does);
	RUN(a_reaped_process_can_be_opened_anew);
	RUN(a_thread_is_signalled_with_its_process);
	RUN(through_a_path_descriptor);
	RUN(the_inodes_mode_is_roots);
	return tap_done();
}
