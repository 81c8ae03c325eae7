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

static int tries_as_stranger(void *arg)
{
	int thread = pidfd_open_((pid_t)(long)arg, F_THREAD);

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	/* It may be looked at, and nothing else. */
	return thread < 0 || fcntl(thread, F_GETFL) != 0202 ||
	       !(pidfd_signal(thread, 0, NULL, 0) == -1 && errno == EPERM);
}

static void a_leader_can_be_opened_as_a_thread(void)
{
	int plain = pidfd_open_(getpid(), 0), thread = pidfd_open_(getpid(), F_THREAD);

	EXPECT_EQ(inode_of(plain), inode_of(thread));
	EXPECT_EQ(fdinfo_number(thread, "\nPid:\t", 10), getpid());
	if (!getuid())
		EXPECT_EQ(reap(spawn(tries_as_stranger, (void *)(long)getpid())), 0);
	close(plain);
	close(thread);
}

/* Someone who runs in the kernel alone; -1 if none can be seen from here. */
static pid_t kernel_thread(void)
{
	char path[64];

	for (pid_t pid = 2; pid < 100; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		if (file_number(path, "Kthread:") == 1)
			return pid;
	}
	return -1;
}

static void a_kernel_thread_can_be_opened(void)
{
	pid_t pid = kernel_thread();
	siginfo_t info;
	int fd;

	if (pid < 0)
		SKIP("no kernel thread to be seen");
	fd = pidfd_open_(pid, 0);
	EXPECT(fd >= 0);
	EXPECT_EQ(polled(fd, 0), 0);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:\t", 10), pid);
	EXPECT_EQ(pidfd_signal(fd, 0, NULL, 0), 0);
	EXPECT_ERR(pidfd_getfd_(fd, 0, 0), EBADF); /* it has no files */
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED | WNOHANG), ECHILD);
	close(fd);
}

/* Open files of the whole system: who may administrate it is not limited. */
static int opens_without_right(void *arg)
{
	(void)arg;
	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	return !(pidfd_open_(getpid(), 0) == -1 && errno == ENFILE &&
		 pidfd_open_(2147483647, 0) == -1 && errno == ESRCH);
}

static void the_systems_limit_of_files_is_last(void)
{
	char old[32];
	int fd;

	if (!in_guest())
		SKIP("a limit of the whole system");
	slurp("/proc/sys/fs/file-max", old, sizeof(old));
	REQUIRE(store("/proc/sys/fs/file-max", "1") == 0);
	EXPECT_EQ(reap(spawn(opens_without_right, NULL)), 0);
	fd = pidfd_open_(getpid(), 0);
	EXPECT(fd >= 0);
	close(fd);
	EXPECT_EQ(store("/proc/sys/fs/file-max", old), 0);
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
	RUN(a_leader_can_be_opened_as_a_thread);
	RUN(a_kernel_thread_can_be_opened);
	RUN(the_systems_limit_of_files_is_last);
	return tap_done();
}
