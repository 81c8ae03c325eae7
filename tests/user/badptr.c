/*
 * badptr: every system call that takes a pointer, given pointers that lead
 * nowhere. Each must answer with an error (EFAULT where nothing else is wrong)
 * and leave the kernel and this process standing.
 */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "pidfds.h"

#define HERE     (-100L) /* AT_FDCWD */
#define BAD      (-7777L) /* stands for the pointer under test */
#define RW       (-7778L) /* a descriptor of a scratch file */
#define PIPE_IN  (-7779L)
#define PIPE_OUT (-7780L)
#define PATH     (-7781L) /* a good path */
#define BUFFER   (-7782L) /* good memory */
#define SELF     (-7783L) /* a pidfd of this process */
#define EPOLL    (-7784L)
#define NO_TIME  (-7785L) /* a timeout of nothing */

/*
 * FAULT: the error is EFAULT. ANY: other errors will do. LASTING: EFAULT, and
 * not to be called with memory that can be read, since it would sleep or stay.
 */
static const struct call {
	const char *name;
	long nr;
	long a[6];
	enum { FAULT, ANY, LASTING } error;
} calls[] = {
	{ "read", SYS_read, { PIPE_IN, BAD, 4 }, FAULT },
	{ "read file", SYS_read, { RW, BAD, 4 }, FAULT },
	{ "write", SYS_write, { PIPE_OUT, BAD, 4 }, FAULT },
	{ "write file", SYS_write, { RW, BAD, 4 }, FAULT },
	{ "pread64", SYS_pread64, { RW, BAD, 4, 0 }, FAULT },
	{ "pwrite64", SYS_pwrite64, { RW, BAD, 4, 0 }, FAULT },
	{ "readv", SYS_readv, { RW, BAD, 2 }, FAULT },
	{ "writev", SYS_writev, { RW, BAD, 2 }, FAULT },
	{ "open", SYS_open, { BAD, 0, 0 }, FAULT },
	{ "openat", SYS_openat, { HERE, BAD, 0, 0 }, FAULT },
	{ "stat", SYS_stat, { BAD, BUFFER }, FAULT },
	{ "stat buffer", SYS_stat, { PATH, BAD }, FAULT },
	{ "lstat", SYS_lstat, { BAD, BUFFER }, FAULT },
	{ "lstat buffer", SYS_lstat, { PATH, BAD }, FAULT },
	{ "fstat", SYS_fstat, { RW, BAD }, FAULT },
	{ "newfstatat", SYS_newfstatat, { HERE, BAD, BUFFER, 0 }, FAULT },
	{ "newfstatat buffer", SYS_newfstatat, { HERE, PATH, BAD, 0 }, FAULT },
	{ "statx", 332, { HERE, PATH, 0, 0x7ff, BAD }, FAULT },
	{ "statfs", SYS_statfs, { PATH, BAD }, FAULT },
	{ "fstatfs", SYS_fstatfs, { RW, BAD }, FAULT },
	{ "fstat pidfd", SYS_fstat, { SELF, BAD }, FAULT },
	{ "fstatfs pidfd", SYS_fstatfs, { SELF, BAD }, FAULT },
	{ "access", SYS_access, { BAD, 0 }, FAULT },
	{ "faccessat", SYS_faccessat, { HERE, BAD, 0 }, FAULT },
	{ "chdir", SYS_chdir, { BAD }, FAULT },
	{ "chroot", SYS_chroot, { BAD }, LASTING },
	{ "mkdir", SYS_mkdir, { BAD, 0700 }, FAULT },
	{ "rmdir", SYS_rmdir, { BAD }, FAULT },
	{ "unlink", SYS_unlink, { BAD }, FAULT },
	{ "unlinkat", SYS_unlinkat, { HERE, BAD, 0 }, FAULT },
	{ "rename", SYS_rename, { BAD, PATH }, FAULT },
	{ "rename to", SYS_rename, { PATH, BAD }, FAULT },
	{ "link", SYS_link, { BAD, PATH }, FAULT },
	{ "symlink", SYS_symlink, { BAD, PATH }, FAULT },
	{ "symlink to", SYS_symlink, { PATH, BAD }, FAULT },
	{ "readlink", SYS_readlink, { BAD, BUFFER, 10 }, FAULT },
	{ "readlink buffer", SYS_readlink, { PATH, BAD, 10 }, ANY },
	{ "chmod", SYS_chmod, { BAD, 0600 }, FAULT },
	{ "chown", SYS_chown, { BAD, 0, 0 }, FAULT },
	{ "truncate", SYS_truncate, { BAD, 0 }, FAULT },
	{ "mknod", SYS_mknod, { BAD, 0100600, 0 }, FAULT },
	{ "utimensat", SYS_utimensat, { HERE, BAD, 0, 0 }, FAULT },
	{ "utimensat times", SYS_utimensat, { HERE, PATH, BAD, 0 }, FAULT },
	{ "getcwd", SYS_getcwd, { BAD, 4096 }, FAULT },
	{ "getdents64", SYS_getdents64, { RW, BAD, 4096 }, ANY },
	{ "pipe", SYS_pipe, { BAD }, FAULT },
	{ "pipe2", SYS_pipe2, { BAD, 0 }, FAULT },
	{ "ioctl FIONREAD", SYS_ioctl, { PIPE_IN, 0x541b, BAD }, FAULT },
	{ "fcntl F_GETLK", SYS_fcntl, { RW, F_GETLK, BAD }, ANY },
	{ "poll", SYS_poll, { BAD, 1, 0 }, FAULT },
	{ "ppoll", SYS_ppoll, { BAD, 1, NO_TIME, 0, 8 }, FAULT },
	{ "ppoll time", SYS_ppoll, { 0, 0, BAD, 0, 8 }, FAULT },
	{ "select", SYS_select, { 5, BAD, 0, 0, NO_TIME }, FAULT },
	{ "select time", SYS_select, { 0, 0, 0, 0, BAD }, FAULT },
	{ "pselect6", SYS_pselect6, { 5, BAD, 0, 0, NO_TIME, 0 }, FAULT },
	{ "epoll_ctl", SYS_epoll_ctl, { EPOLL, 1, PIPE_IN, BAD }, FAULT },
	{ "wait4 rusage", SYS_wait4, { -1, 0, 1, BAD }, ANY },
	{ "execve", SYS_execve, { BAD, 0, 0 }, FAULT },
	{ "execve argv", SYS_execve, { PATH, BAD, 0 }, ANY },
	{ "clone3", SYS_clone3, { BAD, 64 }, LASTING },
	{ "rt_sigaction", SYS_rt_sigaction, { SIGUSR1, BAD, 0, 8 }, FAULT },
	{ "rt_sigaction old", SYS_rt_sigaction, { SIGUSR1, 0, BAD, 8 }, FAULT },
	{ "rt_sigprocmask", SYS_rt_sigprocmask, { 0, BAD, 0, 8 }, LASTING },
	{ "rt_sigprocmask old", SYS_rt_sigprocmask, { 0, 0, BAD, 8 }, FAULT },
	{ "rt_sigpending", SYS_rt_sigpending, { BAD, 8 }, FAULT },
	{ "rt_sigsuspend", SYS_rt_sigsuspend, { BAD, 8 }, LASTING },
	{ "rt_sigtimedwait", SYS_rt_sigtimedwait, { BAD, 0, 0, 8 }, LASTING },
	{ "rt_sigqueueinfo", SYS_rt_sigqueueinfo, { 1, 1, BAD }, LASTING },
	{ "sigaltstack", SYS_sigaltstack, { BAD, 0 }, FAULT },
	{ "sigaltstack old", SYS_sigaltstack, { 0, BAD }, FAULT },
	{ "nanosleep", SYS_nanosleep, { BAD, 0 }, FAULT },
	{ "clock_gettime", SYS_clock_gettime, { 1, BAD }, FAULT },
	{ "clock_getres", SYS_clock_getres, { 1, BAD }, FAULT },
	{ "clock_nanosleep", SYS_clock_nanosleep, { 1, 0, BAD, 0 }, FAULT },
	{ "gettimeofday", SYS_gettimeofday, { BAD, 0 }, FAULT },
	{ "setitimer", SYS_setitimer, { 0, BAD, 0 }, FAULT },
	{ "getitimer", SYS_getitimer, { 0, BAD }, FAULT },
	{ "times", SYS_times, { BAD }, FAULT },
	{ "uname", SYS_uname, { BAD }, FAULT },
	{ "sysinfo", SYS_sysinfo, { BAD }, FAULT },
	{ "sethostname", SYS_sethostname, { BAD, 4 }, LASTING },
	{ "getrlimit", SYS_getrlimit, { RLIMIT_NOFILE, BAD }, FAULT },
	{ "setrlimit", SYS_setrlimit, { RLIMIT_NOFILE, BAD }, LASTING },
	{ "prlimit64", SYS_prlimit64, { 0, RLIMIT_NOFILE, BAD, 0 }, LASTING },
	{ "prlimit64 old", SYS_prlimit64, { 0, RLIMIT_NOFILE, 0, BAD }, FAULT },
	{ "getrusage", SYS_getrusage, { 0, BAD }, FAULT },
	{ "getgroups", SYS_getgroups, { 64, BAD }, ANY },
	{ "setgroups", SYS_setgroups, { 4, BAD }, LASTING },
	{ "getresuid", SYS_getresuid, { BAD, BUFFER, BUFFER }, FAULT },
	{ "getresgid", SYS_getresgid, { BUFFER, BUFFER, BAD }, FAULT },
	{ "getrandom", SYS_getrandom, { BAD, 8, 0 }, FAULT },
	{ "sched_getaffinity", SYS_sched_getaffinity, { 0, 128, BAD }, FAULT },
	{ "futex wait", SYS_futex, { BAD, 0, 1, 0 }, ANY },
	{ "set_robust_list", SYS_get_robust_list, { 0, BAD, BAD }, ANY },
	{ "mount", SYS_mount, { BAD, BAD, BAD, 0, 0 }, ANY },
	{ "pidfd_send_signal", SYS_pidfd_send_signal, { SELF, 0, BAD, 0 }, FAULT },
	{ "pidfd GET_INFO", SYS_ioctl, { SELF, (long)GET_INFO, BAD }, ANY },
	{ "prctl PR_GET_NAME", SYS_prctl, { 16, BAD }, FAULT },
	{ "prctl PR_SET_NAME", SYS_prctl, { 15, BAD }, LASTING },
};

static char buffer[8192], no_time[16];
static int scratch, ends[2], self, epoll;
static char *read_only, *none, *edge;

static long value_of(long arg, long bad)
{
	switch (arg) {
	case BAD:
		return bad;
	case RW:
		return scratch;
	case PIPE_IN:
		return ends[0];
	case PIPE_OUT:
		return ends[1];
	case PATH:
		return (long)"/proc/self/maps";
	case BUFFER:
		return (long)buffer;
	case SELF:
		return self;
	case EPOLL:
		return epoll;
	case NO_TIME:
		memset(no_time, 0, sizeof(no_time));
		return (long)no_time;
	default:
		return arg;
	}
}

/* Makes every call with this pointer; "strict": the error must be EFAULT. */
static void with_pointer(long bad, int strict)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		const struct call *c = &calls[i];
		long a[6], got;

		if (!strict && c->error == LASTING)
			continue;
		for (int j = 0; j < 6; j++)
			a[j] = value_of(c->a[j], bad);
		lseek(scratch, 0, SEEK_SET);
		errno = 0;
		got = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (errno == ENOSYS || c->error == ANY || !strict)
			continue;
		if (got != -1 || errno != EFAULT) {
			tap_note("%s gave %ld, errno %d; want EFAULT", c->name, got, errno);
			tap_is_bad = 1;
		}
	}
}

static void low_addresses(void)
{
	with_pointer(8, 1);
	with_pointer(4095, 1);
}

static void kernel_addresses(void)
{
	with_pointer((long)0xffffffff80100000UL, 1);
	with_pointer((long)0xffff888000000000UL, 1);
	with_pointer((long)0xffffc90000000000UL, 1);
}

static void addresses_outside_the_canonical_range(void)
{
	with_pointer((long)0x0000800000000000UL, 1);
	with_pointer((long)0x8000000000000000UL, 1);
	with_pointer((long)0xdeadbeefdeadbeefUL, 1);
}

static void the_last_addresses(void)
{
	with_pointer((long)0x7fffffffffffUL, 1);
	with_pointer((long)0x7ffffffff000UL, 1);
	with_pointer(-1L, 1);
	with_pointer(-8L, 1);
}

static void memory_without_access(void)
{
	with_pointer((long)none, 1);
}

static void memory_that_ends(void)
{
	with_pointer((long)edge, 0); /* some calls fit before the edge */
	with_pointer((long)(edge + 1), 0);
}

static void memory_that_is_read_only(void)
{
	with_pointer((long)read_only, 0);
}

static void null_itself(void)
{
	static const long nrs[] = { SYS_stat,  SYS_open,   SYS_pipe,
				    SYS_uname, SYS_getcwd, SYS_nanosleep };

	for (size_t i = 0; i < sizeof(nrs) / sizeof(*nrs); i++)
		EXPECT_ERR(syscall(nrs[i], 0L, 0x1000L, 0L), EFAULT);
}

static void partial_copies_report_what_was_done(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int p[2];
	long got;

	REQUIRE(pipe(p) == 0);
	munmap(page + 4096, 4096);
	memset(page, 'x', 4096);
	EXPECT_EQ(write(p[1], page, 4096), 4096);
	EXPECT_EQ(read(p[0], page, 4096), 4096);
	lseek(scratch, 0, SEEK_SET);
	EXPECT_EQ(write(scratch, page, 4096), 4096);
	lseek(scratch, 0, SEEK_SET);
	EXPECT_EQ(write(scratch, page, 4096), 4096);
	lseek(scratch, 0, SEEK_SET);
	got = syscall(SYS_read, scratch, page + 4000, 4096L);
	EXPECT(got == 96 || !in_guest()); /* disk file systems vary */
	close(p[0]);
	close(p[1]);
	munmap(page, 4096);
}

static void strings_that_run_into_nothing(void)
{
	edge[-1] = 'a';
	EXPECT_ERR(open(edge - 1, O_RDONLY), EFAULT);
	memcpy(edge - 2, "/", 2);
	EXPECT_EQ(close(open(edge - 2, O_RDONLY)), 0);
}

static void absurd_sizes_are_refused(void)
{
	static char b[16];

	lseek(scratch, 0, SEEK_SET);
	EXPECT_ERR(syscall(SYS_read, scratch, b, -1L), EFAULT);
	EXPECT_ERR(syscall(SYS_write, ends[1], 8L, 1L << 62), EFAULT);
	EXPECT_ERR(syscall(SYS_getcwd, b, 0L), ERANGE);
	EXPECT_ERR(syscall(SYS_readlink, "/proc/self/exe", b, -1L), EINVAL);
	EXPECT_ERR(syscall(SYS_readlink, "/proc/self/exe", b, 0L), EINVAL);
	EXPECT_ERR(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4L), EINVAL);
	EXPECT_ERR(syscall(SYS_rt_sigprocmask, 0, b, NULL, 128L), EINVAL);
	EXPECT_ERR(syscall(SYS_poll, b, -1L, 0L), EINVAL);
	EXPECT_ERR(syscall(SYS_select, -1L, NULL, NULL, NULL, NULL), EINVAL);
	EXPECT_ERR(syscall(SYS_epoll_wait, epoll, b, 0L, 0L), EINVAL);
	EXPECT_ERR(syscall(SYS_epoll_wait, epoll, b, -1L, 0L), EINVAL);
}

int main(void)
{
	char path[] = "/tmp/badptr-XXXXXX";

	signal(SIGPIPE, SIG_IGN);
	scratch = mkstemp(path);
	unlink(path);
	if (scratch < 0 || pipe2(ends, O_NONBLOCK) < 0)
		return 1;
	if (write(scratch, "0123456789", 10) != 10 || write(ends[1], "0123456789", 10) != 10)
		return 1;
	self = pidfd_open_(getpid(), 0);
	epoll = epoll_create1(0);
	none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	read_only = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	edge += 4096;
	munmap(edge, 4096);
	mmap(edge, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	RUN(low_addresses);
	RUN(kernel_addresses);
	RUN(addresses_outside_the_canonical_range);
	RUN(the_last_addresses);
	RUN(memory_without_access);
	RUN(memory_that_ends);
	RUN(memory_that_is_read_only);
	RUN(null_itself);
	RUN(partial_copies_report_what_was_done);
	RUN(strings_that_run_into_nothing);
	RUN(absurd_sizes_are_refused);
	return tap_done();
}
