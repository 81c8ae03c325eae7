/*
 * badptr: what a call does that fails half-way, and sizes that no memory has. What single
 * bad pointers lead to is in bad_arguments.
 */
#include <sys/epoll.h>
#include <sys/mman.h>

#include "tap.h"

static int scratch, ends[2], epoll;
static char *edge;

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
	epoll = epoll_create1(0);
	edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	edge += 4096;
	munmap(edge, 4096);
	mmap(edge, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	RUN(partial_copies_report_what_was_done);
	RUN(strings_that_run_into_nothing);
	RUN(absurd_sizes_are_refused);
	return tap_done();
}
