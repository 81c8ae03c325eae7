/* Good tests: each tells one of lab 4's wrong kernels, at least. */
#include <sys/file.h>

#include "tests/user/pidfds.h"

static void a_lock_is_seen_through_both_pidfds(void)
{
	int a = pidfd_open_(getpid(), 0), b = pidfd_open_(getpid(), 0);

	REQUIRE(a >= 0 && b >= 0);
	EXPECT_EQ(inode_of(a), inode_of(b));
	EXPECT_EQ(flock(a, LOCK_EX | LOCK_NB), 0);
	EXPECT_ERR(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	close(a);
	close(b);
}

static void closed_and_opened_it_is_still_the_same(void)
{
	pid_t children[40];

	for (int i = 0; i < 40; i++)
		children[i] = spawn_sleeper();
	for (int i = 0; i < 400; i++) {
		int fd = pidfd_open_(children[i % 40], 0);

		EXPECT_EQ(fdinfo_number(fd, "Pid:\t", 10), children[i % 40]);
		close(fd);
	}
	for (int i = 0; i < 40; i++)
		kill_and_reap(children[i]);
}

static void who_comes_later_has_the_larger_number(void)
{
	uint64_t last = 0;

	for (int i = 0; i < 20; i++) {
		pid_t child = spawn_sleeper();
		int fd = pidfd_open_(child, 0);

		EXPECT(inode_of(fd) > last);
		last = inode_of(fd);
		close(fd);
		kill_and_reap(child);
	}
}

int main(void)
{
	RUN(a_lock_is_seen_through_both_pidfds);
	RUN(closed_and_opened_it_is_still_the_same);
	RUN(who_comes_later_has_the_larger_number);
	return tap_done();
}
