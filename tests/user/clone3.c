/*
 * clone3: numbers of one's choice, CLONE_CLEAR_SIGHAND, and the three flags
 * of 7.1: children that reap themselves, that gain no privilege, and that die
 * with their pidfd. What of it concerns CLONE_PIDFD alone is in clone_pidfd.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "pidfds.h"

#define CLEAR_SIGHAND (1ULL << 32)
#define AUTOREAP      (1ULL << 34)
#define NNP           (1ULL << 35)
#define AUTOKILL      (1ULL << 36)
#define WITH_CLONE    0x40000000 /* __WALL */

/* What is seen in the exit record needs pidfs too. */
#define NEEDS_7_1(cond)                                                                            \
	do {                                                                                       \
		if (!kernel_at_least(7, 1) || !(cond))                                             \
			SKIP("older than 7.1, or without pidfs");                                  \
	} while (0)

/* The child runs fn; its pidfd, if flags want one. */
static pid_t clone_fn(uint64_t flags, int exit_signal, int *fd, int (*fn)(void *), void *arg)
{
	struct clone_args_v2 args = { .flags = flags | (fd ? CLONE_PIDFD : 0),
				      .pidfd = (uintptr_t)fd,
				      .exit_signal = exit_signal };
	long pid;

	fflush(stdout);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(fn(arg));
	return (pid_t)pid;
}

static long clone_as(uint64_t flags, const pid_t *nrs, size_t n, int (*fn)(void *), void *arg)
{
	struct clone_args_v2 args = {
		.flags = flags, .exit_signal = SIGCHLD, .set_tid = (uintptr_t)nrs, .set_tid_size = n
	};
	long pid;

	fflush(stdout);
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(fn(arg));
	return pid;
}

/* A number that nobody has, far from where numbers are given out. */
static pid_t free_number(void)
{
	pid_t nr = getpid() > 15000 ? 2000 : 25000;

	while (kill(nr, 0) == 0 || errno != ESRCH)
		nr++;
	return nr;
}

static int is_number(void *nr)
{
	return getpid() != *(pid_t *)nr;
}

static void a_number_can_be_chosen(void)
{
	pid_t nr = free_number(), nrs[2] = { nr, nr };

	if (geteuid())
		SKIP("not root");
	EXPECT_EQ(clone_as(0, &nr, 1, is_number, &nr), nr);
	EXPECT_EQ(kill(nr, 0), 0);
	EXPECT_ERR(clone_as(0, &nr, 1, child_exits, NULL), EEXIST); /* the zombie has it */
	EXPECT_EQ(reap(nr), 0);
	EXPECT_EQ(clone_as(0, &nr, 1, is_number, &nr), nr);
	EXPECT_EQ(reap(nr), 0);
	nr = 1;
	EXPECT_ERR(clone_as(0, &nr, 1, child_exits, NULL), EEXIST);
	nr = 0;
	EXPECT_ERR(clone_as(0, &nr, 1, child_exits, NULL), EINVAL);
	nr = -5;
	EXPECT_ERR(clone_as(0, &nr, 1, child_exits, NULL), EINVAL);
	nr = 1 << 30;
	EXPECT_ERR(clone_as(0, &nr, 1, child_exits, NULL), EINVAL);
	if (in_guest()) /* a host's namespace may be nested itself */
		EXPECT_ERR(clone_as(0, nrs, 2, child_exits, NULL), EINVAL);
}

static void the_array_must_make_sense(void)
{
	pid_t nr = free_number(), many[33] = { 0 };

	EXPECT_ERR(clone_as(0, many, 33, child_exits, NULL), EINVAL);
	EXPECT_ERR(clone_as(0, &nr, 0, child_exits, NULL), EINVAL);
	EXPECT_ERR(clone_as(0, NULL, 1, child_exits, NULL), EINVAL);
	EXPECT_ERR(clone_as(0, (void *)8, 1, child_exits, NULL), EFAULT);
	EXPECT_ERR(clone_as(1ULL << 60, (void *)8, 1, child_exits, NULL), EFAULT); /* first */
	EXPECT_ERR(clone_as(CLONE_SIGHAND, &nr, 1, child_exits, NULL), EINVAL);
}

static int chooses_unprivileged(void *arg)
{
	pid_t nr = free_number();

	if (setgid(1000) || setuid(1000))
		return 1;
	return clone_as(0, &nr, 1, child_exits, NULL) == -1 && errno == EPERM ? 0 : 2;
}

static void choosing_needs_privilege(void)
{
	if (geteuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(chooses_unprivileged, NULL)), 0);
}

static int is_first(void *arg)
{
	return getpid() != 1;
}

static void a_new_namespace_begins_with_one(void)
{
	pid_t inside_out[2] = { 1, free_number() }, wrong = 5;
	long pid;

	if (geteuid())
		SKIP("not root");
	EXPECT_ERR(clone_as(CLONE_NEWPID, &wrong, 1, child_exits, NULL), EINVAL);
	pid = clone_as(CLONE_NEWPID, inside_out, 2, is_first, NULL);
	EXPECT_EQ(pid, inside_out[1]);
	if (pid > 0)
		EXPECT_EQ(reap((pid_t)pid), 0);
	pid = clone_as(CLONE_NEWPID, inside_out, 1, is_first, NULL);
	EXPECT(pid > 0);
	if (pid > 0)
		EXPECT_EQ(reap((pid_t)pid), 0);
}

static void handler(int sig)
{
}

static int has_dispositions(void *arg)
{
	struct sigaction a;

	if (sigaction(SIGUSR1, NULL, &a) || a.sa_handler != SIG_DFL)
		return 1;
	if (sigaction(SIGUSR2, NULL, &a) || a.sa_handler != SIG_IGN)
		return 2;
	return sigaction(SIGTERM, NULL, &a) || a.sa_handler != SIG_DFL ? 3 : 0;
}

static void handlers_can_be_left_behind(void)
{
	struct sigaction now;
	pid_t pid;

	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN); /* what is ignored stays so */
	pid = clone_fn(CLEAR_SIGHAND, SIGCHLD, NULL, has_dispositions, NULL);
	EXPECT_EQ(reap(pid), 0);
	EXPECT_EQ(sigaction(SIGUSR1, NULL, &now), 0);
	EXPECT(now.sa_handler == handler);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

/* What the exit record says of the process of fd; -1: there is none yet. */
static int recorded_exit(int fd)
{
	struct info info = { .mask = INFO_EXIT };

	if (ioctl(fd, GET_INFO, &info) < 0 || !(info.mask & INFO_EXIT))
		return -1;
	return info.exit_code;
}

static volatile int nr_sigchld;

static void count_sigchld(int sig)
{
	nr_sigchld++;
}

static void a_child_that_reaps_itself_tells_its_pidfd_alone(void)
{
	int fd = -1, status;
	pid_t pid;

	NEEDS_7_1(has_pidfs());
	nr_sigchld = 0;
	signal(SIGCHLD, count_sigchld);
	pid = clone_fn(AUTOREAP, 0, &fd, child_exits, (void *)9L);
	REQUIRE(pid > 0);
	EXPECT(polled(fd, 10000) & POLLIN);
	EXPECT(eventually(polled(fd, 0) == (POLLIN | POLLRDNORM | POLLHUP)));
	EXPECT_EQ(recorded_exit(fd), 9 << 8);
	EXPECT_ERR(waitpid(pid, &status, WITH_CLONE), ECHILD);
	EXPECT_ERR(kill(pid, 0), ESRCH);
	EXPECT_EQ(nr_sigchld, 0);
	signal(SIGCHLD, SIG_DFL);
	close(fd);
}

static void it_is_waited_for_as_one_without_exit_signal(void)
{
	int fd = -1, status = 0;
	siginfo_t info = { 0 };
	pid_t pid;

	NEEDS_7_1(has_pidfs());
	pid = clone_fn(AUTOREAP, 0, &fd, child_pauses, NULL);
	REQUIRE(pid > 0);
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED | WNOHANG), ECHILD);
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED | WNOHANG | WITH_CLONE), 0);
	kill(pid, SIGSTOP);
	EXPECT_EQ(waitpid(pid, &status, WUNTRACED | WITH_CLONE), pid);
	EXPECT(WIFSTOPPED(status));
	kill(pid, SIGKILL);
	EXPECT_ERR(waitpid(pid, &status, WITH_CLONE), ECHILD); /* woken, and nothing there */
	EXPECT_EQ(recorded_exit(fd), SIGKILL);
	close(fd);
}

static int executes(void *arg)
{
	execl("/proc/self/exe", "clone3", "7", (char *)NULL);
	return 1;
}

static int has_a_child(void *arg)
{
	int status = 0;
	pid_t pid = spawn(child_exits, (void *)3L);

	return waitpid(pid, &status, 0) == pid && status == 3 << 8 ? 5 : 6;
}

static void reaping_itself_survives_exec_and_is_not_inherited(void)
{
	int fd = -1;

	NEEDS_7_1(has_pidfs());
	REQUIRE(clone_fn(AUTOREAP, 0, &fd, executes, NULL) > 0);
	EXPECT(eventually(recorded_exit(fd) == 7 << 8));
	close(fd);
	REQUIRE(clone_fn(AUTOREAP, 0, &fd, has_a_child, NULL) > 0);
	EXPECT(eventually(recorded_exit(fd) == 5 << 8));
	close(fd);
}

static int leaves_a_child(void *arg)
{
	int fd = -1;
	pid_t pid = clone_fn(AUTOREAP, 0, &fd, child_pauses, NULL);

	return write((int)(long)arg, &pid, sizeof(pid)) != sizeof(pid);
}

static void reaping_itself_survives_the_parent(void)
{
	int ends[2], fd;
	pid_t pid = -1;

	NEEDS_7_1(has_pidfs());
	REQUIRE(pipe(ends) == 0);
	EXPECT_EQ(reap(spawn(leaves_a_child, (void *)(long)ends[1])), 0);
	REQUIRE(read(ends[0], &pid, sizeof(pid)) == sizeof(pid));
	fd = pidfd_open_(pid, 0);
	EXPECT(fd >= 0);
	kill(pid, SIGKILL);
	EXPECT(eventually(recorded_exit(fd) == SIGKILL));
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

static int asks_for_a_sibling(void *arg)
{
	return clone_fn(CLONE_PARENT, 0, NULL, child_exits, NULL) == -1 && errno == EINVAL ? 4 : 5;
}

static void combinations_that_mean_nothing(void)
{
	static const struct {
		uint64_t flags;
		int exit_signal;
	} bad[] = {
		{ AUTOREAP, SIGCHLD },
		{ AUTOREAP | CLONE_PARENT, 0 },
		{ AUTOREAP | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0 },
		{ NNP | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0 },
		{ AUTOKILL, 0 },
		{ AUTOKILL | AUTOREAP, 0 }, /* no CLONE_PIDFD */
		{ AUTOKILL | CLONE_PIDFD, SIGCHLD },
		{ AUTOKILL | AUTOREAP | CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0 },
		{ 1ULL << 38, SIGCHLD },
	};
	int fd = -1;

	NEEDS_7_1(has_pidfs());
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct clone_args_v2 args = { .flags = bad[i].flags,
					      .pidfd = (uintptr_t)&fd,
					      .exit_signal = bad[i].exit_signal };
		long pid = clone3_(&args, sizeof(args));

		if (pid == 0)
			_exit(0);
		if (pid != -1 || errno != EINVAL) {
			tap_note("row %zu: %ld, errno %d", i, pid, errno);
			tap_is_bad = 1;
		}
	}
	EXPECT_EQ(fd, -1);
	REQUIRE(clone_fn(AUTOREAP, 0, &fd, asks_for_a_sibling, NULL) > 0);
	EXPECT(eventually(recorded_exit(fd) == 4 << 8));
	close(fd);
}

static int has_no_new_privs(void *arg)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static void a_child_may_be_kept_from_new_privileges(void)
{
	NEEDS_7_1(1);
	EXPECT_EQ(reap(clone_fn(NNP, SIGCHLD, NULL, has_no_new_privs, NULL)), 1 << 8);
	EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	EXPECT_EQ(reap(clone_fn(0, SIGCHLD, NULL, has_no_new_privs, NULL)), 0);
}

/* A child that dies with *fd; another pidfd of it, which does not count. */
static int mortal(int *fd, int (*fn)(void *), void *arg)
{
	pid_t pid = clone_fn(AUTOKILL | AUTOREAP | NNP, 0, fd, fn, arg);

	return pid > 0 ? pidfd_open_(pid, 0) : -1;
}

static void the_last_close_of_one_file_kills(void)
{
	int fd = -1, copy, witness;
	char path[64];

	NEEDS_7_1(1);
	witness = mortal(&fd, child_pauses, NULL);
	REQUIRE(witness >= 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), O_RDWR | F_AUTOKILL);
	EXPECT_EQ(fcntl(fd, F_SETFL, 0), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL), O_RDWR | F_AUTOKILL); /* it cannot be taken back */
	EXPECT_EQ(fcntl(witness, F_SETFL, F_AUTOKILL), 0);
	EXPECT_EQ(fcntl(witness, F_GETFL), O_RDWR); /* nor set later */
	copy = dup(fd);
	close(fd);
	EXPECT_EQ(polled(witness, 30), 0);
	if (has_pidfs()) { /* opened anew it is an ordinary one */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
		fd = open(path, O_RDWR);
		EXPECT_EQ(fcntl(fd, F_GETFL) & F_AUTOKILL, 0);
		close(fd);
		EXPECT_EQ(polled(witness, 30), 0);
	}
	close(copy);
	EXPECT(polled(witness, 10000) & POLLIN);
	if (has_pidfs())
		EXPECT(eventually(recorded_exit(witness) == SIGKILL));
	close(witness);
}

static int holds_for_a_while(void *arg)
{
	sleep_ms(100);
	return 0;
}

static int in_flight(int fd, int sock)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { "", 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -1;
}

static void forks_and_messages_hold_it(void)
{
	int fd = -1, witness, pair[2];
	pid_t holder;

	NEEDS_7_1(1);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	witness = mortal(&fd, child_pauses, NULL);
	REQUIRE(witness >= 0);
	holder = spawn(holds_for_a_while, NULL);
	EXPECT_EQ(in_flight(fd, pair[0]), 0);
	close(fd);
	reap(holder);
	EXPECT_EQ(polled(witness, 30), 0);
	/* The child has the sockets as well. Nobody else can end it now but by its number. */
	EXPECT_EQ(pidfd_signal(witness, SIGKILL, NULL, 0), 0);
	EXPECT(polled(witness, 10000) & POLLIN);
	close(pair[0]);
	close(pair[1]);
	close(witness);

	witness = mortal(&fd, child_pauses, NULL);
	REQUIRE(witness >= 0);
	holder = spawn(child_pauses, NULL);
	close(fd);
	EXPECT_EQ(polled(witness, 30), 0);
	kill_and_reap(holder); /* a holder that is killed closes too */
	EXPECT(polled(witness, 10000) & POLLIN);
	close(witness);
}

static int becomes_somebody_else(void *arg)
{
	return setgid(1000) || setuid(1000) ? 1 : child_pauses(NULL);
}

static void nobody_is_asked_at_the_close(void)
{
	int fd = -1, witness;
	pid_t closer;

	NEEDS_7_1(1);
	if (geteuid())
		SKIP("not root");
	witness = mortal(&fd, becomes_somebody_else, NULL);
	REQUIRE(witness >= 0);
	fflush(stdout);
	closer = fork();
	if (closer == 0) {
		if (setgid(1001) || setuid(1001))
			_exit(1);
		_exit(child_pauses(NULL));
	}
	sleep_ms(50);
	close(fd);
	EXPECT_EQ(polled(witness, 30), 0);
	kill_and_reap(closer);
	EXPECT(polled(witness, 10000) & POLLIN);
	close(witness);
}

static int asks_for_a_switch(void *arg)
{
	int fd = -1;

	if (setgid(1000) || setuid(1000))
		return 1;
	if (clone_fn(AUTOKILL | AUTOREAP, 0, &fd, child_exits, NULL) != -1 || errno != EPERM)
		return 2;
	return clone_fn(AUTOKILL | AUTOREAP | NNP, 0, &fd, child_exits, NULL) > 0 ? 0 : 3;
}

static void without_privilege_the_child_must_not_gain_any(void)
{
	NEEDS_7_1(1);
	if (geteuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(asks_for_a_switch, NULL)), 0);
}

static int fails_to_clone(void *arg)
{
	struct clone_args_v2 args = { .flags = AUTOKILL | AUTOREAP | NNP | CLONE_PIDFD,
				      .pidfd = 8 };
	int lowest = dup(0);

	close(lowest);
	if (clone3_(&args, sizeof(args)) != -1 || errno != EFAULT)
		return 1;
	return dup(0) == lowest ? 0 : 2; /* and this process lives */
}

static void a_clone_that_fails_kills_nobody(void)
{
	NEEDS_7_1(1);
	EXPECT_EQ(reap(spawn(fails_to_clone, NULL)), 0);
}

static int is_out_of_processes(void *arg)
{
	struct rlimit none = { 0, 0 };
	int fd = -1, lowest = dup(0);

	close(lowest);
	if (setrlimit(RLIMIT_NPROC, &none) || setgid(1000) || setuid(1000))
		return 1;
	if (clone_fn(0, SIGCHLD, &fd, child_exits, NULL) != -1 || errno != EAGAIN)
		return 2;
	return fd == -1 && dup(0) == lowest ? 0 : 3;
}

static void limits_come_before_numbers_and_descriptors(void)
{
	if (geteuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(is_out_of_processes, NULL)), 0);
}

static int opens_nothing_more(void *arg)
{
	pid_t nr = free_number();
	struct rlimit limit;
	int fd = -1, lowest = dup(0);
	struct clone_args_v2 args = { .flags = CLONE_PIDFD,
				      .pidfd = (uintptr_t)&fd,
				      .exit_signal = SIGCHLD,
				      .set_tid = (uintptr_t)&nr,
				      .set_tid_size = 1 };
	long pid;

	close(lowest);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = lowest;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (clone3_(&args, sizeof(args)) != -1 || errno != EMFILE)
		return 1;
	args.flags = 0; /* the number was given back */
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(0);
	return pid == nr && reap(pid) == 0 ? 0 : 2;
}

static void a_chosen_number_is_given_back_on_failure(void)
{
	if (geteuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(opens_nothing_more, NULL)), 0);
}

static void unknown_tail_must_be_zero(void)
{
	struct {
		struct clone_args_v2 args;
		uint64_t tail[2];
	} big = { .args = { .exit_signal = SIGCHLD } };
	long pid;

	for (size_t size = 64; size <= sizeof(big); size += 8) {
		pid = clone3_(&big.args, size);
		if (pid == 0)
			_exit(0);
		EXPECT(pid > 0);
		if (pid > 0)
			reap((pid_t)pid);
	}
	big.tail[1] = 1;
	pid = clone3_(&big.args, sizeof(big));
	if (pid == 0)
		_exit(0);
	EXPECT_EQ(pid, -1);
	EXPECT_EQ(errno, E2BIG);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return atoi(argv[1]);
	RUN(a_number_can_be_chosen);
	RUN(the_array_must_make_sense);
	RUN(choosing_needs_privilege);
	RUN(a_new_namespace_begins_with_one);
	RUN(handlers_can_be_left_behind);
	RUN(a_child_that_reaps_itself_tells_its_pidfd_alone);
	RUN(it_is_waited_for_as_one_without_exit_signal);
	RUN(reaping_itself_survives_exec_and_is_not_inherited);
	RUN(reaping_itself_survives_the_parent);
	RUN(combinations_that_mean_nothing);
	RUN(a_child_may_be_kept_from_new_privileges);
	RUN(the_last_close_of_one_file_kills);
	RUN(forks_and_messages_hold_it);
	RUN(nobody_is_asked_at_the_close);
	RUN(without_privilege_the_child_must_not_gain_any);
	RUN(a_clone_that_fails_kills_nobody);
	RUN(limits_come_before_numbers_and_descriptors);
	RUN(a_chosen_number_is_given_back_on_failure);
	RUN(unknown_tail_must_be_zero);
	return tap_done();
}
