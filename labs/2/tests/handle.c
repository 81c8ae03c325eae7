/*
 * handle: what a descriptor for a process is good for that its number is not.
 */
#include "tests/user/pidfds.h"

static void the_innocent_lives(void)
{
	char old[32];
	pid_t job, other = -1;
	int fd;

	if (!in_guest())
		SKIP("guest only");
	slurp("/proc/sys/kernel/pid_max", old, sizeof(old));
	EXPECT_EQ(store("/proc/sys/kernel/pid_max", "400"), 0);
	do /* numbers below 300 are given out in the first round only */
		job = spawn(child_exits, NULL);
	while (job < 300 && reap(job) >= 0);
	fd = pidfd_open_(job, 0);
	reap(job);
	for (int i = 0; i < 2000 && other != job; i++) {
		if (other > 0)
			kill_and_reap(other);
		other = spawn_sleeper();
	}
	EXPECT_EQ(other, job);
	EXPECT_ERR(pidfd_signal(fd, SIGKILL, NULL, 0), ESRCH);
	sleep_ms(20);
	EXPECT_EQ(waitpid(other, NULL, WNOHANG), 0);
	kill_and_reap(other);
	store("/proc/sys/kernel/pid_max", old);
	close(fd);
}

static int child_sets_nonblock(void *arg)
{
	return fcntl((int)(long)arg, F_SETFL, F_NONBLOCK);
}

static void copies_are_the_same_file(void)
{
	int fd = pidfd_open_(getpid(), 0), copy = dup(fd);

	REQUIRE(fd >= 0 && copy >= 0);
	EXPECT_EQ(reap(spawn(child_sets_nonblock, (void *)(long)copy)), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL) & F_NONBLOCK, F_NONBLOCK);
	close(fd);
	EXPECT_EQ(pidfd_signal(copy, 0, NULL, 0), 0);
	close(copy);
}

static void nothing_is_left(void)
{
	long before;

	if (!in_guest())
		SKIP("guest only");
	before = slab_settled("pid");
	for (int i = 0; i < 50; i++) {
		pid_t child = spawn_sleeper();
		int a = pidfd_open_(child, 0), b = dup(a);

		REQUIRE(a >= 0);
		close(i & 1 ? a : b);
		kill_and_reap(child);
		close(i & 1 ? b : a);
	}
	EXPECT(eventually(slab_in_use("pid") <= before));
}

int main(void)
{
	RUN(the_innocent_lives);
	RUN(copies_are_the_same_file);
	RUN(nothing_is_left);
	return tap_done();
}
