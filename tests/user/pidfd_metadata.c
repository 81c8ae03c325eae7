/*
 * pidfd_metadata: a pidfd under the calls made for files: fcntl, data calls,
 * stat, changes of metadata, reopening through /proc.
 */
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/uio.h>

#include "pidfds.h"

static int fd;
static char path[64];

static void open_self(unsigned int flags)
{
	fd = pidfd_open_(getpid(), flags);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
}

static void setfl_toggles_nonblock_and_ignores_the_rest(void)
{
	open_self(F_THREAD);
	EXPECT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), 04202);
	EXPECT_EQ(fcntl(fd, F_SETFL, O_EXCL | O_TRUNC), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), 0202);
	EXPECT_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), 02202);
	close(fd);
}

static void duplicates_share_the_open_file(void)
{
	int a, b, c;

	open_self(0);
	a = dup(fd);
	b = dup2(fd, 90);
	c = fcntl(fd, F_DUPFD_CLOEXEC, 80);
	EXPECT(a >= 0);
	EXPECT_EQ(b, 90);
	EXPECT(c >= 80);
	EXPECT_EQ(fcntl(a, F_GETFD), 0);
	EXPECT_EQ(fcntl(c, F_GETFD), FD_CLOEXEC);
	fcntl(a, F_SETFL, O_NONBLOCK);
	EXPECT_EQ(fcntl(b, F_GETFL), O_RDWR | O_NONBLOCK);
	close(a);
	close(b);
	close(c);
	EXPECT_EQ(pidfd_signal(fd, 0, NULL, 0), 0);
	close(fd);
}

static void no_data_can_be_read_or_written(void)
{
	char buf[16];
	struct iovec v = { buf, sizeof(buf) };

	open_self(0);
	EXPECT_ERR(read(fd, buf, sizeof(buf)), EINVAL);
	EXPECT_ERR(write(fd, buf, sizeof(buf)), EINVAL);
	EXPECT_ERR(read(fd, buf, 0), EINVAL);
	EXPECT_ERR(write(fd, buf, 0), EINVAL);
	EXPECT_ERR(readv(fd, &v, 1), EINVAL);
	EXPECT_ERR(writev(fd, &v, 1), EINVAL);
	EXPECT_ERR(pread(fd, buf, 1, 0), EINVAL);
	EXPECT_ERR(pwrite(fd, buf, 1, 0), EINVAL);
	close(fd);
}

static void seeking_and_mapping_are_refused(void)
{
	open_self(0);
	EXPECT_ERR(lseek(fd, 0, SEEK_SET), ESPIPE);
	EXPECT_ERR(lseek(fd, 0, SEEK_CUR), ESPIPE);
	EXPECT_ERR(lseek(fd, 0, 99), EINVAL);
	EXPECT_EQ((long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0), -1);
	EXPECT_EQ(errno, ENODEV);
	EXPECT_EQ((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), -1);
	EXPECT_EQ(errno, has_pidfs() ? EPERM : ENODEV);
	EXPECT_ERR(ftruncate(fd, 0), has_pidfs() ? EOPNOTSUPP : EINVAL);
	EXPECT_ERR(fsync(fd), EINVAL);
	close(fd);
}

static void it_is_no_directory(void)
{
	char buf[256];

	open_self(0);
	EXPECT_ERR(openat(fd, "x", O_RDONLY), ENOTDIR);
	EXPECT_ERR(fchdir(fd), ENOTDIR);
	EXPECT_ERR(chdir(path), ENOTDIR);
	EXPECT_ERR(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOTDIR);
	close(fd);
}

static void metadata_cannot_be_changed(void)
{
	struct timespec omit[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };

	open_self(0);
	EXPECT_ERR(fchmod(fd, 0777), EOPNOTSUPP);
	EXPECT_ERR(fchown(fd, 1, 1), EOPNOTSUPP);
	EXPECT_ERR(chmod(path, 0777), EOPNOTSUPP);
	EXPECT_ERR(futimens(fd, NULL), EOPNOTSUPP);
	EXPECT_EQ(futimens(fd, omit), 0);
	close(fd);
}

static void statx_reports_basic_fields(void)
{
#ifdef STATX_BASIC_STATS
	struct statx st;

	memset(&st, 0xff, sizeof(st));
	open_self(0);
	EXPECT_EQ(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st), 0);
	EXPECT_EQ(st.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
	EXPECT_EQ(st.stx_mode, has_pidfs() ? 0700 : 0600);
	EXPECT_EQ(st.stx_ino, inode_of(fd));
	EXPECT_EQ(st.stx_nlink, 1);
	EXPECT_EQ(st.stx_size, 0);
	EXPECT_EQ(st.stx_btime.tv_sec, 0);
	close(fd);
#else
	SKIP("this C library has no statx");
#endif
}

static void fstatfs_of_pidfs(void)
{
	struct statfs fs;

	open_self(0);
	EXPECT_EQ(fstatfs(fd, &fs), 0);
	EXPECT_EQ(fs.f_bsize, 4096);
	EXPECT_EQ(fs.f_blocks, 0);
	EXPECT_EQ(fs.f_bfree, 0);
	EXPECT_EQ(fs.f_files, 0);
	EXPECT_EQ(fs.f_namelen, 255);
	close(fd);
}

static void times_are_those_of_the_inode(void)
{
	struct stat a, b;
	pid_t child = spawn_sleeper();
	int x = pidfd_open_(child, 0), y;
	struct timespec opened;

	clock_gettime(CLOCK_REALTIME, &opened);
	sleep_ms(20);
	fstat(x, &a);
	EXPECT(a.st_mtim.tv_sec < opened.tv_sec || a.st_mtim.tv_nsec <= opened.tv_nsec);
	EXPECT_EQ(a.st_mtime, a.st_ctime);
	EXPECT_EQ(a.st_atime, a.st_ctime);
	sleep_ms(20);
	y = pidfd_open_(child, 0);
	fstat(y, &b);
	EXPECT_EQ(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
	close(x);
	close(y);
	kill_and_reap(child);
}

static void reopening_keeps_inode_and_drops_options(void)
{
	int again;

	if (!has_pidfs())
		SKIP("the anonymous inode cannot be reopened");
	open_self(F_THREAD | F_NONBLOCK);
	again = open(path, O_RDONLY);
	EXPECT(again >= 0);
	EXPECT_EQ(fcntl(again, F_GETFL), 0100000);
	EXPECT_EQ(inode_of(again), inode_of(fd));
	EXPECT_EQ(pidfd_signal(again, 0, NULL, 0), 0);
	EXPECT_EQ(polled(again, 0), 0);
	close(again);
	again = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	EXPECT_EQ(fcntl(again, F_GETFL), 0104002);
	EXPECT_EQ(fcntl(again, F_GETFD), FD_CLOEXEC);
	close(again);
	close(fd);
}

static void reopening_in_ways_that_make_no_sense(void)
{
	if (!has_pidfs())
		SKIP("the anonymous inode cannot be reopened");
	open_self(0);
	EXPECT_ERR(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	EXPECT_ERR(open(path, O_RDWR | O_TRUNC), EOPNOTSUPP);
	EXPECT_ERR(open(path, O_RDONLY | O_DIRECTORY), ENOTDIR);
	EXPECT_ERR(open(path, O_RDONLY | O_NOFOLLOW), ELOOP);
	close(fd);
}

static void a_path_descriptor_is_good_for_stat_alone(void)
{
	struct statfs fs;
	siginfo_t info;
	int p;

	open_self(0);
	p = open(path, O_PATH);
	EXPECT(p >= 0);
	EXPECT_EQ(inode_of(p), inode_of(fd));
	EXPECT_EQ(fstatfs(p, &fs), 0);
	EXPECT_ERR(pidfd_wait(p, &info, WEXITED), EBADF);
	EXPECT_ERR(pidfd_getfd_(p, 0, 0), EBADF);
	EXPECT_EQ(polled(p, 0), POLLNVAL);
	close(p);
	close(fd);
}

static int reopens_as_another_user(void *arg)
{
	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	open_self(0);
	return !(open(path, O_RDONLY) == -1 && errno == EACCES && open(path, O_PATH) >= 0);
}

static void only_root_may_reopen(void)
{
	if (!has_pidfs())
		SKIP("the anonymous inode cannot be reopened");
	if (getuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(reopens_as_another_user, NULL)), 0);
}

static void flock_conflicts_between_openers_of_one_process(void)
{
	pid_t child = spawn_sleeper();
	int a = pidfd_open_(child, 0), b = pidfd_open_(child, 0);

	errno = 0;
	if (flock(a, LOCK_EX | LOCK_NB) < 0 && errno == ENOSYS) {
		kill_and_reap(child);
		close(a);
		close(b);
		SKIP("no flock");
	}
	EXPECT_ERR(flock(b, LOCK_EX | LOCK_NB), EAGAIN);
	EXPECT_EQ(flock(a, LOCK_UN), 0);
	EXPECT_EQ(flock(b, LOCK_EX | LOCK_NB), 0);
	kill_and_reap(child);
	close(a);
	close(b);
}

static void unknown_ioctls_are_refused(void)
{
	int n;

	open_self(0);
	EXPECT_ERR(ioctl(fd, 0xff00, 0), ENOTTY);
	EXPECT_ERR(ioctl(fd, 0x5401 /* TCGETS */, &n), ENOTTY);
	EXPECT_EQ(ioctl(fd, FIOCLEX), 0);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(ioctl(fd, FIONCLEX), 0);
	EXPECT_EQ(fcntl(fd, F_GETFD), 0);
	close(fd);
}

static void exec_closes_it(void)
{
	char text[160];
	char *argv[] = { "/bin/sh", "-c", text, NULL };
	pid_t child;

	open_self(0);
	snprintf(text, sizeof(text), "test ! -e /proc/self/fd/%d", fd);
	child = fork();
	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	EXPECT_EQ(reap(child), 0);
	close(fd);
}

int main(void)
{
	RUN(setfl_toggles_nonblock_and_ignores_the_rest);
	RUN(duplicates_share_the_open_file);
	RUN(no_data_can_be_read_or_written);
	RUN(seeking_and_mapping_are_refused);
	RUN(it_is_no_directory);
	RUN(metadata_cannot_be_changed);
	RUN(statx_reports_basic_fields);
	RUN(fstatfs_of_pidfs);
	RUN(times_are_those_of_the_inode);
	RUN(reopening_keeps_inode_and_drops_options);
	RUN(reopening_in_ways_that_make_no_sense);
	RUN(a_path_descriptor_is_good_for_stat_alone);
	RUN(only_root_may_reopen);
	RUN(flock_conflicts_between_openers_of_one_process);
	RUN(unknown_ioctls_are_refused);
	RUN(exec_closes_it);
	return tap_done();
}
