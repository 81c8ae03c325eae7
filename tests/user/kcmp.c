/*
 * kcmp: whether two processes share a thing, and an order of things that
 * says nothing of where they are.
 */
#include <linux/kcmp.h>
#include <sys/epoll.h>

#include "pidfds.h"

static long compare(pid_t a, pid_t b, int type, unsigned long x, unsigned long y)
{
	return syscall(SYS_kcmp, a, b, type, x, y);
}

static pid_t clone_with(uint64_t flags)
{
	struct clone_args_v2 args = { .flags = flags, .exit_signal = SIGCHLD };
	long pid;

	fflush(stdout);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(child_pauses(NULL));
	return (pid_t)pid;
}

/* Is the one thing shared, and nothing else? */
static void expect_shared(uint64_t flags, int type)
{
	static const int types[] = { KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND };
	pid_t self = getpid(), pid = clone_with(flags);

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		long got = compare(self, pid, types[i], 0, 0);

		EXPECT_EQ(compare(self, self, types[i], 0, 0), 0);
		if (types[i] == type) {
			EXPECT_EQ(got, 0);
		} else {
			EXPECT(got == 1 || got == 2);
			EXPECT_EQ(compare(pid, self, types[i], 0, 0), 3 - got);
		}
	}
	kill_and_reap(pid);
}

static void each_thing_that_clone_shares(void)
{
	expect_shared(0, -1);
	expect_shared(CLONE_FILES, KCMP_FILES);
	expect_shared(CLONE_FS, KCMP_FS);
}

static void files_are_equal_by_open_file(void)
{
	pid_t self = getpid(), pid;
	int fd = pidfd_open_(self, 0), copy = dup(fd), other = pidfd_open_(self, 0);
	long order;

	pid = clone_with(0);
	EXPECT_EQ(compare(self, self, KCMP_FILE, fd, copy), 0);
	EXPECT_EQ(compare(self, pid, KCMP_FILE, fd, copy), 0);
	order = compare(self, self, KCMP_FILE, fd, other); /* two opens of one process */
	EXPECT(order == 1 || order == 2);
	EXPECT_EQ(compare(self, self, KCMP_FILE, other, fd), 3 - order);
	EXPECT_EQ(compare(self, pid, KCMP_FILE, fd, other), order);
	EXPECT_ERR(compare(self, self, KCMP_FILE, fd, 999), EBADF);
	EXPECT_ERR(compare(self, self, KCMP_FILE, -1, fd), EBADF);
	kill_and_reap(pid);
	close(fd);
	close(copy);
	close(other);
}

static void targets_of_an_epoll_set(void)
{
	int ep = epoll_create1(0), ends[2], copy;
	struct epoll_event event = { .events = EPOLLIN };
	struct kcmp_epoll_slot slot = { .efd = ep };
	pid_t self = getpid();
	long order;

	REQUIRE(pipe(ends) == 0);
	copy = dup(ends[0]);
	slot.tfd = ends[0];
	EXPECT_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event), 0);
	EXPECT_EQ(compare(self, self, KCMP_EPOLL_TFD, ends[0], (uintptr_t)&slot), 0);
	EXPECT_EQ(compare(self, self, KCMP_EPOLL_TFD, copy, (uintptr_t)&slot), 0);
	order = compare(self, self, KCMP_EPOLL_TFD, ends[1], (uintptr_t)&slot);
	EXPECT(order == 1 || order == 2);
	slot.toff = 1;
	EXPECT_ERR(compare(self, self, KCMP_EPOLL_TFD, ends[0], (uintptr_t)&slot), ENOENT);
	/* The number may be given again while the file lives: then two have it. */
	dup2(ends[1], ends[0]);
	EXPECT_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event), 0);
	EXPECT(compare(self, self, KCMP_EPOLL_TFD, copy, (uintptr_t)&slot) >= 0);
	slot.toff = 0;
	EXPECT((compare(self, self, KCMP_EPOLL_TFD, copy, (uintptr_t)&slot) == 0) !=
	       (compare(self, self, KCMP_EPOLL_TFD, ends[1], (uintptr_t)&slot) == 0));
	slot.tfd = ends[1];
	EXPECT_ERR(compare(self, self, KCMP_EPOLL_TFD, copy, (uintptr_t)&slot), ENOENT);
	slot.efd = ends[1];
	EXPECT_ERR(compare(self, self, KCMP_EPOLL_TFD, copy, (uintptr_t)&slot), EINVAL);
	slot.efd = 999;
	EXPECT_ERR(compare(self, self, KCMP_EPOLL_TFD, copy, (uintptr_t)&slot), EBADF);
	slot.efd = ep;
	EXPECT_ERR(compare(self, self, KCMP_EPOLL_TFD, 999, (uintptr_t)&slot), EBADF);
	EXPECT_ERR(compare(self, self, KCMP_EPOLL_TFD, copy, 8), EFAULT);
	close(ep);
	close(copy);
	close(ends[0]);
	close(ends[1]);
}

static void who_and_what_must_be(void)
{
	pid_t self = getpid(), gone = dead_pid();

	EXPECT_ERR(compare(self, gone, KCMP_VM, 0, 0), ESRCH);
	EXPECT_ERR(compare(gone, self, KCMP_VM, 0, 0), ESRCH);
	EXPECT_ERR(compare(SELF_THREAD, self, KCMP_VM, 0, 0), ESRCH);
	EXPECT_ERR(compare(self, 0, KCMP_VM, 0, 0), ESRCH);
	EXPECT_ERR(compare(self, self, KCMP_TYPES, 0, 0), EINVAL);
	EXPECT_ERR(compare(self, self, -1, 0, 0), EINVAL);
	EXPECT_ERR(compare(gone, self, -1, 0, 0), ESRCH);
}

static int compares_with_root(void *arg)
{
	if (setgid(1000) || setuid(1000))
		return 1;
	return compare(getppid(), getpid(), 99, 0, 0) == -1 && errno == EPERM ? 0 : 2;
}

static void permission_is_that_of_looking_into_it(void)
{
	if (geteuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(compares_with_root, NULL)), 0);
}

static void io_contexts_and_semaphores(void)
{
	pid_t self = getpid(), pid = spawn_sleeper();

	EXPECT_EQ(compare(self, self, KCMP_SYSVSEM, 0, 0), 0);
	EXPECT_EQ(compare(self, pid, KCMP_SYSVSEM, 0, 0), 0); /* neither has any */
	EXPECT_EQ(compare(self, self, KCMP_IO, 0, 0), 0);
	EXPECT_EQ(compare(self, pid, KCMP_IO, 0, 0), 0);
	EXPECT_EQ(syscall(SYS_ioprio_set, 1, pid, 2 << 13 | 3), 0);
	EXPECT(compare(self, pid, KCMP_IO, 0, 0) > 0);
	EXPECT_EQ(compare(pid, pid, KCMP_IO, 0, 0), 0);
	kill_and_reap(pid);
}

int main(void)
{
	RUN(each_thing_that_clone_shares);
	RUN(files_are_equal_by_open_file);
	RUN(targets_of_an_epoll_set);
	RUN(who_and_what_must_be);
	RUN(permission_is_that_of_looking_into_it);
	RUN(io_contexts_and_semaphores);
	return tap_done();
}
