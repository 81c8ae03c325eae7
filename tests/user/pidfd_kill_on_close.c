/*
 * pidfd_kill_on_close: the property of a process to end with the last pidfd of
 * it: who counts, who may set it, and that no race loses it. Pipit's own, so
 * Linux skips it.
 */
#include <pthread.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "pidfds.h"

static int is_here(void)
{
	int fd = pidfd_open_(getpid(), 0), err;

	ioctl(fd, SET_KILL_ON_CLOSE, 2);
	err = errno;
	close(fd);
	return err == EINVAL;
}
#define NEEDS_IT()                                                                                 \
	do {                                                                                       \
		if (!is_here())                                                                    \
			SKIP("no kill on last close");                                             \
	} while (0)

static int is_set(int fd)
{
	struct info info = { .mask = INFO_KILL_ON_CLOSE };

	if (ioctl(fd, GET_INFO, &info) < 0)
		return -1;
	return !!(info.mask & INFO_KILL_ON_CLOSE);
}

/* A sleeper with the property, and the one pidfd of it. */
static pid_t spawn_marked(int *fd)
{
	pid_t pid = spawn_sleeper();

	*fd = pidfd_open_(pid, 0);
	if (*fd < 0 || ioctl(*fd, SET_KILL_ON_CLOSE, 1) < 0)
		tap_note("errno %d", errno);
	return pid;
}

static int is_alive(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

/* It was killed by the close, not by the test. */
static void expect_killed(pid_t pid)
{
	int status = 0;

	if (!eventually(waitpid(pid, &status, WNOHANG) == pid)) {
		tap_note("%d lives on", pid);
		tap_is_bad = 1;
		kill_and_reap(pid);
	} else {
		EXPECT_EQ(status, SIGKILL);
	}
}

static void set_read_back_and_cleared(void)
{
	int fd, other;
	pid_t pid;

	NEEDS_IT();
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(is_set(fd), 0);
	EXPECT_EQ(fdinfo_number(fd, "KillOnClose:", 10), -99);
	EXPECT_EQ(ioctl(fd, SET_KILL_ON_CLOSE, 1), 0);
	other = pidfd_open_(pid, 0);
	EXPECT_EQ(is_set(other), 1); /* of the process, not of the file */
	EXPECT_EQ(fdinfo_number(other, "KillOnClose:", 10), 1);
	EXPECT_EQ(ioctl(other, SET_KILL_ON_CLOSE, 0), 0);
	EXPECT_EQ(is_set(fd), 0);
	close(fd);
	close(other);
	EXPECT(is_alive(pid));
	kill_and_reap(pid);
}

static void last_close_kills(void)
{
	pid_t pid;
	int fd;

	NEEDS_IT();
	pid = spawn_marked(&fd);
	EXPECT(is_alive(pid));
	close(fd);
	expect_killed(pid);
}

static void every_pidfd_counts_however_it_came_to_be(void)
{
	pid_t pid, holder;
	char path[64];
	int fd, copy, by_number, reopened;

	NEEDS_IT();
	pid = spawn_marked(&fd);
	copy = dup(fd);
	close(fd);
	EXPECT(is_alive(pid));
	by_number = pidfd_open_(pid, F_NONBLOCK);
	close(copy);
	EXPECT(is_alive(pid));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", by_number);
	reopened = open(path, O_PATH);
	close(by_number);
	EXPECT(is_alive(pid));
	holder = spawn_sleeper();
	close(reopened);
	sleep_ms(20);
	EXPECT(is_alive(pid)); /* a fork holds it */
	kill_and_reap(holder);
	expect_killed(pid);
}

static int exec_sleep(void *arg)
{
	execl("/proc/self/exe", "sleeper", "sleep", (char *)NULL);
	return 1;
}

static void exec_of_the_holder_closes_and_exec_of_the_target_does_not_matter(void)
{
	pid_t pid, holder;
	int fd;

	NEEDS_IT();
	pid = spawn(exec_sleep, NULL);
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(ioctl(fd, SET_KILL_ON_CLOSE, 1), 0);
	sleep_ms(50);
	EXPECT_EQ(is_set(fd), 1);
	holder = spawn(exec_sleep, NULL); /* pidfds are close-on-exec */
	close(fd);
	expect_killed(pid);
	kill_and_reap(holder);
}

static int in_flight(int fd, int sock)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	char c = 0;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return syscall(46 /* sendmsg */, sock, &msg, 0) == 1 ? 0 : -1;
}

static void a_message_in_flight_holds_it(void)
{
	int fd, pair[2];
	pid_t pid;

	NEEDS_IT();
	pid = spawn_marked(&fd); /* first: a sleeper that had the sockets would hold itself */
	EXPECT_EQ(syscall(53 /* socketpair */, AF_UNIX, SOCK_STREAM, 0, pair), 0);
	EXPECT_EQ(in_flight(fd, pair[0]), 0);
	close(fd);
	sleep_ms(20);
	EXPECT(is_alive(pid));
	close(pair[0]);
	close(pair[1]);
	expect_killed(pid);
}

static void a_message_that_only_garbage_collection_finds_lets_go(void)
{
	int fd, pair[2], other[2];
	pid_t pid;

	NEEDS_IT();
	pid = spawn_marked(&fd); /* first: a sleeper that had the sockets would hold itself */
	EXPECT_EQ(syscall(53 /* socketpair */, AF_UNIX, SOCK_STREAM, 0, pair), 0);
	EXPECT_EQ(in_flight(fd, pair[0]), 0);
	EXPECT_EQ(in_flight(pair[1], pair[0]), 0); /* holds itself */
	close(fd);
	close(pair[0]);
	close(pair[1]);
	syscall(53 /* socketpair */, AF_UNIX, SOCK_STREAM, 0, other);
	close(other[0]);
	close(other[1]); /* a close looks for garbage */
	expect_killed(pid);
}

static void a_mount_holds_it(void)
{
	static const char name[] =
		"/kill-on-close"; /* in the guest's memory: only Pipit comes here */
	pid_t pid;
	int fd, tree;

	NEEDS_IT();
	pid = spawn_marked(&fd);
	close(open(name, O_CREAT | O_RDWR, 0600));
	tree = (int)syscall(428 /* open_tree */, fd, "", AT_EMPTY_PATH | 1 /* CLONE */);
	EXPECT(tree >= 0);
	close(fd);
	EXPECT(is_alive(pid));
	EXPECT_EQ(syscall(429 /* move_mount */, tree, "", AT_FDCWD, name, 4 /* F_EMPTY_PATH */), 0);
	close(tree);
	sleep_ms(20);
	EXPECT(is_alive(pid));
	fd = open(name, O_RDWR);
	EXPECT_EQ(is_set(fd), 1);
	close(fd);
	EXPECT(is_alive(pid));
	EXPECT_EQ(umount(name), 0);
	expect_killed(pid);
	unlink(name);
}

static int pauses_with(void *fd)
{
	dup((int)(long)fd);
	return child_pauses(NULL);
}

static void killed_holder_takes_it_along(void)
{
	pid_t pid, holder;
	int fd;

	NEEDS_IT();
	pid = spawn_marked(&fd);
	holder = spawn(pauses_with, (void *)(long)fd);
	close(fd);
	EXPECT(is_alive(pid));
	kill_and_reap(holder);
	expect_killed(pid);
}

static int supervises(void *out)
{
	dup2((int)(long)out, 1);
	execl("/bin/supervise", "supervise", "sleep", "1000", (char *)NULL);
	return 1;
}

static void a_supervisor_that_is_killed_leaves_no_orphan(void)
{
	char line[80] = "";
	int ends[2], fd;
	pid_t pid, child;

	NEEDS_IT();
	if (access("/bin/supervise", X_OK) || pipe(ends) < 0)
		SKIP("no supervisor here");
	pid = spawn(supervises, (void *)(long)ends[1]);
	read(ends[0], line, sizeof(line) - 1); /* "supervise: started 7" */
	child = (pid_t)strtol(line + strcspn(line, "0123456789"), NULL, 10);
	fd = pidfd_open_(child, 0);
	REQUIRE(fd >= 0);
	EXPECT_EQ(is_set(fd), 1);
	close(fd);
	kill_and_reap(pid);
	EXPECT(eventually(kill(child, 0) < 0));
	close(ends[0]);
	close(ends[1]);
}

static void bad_arguments_and_bad_targets(void)
{
	pid_t pid;
	int fd;

	NEEDS_IT();
	fd = pidfd_open_(getpid(), 0);
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, 2), EINVAL);
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, -1L), EINVAL);
	close(fd);
	fd = pidfd_open_(1, 0);
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, 1), EPERM); /* nobody can kill it */
	close(fd);
	pid = spawn(child_exits, NULL);
	fd = pidfd_open_(pid, 0);
	wait_zombie(pid);
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, 1), ESRCH);
	reap(pid);
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, 1), ESRCH);
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, 0), ESRCH);
	close(fd);
}

static void *open_own_thread(void *arg)
{
	*(int *)arg = pidfd_open_((pid_t)syscall(SYS_gettid), F_THREAD);
	sleep_ms(100);
	return NULL;
}

static void a_thread_is_no_process(void)
{
	pthread_t thread;
	int fd = -1;

	NEEDS_IT();
	REQUIRE(!pthread_create(&thread, NULL, open_own_thread, &fd));
	EXPECT(eventually(*(volatile int *)&fd >= 0));
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, 1), ENOENT);
	pthread_join(thread, NULL);
	EXPECT_ERR(ioctl(fd, SET_KILL_ON_CLOSE, 1), ESRCH);
	close(fd);
}

static int kills_itself(void *arg)
{
	int fd = pidfd_open_(getpid(), 0);

	if (ioctl(fd, SET_KILL_ON_CLOSE, 1) < 0)
		return 1;
	close(fd);
	for (;;)
		sleep_ms(1);
}

static void a_process_may_hold_itself(void)
{
	NEEDS_IT();
	expect_killed(spawn(kills_itself, NULL));
}

static int exits_holding_itself(void *arg)
{
	int fd = pidfd_open_(getpid(), 0);

	return ioctl(fd, SET_KILL_ON_CLOSE, 1) < 0 ? 1 : 7;
}

static void exit_is_not_overtaken_by_ones_own_kill(void)
{
	NEEDS_IT();
	EXPECT_EQ(reap(spawn(exits_holding_itself, NULL)), 7 << 8);
}

/* What a user may do to the process of fd: the errno of setting and of clearing. */
static int as_user(int fd, unsigned int uid)
{
	pid_t pid = fork();

	if (pid == 0) {
		int set, clear;

		if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			_exit(99);
		set = ioctl(fd, SET_KILL_ON_CLOSE, 1) ? errno : 0;
		clear = ioctl(fd, SET_KILL_ON_CLOSE, 0) ? errno : 0;
		_exit(set == clear ? set : 98);
	}
	return WEXITSTATUS(reap(pid));
}

static int pauses_as(void *uid)
{
	unsigned int id = (unsigned int)(long)uid;

	return setresuid(id, id, id) ? 1 : child_pauses(NULL);
}

static void only_who_may_kill_may_set_or_clear(void)
{
	pid_t roots, users;
	int fd;

	NEEDS_IT();
	roots = spawn_sleeper();
	users = spawn(pauses_as, (void *)1000L);
	sleep_ms(50);
	fd = pidfd_open_(roots, 0);
	EXPECT_EQ(as_user(fd, 1000), EPERM);
	EXPECT_EQ(ioctl(fd, SET_KILL_ON_CLOSE, 1), 0);
	EXPECT_EQ(as_user(fd, 1000), EPERM);
	EXPECT_EQ(is_set(fd), 1);
	close(fd);
	expect_killed(roots);
	fd = pidfd_open_(users, 0);
	EXPECT_EQ(as_user(fd, 1001), EPERM);
	EXPECT_EQ(as_user(fd, 1000), 0);
	kill_and_reap(users);
	close(fd);
}

/* Real and effective 1000; root by its saved id when it gets SIGUSR1. */
static void become_root(int sig)
{
	if (setresuid(0, 0, 0))
		_exit(1);
}

static int a_program_that_gains_privilege(void *arg)
{
	signal(SIGUSR1, become_root);
	return setresuid(1000, 1000, 0) ? 1 : child_pauses(NULL);
}

static int sets_as_1000(void *fd)
{
	if (setresuid(1000, 1000, 1000))
		return 1;
	return ioctl((int)(long)fd, SET_KILL_ON_CLOSE, 1) ? 2 : 0;
}

static void who_became_more_than_the_setter_is_not_killed(void)
{
	pid_t pid;
	int fd;

	NEEDS_IT();
	pid = spawn(a_program_that_gains_privilege, NULL);
	sleep_ms(50);
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(reap(spawn(sets_as_1000, (void *)(long)fd)), 0);
	EXPECT_EQ(is_set(fd), 1);
	kill(pid, SIGUSR1);
	sleep_ms(50);
	close(fd);
	sleep_ms(50);
	EXPECT(is_alive(pid));
	kill_and_reap(pid);
}

static int drops_privilege(void *arg)
{
	sleep_ms(100);
	return pauses_as((void *)1000L);
}

static void who_drops_privileges_is_killed(void)
{
	pid_t pid;
	int fd;

	NEEDS_IT();
	pid = spawn(drops_privilege, NULL);
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(ioctl(fd, SET_KILL_ON_CLOSE, 1), 0);
	sleep_ms(200);
	close(fd);
	expect_killed(pid);
}

static int has_a_child(void *pipe_end)
{
	pid_t pid = spawn_sleeper();

	write((int)(long)pipe_end, &pid, sizeof(pid));
	return child_pauses(NULL);
}

static void it_is_not_inherited(void)
{
	int ends[2], fd, inner;
	pid_t pid, grandchild = -1;

	NEEDS_IT();
	REQUIRE(pipe(ends) == 0);
	pid = spawn(has_a_child, (void *)(long)ends[1]);
	REQUIRE(read(ends[0], &grandchild, sizeof(grandchild)) == sizeof(grandchild));
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(ioctl(fd, SET_KILL_ON_CLOSE, 1), 0);
	inner = pidfd_open_(grandchild, 0);
	EXPECT_EQ(is_set(inner), 0);
	close(fd);
	expect_killed(pid);
	EXPECT_EQ(polled(inner, 20), 0);
	pidfd_signal(inner, SIGKILL, NULL, 0);
	close(inner);
	close(ends[0]);
	close(ends[1]);
}

static pid_t racer_target;
static pthread_barrier_t racers;

static void *opens_by_number(void *arg)
{
	int fd;

	pthread_barrier_wait(&racers);
	fd = pidfd_open_(racer_target, 0);
	close(fd);
	return NULL;
}

/* Either the opener's pidfd is the last then, or it finds the process killed. */
static void an_opener_that_races_with_the_last_close_loses_nothing(void)
{
	NEEDS_IT();
	pthread_barrier_init(&racers, NULL, 3);
	for (int round = 0; round < 200 && !tap_is_bad; round++) {
		pthread_t thread[2];
		int fd;

		racer_target = spawn_marked(&fd);
		for (int i = 0; i < 2; i++)
			pthread_create(&thread[i], NULL, opens_by_number, NULL);
		pthread_barrier_wait(&racers);
		close(fd);
		for (int i = 0; i < 2; i++)
			pthread_join(thread[i], NULL);
		expect_killed(racer_target);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child_pauses(NULL);
	RUN(set_read_back_and_cleared);
	RUN(last_close_kills);
	RUN(every_pidfd_counts_however_it_came_to_be);
	RUN(exec_of_the_holder_closes_and_exec_of_the_target_does_not_matter);
	RUN(a_message_in_flight_holds_it);
	RUN(a_message_that_only_garbage_collection_finds_lets_go);
	RUN(a_mount_holds_it);
	RUN(killed_holder_takes_it_along);
	RUN(a_supervisor_that_is_killed_leaves_no_orphan);
	RUN(bad_arguments_and_bad_targets);
	RUN(a_thread_is_no_process);
	RUN(a_process_may_hold_itself);
	RUN(exit_is_not_overtaken_by_ones_own_kill);
	RUN(only_who_may_kill_may_set_or_clear);
	RUN(who_became_more_than_the_setter_is_not_killed);
	RUN(who_drops_privileges_is_killed);
	RUN(it_is_not_inherited);
	RUN(an_opener_that_races_with_the_last_close_loses_nothing);
	return tap_done();
}
