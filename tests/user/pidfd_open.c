/*
 * pidfd_open: flags, descriptors and each error in its order.
 */
#include <sys/resource.h>

#include "pidfds.h"

static void gives_the_lowest_descriptor_close_on_exec(void)
{
	int low = dup(0), fd;

	close(low);
	fd = pidfd_open_(getpid(), 0);
	EXPECT_EQ(fd, low);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void flags_show_in_getfl(void)
{
	static const struct {
		unsigned int flags;
		int getfl;
	} table[] = {
		{ 0, 02 },
		{ F_THREAD, 0202 },
		{ F_NONBLOCK, 04002 },
		{ F_THREAD | F_NONBLOCK, 04202 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		int fd = pidfd_open_(getpid(), table[i].flags);

		EXPECT_EQ(fcntl(fd, F_GETFL), table[i].getfl);
		EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
}

static void unknown_flags_are_refused(void)
{
	for (int bit = 0; bit < 32; bit++) {
		unsigned int flag = 1u << bit;

		if (flag == F_THREAD || flag == F_NONBLOCK)
			continue;
		EXPECT_ERR(pidfd_open_(getpid(), flag), EINVAL);
	}
	EXPECT_ERR(pidfd_open_(getpid(), 02000000), EINVAL); /* O_CLOEXEC */
	EXPECT_ERR(pidfd_open_(-1, ~0u), EINVAL);
}

static void numbers_that_name_no_process_are_refused(void)
{
	EXPECT_ERR(pidfd_open_(0, 0), EINVAL);
	EXPECT_ERR(pidfd_open_(-1, 0), EINVAL);
	EXPECT_ERR(pidfd_open_(SELF_THREAD, 0), EINVAL);
	EXPECT_ERR(pidfd_open_(SELF_PROCESS, 0), EINVAL);
	EXPECT_ERR(pidfd_open_(-2147483647 - 1, 0), EINVAL);
	EXPECT_ERR(pidfd_open_(2147483647, 0), ESRCH);
	EXPECT_ERR(pidfd_open_(dead_pid(), 0), ESRCH);
}

static int child_makes_group(void *arg)
{
	(void)arg;
	setpgid(0, 0);
	return 0;
}

/* The number lives on as a process group's, but no process has it. */
static void a_number_that_is_only_a_group_is_no_process(void)
{
	pid_t leader = spawn(child_makes_group, NULL), member;

	wait_zombie(leader);
	member = fork();
	if (member == 0) {
		/* The group's leader is a zombie: its group still exists. */
		_exit(setpgid(0, leader) < 0 ? 1 : child_pauses(NULL));
	}
	EXPECT(eventually(getpgid(member) == leader));
	reap(leader);
	EXPECT_ERR(pidfd_open_(leader, 0), ESRCH);
	EXPECT_EQ(kill(-leader, 0), 0);
	kill_and_reap(member);
}

static void zombies_can_be_opened(void)
{
	pid_t child = spawn(child_exits, (void *)3L);
	int fd;

	wait_zombie(child);
	fd = pidfd_open_(child, 0);
	EXPECT(fd >= 0);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM);
	reap(child);
	EXPECT_ERR(pidfd_open_(child, 0), ESRCH);
	close(fd);
}

static void init_can_be_opened(void)
{
	int fd = pidfd_open_(1, 0);

	EXPECT(fd >= 0);
	EXPECT_EQ(polled(fd, 0), 0);
	close(fd);
}

static void descriptor_limit_comes_after_existence(void)
{
	struct rlimit old, limit;
	int next = dup(0);

	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	limit.rlim_cur = next;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	EXPECT_ERR(pidfd_open_(getpid(), 0), EMFILE);
	EXPECT_ERR(pidfd_open_(dead_pid(), 0), ESRCH);
	EXPECT_ERR(pidfd_open_(-1, 0), EINVAL);
	setrlimit(RLIMIT_NOFILE, &old);
}

static int child_of_another_user(void *arg)
{
	int fd;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	fd = pidfd_open_((pid_t)(long)arg, 0);
	return fd < 0 || polled(fd, 0) != 0;
}

static void needs_no_permission(void)
{
	if (getuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(child_of_another_user, (void *)(long)getpid())), 0);
}

static void many_descriptors_of_one_process(void)
{
	int fds[100];

	for (int i = 0; i < 100; i++)
		fds[i] = pidfd_open_(getpid(), 0);
	EXPECT(fds[99] > fds[0]);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(close(fds[i]), 0);
}

int main(void)
{
	RUN(gives_the_lowest_descriptor_close_on_exec);
	RUN(flags_show_in_getfl);
	RUN(unknown_flags_are_refused);
	RUN(numbers_that_name_no_process_are_refused);
	RUN(a_number_that_is_only_a_group_is_no_process);
	RUN(zombies_can_be_opened);
	RUN(init_can_be_opened);
	RUN(descriptor_limit_comes_after_existence);
	RUN(needs_no_permission);
	RUN(many_descriptors_of_one_process);
	return tap_done();
}
