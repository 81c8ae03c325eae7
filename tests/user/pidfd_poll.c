/*
 * pidfd_poll: what poll, select and epoll say of a process in each state.
 */
#include <sys/epoll.h>
#include <sys/select.h>

#include "pidfds.h"

#define ZOMBIE (POLLIN | POLLRDNORM)
#define REAPED (POLLIN | POLLRDNORM | POLLHUP)

static void silent_while_alive_readable_at_exit_hung_up_at_reap(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	EXPECT_EQ(polled(fd, 0), 0);
	EXPECT_EQ(polled(fd, 30), 0);
	kill(child, SIGKILL);
	EXPECT_EQ(polled(fd, 10000), ZOMBIE);
	wait_zombie(child);
	EXPECT_EQ(polled(fd, 0), ZOMBIE);
	reap(child);
	EXPECT_EQ(polled(fd, 0), REAPED);
	close(fd);
}

static void stop_and_continue_are_no_events(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0), status;

	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	EXPECT_EQ(polled(fd, 0), 0);
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	EXPECT_EQ(polled(fd, 0), 0);
	kill_and_reap(child);
	close(fd);
}

static void one_exit_wakes_every_poller(void)
{
	pid_t child = spawn_sleeper(), pollers[5];
	int fd = pidfd_open_(child, 0);

	for (int i = 0; i < 5; i++) {
		pollers[i] = fork();
		if (pollers[i] == 0)
			_exit(polled(fd, 20000) == ZOMBIE ? 0 : 1);
	}
	sleep_ms(50);
	kill(child, SIGKILL);
	for (int i = 0; i < 5; i++) {
		int status = reap(pollers[i]);

		EXPECT_EQ(status, 0);
		if (status)
			tap_note("nobody woke poller %d in time", i);
	}
	reap(child);
	close(fd);
}

/* Who asks for these events hears of nothing before the reap. */
static void only_the_hangup_shows(short events)
{
	pid_t child = spawn(child_exits, NULL);
	struct pollfd p = { .fd = pidfd_open_(child, 0), .events = events };

	EXPECT_EQ(poll(&p, 1, 0), 0);
	wait_zombie(child);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	reap(child);
	EXPECT_EQ(poll(&p, 1, 0), 1);
	EXPECT_EQ(p.revents, POLLHUP);
	close(p.fd);
}

static void no_events_asked_still_reports_hangup(void)
{
	only_the_hangup_shows(0);
}

static void poll_of_several_says_which(void)
{
	struct pollfd p[4];
	pid_t child[4];

	for (int i = 0; i < 4; i++) {
		child[i] = spawn_sleeper();
		p[i].fd = pidfd_open_(child[i], 0);
		p[i].events = POLLIN;
	}
	EXPECT_EQ(poll(p, 4, 0), 0);
	kill(child[2], SIGKILL);
	EXPECT_EQ(poll(p, 4, 10000), 1);
	EXPECT_EQ(p[2].revents, POLLIN);
	EXPECT_EQ(p[0].revents | p[1].revents | p[3].revents, 0);
	for (int i = 0; i < 4; i++) {
		kill_and_reap(child[i]);
		close(p[i].fd);
	}
}

static void bad_descriptors_are_told_apart(void)
{
	struct pollfd p[2] = { { .fd = SELF_PROCESS, .events = POLLIN },
			       { .fd = 9999, .events = POLLIN } };

	EXPECT_EQ(poll(p, 2, 0), 1);
	EXPECT_EQ(p[0].revents, 0); /* negative: ignored */
	EXPECT_EQ(p[1].revents, POLLNVAL);
}

static void select_uses_the_read_set_alone(void)
{
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0);
	struct timeval none = { 0, 0 };
	fd_set rd, wr, ex;

	wait_zombie(child);
	FD_ZERO(&rd);
	FD_ZERO(&wr);
	FD_ZERO(&ex);
	FD_SET(fd, &rd);
	FD_SET(fd, &wr);
	FD_SET(fd, &ex);
	EXPECT_EQ(select(fd + 1, &rd, &wr, &ex, &none), 1);
	EXPECT(FD_ISSET(fd, &rd));
	EXPECT(!FD_ISSET(fd, &wr) && !FD_ISSET(fd, &ex));
	reap(child);
	close(fd);
}

static void ppoll_times_out(void)
{
	struct timespec t = { 0, 30 * 1000000 };
	struct pollfd p = { .fd = pidfd_open_(getpid(), 0), .events = POLLIN };
	long long start = now_ms();

	EXPECT_EQ(ppoll(&p, 1, &t, NULL), 0);
	EXPECT(now_ms() - start >= 29);
	close(p.fd);
}

static int watch(int ep, int fd, unsigned int events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static void epoll_level_triggered(void)
{
	struct epoll_event e[4];
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0), ep = epoll_create1(0);

	EXPECT_EQ(watch(ep, fd, EPOLLIN), 0);
	EXPECT_EQ(epoll_wait(ep, e, 4, 0), 0);
	kill(child, SIGKILL);
	EXPECT_EQ(epoll_wait(ep, e, 4, 10000), 1);
	EXPECT_EQ(e[0].events, EPOLLIN);
	EXPECT_EQ(e[0].data.fd, fd);
	EXPECT_EQ(epoll_wait(ep, e, 4, 0), 1);
	reap(child);
	EXPECT_EQ(epoll_wait(ep, e, 4, 0), 1);
	EXPECT_EQ(e[0].events, EPOLLIN | EPOLLHUP);
	close(fd);
	EXPECT_EQ(epoll_wait(ep, e, 4, 0), 0);
	close(ep);
}

static void epoll_edge_triggered_has_two_edges(void)
{
	struct epoll_event e[4];
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0), ep = epoll_create1(0);

	EXPECT_EQ(watch(ep, fd, EPOLLIN | EPOLLET), 0);
	kill(child, SIGKILL);
	EXPECT_EQ(epoll_wait(ep, e, 4, 10000), 1);
	EXPECT_EQ(e[0].events, EPOLLIN);
	wait_zombie(child);
	while (epoll_wait(ep, e, 4, 0) > 0)
		;
	EXPECT_EQ(epoll_wait(ep, e, 4, 0), 0);
	reap(child);
	EXPECT_EQ(epoll_wait(ep, e, 4, 10000), 1);
	EXPECT_EQ(e[0].events, EPOLLIN | EPOLLHUP);
	EXPECT_EQ(epoll_wait(ep, e, 4, 0), 0);
	close(fd);
	close(ep);
}

static void two_pidfds_of_one_process_are_two_epoll_entries(void)
{
	struct epoll_event e[4];
	pid_t child = spawn_sleeper();
	int a = pidfd_open_(child, 0), b = pidfd_open_(child, 0);
	int ep = epoll_create1(0);

	EXPECT_EQ(watch(ep, a, EPOLLIN), 0);
	EXPECT_ERR(watch(ep, a, EPOLLIN), EEXIST);
	EXPECT_EQ(watch(ep, b, EPOLLIN), 0);
	kill(child, SIGKILL);
	wait_zombie(child);
	EXPECT_EQ(epoll_wait(ep, e, 4, 10000), 2);
	reap(child);
	close(a);
	close(b);
	close(ep);
}

static void epoll_of_nothing_reports_hangup_once_reaped(void)
{
	struct epoll_event e[4];
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0), ep = epoll_create1(0);

	EXPECT_EQ(watch(ep, fd, 0), 0);
	wait_zombie(child);
	EXPECT_EQ(epoll_wait(ep, e, 4, 0), 0);
	reap(child);
	EXPECT_EQ(epoll_wait(ep, e, 4, 10000), 1);
	EXPECT_EQ(e[0].events, EPOLLHUP);
	close(fd);
	close(ep);
}

static void epoll_watches_a_crowd(void)
{
	enum { CROWD = 40 };
	struct epoll_event e[CROWD];
	pid_t child[CROWD];
	int fd[CROWD], ep = epoll_create1(0), seen = 0;

	for (int i = 0; i < CROWD; i++) {
		child[i] = clone_sleeper(&fd[i], 0);
		EXPECT_EQ(watch(ep, fd[i], EPOLLIN), 0);
	}
	for (int i = 0; i < CROWD; i += 2)
		kill(child[i], SIGKILL);
	for (int i = 0; i < CROWD; i += 2)
		wait_zombie(child[i]);
	for (int i = 0, n = epoll_wait(ep, e, CROWD, 10000); i < n; i++)
		for (int j = 0; j < CROWD; j += 2)
			seen += e[i].data.fd == fd[j];
	EXPECT_EQ(seen, CROWD / 2);
	for (int i = 0; i < CROWD; i++) {
		kill_and_reap(child[i]);
		close(fd[i]);
	}
	close(ep);
}

static void a_pidfd_closed_while_polled_does_no_harm(void)
{
	pid_t child = spawn_sleeper(), poller;
	int fd = pidfd_open_(child, 0), status;

	poller = fork();
	if (poller == 0)
		_exit(polled(fd, 20000) == ZOMBIE ? 0 : 1);
	sleep_ms(20);
	close(fd); /* the poller has its own reference */
	kill(child, SIGKILL);
	status = reap(poller);
	EXPECT_EQ(status, 0);
	if (status)
		tap_note("nobody woke the poller in time");
	reap(child);
}

static void who_asks_for_no_event_sleeps_until_the_reap(void)
{
	pid_t child = spawn_sleeper(), poller;
	struct pollfd p = { .fd = pidfd_open_(child, 0), .events = 0 };

	poller = fork();
	if (poller == 0)
		_exit(poll(&p, 1, 20000) == 1 && p.revents == POLLHUP ? 0 : 1);
	kill(child, SIGKILL);
	wait_zombie(child);
	sleep_ms(50);
	EXPECT_EQ(waitpid(poller, NULL, WNOHANG), 0);
	reap(child);
	EXPECT_EQ(reap(poller), 0);
	close(p.fd);
}

static void events_of_writing_and_urgency_never_come(void)
{
	only_the_hangup_shows(POLLOUT | POLLPRI | POLLERR);
}

static void epoll_takes_descriptors_only(void)
{
	char path[64];
	int fd = pidfd_open_(getpid(), 0), ep = epoll_create1(0), by_path;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	by_path = open(path, O_PATH);
	EXPECT_ERR(watch(ep, SELF_PROCESS, EPOLLIN), EBADF);
	EXPECT_ERR(watch(ep, by_path, EPOLLIN), EBADF);
	EXPECT_ERR(watch(fd, ep, EPOLLIN), EINVAL); /* it is no epoll itself */
	EXPECT_EQ(polled(by_path, 0), POLLNVAL);
	close(by_path);
	close(fd);
	close(ep);
}

static void epoll_once_tells_once(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT };
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0), ep = epoll_create1(0);

	EXPECT_EQ(watch(ep, fd, EPOLLIN | EPOLLONESHOT), 0);
	kill(child, SIGKILL);
	EXPECT_EQ(epoll_wait(ep, &e, 1, 10000), 1);
	reap(child);
	EXPECT_EQ(epoll_wait(ep, &e, 1, 20), 0);
	e.events = EPOLLIN | EPOLLONESHOT;
	EXPECT_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e), 0);
	EXPECT_EQ(epoll_wait(ep, &e, 1, 0), 1);
	EXPECT_EQ(e.events, EPOLLIN | EPOLLHUP);
	close(fd);
	close(ep);
}

static void a_child_nobody_waits_for_hangs_up_at_once(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT }, old;
	pid_t child;
	int fd;

	sigaction(SIGCHLD, &action, &old);
	child = spawn_sleeper();
	fd = pidfd_open_(child, 0);
	EXPECT_EQ(polled(fd, 0), 0);
	kill(child, SIGKILL);
	EXPECT(eventually(polled(fd, 100) == REAPED));
	EXPECT_ERR(waitpid(child, NULL, 0), ECHILD);
	sigaction(SIGCHLD, &old, NULL);
	close(fd);
}

int main(void)
{
	RUN(silent_while_alive_readable_at_exit_hung_up_at_reap);
	RUN(stop_and_continue_are_no_events);
	RUN(one_exit_wakes_every_poller);
	RUN(no_events_asked_still_reports_hangup);
	RUN(poll_of_several_says_which);
	RUN(bad_descriptors_are_told_apart);
	RUN(select_uses_the_read_set_alone);
	RUN(ppoll_times_out);
	RUN(epoll_level_triggered);
	RUN(epoll_edge_triggered_has_two_edges);
	RUN(two_pidfds_of_one_process_are_two_epoll_entries);
	RUN(epoll_of_nothing_reports_hangup_once_reaped);
	RUN(epoll_watches_a_crowd);
	RUN(a_pidfd_closed_while_polled_does_no_harm);
	RUN(who_asks_for_no_event_sleeps_until_the_reap);
	RUN(events_of_writing_and_urgency_never_come);
	RUN(epoll_takes_descriptors_only);
	RUN(epoll_once_tells_once);
	RUN(a_child_nobody_waits_for_hangs_up_at_once);
	return tap_done();
}
