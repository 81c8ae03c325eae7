/*
 * pidfd_races: opening, looking at and signalling a process at the moment at which it is opened by
 * another, exits, is reaped, or its number is used again. docs/races.md has the list.
 */
#include <dirent.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "races.h"

static pid_t target;
static int fd, other_fd, other_errno;
static uint64_t target_ino;

/* ---- open, and open or close ---- */

static const char *open_here(void)
{
	fd = pidfd_open_(target, 0);
	return fd < 0 ? "pidfd_open fails" : NULL;
}

static const char *open_there(void)
{
	other_fd = pidfd_open_(target, 0);
	other_errno = errno;
	return other_fd < 0 ? "pidfd_open fails there" : NULL;
}

static const char *close_here(void)
{
	return close(fd) ? "close" : NULL;
}

static const char *both_are_one(void)
{
	const char *bad = NULL;

	if (inode_of(fd) != target_ino || inode_of(other_fd) != target_ino)
		bad = "another inode";
	else if (flock(fd, LOCK_EX | LOCK_NB) || !flock(other_fd, LOCK_EX | LOCK_NB))
		bad = "two inodes"; /* of one number: locks would not meet */
	close(fd);
	close(other_fd);
	return bad;
}

static const char *the_other_stays(void)
{
	const char *bad = NULL;

	if (inode_of(other_fd) != target_ino || polled(other_fd, 0))
		bad = "another process";
	else if (flock(other_fd, LOCK_EX | LOCK_NB))
		bad = "still locked by who closed";
	close(other_fd);
	return bad;
}

static const char *open_and_lock(void)
{
	fd = pidfd_open_(target, 0);
	return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) ? "flock" : NULL;
}

static void start_target(void)
{
	stage->go = 0;
	target = spawn_waiter(&fd);
	target_ino = inode_of(fd);
	close(fd);
}

static void two_first_opens_meet_on_one_inode(void)
{
	start_target();
	RACE(.here = open_here, .there = open_there, .after = both_are_one);
	kill_and_reap(target);
}

static void an_open_survives_the_last_close(void)
{
	start_target();
	RACE(.prepare = open_and_lock, .here = close_here, .there = open_there,
	     .after = the_other_stays);
	kill_and_reap(target);
}

/* ---- the end of the process ---- */

static const char *new_target(void)
{
	stage->go = 0;
	target = spawn_waiter(&fd);
	other_fd = -1;
	return target < 0 ? "clone" : NULL;
}

static const char *new_zombie(void)
{
	new_target();
	race_set(&stage->go, 1);
	wait_zombie(target);
	return NULL;
}

static const char *end_here(void)
{
	race_set(&stage->go, 1);
	return NULL;
}

static const char *reap_here(void)
{
	return reap(target) == 21 << 8 ? NULL : "reap";
}

static const char *end_and_reap_here(void)
{
	race_set(&stage->go, 1);
	return reap_here();
}

static const char *expect_reaped(int some_fd)
{
	if (polled(some_fd, 0) != REAPED)
		return "not hung up after the reap";
	if (has_exit_info() && exit_code_of(some_fd) != 21 << 8)
		return "no exit record, or a wrong one";
	return fdinfo_number(some_fd, "\nPid:\t", 10) == -1 ? NULL : "still a number";
}

static const char *gone_or_whole(void)
{
	const char *bad;

	close(fd);
	if (other_fd < 0)
		return other_errno == ESRCH ? NULL : "other than ESRCH";
	bad = expect_reaped(other_fd);
	close(other_fd);
	return bad;
}

static const char *try_open_there(void)
{
	open_there();
	return NULL;
}

static void an_open_at_the_reap_fails_or_has_the_exit_record(void)
{
	RACE(.prepare = new_zombie, .here = reap_here, .there = try_open_there,
	     .after = gone_or_whole);
	RACE(.prepare = new_target, .here = end_and_reap_here, .there = try_open_there,
	     .after = gone_or_whole);
}

static const char *poll_there(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int ep, n;

	if (target % 2)
		return polled(fd, 20000) == (POLLIN | POLLRDNORM) ? NULL : "poll missed the exit";
	ep = epoll_create1(0);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	n = epoll_wait(ep, &e, 1, 20000);
	close(ep);
	return n == 1 && e.events == EPOLLIN ? NULL : "epoll missed the exit";
}

static const char *then_it_is_reaped(void)
{
	const char *bad = reap_here();

	bad = bad ? bad : expect_reaped(fd);
	close(fd);
	return bad;
}

static void no_poll_misses_the_exit(void)
{
	RACE(.prepare = new_target, .here = end_here, .there = poll_there,
	     .after = then_it_is_reaped);
}

static const char *wait_there(void)
{
	siginfo_t info;

	return pidfd_wait(fd, &info, WEXITED | WNOWAIT) || info.si_status != 21 ? "waitid" : NULL;
}

static void no_wait_misses_the_exit(void)
{
	RACE(.prepare = new_target, .here = end_here, .there = wait_there,
	     .after = then_it_is_reaped);
}

/* All of a record or nothing; and who was hung up on can have it. */
static const char *info_there(void)
{
	for (;;) {
		struct info info = { .mask = INFO_EXIT };
		int events = polled(fd, 0);

		if (ioctl(fd, GET_INFO, &info)) {
			if (in_guest() || errno != ESRCH)
				return "GET_INFO";
			continue; /* Linux, reaped during the call, may know neither */
		}
		if (info.mask & INFO_EXIT)
			return info.exit_code == 21 << 8 ? NULL : "half a record";
		if (events & POLLHUP)
			return "hung up without a record";
		if ((info.mask & 1) && info.pid != (unsigned int)target)
			return "another process";
		if (!(info.mask & 1) && in_guest())
			return "neither live nor reaped";
	}
}

static const char *close_both(void)
{
	close(fd);
	return NULL;
}

static void get_info_tells_all_or_nothing_of_the_exit(void)
{
	if (!has_exit_info())
		SKIP("older than 6.15");
	RACE(.prepare = new_zombie, .here = reap_here, .there = info_there, .after = close_both);
	RACE(.prepare = new_target, .here = end_and_reap_here, .there = info_there,
	     .after = close_both);
}

static const char *getfd_there(void)
{
	for (;;) {
		int copy = pidfd_getfd_(fd, 1, 0);

		if (copy < 0)
			return errno == ESRCH ? NULL : "other than ESRCH";
		close(copy);
	}
}

static void getfd_from_one_who_ends_says_that_it_is_gone(void)
{
	RACE(.prepare = new_target, .here = end_and_reap_here, .there = getfd_there,
	     .after = close_both);
}

static const char *namespace_there(void)
{
	for (;;) {
		int ns = ioctl(fd, PIDFD_UTS_NS, 0);

		if (ns < 0)
			return errno == ESRCH ? NULL : "other than ESRCH";
		close(ns);
	}
}

static void namespaces_of_one_who_ends_are_there_or_not(void)
{
	if (!has_pidfs())
		SKIP("no pidfs");
	RACE(.prepare = new_target, .here = end_and_reap_here, .there = namespace_there,
	     .after = close_both);
}

static const char *proc_there(void)
{
	static const char *const names[] = { "stat", "status", "fdinfo/0", "maps", "cmdline" };
	char path[64], buf[4096];

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", target, names[i % 5]);
		slurp(path, buf, sizeof(buf));
		if (i % 5 == 0 && buf[0] && atoi(buf) != target)
			return "stat of another";
		snprintf(path, sizeof(path), "/proc/%d/fd", target);
		if (i % 5 == 4)
			closedir(opendir(path) ?: opendir("/"));
	}
	return NULL;
}

static void proc_is_read_while_it_goes(void)
{
	RACE(.prepare = new_target, .here = end_and_reap_here, .there = proc_there,
	     .after = close_both);
}

/* ---- numbers used again: clone3 can choose them ---- */

static pid_t number;

#define NEEDS_NUMBERS()                                                                            \
	do {                                                                                       \
		number = dead_pid();                                                               \
		race_set(&stage->go, 1);                                                           \
		target = spawn_numbered(&fd, number);                                              \
		if (target != number)                                                              \
			SKIP("may not choose numbers");                                            \
		reap(target);                                                                      \
		close(fd);                                                                         \
	} while (0)

static int old_fd;
static uint64_t old_ino;

static const char *a_dead_one(void)
{
	race_set(&stage->go, 1);
	if (spawn_numbered(&old_fd, number) != number)
		return "the number is taken";
	old_ino = inode_of(old_fd);
	reap(number);
	stage->go = 0;
	return NULL;
}

static const char *the_number_again_here(void)
{
	target = spawn_numbered(&fd, number);
	return target == number ? NULL : "clone3";
}

static const char *signal_the_old_there(void)
{
	for (int i = 0; i < 10; i++) {
		int now;

		if (pidfd_signal(old_fd, SIGKILL, NULL, 0) == 0 || errno != ESRCH)
			return "the old pidfd meets the new process";
		if (polled(old_fd, 0) != REAPED)
			return "the old pidfd lives again";
		now = pidfd_open_(number, 0);
		if (now < 0 && errno != ESRCH)
			return "open by number";
		if (now >= 0 && has_pidfs() && (inode_of(now) == old_ino || !inode_of(now)))
			return "the inode is used again";
		close(now);
	}
	return NULL;
}

static const char *the_new_one_lives(void)
{
	const char *bad = polled(fd, 0) ? "the new one was hit" : NULL;

	race_set(&stage->go, 1);
	bad = bad ? bad : reap_here();
	close(fd);
	close(old_fd);
	return bad;
}

static void an_old_pidfd_never_meets_who_has_its_number(void)
{
	NEEDS_NUMBERS();
	RACE(.prepare = a_dead_one, .here = the_number_again_here, .there = signal_the_old_there,
	     .after = the_new_one_lives);
}

static const char *open_as_it_comes_there(void)
{
	for (int i = 0; i < 1000; i++) {
		other_fd = pidfd_open_(number, 0);
		if (other_fd >= 0)
			return NULL;
		if (errno != ESRCH)
			return "other than ESRCH";
	}
	return NULL;
}

static const char *both_see_one(void)
{
	const char *bad = NULL;

	if (other_fd >= 0 && (inode_of(other_fd) != inode_of(fd) || !inode_of(fd)))
		bad = "two inodes, or none";
	close(other_fd);
	race_set(&stage->go, 1);
	bad = bad ? bad : reap_here();
	close(fd);
	stage->go = 0;
	return bad;
}

static void who_is_found_by_number_has_an_inode_number(void)
{
	NEEDS_NUMBERS();
	stage->go = 0;
	RACE(.here = the_number_again_here, .there = open_as_it_comes_there, .after = both_see_one);
}

/* ---- sockets ---- */

static int s[2];

static const char *a_sender(void)
{
	fflush(stdout);
	target = fork();
	if (target == 0) {
		write(s[0], "x", 1);
		_exit(21);
	}
	return NULL;
}

static const char *receive_there(void)
{
	union {
		struct cmsghdr c;
		char space[64];
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };

	msg.msg_controllen = sizeof(control);
	if (recvmsg(s[1], &msg, 0) != 1 || msg.msg_controllen < sizeof(struct cmsghdr))
		return "no pidfd came";
	memcpy(&fd, CMSG_DATA(&control.c), sizeof(fd));
	return fd < 0 ? "no pidfd" : NULL;
}

static const char *the_sender_is_known(void)
{
	const char *bad = expect_reaped(fd);

	close(fd);
	return bad;
}

static void a_message_outlives_its_sender(void)
{
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, s) || setsockopt(s[1], SOL_SOCKET, 76, &on, 4))
		SKIP("no SO_PASSPIDFD");
	if (!kernel_at_least(6, 16))
		SKIP("older than 6.16");
	RACE(.prepare = a_sender, .here = reap_here, .there = receive_there,
	     .after = the_sender_is_known);
	close(s[0]);
	close(s[1]);
}

static const char *listen_here(void)
{
	return listen(s[0], 1) ? "listen" : NULL;
}

static const char *ask_there(void)
{
	for (int i = 0; i < 10; i++) {
		socklen_t len = sizeof(fd);
		long nr;

		if (getsockopt(s[0], SOL_SOCKET, 77 /* SO_PEERPIDFD */, &fd, &len))
			return "no peer";
		nr = fdinfo_number(fd, "\nPid:\t", 10);
		close(fd);
		if (nr != getpid() && nr != target)
			return "a peer that never listened";
	}
	return NULL;
}

static int listens_for_ever(void *arg)
{
	for (;;) {
		listen(s[0], 1);
		sched_yield();
	}
	return arg != NULL;
}

static void who_listens_is_replaced_while_asked_for(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 +
			snprintf(un.sun_path + 1, 90, "pipit-races-%d", (int)getpid());

	if (!kernel_at_least(6, 5))
		SKIP("older than 6.5");
	s[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	REQUIRE(!bind(s[0], (struct sockaddr *)&un, len) && !listen(s[0], 1));
	target = spawn(listens_for_ever, NULL);
	RACE(.here = listen_here, .there = ask_there);
	kill_and_reap(target);
	close(s[0]);
}

int main(void)
{
	race_init();
	RUN_SHARED(two_first_opens_meet_on_one_inode);
	RUN_SHARED(an_open_survives_the_last_close);
	RUN_SHARED(an_open_at_the_reap_fails_or_has_the_exit_record);
	RUN_SHARED(no_poll_misses_the_exit);
	RUN_SHARED(no_wait_misses_the_exit);
	RUN_SHARED(get_info_tells_all_or_nothing_of_the_exit);
	RUN_SHARED(getfd_from_one_who_ends_says_that_it_is_gone);
	RUN_SHARED(namespaces_of_one_who_ends_are_there_or_not);
	RUN_SHARED(proc_is_read_while_it_goes);
	RUN(an_old_pidfd_never_meets_who_has_its_number);
	RUN(who_is_found_by_number_has_an_inode_number);
	RUN_SHARED(a_message_outlives_its_sender);
	RUN_SHARED(who_listens_is_replaced_while_asked_for);
	return tap_done();
}
