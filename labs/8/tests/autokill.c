/*
 * autokill: children that nobody waits for, and processes that end with a descriptor. The first
 * names are those of Linux's own tests. Needs Linux 7.1 on a host.
 */
#include <sys/prctl.h>

#include "tests/user/pidfds.h"

#define AUTOREAP (1ULL << 34)
#define NO_NNP   (1ULL << 35)
#define AUTOKILL (1ULL << 36)

static pid_t sleeper(uint64_t flags, int *fd, uint64_t exit_signal)
{
	struct clone_args_v2 args = { .flags = flags,
				      .pidfd = (uintptr_t)fd,
				      .exit_signal = exit_signal };
	long pid = clone3_(&args, sizeof(args));

	if (pid == 0)
		_exit(child_pauses(NULL));
	return (pid_t)pid;
}

static int is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void expect_gone(pid_t pid)
{
	if (!eventually(is_gone(pid))) {
		tap_note("process %d lives on", pid);
		tap_is_bad = 1;
		kill(pid, SIGKILL);
	}
}

static int exit_code_of(int fd)
{
	struct info info = { .mask = INFO_EXIT };

	if (ioctl(fd, GET_INFO, &info) < 0)
		return -errno;
	return info.mask & INFO_EXIT ? info.exit_code : -1000;
}

#define NEEDS_7_1()                                                                                \
	do {                                                                                       \
		if (!kernel_at_least(7, 1))                                                        \
			SKIP("older than 7.1");                                                    \
	} while (0)

static void autoreap_basic(void)
{
	struct clone_args_v2 args = { .flags = CLONE_PIDFD | AUTOREAP };
	int fd = -1, status;
	long pid;

	NEEDS_7_1();
	args.pidfd = (uintptr_t)&fd;
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(42);
	REQUIRE(pid > 0);
	EXPECT_EQ(polled(fd, 10000) & POLLIN, POLLIN);
	EXPECT(eventually(polled(fd, 0) & POLLHUP));
	EXPECT_ERR(waitpid((pid_t)pid, &status, 0x40000000 /* __WALL */), ECHILD);
	EXPECT_EQ(exit_code_of(fd), 42 << 8);
	close(fd);
}

static void autoreap_rejects_exit_signal(void)
{
	int fd = -1;

	NEEDS_7_1();
	EXPECT_ERR(sleeper(CLONE_PIDFD | AUTOREAP, &fd, SIGCHLD), EINVAL);
	EXPECT_ERR(sleeper(CLONE_PIDFD | AUTOREAP | CLONE_PARENT, &fd, 0), EINVAL);
}

static void autoreap_rejects_thread(void)
{
	int fd = -1;
	uint64_t thread = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;

	NEEDS_7_1();
	EXPECT_ERR(sleeper(CLONE_PIDFD | AUTOREAP | thread, &fd, 0), EINVAL);
	EXPECT_ERR(sleeper(CLONE_PIDFD | AUTOREAP | AUTOKILL | thread, &fd, 0), EINVAL);
}

static volatile int nr_sigchld;

static void on_sigchld(int sig)
{
	nr_sigchld++;
}

static void autoreap_sends_no_signal(void)
{
	int fd = -1;
	pid_t pid;

	NEEDS_7_1();
	nr_sigchld = 0;
	signal(SIGCHLD, on_sigchld);
	pid = sleeper(CLONE_PIDFD | AUTOREAP, &fd, 0);
	REQUIRE(pid > 0);
	kill(pid, SIGKILL);
	expect_gone(pid);
	EXPECT_EQ(nr_sigchld, 0);
	reap(spawn(child_exits, NULL));
	EXPECT_EQ(nr_sigchld, 1);
	signal(SIGCHLD, SIG_DFL);
	close(fd);
}

/* A child of the child is an ordinary one: its parent waits for it. */
static void autoreap_no_inherit(void)
{
	struct clone_args_v2 args = { .flags = CLONE_PIDFD | AUTOREAP };
	int fd = -1;
	long pid;

	NEEDS_7_1();
	args.pidfd = (uintptr_t)&fd;
	pid = clone3_(&args, sizeof(args));
	if (pid == 0) {
		int status = reap(spawn(child_exits, (void *)7L));

		_exit(WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 1 : 2);
	}
	REQUIRE(pid > 0);
	EXPECT(eventually(polled(fd, 0) & POLLHUP));
	EXPECT_EQ(exit_code_of(fd), 1 << 8);
	close(fd);
}

static int makes_autoreaped(void *arg)
{
	int fd = -1;
	pid_t pid = sleeper(CLONE_PIDFD | AUTOREAP, &fd, 0);

	return pid < 0 || write((int)(long)arg, &pid, sizeof(pid)) != sizeof(pid);
}

/* It keeps to that with another parent, who does not wait for it. */
static void autoreap_reparent(void)
{
	int pair[2], fd;
	pid_t pid = 0;

	NEEDS_7_1();
	REQUIRE(pipe(pair) == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	EXPECT_EQ(reap(spawn(makes_autoreaped, (void *)(long)pair[1])), 0);
	REQUIRE(read(pair[0], &pid, sizeof(pid)) == sizeof(pid) && pid > 0);
	fd = pidfd_open_(pid, 0);
	REQUIRE(fd >= 0);
	kill(pid, SIGKILL);
	EXPECT(eventually(polled(fd, 0) & POLLHUP));
	EXPECT_EQ(exit_code_of(fd), SIGKILL);
	EXPECT_ERR(waitpid(pid, NULL, 0x40000000 /* __WALL */), ECHILD);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void autokill_basic(void)
{
	int fd = -1;
	pid_t pid;

	NEEDS_7_1();
	pid = sleeper(CLONE_PIDFD | AUTOREAP | AUTOKILL, &fd, 0);
	REQUIRE(pid > 0);
	sleep_ms(20);
	EXPECT(!is_gone(pid));
	close(fd);
	expect_gone(pid);
}

static void autokill_requires_pidfd_and_autoreap(void)
{
	int fd = -1;

	NEEDS_7_1();
	EXPECT_ERR(sleeper(AUTOREAP | AUTOKILL, &fd, 0), EINVAL);
	EXPECT_ERR(sleeper(CLONE_PIDFD | AUTOKILL, &fd, SIGCHLD), EINVAL);
}

static int tries_as_nobody(void *arg)
{
	int fd = -1;
	pid_t pid;

	if (setuid(65534) < 0)
		return 1;
	if (sleeper(CLONE_PIDFD | AUTOREAP | AUTOKILL, &fd, 0) >= 0 || errno != EPERM)
		return 2;
	pid = sleeper(CLONE_PIDFD | AUTOREAP | AUTOKILL | NO_NNP, &fd, 0);
	close(fd);
	return pid > 0 && eventually(is_gone(pid)) ? 0 : 3;
}

static void autokill_without_privilege_gives_up_privilege(void)
{
	NEEDS_7_1();
	if (getuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(tries_as_nobody, NULL)), 0);
}

/* The copies of the one file keep it alive; a second pidfd of the process does not. */
static void autokill_goes_by_the_file(void)
{
	int fd = -1, copy, other;
	pid_t pid;

	NEEDS_7_1();
	pid = sleeper(CLONE_PIDFD | AUTOREAP | AUTOKILL, &fd, 0);
	REQUIRE(pid > 0);
	other = pidfd_open_(pid, 0);
	copy = dup(fd);
	close(fd);
	sleep_ms(20);
	EXPECT(!is_gone(pid));
	close(copy);
	expect_gone(pid);
	EXPECT(eventually(exit_code_of(other) == SIGKILL));
	close(other);
}

static int supervises(void *arg)
{
	pid_t pids[3];
	int fd = -1;

	for (int i = 0; i < 3; i++)
		pids[i] = sleeper(CLONE_PIDFD | AUTOREAP | AUTOKILL, &fd, 0);
	if (write((int)(long)arg, pids, sizeof(pids)) != sizeof(pids))
		return 1;
	return child_pauses(NULL);
}

/* kill -9 of the supervisor, and the whole tree is gone. */
static void a_killed_supervisor_takes_all_along(void)
{
	pid_t super, pids[3] = { 0 };
	int pair[2];

	NEEDS_7_1();
	REQUIRE(pipe(pair) == 0);
	super = spawn(supervises, (void *)(long)pair[1]);
	REQUIRE(read(pair[0], pids, sizeof(pids)) == sizeof(pids) && pids[0] > 0);
	EXPECT(!is_gone(pids[0]) && !is_gone(pids[2]));
	kill_and_reap(super);
	for (int i = 0; i < 3; i++)
		expect_gone(pids[i]);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	RUN(autoreap_basic);
	RUN(autoreap_rejects_exit_signal);
	RUN(autoreap_rejects_thread);
	RUN(autoreap_sends_no_signal);
	RUN(autoreap_no_inherit);
	RUN(autoreap_reparent);
	RUN(autokill_basic);
	RUN(autokill_requires_pidfd_and_autoreap);
	RUN(autokill_without_privilege_gives_up_privilege);
	RUN(autokill_goes_by_the_file);
	RUN(a_killed_supervisor_takes_all_along);
	return tap_done();
}
