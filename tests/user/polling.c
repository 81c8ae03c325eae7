/*
 * polling: poll, select and epoll on pipes and events; nesting, edges, masks.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "tap.h"

static int fds[2], ep;
static struct epoll_event e[8];

static int eventfd_(void)
{
	return (int)syscall(SYS_eventfd2, 0, O_NONBLOCK);
}

static void signal_event(int fd)
{
	unsigned long long one = 1;

	EXPECT_EQ(write(fd, &one, 8), 8);
}

static void clear_event(int fd)
{
	unsigned long long value;

	EXPECT_EQ(read(fd, &value, 8), 8);
}

static int control(int op, int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, op, fd, &event);
}

static void poll_waits_and_times_out(void)
{
	struct pollfd p = { .events = POLLIN };
	long long start;
	pid_t child;

	REQUIRE(pipe(fds) == 0);
	p.fd = fds[0];
	start = now_ms();
	EXPECT_EQ(poll(&p, 1, 50), 0);
	EXPECT(now_ms() - start >= 49);
	child = fork();
	if (child == 0) {
		sleep_ms(30);
		_exit(write(fds[1], "x", 1) != 1);
	}
	EXPECT_EQ(poll(&p, 1, 20000), 1);
	EXPECT_EQ(p.revents, POLLIN);
	reap(child);
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(poll(NULL, 0, 1), 0);
}

static void poll_reports_per_descriptor(void)
{
	struct pollfd p[3];
	int event = eventfd_();

	REQUIRE(pipe(fds) == 0);
	p[0] = (struct pollfd){ .fd = fds[1], .events = POLLOUT };
	p[1] = (struct pollfd){ .fd = -1, .events = POLLIN, .revents = 7 };
	p[2] = (struct pollfd){ .fd = event, .events = POLLIN | POLLOUT };
	EXPECT_EQ(poll(p, 3, -1), 2);
	EXPECT_EQ(p[0].revents, POLLOUT);
	EXPECT_EQ(p[1].revents, 0);
	EXPECT_EQ(p[2].revents, POLLOUT);
	close(fds[0]);
	close(fds[1]);
	close(event);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void ppoll_changes_the_mask_while_waiting(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct timespec t = { 20, 0 };
	sigset_t set, empty;

	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&empty);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	EXPECT_ERR(ppoll(NULL, 0, &t, &empty), EINTR);
	sigprocmask(SIG_BLOCK, NULL, &empty);
	EXPECT(sigismember(&empty, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void select_counts_and_clears(void)
{
	struct timeval t = { 0, 10000 };
	fd_set rd, wr;

	REQUIRE(pipe(fds) == 0);
	FD_ZERO(&rd);
	FD_ZERO(&wr);
	FD_SET(fds[0], &rd);
	FD_SET(fds[1], &wr);
	EXPECT_EQ(select(fds[1] + 1, &rd, &wr, NULL, NULL), 1);
	EXPECT(!FD_ISSET(fds[0], &rd));
	EXPECT(FD_ISSET(fds[1], &wr));
	FD_SET(fds[0], &rd);
	EXPECT_EQ(select(fds[0] + 1, &rd, NULL, NULL, &t), 0);
	close(fds[0]);
	close(fds[1]);
	FD_ZERO(&rd);
	FD_SET(fds[0], &rd);
	t.tv_sec = t.tv_usec = 0;
	EXPECT_ERR(select(fds[0] + 1, &rd, NULL, NULL, &t), EBADF);
}

static void epoll_adds_changes_and_removes(void)
{
	int event = eventfd_();

	ep = epoll_create1(EPOLL_CLOEXEC);
	REQUIRE(ep >= 0);
	EXPECT_EQ(fcntl(ep, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(control(EPOLL_CTL_ADD, event, EPOLLIN), 0);
	EXPECT_ERR(control(EPOLL_CTL_ADD, event, EPOLLIN), EEXIST);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 0);
	signal_event(event);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 1);
	EXPECT_EQ(e[0].events, EPOLLIN);
	EXPECT_EQ(control(EPOLL_CTL_MOD, event, EPOLLOUT), 0);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 1);
	EXPECT_EQ(e[0].events, EPOLLOUT);
	EXPECT_EQ(control(EPOLL_CTL_DEL, event, 0), 0);
	EXPECT_ERR(control(EPOLL_CTL_DEL, event, 0), ENOENT);
	EXPECT_ERR(control(EPOLL_CTL_MOD, event, EPOLLIN), ENOENT);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 0);
	close(event);
	close(ep);
}

static void epoll_refuses_nonsense(void)
{
	int file = open("/proc/self/stat", O_RDONLY);
	char path[] = "/tmp/polling-XXXXXX";
	int plain = mkstemp(path);

	unlink(path);
	ep = epoll_create1(0);
	EXPECT_ERR(epoll_create1(1), EINVAL);
	EXPECT_ERR(syscall(SYS_epoll_create, 0), EINVAL);
	EXPECT_ERR(control(EPOLL_CTL_ADD, 9999, EPOLLIN), EBADF);
	EXPECT_ERR(control(EPOLL_CTL_ADD, ep, EPOLLIN), EINVAL);
	EXPECT_ERR(control(EPOLL_CTL_ADD, plain, EPOLLIN), EPERM);
	EXPECT_ERR(epoll_wait(plain, e, 8, 0), EINVAL);
	close(plain);
	close(file);
	close(ep);
}

static void edge_triggered_reports_once_per_event(void)
{
	REQUIRE(pipe(fds) == 0);
	ep = epoll_create1(0);
	EXPECT_EQ(control(EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET), 0);
	EXPECT_EQ(write(fds[1], "ab", 2), 2);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 1);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 0);
	EXPECT_EQ(write(fds[1], "c", 1), 1);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 1);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 0);
	close(fds[0]);
	close(fds[1]);
	close(ep);
}

static void one_shot_must_be_armed_again(void)
{
	int event = eventfd_();

	ep = epoll_create1(0);
	control(EPOLL_CTL_ADD, event, EPOLLIN | EPOLLONESHOT);
	signal_event(event);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 1);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 0);
	EXPECT_EQ(control(EPOLL_CTL_MOD, event, EPOLLIN | EPOLLONESHOT), 0);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 1);
	close(event);
	close(ep);
}

static void epoll_is_itself_pollable_and_nests(void)
{
	int event = eventfd_(), outer = epoll_create1(0);
	struct epoll_event inner = { .events = EPOLLIN };
	struct pollfd p;

	ep = epoll_create1(0);
	control(EPOLL_CTL_ADD, event, EPOLLIN);
	EXPECT_EQ(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &inner), 0);
	p = (struct pollfd){ .fd = outer, .events = POLLIN };
	EXPECT_EQ(poll(&p, 1, 0), 0);
	signal_event(event);
	EXPECT_EQ(poll(&p, 1, 0), 1);
	EXPECT_EQ(epoll_wait(outer, e, 8, 0), 1);
	clear_event(event);
	EXPECT_EQ(epoll_wait(outer, e, 8, 0), 0);
	EXPECT_ERR(control(EPOLL_CTL_ADD, outer, EPOLLIN), ELOOP);
	close(outer);
	close(event);
	close(ep);
}

static void closing_the_last_copy_removes_the_entry(void)
{
	int copy;

	REQUIRE(pipe(fds) == 0);
	ep = epoll_create1(0);
	control(EPOLL_CTL_ADD, fds[0], EPOLLIN);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	copy = dup(fds[0]);
	close(fds[0]);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 1);
	close(copy);
	EXPECT_EQ(epoll_wait(ep, e, 8, 0), 0);
	close(fds[1]);
	close(ep);
}

static void a_waiter_is_woken_by_another_process(void)
{
	pid_t child;

	REQUIRE(pipe(fds) == 0);
	ep = epoll_create1(0);
	control(EPOLL_CTL_ADD, fds[0], EPOLLIN);
	child = fork();
	if (child == 0) {
		sleep_ms(30);
		_exit(write(fds[1], "x", 1) != 1);
	}
	EXPECT_EQ(epoll_wait(ep, e, 8, 20000), 1);
	EXPECT_EQ(e[0].data.fd, fds[0]);
	reap(child);
	close(fds[0]);
	close(fds[1]);
	close(ep);
}

static void more_events_than_room_come_in_turn(void)
{
	int event[6], seen = 0;

	ep = epoll_create1(0);
	for (int i = 0; i < 6; i++) {
		event[i] = eventfd_();
		control(EPOLL_CTL_ADD, event[i], EPOLLIN);
		signal_event(event[i]);
	}
	for (int round = 0; round < 3; round++) {
		EXPECT_EQ(epoll_wait(ep, e, 2, 0), 2);
		for (int i = 0; i < 6; i++)
			if (e[0].data.fd == event[i] || e[1].data.fd == event[i])
				seen |= 1 << i;
	}
	EXPECT_EQ(seen, 63);
	for (int i = 0; i < 6; i++)
		close(event[i]);
	close(ep);
}

int main(void)
{
	RUN(poll_waits_and_times_out);
	RUN(poll_reports_per_descriptor);
	RUN(ppoll_changes_the_mask_while_waiting);
	RUN(select_counts_and_clears);
	RUN(epoll_adds_changes_and_removes);
	RUN(epoll_refuses_nonsense);
	RUN(edge_triggered_reports_once_per_event);
	RUN(one_shot_must_be_armed_again);
	RUN(epoll_is_itself_pollable_and_nests);
	RUN(closing_the_last_copy_removes_the_entry);
	RUN(a_waiter_is_woken_by_another_process);
	RUN(more_events_than_room_come_in_turn);
	return tap_done();
}
