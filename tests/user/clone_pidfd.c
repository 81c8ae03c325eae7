/*
 * clone_pidfd: CLONE_PIDFD of clone and clone3, when the descriptor appears,
 * and the errors of both calls in their order.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "pidfds.h"

#define NO_NNP   (1ULL << 35)
#define AUTOREAP (1ULL << 34)

static long clone_(unsigned long flags, void *parent_tid)
{
	return syscall(SYS_clone, flags, NULL, parent_tid, NULL, NULL);
}

static void clone_writes_the_pidfd_through_parent_tid(void)
{
	int fd = -1;
	long pid = clone_(CLONE_PIDFD | SIGCHLD, &fd);

	if (pid == 0)
		_exit(child_pauses(NULL));
	REQUIRE(pid > 0);
	EXPECT(fd >= 0);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFL), O_RDWR);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:", 10), pid);
	EXPECT_EQ(polled(fd, 0), 0);
	kill_and_reap(pid);
	close(fd);
}

static void clone_refuses_pidfd_with_other_users_of_parent_tid(void)
{
	int fd = -1;

	EXPECT_ERR(clone_(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, &fd), EINVAL);
	EXPECT_ERR(clone_(CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, &fd), EINVAL);
	EXPECT_EQ(fd, -1);
}

static void clone3_gives_a_pidfd_of_the_child(void)
{
	int fd = -1;
	pid_t pid = clone_sleeper(&fd, 0);

	REQUIRE(pid > 0);
	EXPECT(fd >= 0);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFL), O_RDWR);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:", 10), pid);
	kill_and_reap(pid);
	close(fd);
}

static void child_has_no_descriptor_and_sees_the_old_value(void)
{
	volatile int fd = -77;
	int lowest = dup(0), status;
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&fd,
		.exit_signal = SIGCHLD,
	};
	long pid;

	close(lowest);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit((fd != -77) | (fcntl(lowest, F_GETFD) >= 0) << 1);
	REQUIRE(pid > 0);
	status = reap(pid);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(fd, lowest);
	close(fd);
}

static void vfork_child_with_a_pidfd(void)
{
	int fd = -1;
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD | CLONE_VFORK,
		.pidfd = (uintptr_t)&fd,
		.exit_signal = SIGCHLD,
	};
	siginfo_t info;
	long pid = clone3_(&args, 64);

	if (pid == 0)
		_exit(9);
	REQUIRE(pid > 0 && fd >= 0);
	/* The parent sleeps until the child is gone: no wait is needed. */
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, pid);
	EXPECT_EQ(info.si_status, 9);
	close(fd);
}

static void clone3_sizes(void)
{
	static char big[8192] __attribute__((aligned(8)));
	struct clone_args_v2 *args = (void *)big;

	args->exit_signal = 65; /* invalid: nothing is ever forked here */
	EXPECT_ERR(clone3_(args, 4097), E2BIG);
	EXPECT_ERR(clone3_(args, 63), EINVAL);
	EXPECT_ERR(clone3_(args, 0), EINVAL);
	EXPECT_ERR(clone3_(NULL, 64), EFAULT);
	EXPECT_ERR(clone3_(args, 64), EINVAL);
	EXPECT_ERR(clone3_(args, 4096), EINVAL);
	big[4095] = 1;
	EXPECT_ERR(clone3_(args, 4096), E2BIG);
}

static void clone3_refuses_bad_combinations(void)
{
	static const struct {
		uint64_t flags, exit_signal;
	} table[] = {
		{ 1ULL << 50, SIGCHLD },
		{ CLONE_DETACHED, SIGCHLD },
		{ SIGCHLD, 0 }, /* signal in flags */
		{ 0, 65 },
		{ 0, 0x100 | SIGCHLD },
		{ CLONE_SIGHAND | (1ULL << 32) | CLONE_VM, SIGCHLD },
		{ CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, SIGCHLD },
		{ CLONE_THREAD | CLONE_VM, 0 },
		{ CLONE_SIGHAND, SIGCHLD },
		{ CLONE_PARENT, SIGCHLD },
		{ CLONE_NEWNS | CLONE_FS, SIGCHLD },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct clone_args_v2 args = {
			.flags = table[i].flags,
			.exit_signal = table[i].exit_signal,
		};
		long pid = clone3_(&args, sizeof(args));

		if (pid == 0)
			_exit(0);
		EXPECT_EQ(pid, -1);
		EXPECT_EQ(errno, EINVAL);
		if (pid > 0)
			reap(pid);
	}
}

static void clone3_refuses_bad_pointers_in_its_arguments(void)
{
	int fd = -1;
	struct clone_args_v2 stack = { .exit_signal = SIGCHLD, .stack = 0x1000 };
	struct clone_args_v2 size = { .exit_signal = SIGCHLD, .stack_size = 0x1000 };
	struct clone_args_v2 both = {
		.flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
		.pidfd = (uintptr_t)&fd,
		.parent_tid = (uintptr_t)&fd,
		.exit_signal = SIGCHLD,
	};

	EXPECT_ERR(clone3_(&stack, sizeof(stack)), EINVAL);
	EXPECT_ERR(clone3_(&size, sizeof(size)), EINVAL);
	EXPECT_ERR(clone3_(&both, sizeof(both)), EINVAL);
	EXPECT_EQ(fd, -1);
}

static void a_fault_on_the_number_leaves_nothing_behind(void)
{
	int lowest = dup(0);
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD,
		.pidfd = 8,
		.exit_signal = SIGCHLD,
	};
	long pid;

	close(lowest);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(0);
	EXPECT_EQ(pid, -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(dup(0), lowest);
	close(lowest);
	EXPECT_ERR(waitpid(-1, NULL, WNOHANG), ECHILD);
}

static void descriptor_limit_refuses_the_clone(void)
{
	struct rlimit old, limit;
	int lowest = dup(0), fd = -1;
	pid_t pid;

	close(lowest);
	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	limit.rlim_cur = lowest;
	setrlimit(RLIMIT_NOFILE, &limit);
	pid = clone_sleeper(&fd, 0);
	EXPECT_EQ(pid, -1);
	EXPECT_EQ(errno, EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	EXPECT_ERR(waitpid(-1, NULL, WNOHANG), ECHILD);
}

static void settid_and_cleartid(void)
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct clone_args_v2 args = {
		.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
		.parent_tid = (uintptr_t)&shared[0],
		.child_tid = (uintptr_t)&shared[1],
		.exit_signal = SIGCHLD,
	};
	long pid;

	REQUIRE(shared != MAP_FAILED);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(shared[1] != getpid());
	REQUIRE(pid > 0);
	EXPECT_EQ(shared[0], pid);
	EXPECT_EQ(reap(pid), 0);
	EXPECT_EQ(shared[1], pid);
	munmap(shared, 4096);
}

static void exit_signal_zero_needs_wall_to_wait(void)
{
	struct clone_args_v2 args = { .exit_signal = 0 };
	long pid = clone3_(&args, sizeof(args));
	int status = -1;

	if (pid == 0)
		_exit(5);
	REQUIRE(pid > 0);
	EXPECT_ERR(waitpid(pid, &status, 0), ECHILD);
	EXPECT_EQ(waitpid(pid, &status, 0x40000000 /* __WALL */), pid);
	EXPECT_EQ(WEXITSTATUS(status), 5);
}

static void kill_on_close_combinations(void)
{
	static const uint64_t table[] = {
		1ULL << 36, /* without CLONE_PIDFD */
		1ULL << 36 | CLONE_PIDFD, /* without autoreap */
		NO_NNP | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
		AUTOREAP | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
	};
	int fd = -1;

	if (!kernel_at_least(7, 1))
		SKIP("older than 7.1");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct clone_args_v2 args = {
			.flags = table[i],
			.pidfd = (uintptr_t)&fd,
		};
		long pid = clone3_(&args, sizeof(args));

		if (pid == 0)
			_exit(0);
		EXPECT_EQ(pid, -1);
		EXPECT_EQ(errno, EINVAL);
		if (pid > 0)
			reap(pid);
	}
}

int main(void)
{
	RUN(clone_writes_the_pidfd_through_parent_tid);
	RUN(clone_refuses_pidfd_with_other_users_of_parent_tid);
	RUN(clone3_gives_a_pidfd_of_the_child);
	RUN(child_has_no_descriptor_and_sees_the_old_value);
	RUN(vfork_child_with_a_pidfd);
	RUN(clone3_sizes);
	RUN(clone3_refuses_bad_combinations);
	RUN(clone3_refuses_bad_pointers_in_its_arguments);
	RUN(a_fault_on_the_number_leaves_nothing_behind);
	RUN(descriptor_limit_refuses_the_clone);
	RUN(settid_and_cleartid);
	RUN(exit_signal_zero_needs_wall_to_wait);
	RUN(kill_on_close_combinations);
	return tap_done();
}
