/*
 * lifetimes: whatever the order in which a process and its pidfds come to their end, nothing is
 * left, and nothing goes too early. Guest only: another kernel's counts lag behind.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/user/pidfds.h"

static const char *const caches[] = { "file ", "pseudo_dentry ", "inode ", "pid " };

struct counts {
	long n[4];
};

/* When what was let go before is gone. Looks twice: the first look may fill caches of /proc. */
static struct counts count(void)
{
	struct counts c;

	sleep_ms(20);
	for (int twice = 0; twice < 2; twice++)
		for (int i = 0; i < 4; i++)
			c.n[i] = file_number("/proc/slabinfo", caches[i]);
	return c;
}

static int same(struct counts a, struct counts b)
{
	return !memcmp(&a, &b, sizeof(a));
}

/* The dead are freed a moment after they were reaped. */
static void expect_nothing_left(struct counts before)
{
	for (int i = 0; i < 10; i++)
		if (same(before, count()))
			return;
	for (int i = 0; i < 4; i++)
		if (count().n[i] != before.n[i])
			tap_note("%ld more in slab cache '%s'", count().n[i] - before.n[i],
				 caches[i]);
	tap_is_bad = 1;
}

#define NEEDS_GUEST()                                                                              \
	do {                                                                                       \
		if (!in_guest())                                                                   \
			SKIP("guest only");                                                        \
	} while (0)

/* 0, 1: close that pidfd; 2: the process ends; 3: it is waited for, as soon as it has ended. */
static void live_in_order(const int order[4])
{
	struct counts before = count();
	pid_t child = spawn_sleeper();
	int fd[2] = { pidfd_open_(child, 0), pidfd_open_(child, 0) };
	int is_open[2] = { 1, 1 }, has_ended = 0, waits = 0;
	uint64_t ino = inode_of(fd[0]);

	for (int i = 0; i < 4; i++) {
		if (order[i] < 2) {
			close(fd[order[i]]);
			is_open[order[i]] = 0;
		} else if (order[i] == 2) {
			kill(child, SIGKILL);
			wait_zombie(child);
			has_ended = 1;
		} else {
			waits = 1;
		}
		if (waits == 1 && has_ended) {
			reap(child);
			waits = 2;
		}
		for (int j = 0; j < 2; j++)
			if (is_open[j])
				EXPECT_EQ(inode_of(fd[j]), ino);
	}
	expect_nothing_left(before);
}

/* All orders of the four whose last step is this one. */
static void all_orders_with_last(int last)
{
	for (int a = 0; a < 4; a++)
		for (int b = 0; b < 4; b++) {
			int c = 6 - last - a - b;

			if (!tap_is_bad && a != b && a != last && b != last && c != a && c != b &&
			    c >= 0 && c < 4 && c != last)
				live_in_order((const int[]){ a, b, c, last });
		}
}

static void the_first_pidfd_goes_last(void)
{
	NEEDS_GUEST();
	all_orders_with_last(0);
}

static void the_second_pidfd_goes_last(void)
{
	NEEDS_GUEST();
	all_orders_with_last(1);
}

static void the_process_ends_last(void)
{
	NEEDS_GUEST();
	all_orders_with_last(2);
}

static void the_wait_comes_last(void)
{
	NEEDS_GUEST();
	all_orders_with_last(3);
}

static void a_zombie_can_be_opened_and_a_reaped_one_not(void)
{
	struct counts before = count();
	pid_t child = spawn(child_exits, NULL);
	int early, late;
	uint64_t ino;

	wait_zombie(child);
	early = pidfd_open_(child, 0);
	EXPECT(early >= 0);
	ino = inode_of(early);
	reap(child);
	late = pidfd_open_(child, 0);
	EXPECT(late < 0 && errno == ESRCH);
	EXPECT_EQ(inode_of(early), ino);
	EXPECT_ERR(pidfd_signal(early, 0, NULL, 0), ESRCH);
	close(early);
	if (in_guest())
		expect_nothing_left(before);
}

/* dup, fork and a socket each hold the one file; the last of them counts. */
static void copies_share_the_file(void)
{
	struct counts before, during;
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd, copy, pair[2];
	pid_t forked;

	NEEDS_GUEST();
	before = count();
	fd = pidfd_open_(1, 0);
	copy = dup(fd);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	during = count();
	EXPECT_EQ(during.n[0] - before.n[0], 3);
	*CMSG_FIRSTHDR(&msg) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof(fd));
	EXPECT_EQ(sendmsg(pair[0], &msg, 0), 1);
	close(fd);
	forked = spawn_sleeper();
	close(copy);
	EXPECT_EQ(count().n[0] - before.n[0], 3);
	kill_and_reap(forked);
	close(pair[0]);
	close(pair[1]);
	expect_nothing_left(before);
}

static void exec_closes_it_for_good(void)
{
	char *argv[] = { "/bin/sh", "-c", "exec sleep 1000", NULL };
	struct counts before;
	pid_t child;
	int in[2];

	NEEDS_GUEST();
	before = count();
	REQUIRE(pipe2(in, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 10; i++)
			pidfd_open_(getppid(), 0);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[1]);
	EXPECT_EQ(read(in[0], &(char){ 0 }, 1), 0); /* exec closed the other end */
	close(in[0]);
	kill_and_reap(child);
	expect_nothing_left(before);
}

/* The descriptors run out: ESRCH, EMFILE, and all is as before. */
static void a_refused_open_leaves_nothing(void)
{
	struct rlimit old, none = { 0 };
	struct counts before;
	pid_t gone, child;
	int lowest;

	NEEDS_GUEST();
	gone = dead_pid();
	before = count();
	child = spawn_sleeper();
	lowest = dup(0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &old);
	none = (struct rlimit){ .rlim_cur = lowest, .rlim_max = old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	for (int i = 0; i < 50; i++) {
		EXPECT_ERR(pidfd_open_(child, 0), EMFILE);
		EXPECT_ERR(pidfd_open_(gone, 0), ESRCH);
	}
	setrlimit(RLIMIT_NOFILE, &old);
	kill_and_reap(child);
	expect_nothing_left(before);
}

/* As nobody, with the system's table of files full: what was reserved must be given back. */
static int open_without_files(void *arg)
{
	int fd, lowest = dup(0);

	close(lowest);
	if (setuid(65534) < 0)
		return 2;
	for (int i = 0; i < 20; i++) {
		fd = pidfd_open_((pid_t)(long)arg, 0);
		if (fd >= 0 || errno != ENFILE)
			return 3;
	}
	fd = dup(0);
	return fd == lowest ? 0 : 4;
}

static void a_full_table_of_files_leaves_nothing(void)
{
	struct counts before;
	char max[32];
	pid_t child;
	int status;

	NEEDS_GUEST();
	snprintf(max, sizeof(max), "%ld", file_number("/proc/sys/fs/file-max", ""));
	before = count();
	child = spawn_sleeper();
	EXPECT_EQ(store("/proc/sys/fs/file-max", "1"), 0);
	status = reap(spawn(open_without_files, (void *)(long)child));
	store("/proc/sys/fs/file-max", max);
	if (WEXITSTATUS(status) == 3)
		tap_note("pidfd_open should have failed with ENFILE");
	if (WEXITSTATUS(status) == 4)
		tap_note("after a refused pidfd_open a descriptor stays taken");
	EXPECT_EQ(status, 0);
	kill_and_reap(child);
	expect_nothing_left(before);
}

static void thousands_come_and_go(void)
{
	struct counts before;

	NEEDS_GUEST();
	before = count();
	for (int i = 0; i < 3000; i++) {
		pid_t child = i % 10 ? 1 : spawn_sleeper();
		int a = pidfd_open_(child, 0), b = pidfd_open_(child, 0);

		close(i & 1 ? a : b);
		if (child > 1)
			kill_and_reap(child);
		close(i & 1 ? b : a);
	}
	expect_nothing_left(before);
}

int main(void)
{
	RUN(the_first_pidfd_goes_last);
	RUN(the_second_pidfd_goes_last);
	RUN(the_process_ends_last);
	RUN(the_wait_comes_last);
	RUN(a_zombie_can_be_opened_and_a_reaped_one_not);
	RUN(copies_share_the_file);
	RUN(exec_closes_it_for_good);
	RUN(a_refused_open_leaves_nothing);
	RUN(a_full_table_of_files_leaves_nothing);
	RUN(thousands_come_and_go);
	return tap_done();
}
