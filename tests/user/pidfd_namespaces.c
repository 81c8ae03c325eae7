/*
 * pidfd_namespaces: PIDFD_GET_*_NAMESPACE and setns of a pidfd: which of two errors comes first, and
 * who may. What they do is in nsfs and setns.
 */
#include <sys/resource.h>

#include "namespaces.h"

static int becomes_stranger(void)
{
	return setgid(1000) || setuid(1000);
}

#define NEEDS_IOCTLS()                                                                             \
	do {                                                                                       \
		if (!has_pidfs())                                                                  \
			SKIP("no pidfs");                                                          \
		if (getuid())                                                                      \
			SKIP("not root");                                                          \
	} while (0)

static void a_namespace_is_a_file_to_read_only(void)
{
	char path[64], name[64] = "", want[64];
	int fd = pidfd_open_(getpid(), 0), ns;

	NEEDS_IOCTLS();
	ns = ioctl(fd, PIDFD_UTS_NS, 0);
	EXPECT(ns >= 0);
	EXPECT_EQ(fcntl(ns, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(ns, F_GETFL) & ~0100000, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ns);
	snprintf(want, sizeof(want), "uts:[%lu]", (unsigned long)ns_ino(0, "uts"));
	EXPECT(readlink(path, name, sizeof(name) - 1) > 0);
	EXPECT(!strcmp(name, want));
	close(ns);
	close(fd);
}

/* Older kernels look for what is left first. */
static int is_refused(int fd, unsigned long command)
{
	return ioctl(fd, command, 0) == -1 &&
	       (errno == EACCES || (errno == ESRCH && polled(fd, 0) && !kernel_at_least(7, 0)));
}

static int asks_as_stranger(void *arg)
{
	int fd = *(int *)arg;

	CHILD_EXPECT(!becomes_stranger());
	CHILD_EXPECT(ioctl(fd, PIDFD_NS(12), 0) == -1 && errno == ENOTTY);
	CHILD_EXPECT(ioctl(fd, PIDFD_UTS_NS, 1) == -1 && errno == EINVAL);
	CHILD_EXPECT(is_refused(fd, PIDFD_UTS_NS));
	CHILD_EXPECT(is_refused(fd, PIDFD_USER_NS));
	return 0;
}

/* The command, existence, the argument, the right, what is left of it, the caller's limit. */
static void errors_of_the_ioctls_come_in_order(void)
{
	struct rlimit old, limit;
	pid_t child;
	int fd;

	NEEDS_IOCTLS();
	child = spawn_sleeper();
	fd = pidfd_open_(child, 0);
	EXPECT_EQ(run_in(0, asks_as_stranger, &fd), 0);
	getrlimit(RLIMIT_NOFILE, &old);
	limit = (struct rlimit){ fd + 1, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &limit);
	EXPECT_ERR(ioctl(fd, PIDFD_UTS_NS, 0), EMFILE);
	EXPECT_ERR(ioctl(fd, PIDFD_UTS_NS, 1), EINVAL);
	kill(child, SIGKILL);
	wait_zombie(child);
	EXPECT_ERR(ioctl(fd, PIDFD_UTS_NS, 0), ESRCH);
	setrlimit(RLIMIT_NOFILE, &old);
	EXPECT_EQ(run_in(0, asks_as_stranger, &fd), 0); /* a zombie as well */
	EXPECT_ERR(ioctl(fd, PIDFD_PID_NS, 0), ESRCH);
	reap(child);
	EXPECT_ERR(ioctl(fd, PIDFD_UTS_NS, 1), ESRCH);
	EXPECT_ERR(ioctl(fd, PIDFD_NS(12), 1), ENOTTY);
	close(fd);
}

static void what_is_no_pidfd_has_no_namespaces(void)
{
	char path[64];
	int fd = pidfd_open_(getpid(), 0), dir = open("/proc/self", O_RDONLY | O_DIRECTORY),
	    by_path;

	NEEDS_IOCTLS();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	by_path = open(path, O_PATH);
	EXPECT_ERR(ioctl(by_path, PIDFD_UTS_NS, 0), EBADF);
	EXPECT_ERR(ioctl(SELF_PROCESS, PIDFD_UTS_NS, 0), EBADF);
	EXPECT_ERR(ioctl(dir, PIDFD_UTS_NS, 0), ENOTTY);
	close(by_path);
	close(dir);
	close(fd);
}

static int fetches_from_within(void *arg)
{
	int fd = *(int *)arg, ns, file;

	CHILD_EXPECT(getpid() == 1);
	ns = ioctl(fd, PIDFD_UTS_NS, 0);
	CHILD_EXPECT(ns >= 0 && ino_of(ns) == ns_ino(0, "uts"));
	file = pidfd_getfd_(fd, 1, 0);
	CHILD_EXPECT(file >= 0);
	CHILD_EXPECT(polled(fd, 0) == 0);
	CHILD_EXPECT(pidfd_signal(fd, 0, NULL, 0) == -1 && errno == EINVAL);
	/* Which namespace it is comes before what is sent, and to whom. */
	CHILD_EXPECT(pidfd_signal(fd, 65, (void *)8, 0) == -1 && errno == EINVAL);
	return 0;
}

/* Rights decide, not which pid namespace it is in; only what takes numbers does not reach it. */
static void an_outer_process_is_in_reach_of_what_takes_no_number(void)
{
	pid_t child;
	int fd;

	NEEDS_IOCTLS();
	NEEDS_NAMESPACES(CLONE_NEWPID);
	child = spawn_sleeper();
	fd = pidfd_open_(child, 0);
	EXPECT_EQ(run_in(CLONE_NEWPID, fetches_from_within, &fd), 0);
	kill_and_reap(child);
	close(fd);
}

static int joins_as_stranger(void *arg)
{
	int fd = *(int *)arg;

	CHILD_EXPECT(!becomes_stranger());
	CHILD_EXPECT(setns_(fd, 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(setns_(fd, CLONE_NEWUTS | 1) == -1 && errno == EINVAL);
	CHILD_EXPECT(setns_(fd, CLONE_NEWUTS) == -1 && errno == EPERM);
	return 0;
}

static void errors_of_setns_come_in_order(void)
{
	int event = (int)syscall(SYS_eventfd2, 0, 0), fd;
	pid_t child;

	NEEDS_IOCTLS();
	EXPECT_ERR(setns_(9999, 1), EBADF);
	EXPECT_ERR(setns_(event, CLONE_NEWUTS), EINVAL);
	child = spawn_sleeper();
	fd = pidfd_open_(child, 0);
	EXPECT_EQ(run_in(0, joins_as_stranger, &fd), 0);
	kill(child, SIGKILL);
	wait_zombie(child);
	EXPECT_EQ(run_in(0, joins_as_stranger, &fd), 0); /* the right comes before the zombie */
	EXPECT_ERR(setns_(fd, CLONE_NEWUTS), ESRCH);
	EXPECT_ERR(setns_(fd, CLONE_NEWUTS | 1), EINVAL);
	reap(child);
	EXPECT_ERR(setns_(fd, CLONE_NEWUTS), ESRCH);
	EXPECT_ERR(setns_(fd, 1), EINVAL);
	close(event);
	close(fd);
}

static int tells_who_signalled(void *arg)
{
	int *ends = arg;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHILD_EXPECT(write(ends[1], "x", 1) == 1);
	CHILD_EXPECT(sigwaitinfo(&set, &info) == SIGUSR1);
	return info.si_pid == 0 && info.si_code == 0 ? 0 : 1;
}

static void a_sender_from_outside_has_no_number_inside(void)
{
	int ends[2], fd;
	pid_t child;
	char c;

	NEEDS_NAMESPACES(CLONE_NEWPID);
	REQUIRE(pipe(ends) == 0);
	child = spawn_in(CLONE_NEWPID, tells_who_signalled, ends);
	EXPECT_EQ(read(ends[0], &c, 1), 1);
	fd = pidfd_open_(child, 0);
	EXPECT_EQ(pidfd_signal(fd, SIGUSR1, NULL, 0), 0);
	EXPECT_EQ(reap(child), 0);
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	RUN(a_namespace_is_a_file_to_read_only);
	RUN(errors_of_the_ioctls_come_in_order);
	RUN(what_is_no_pidfd_has_no_namespaces);
	RUN(an_outer_process_is_in_reach_of_what_takes_no_number);
	RUN(errors_of_setns_come_in_order);
	RUN(a_sender_from_outside_has_no_number_inside);
	return tap_done();
}
