/*
 * pidfd_metadata: a pidfd under the calls made for files: fcntl, data calls,
 * stat, changes of metadata.
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
	EXPECT_EQ(fcntl(fd, F_SETFL, O_NOATIME), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), 01000202);
	EXPECT_EQ(fcntl(fd, F_SETFL, O_ASYNC), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), 0202);
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
	EXPECT_ERR(pread(fd, buf, 1, 0), has_pidfs() ? EINVAL : ESPIPE);
	EXPECT_ERR(pwrite(fd, buf, 1, 0), has_pidfs() ? EINVAL : ESPIPE);
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

/* ---- Calls that want other things than a process, by table ---- */

struct call {
	long nr, args[5];
	int error; /* 0: succeeds */
	int without; /* ... where there is no pidfs, if it differs; -1: the same */
};

#define FD   (-7001L) /* a pidfd of this process */
#define PIPE (-7002L) /* either end of a pipe */
#define END  (-7003L)
#define BUF  (-7004L) /* some memory, zero */
#define VEC  (-7005L) /* a struct iovec of one byte */

static void run_calls(const struct call *calls, size_t n)
{
	static char buf[4096] __attribute__((aligned(8)));
	struct iovec one = { buf, 1 };
	int ends[2];

	REQUIRE(pipe(ends) == 0);
	open_self(0);
	for (size_t i = 0; i < n; i++) {
		long a[5], got;
		int want = calls[i].error;

		for (int j = 0; j < 5; j++) {
			a[j] = calls[i].args[j];
			a[j] = a[j] == FD ? fd : a[j] == PIPE ? ends[0] : a[j];
			a[j] = a[j] == END ? ends[1] : a[j] == BUF ? (long)buf : a[j];
			a[j] = a[j] == VEC ? (long)&one : a[j];
		}
		if (!has_pidfs() && calls[i].without >= 0)
			want = calls[i].without;
		memset(buf, 0, sizeof(buf));
		errno = 0;
		got = syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4], 0L);
		if (got == -1 ? errno != want : want) {
			tap_note("row %zu, call %ld: %ld, errno %d; want %d", i, calls[i].nr, got,
				 errno, want);
			tap_is_bad = 1;
		}
	}
	close(fd);
	close(ends[0]);
	close(ends[1]);
}
#define RUN_CALLS(table) run_calls(table, sizeof(table) / sizeof(*(table)))

static void it_holds_no_data_to_move(void)
{
	static const struct call table[] = {
		{ SYS_preadv, { FD, BUF, 0, 0 }, EINVAL, ESPIPE },
		{ SYS_pwritev, { FD, BUF, 0, 0 }, EINVAL, ESPIPE },
		{ SYS_splice, { FD, 0, END, 0, 1 }, EINVAL, -1 },
		{ SYS_splice, { PIPE, 0, FD, 0, 1 }, EINVAL, -1 },
		{ SYS_tee, { FD, END, 1, 0 }, EINVAL, -1 },
		{ SYS_tee, { PIPE, FD, 1, 0 }, EINVAL, -1 },
		{ SYS_vmsplice, { FD, VEC, 1, 0 }, EBADF, -1 },
		{ SYS_sendfile, { END, FD, 0, 1 }, EINVAL, -1 },
		{ SYS_ftruncate, { FD, 0 }, EOPNOTSUPP, EINVAL },
		{ SYS_fallocate, { FD, 0, 0, 1 }, EOPNOTSUPP, ENODEV },
		{ SYS_fdatasync, { FD }, EINVAL, -1 },
		{ SYS_syncfs, { FD }, 0, -1 },
		{ SYS_sync_file_range, { FD, 0, 0, 0 }, 0, ESPIPE },
		{ SYS_fadvise64, { FD, 0, 0, 0 }, 0, -1 },
		{ SYS_readahead, { FD, 0, 1 }, EINVAL, -1 },
		{ SYS_copy_file_range, { FD, 0, FD, 0, 1 }, 0, EINVAL },
	};

	RUN_CALLS(table);
}

static void it_is_nothing_to_walk_or_run(void)
{
	static const struct call table[] = {
		{ SYS_execveat, { FD, (long)"", 0, 0, 0x1000 }, EACCES, -1 },
		{ SYS_openat, { FD, (long)".", O_RDONLY, 0 }, ENOTDIR, -1 },
		{ SYS_mkdirat, { FD, (long)"x", 0700 }, ENOTDIR, -1 },
		{ SYS_unlinkat, { FD, (long)"x", 0 }, ENOTDIR, -1 },
		{ SYS_fcntl, { FD, F_NOTIFY, 1 }, ENOTDIR, -1 },
		{ SYS_setns, { FD, 0 }, EINVAL, -1 },
		{ SYS_getsockname, { FD, BUF, BUF }, ENOTSOCK, -1 },
		{ SYS_epoll_wait, { FD, BUF, 1, 0 }, EINVAL, -1 },
		{ SYS_timerfd_settime, { FD, 0, BUF, 0 }, EINVAL, -1 },
		{ SYS_signalfd4, { FD, BUF, 8, 0 }, EINVAL, -1 },
	};

	RUN_CALLS(table);
}

static void fcntl_knows_what_it_is_not(void)
{
	static const struct call table[] = {
		{ SYS_fcntl, { FD, F_GETPIPE_SZ }, EBADF, -1 },
		{ SYS_fcntl, { FD, F_SETPIPE_SZ, 4096 }, EBADF, -1 },
		{ SYS_fcntl, { FD, 1034 /* F_GET_SEALS */ }, EINVAL, -1 },
		{ SYS_fcntl, { FD, 1033 /* F_ADD_SEALS */, 1 }, EINVAL, -1 },
		{ SYS_fcntl, { FD, F_SETOWN, 0 }, 0, -1 },
		{ SYS_fcntl, { FD, F_GETOWN }, 0, -1 },
		{ SYS_fcntl, { FD, F_SETSIG, 0 }, 0, -1 },
		{ SYS_fcntl, { FD, F_GETLEASE }, 0, -1 },
		{ SYS_fcntl, { FD, 9999 }, EINVAL, -1 },
		{ SYS_fcntl, { FD, F_SETFL, O_DIRECT }, EINVAL, -1 },
	};

	RUN_CALLS(table);
}

static void ioctls_of_all_files(void)
{
	static const struct call table[] = {
		{ SYS_ioctl, { FD, FIONBIO, BUF }, 0, -1 },
		{ SYS_ioctl, { FD, 2 /* FIGETBSZ */, BUF }, 0, -1 },
		{ SYS_ioctl, { FD, FIOASYNC, BUF }, 0, -1 }, /* off, as it is */
		{ SYS_ioctl, { FD, FIOASYNC, VEC }, ENOTTY, -1 }, /* on */
		{ SYS_ioctl, { FD, FIONREAD, BUF }, ENOTTY, -1 },
		{ SYS_ioctl, { FD, 1 /* FIBMAP */, BUF }, ENOTTY, -1 },
		{ SYS_ioctl, { FD, 0x5460 /* FIOQSIZE */, BUF }, ENOTTY, -1 },
		{ SYS_ioctl, { FD, 0x80086601 /* FS_IOC_GETFLAGS */, BUF }, ENOTTY, -1 },
		{ SYS_ioctl, { FD, 0xc020660b /* FS_IOC_FIEMAP */, BUF }, EOPNOTSUPP, -1 },
		{ SYS_ioctl, { FD, 0x80087601 /* FS_IOC_GETVERSION */, BUF }, 0, ENOTTY },
		{ SYS_ioctl, { FD, 0x80087601, 0 }, EINVAL, ENOTTY },
		{ SYS_ioctl, { FD, 0x80087601, 8 }, EFAULT, ENOTTY },
		{ SYS_ioctl, { FD, 0xff0c, 0 }, ENOTTY, -1 },
		{ SYS_ioctl, { FD, 0xff0b, BUF }, ENOTTY, -1 },
		{ SYS_ioctl, { FD, 0x8040ff0b, BUF }, ENOTTY, -1 }, /* GET_INFO, reading only */
		{ SYS_ioctl, { FD, 0x4040ff0b, BUF }, ENOTTY, -1 }, /* ... writing only */
	};

	RUN_CALLS(table);
}

static void a_duplicate_is_the_same_file_another_open_is_not(void)
{
	int dup_query = 1024 + 3, created_query = 1024 + 4, copy, other;

	if (!kernel_at_least(6, 12))
		SKIP("older than 6.12");
	open_self(0);
	copy = dup(fd);
	other = pidfd_open_(getpid(), 0);
	EXPECT_EQ(fcntl(fd, dup_query, copy), 1);
	EXPECT_EQ(fcntl(fd, dup_query, other), 0);
	EXPECT_EQ(fcntl(fd, created_query, 0), 0);
	close(copy);
	close(other);
	close(fd);
}

static int locks_too(void *arg)
{
	struct flock lock = { .l_type = F_WRLCK };
	int other = pidfd_open_(*(pid_t *)arg, 0);

	return !(fcntl(other, F_SETLK, &lock) == -1 && errno == EAGAIN);
}

static void record_locks_are_the_processs(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	pid_t child = spawn_sleeper();
	int a = pidfd_open_(child, 0), b = pidfd_open_(child, 0);

	EXPECT_EQ(fcntl(a, F_SETLK, &lock), 0);
	EXPECT_EQ(reap(spawn(locks_too, &child)), 0);
	lock.l_type = F_UNLCK;
	EXPECT_EQ(fcntl(a, F_SETLK, &lock), 0);
	lock.l_type = F_WRLCK;
	lock.l_pid = 0;
	EXPECT_EQ(fcntl(a, 37 /* F_OFD_SETLK */, &lock), 0);
	EXPECT_ERR(fcntl(b, 37, &lock), EAGAIN);
	close(a);
	EXPECT_EQ(fcntl(b, 37, &lock), 0);
	kill_and_reap(child);
	close(b);
}

static void statfs_and_stat_agree_on_the_device(void)
{
	struct statfs fs;
	struct stat st;
	unsigned int fsid[2];

	if (!has_pidfs())
		SKIP("the file system of anonymous inodes has no id");
	open_self(0);
	EXPECT_EQ(fstatfs(fd, &fs), 0);
	EXPECT_EQ(fstat(fd, &st), 0);
	memcpy(fsid, &fs.f_fsid, sizeof(fsid));
	EXPECT_EQ(fsid[0], st.st_dev);
	EXPECT_EQ(fs.f_flags, 0x20); /* they are valid, and none is set */
	EXPECT_EQ(fs.f_frsize, 4096);
	close(fd);
}

static void statx_has_a_mount_but_no_birth(void)
{
#ifdef STATX_BASIC_STATS
	struct statx st;

	memset(&st, 0xff, sizeof(st));
	open_self(0);
	EXPECT_EQ(statx(fd, "", AT_EMPTY_PATH, 0x7ff | 0x1000 | 0x4000, &st), 0);
	EXPECT_EQ(st.stx_mask & 0x5fff, 0x47ff); /* STATX_MNT_ID_UNIQUE in, STATX_BTIME out */
	EXPECT_EQ(st.stx_attributes, 0);
	EXPECT_EQ(st.stx_attributes_mask & 0x203000, 0x203000); /* mount root, verity, dax */
	EXPECT_EQ(fdinfo_number(fd, "mnt_id:\t", 10) > 0, 1);
	close(fd);
#else
	SKIP("this C library has no statx");
#endif
}

static void names_of_it_cannot_be_moved(void)
{
	open_self(0);
	EXPECT_ERR(unlink(path), EPERM);
	EXPECT_ERR(rename(path, "/tmp/pidfd-renamed"), EXDEV);
	EXPECT_ERR(linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/pidfd-linked", AT_SYMLINK_FOLLOW), EXDEV);
	EXPECT_ERR(truncate(path, 0), has_pidfs() ? EOPNOTSUPP : EINVAL);
	EXPECT_EQ(access(path, R_OK | W_OK), getuid() ? -1 : 0);
	EXPECT_ERR(access(path, X_OK), EACCES);
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
	RUN(a_path_descriptor_is_good_for_stat_alone);
	RUN(flock_conflicts_between_openers_of_one_process);
	RUN(unknown_ioctls_are_refused);
	RUN(exec_closes_it);
	RUN(it_holds_no_data_to_move);
	RUN(it_is_nothing_to_walk_or_run);
	RUN(fcntl_knows_what_it_is_not);
	RUN(ioctls_of_all_files);
	RUN(a_duplicate_is_the_same_file_another_open_is_not);
	RUN(record_locks_are_the_processs);
	RUN(statfs_and_stat_agree_on_the_device);
	RUN(statx_has_a_mount_but_no_birth);
	RUN(names_of_it_cannot_be_moved);
	return tap_done();
}
