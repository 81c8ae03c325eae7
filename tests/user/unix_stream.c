/*
 * unix_stream: connected local sockets: pairs, servers, bytes, ends, waiting.
 */
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "tap.h"

#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif

enum { FIND = POLLIN | POLLOUT | POLLRDHUP };

static int polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = FIND };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void pair(int type, int fds[2])
{
	fds[0] = fds[1] = -1;
	socketpair(AF_UNIX, type, 0, fds);
}

static void close_both(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static int own_pid;

/* An abstract name of this test's own; returns its length. */
static socklen_t name_of(struct sockaddr_un *addr, const char *tag)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(addr->sun_path + 1, 90, "pipit-test-%s-%d", tag, own_pid);
}

static int server(int type, const char *tag, int backlog)
{
	struct sockaddr_un addr;
	socklen_t len = name_of(&addr, tag);
	int fd = socket(AF_UNIX, type, 0);

	if (bind(fd, (struct sockaddr *)&addr, len) || listen(fd, backlog)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int client(int type, const char *tag)
{
	struct sockaddr_un addr;
	socklen_t len = name_of(&addr, tag);
	int fd = socket(AF_UNIX, type, 0);

	if (connect(fd, (struct sockaddr *)&addr, len)) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) ? -1 : value;
}

static void bytes_go_both_ways(void)
{
	char buf[16];
	int s[2];

	pair(SOCK_STREAM, s);
	REQUIRE(s[1] >= 0);
	EXPECT_EQ(write(s[0], "hello", 5), 5);
	EXPECT_EQ(write(s[0], " you", 4), 4);
	EXPECT_EQ(read(s[1], buf, 3), 3);
	EXPECT_EQ(read(s[1], buf + 3, sizeof(buf) - 3), 6);
	EXPECT(!memcmp(buf, "hello you", 9));
	EXPECT_EQ(send(s[1], "x", 1, 0), 1);
	EXPECT_EQ(recv(s[0], buf, sizeof(buf), 0), 1);
	EXPECT_ERR(recv(s[0], buf, 1, MSG_DONTWAIT), EAGAIN);
	EXPECT_EQ(read(s[0], buf, 0), 0);
	close_both(s);
}

static void large_writes_arrive_whole(void)
{
	static char out[300000], in[300000];
	size_t got = 0;
	int s[2];
	pid_t child;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7 + i / 251);
	pair(SOCK_STREAM, s);
	fflush(stdout);
	child = fork();
	if (!child) {
		close(s[0]);
		_exit(write(s[1], out, sizeof(out)) != sizeof(out));
	}
	close(s[1]);
	while (got < sizeof(in)) {
		ssize_t n = read(s[0], in + got, 1 + got % 7000);

		if (n <= 0)
			break;
		got += n;
	}
	EXPECT_EQ(got, sizeof(in));
	EXPECT(!memcmp(in, out, sizeof(in)));
	EXPECT_EQ(read(s[0], in, 1), 0);
	EXPECT_EQ(reap(child), 0);
	close(s[0]);
}

static void vectors_are_gathered_and_scattered(void)
{
	char a[3], b[4];
	struct iovec out[3] = { { (void *)"ab", 2 }, { NULL, 0 }, { (void *)"cdefg", 5 } };
	struct iovec in[2] = { { a, 3 }, { b, 4 } };
	int s[2];

	pair(SOCK_STREAM, s);
	EXPECT_EQ(writev(s[0], out, 3), 7);
	EXPECT_EQ(readv(s[1], in, 2), 7);
	EXPECT(!memcmp(a, "abc", 3) && !memcmp(b, "defg", 4));
	EXPECT_ERR(lseek(s[0], 0, SEEK_SET), ESPIPE);
	EXPECT_ERR(pread(s[0], a, 1, 0), ESPIPE);
	close_both(s);
}

static void the_end_of_a_peer_is_seen(void)
{
	char c;
	int s[2];

	signal(SIGPIPE, SIG_IGN);
	pair(SOCK_STREAM, s);
	write(s[1], "z", 1);
	close(s[1]);
	EXPECT_EQ(polled(s[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	EXPECT_EQ(read(s[0], &c, 1), 1);
	EXPECT_EQ(read(s[0], &c, 1), 0);
	EXPECT_ERR(write(s[0], "a", 1), EPIPE);
	close(s[0]);

	pair(SOCK_STREAM, s);
	write(s[1], "z", 1);
	write(s[0], "lost", 4);
	close(s[1]);
	EXPECT(polled(s[0]) & POLLERR);
	EXPECT_EQ(read(s[0], &c, 1), 1);
	EXPECT_ERR(read(s[0], &c, 1), ECONNRESET);
	EXPECT_EQ(read(s[0], &c, 1), 0);
	close(s[0]);
	signal(SIGPIPE, SIG_DFL);
}

static volatile int nr_pipes;
static void count_pipe(int sig)
{
	nr_pipes++;
}

static void a_broken_write_raises_sigpipe_unless_told_not_to(void)
{
	int s[2];

	signal(SIGPIPE, count_pipe);
	nr_pipes = 0;
	pair(SOCK_STREAM, s);
	close(s[1]);
	EXPECT_ERR(send(s[0], "a", 1, MSG_NOSIGNAL), EPIPE);
	EXPECT_EQ(nr_pipes, 0);
	EXPECT_ERR(send(s[0], "a", 1, 0), EPIPE);
	EXPECT_EQ(nr_pipes, 1);
	EXPECT_ERR(write(s[0], "a", 1), EPIPE);
	EXPECT_EQ(nr_pipes, 2);
	close(s[0]);
	pair(SOCK_SEQPACKET, s);
	close(s[1]);
	EXPECT_ERR(write(s[0], "a", 1), EPIPE);
	EXPECT_EQ(nr_pipes, 2);
	close(s[0]);
	signal(SIGPIPE, SIG_DFL);
}

static void shutdown_closes_one_way(void)
{
	char c;
	int s[2];

	signal(SIGPIPE, SIG_IGN);
	pair(SOCK_STREAM, s);
	EXPECT_EQ(polled(s[0]), POLLOUT);
	EXPECT_EQ(shutdown(s[0], SHUT_WR), 0);
	EXPECT_EQ(polled(s[0]), POLLOUT);
	EXPECT_EQ(polled(s[1]), POLLIN | POLLOUT | POLLRDHUP);
	EXPECT_EQ(read(s[1], &c, 1), 0);
	EXPECT_ERR(write(s[0], "a", 1), EPIPE);
	EXPECT_EQ(write(s[1], "b", 1), 1);
	EXPECT_EQ(read(s[0], &c, 1), 1);
	EXPECT_EQ(shutdown(s[1], SHUT_WR), 0);
	EXPECT_EQ(polled(s[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	EXPECT_ERR(shutdown(s[0], 3), EINVAL);
	EXPECT_ERR(shutdown(s[0], -1), EINVAL);
	close_both(s);
	pair(SOCK_STREAM, s);
	write(s[1], "x", 1);
	EXPECT_EQ(shutdown(s[0], SHUT_RD), 0);
	EXPECT_ERR(write(s[1], "y", 1), EPIPE);
	EXPECT_EQ(read(s[0], &c, 1), 1);
	EXPECT_EQ(read(s[0], &c, 1), 0);
	close_both(s);
	s[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_EQ(polled(s[0]), POLLOUT | POLLHUP);
	EXPECT_EQ(shutdown(s[0], SHUT_RDWR), 0);
	close(s[0]);
	signal(SIGPIPE, SIG_DFL);
}

static void a_server_accepts_in_order(void)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr), want;
	int l = server(SOCK_STREAM, "order", 5), a, b, s;
	char c;

	REQUIRE(l >= 0);
	EXPECT_EQ(polled(l), 0);
	EXPECT_EQ(option(l, SO_ACCEPTCONN), 1);
	a = client(SOCK_STREAM, "order");
	b = client(SOCK_STREAM, "order");
	REQUIRE(a >= 0 && b >= 0);
	EXPECT_EQ(polled(l), POLLIN);
	EXPECT_EQ(write(a, "1", 1), 1); /* before accept() */
	EXPECT_EQ(write(b, "2", 1), 1);
	s = accept4(l, (struct sockaddr *)&addr, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	REQUIRE(s >= 0);
	EXPECT_EQ(len, sizeof(sa_family_t));
	EXPECT_EQ(addr.sun_family, AF_UNIX);
	EXPECT_EQ(fcntl(s, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
	EXPECT(read(s, &c, 1) == 1 && c == '1');
	EXPECT_ERR(read(s, &c, 1), EAGAIN);
	len = sizeof(addr);
	EXPECT_EQ(getpeername(a, (struct sockaddr *)&addr, &len), 0);
	want = name_of(&addr, "order");
	EXPECT_EQ(len, want);
	len = sizeof(addr);
	EXPECT_EQ(getsockname(s, (struct sockaddr *)&addr, &len), 0);
	EXPECT_EQ(len, want);
	close(s);
	s = accept(l, NULL, NULL);
	EXPECT(read(s, &c, 1) == 1 && c == '2');
	EXPECT_ERR(accept4(l, NULL, NULL, 1), EINVAL);
	fcntl(l, F_SETFL, O_NONBLOCK);
	EXPECT_ERR(accept(l, NULL, NULL), EAGAIN);
	EXPECT_ERR(accept(a, NULL, NULL), EINVAL);
	close(s), close(a), close(b), close(l);
}

static void connecting_fails_for_these_reasons(void)
{
	struct sockaddr_un addr;
	socklen_t len = name_of(&addr, "why");
	int l, fd, s;

	EXPECT_EQ(client(SOCK_STREAM, "why"), -1);
	EXPECT_EQ(errno, ECONNREFUSED);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_EQ(bind(fd, (struct sockaddr *)&addr, len), 0);
	EXPECT_ERR(bind(fd, (struct sockaddr *)&addr, len), EINVAL);
	EXPECT_EQ(client(SOCK_STREAM, "why"), -1); /* bound, does not listen */
	EXPECT_EQ(errno, ECONNREFUSED);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_ERR(bind(s, (struct sockaddr *)&addr, len), EADDRINUSE);
	EXPECT_ERR(listen(s, 1), EINVAL);
	EXPECT_ERR(write(s, "a", 1), ENOTCONN);
	EXPECT_ERR(read(s, &addr, 1), EINVAL);
	EXPECT_ERR(connect(s, (struct sockaddr *)&addr, 2), EINVAL);
	EXPECT_ERR(connect(s, (struct sockaddr *)&addr, 1), EINVAL);
	EXPECT_ERR(connect(s, (struct sockaddr *)&addr, 111), EINVAL);
	EXPECT_ERR(connect(s, (struct sockaddr *)&addr, 129), EINVAL);
	EXPECT_ERR(connect(s, (struct sockaddr *)&addr, -1), EINVAL);
	EXPECT_ERR(connect(s, (struct sockaddr *)8, 10), EFAULT);
	EXPECT_ERR(getpeername(s, (struct sockaddr *)&addr, &len), ENOTCONN);
	close(fd);
	l = server(SOCK_STREAM, "why", 1);
	EXPECT_EQ(client(SOCK_SEQPACKET, "why"), -1); /* another name space */
	EXPECT_EQ(errno, ECONNREFUSED);
	len = name_of(&addr, "why");
	EXPECT_EQ(connect(s, (struct sockaddr *)&addr, len), 0);
	EXPECT_ERR(connect(s, (struct sockaddr *)&addr, len), EISCONN);
	EXPECT_ERR(connect(l, (struct sockaddr *)&addr, len), EINVAL);
	EXPECT_ERR(sendto(s, "a", 1, 0, (struct sockaddr *)&addr, len), EISCONN);
	EXPECT_ERR(listen(s, 1), EINVAL);
	addr.sun_family = AF_INET;
	EXPECT_ERR(bind(-1, (struct sockaddr *)&addr, len), EBADF);
	EXPECT_ERR(bind(s, (struct sockaddr *)&addr, len), EINVAL);
	EXPECT_ERR(bind(0, (struct sockaddr *)&addr, len), ENOTSOCK);
	close(s), close(l);
}

static void a_full_backlog_refuses_or_waits(void)
{
	struct sockaddr_un addr;
	socklen_t len = name_of(&addr, "full");
	struct timeval soon = { 0, 50000 };
	int l = server(SOCK_STREAM, "full", 1), fd[3], s;
	pid_t child;

	REQUIRE(l >= 0);
	for (int i = 0; i < 2; i++) {
		fd[i] = client(SOCK_STREAM, "full");
		EXPECT(fd[i] >= 0);
	}
	fd[2] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	EXPECT_ERR(connect(fd[2], (struct sockaddr *)&addr, len), EAGAIN);
	fcntl(fd[2], F_SETFL, 0);
	EXPECT_EQ(setsockopt(fd[2], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
	EXPECT_ERR(connect(fd[2], (struct sockaddr *)&addr, len), EAGAIN);
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(client(SOCK_STREAM, "full") < 0);
	sleep_ms(30);
	s = accept(l, NULL, NULL);
	EXPECT_EQ(reap(child), 0);
	close(s);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	close(l);
}

static void a_closed_listener_resets_who_waited(void)
{
	int l = server(SOCK_STREAM, "gone", 3), fd = client(SOCK_STREAM, "gone");
	char c;

	EXPECT(fd >= 0);
	close(l);
	EXPECT_EQ(polled(fd), POLLIN | POLLOUT | POLLHUP | POLLERR | POLLRDHUP);
	EXPECT_ERR(read(fd, &c, 1), ECONNRESET);
	EXPECT_EQ(read(fd, &c, 1), 0);
	close(fd);
	l = server(SOCK_STREAM, "gone", 3);
	fd = client(SOCK_STREAM, "gone");
	shutdown(l, SHUT_RD);
	EXPECT_EQ(client(SOCK_STREAM, "gone"), -1);
	EXPECT_EQ(errno, ECONNREFUSED);
	c = accept(l, NULL, NULL);
	EXPECT(c >= 0);
	close(c);
	EXPECT_ERR(accept(l, NULL, NULL), EINVAL);
	fcntl(l, F_SETFL, O_NONBLOCK);
	EXPECT_ERR(accept(l, NULL, NULL), EAGAIN);
	close(fd), close(l);
}

static void a_full_socket_tells_and_takes_more_later(void)
{
	static char buf[4096];
	struct pollfd p;
	int s[2], outq = 0;
	long sent = 0, got = 0;
	ssize_t n;

	pair(SOCK_STREAM | SOCK_NONBLOCK, s);
	while ((n = write(s[0], buf, sizeof(buf))) > 0)
		sent += n;
	EXPECT(n == -1 && errno == EAGAIN);
	EXPECT(sent >= 65536 && sent < 1000000);
	EXPECT_EQ(ioctl(s[0], SIOCOUTQ, &outq), 0);
	EXPECT(outq >= sent);
	EXPECT_EQ(ioctl(s[1], FIONREAD, &outq), 0);
	EXPECT_EQ(outq, sent);
	EXPECT_EQ(polled(s[0]), 0);
	while ((n = read(s[1], buf, sizeof(buf))) > 0)
		got += n;
	EXPECT_EQ(got, sent);
	EXPECT_EQ(polled(s[0]), POLLOUT);
	p = (struct pollfd){ s[0], POLLOUT, 0 };
	EXPECT_EQ(poll(&p, 1, 1000), 1);
	EXPECT_EQ(ioctl(s[0], SIOCOUTQ, &outq), 0);
	EXPECT_EQ(outq, 0);
	close_both(s);
}

static void peeking_leaves_everything(void)
{
	char buf[8] = "";
	int s[2], off = 1;

	pair(SOCK_STREAM, s);
	write(s[0], "ab", 2);
	write(s[0], "cd", 2);
	EXPECT_EQ(recv(s[1], buf, 8, MSG_PEEK), 4);
	EXPECT_EQ(recv(s[1], buf, 3, MSG_PEEK), 3);
	EXPECT(!memcmp(buf, "abc", 3));
	EXPECT_EQ(option(s[1], SO_PEEK_OFF), -1);
	EXPECT_EQ(setsockopt(s[1], SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off)), 0);
	EXPECT_EQ(recv(s[1], buf, 2, MSG_PEEK), 2);
	EXPECT(!memcmp(buf, "bc", 2));
	EXPECT_EQ(option(s[1], SO_PEEK_OFF), 3);
	EXPECT_EQ(recv(s[1], buf, 2, MSG_PEEK), 1);
	EXPECT(buf[0] == 'd');
	EXPECT_ERR(recv(s[1], buf, 2, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	EXPECT_EQ(recv(s[1], buf, 1, 0), 1);
	EXPECT_EQ(option(s[1], SO_PEEK_OFF), 3);
	EXPECT_EQ(recv(s[1], buf, 8, 0), 3);
	EXPECT(!memcmp(buf, "bcd", 3));
	close_both(s);
}

static void *write_late(void *arg)
{
	sleep_ms(30);
	if (write(*(int *)arg, "later", 5) != 5)
		return arg;
	return NULL;
}

static void waitall_waits_for_all(void)
{
	struct timeval soon = { 0, 30000 };
	char buf[16];
	pthread_t t;
	int s[2];

	pair(SOCK_STREAM, s);
	write(s[0], "now ", 4);
	pthread_create(&t, NULL, write_late, &s[0]);
	EXPECT_EQ(recv(s[1], buf, 9, MSG_WAITALL), 9);
	pthread_join(t, NULL);
	EXPECT(!memcmp(buf, "now later", 9));
	EXPECT_EQ(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	write(s[0], "x", 1);
	EXPECT_EQ(recv(s[1], buf, 9, MSG_WAITALL), 1);
	EXPECT_ERR(recv(s[1], buf, 9, 0), EAGAIN);
	close_both(s);
}

static void on_alarm(int sig)
{
}

static void signals_interrupt_and_restart(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value = { 0, 30000 } };
	struct timeval later = { 5, 0 };
	pthread_t t;
	char c[8];
	int s[2];

	pair(SOCK_STREAM, s);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	EXPECT_ERR(read(s[1], c, 1), EINTR);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	timer.it_value.tv_usec = 10000;
	setitimer(ITIMER_REAL, &timer, NULL);
	pthread_create(&t, NULL, write_late, &s[0]);
	EXPECT_EQ(recv(s[1], c, 5, MSG_WAITALL), 5);
	pthread_join(t, NULL);
	setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &later, sizeof(later));
	setitimer(ITIMER_REAL, &timer, NULL);
	EXPECT_ERR(read(s[1], c, 1), EINTR); /* a time limit: not restarted */
	signal(SIGALRM, SIG_DFL);
	close_both(s);
}

static void edges_are_told_once(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP };
	int s[2], ep = epoll_create1(0);
	char c;

	pair(SOCK_STREAM, s);
	epoll_ctl(ep, EPOLL_CTL_ADD, s[0], &ev);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	EXPECT_EQ(ev.events, EPOLLOUT);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	write(s[1], "a", 1);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	EXPECT_EQ(ev.events, EPOLLIN | EPOLLOUT);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	write(s[1], "b", 1); /* unread data is no reason to be silent */
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	read(s[0], &c, 1);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	shutdown(s[1], SHUT_WR);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	EXPECT_EQ(ev.events, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	close(s[1]);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	EXPECT_EQ(ev.events, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	close(s[0]), close(ep);
}

static void seqpackets_keep_their_bounds(void)
{
	struct msghdr msg = { 0 };
	struct iovec iov;
	char buf[8];
	int s[2], l, a;

	pair(SOCK_SEQPACKET, s);
	EXPECT_EQ(write(s[0], "one", 3), 3);
	EXPECT_EQ(write(s[0], "", 0), 0);
	EXPECT_EQ(write(s[0], "three", 5), 5);
	iov = (struct iovec){ buf, 2 };
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	EXPECT_EQ(recvmsg(s[1], &msg, 0), 2);
	EXPECT_EQ(msg.msg_flags, MSG_TRUNC);
	EXPECT_EQ(recv(s[1], buf, 8, 0), 0);
	EXPECT_EQ(recv(s[1], buf, 2, MSG_TRUNC), 5);
	EXPECT_ERR(recv(s[1], buf, 2, MSG_DONTWAIT), EAGAIN);
	close(s[0]);
	EXPECT_EQ(recv(s[1], buf, 2, MSG_DONTWAIT), 0);
	close(s[1]);
	l = server(SOCK_SEQPACKET, "seq", 1);
	a = client(SOCK_SEQPACKET, "seq");
	EXPECT(a >= 0);
	s[0] = accept(l, NULL, NULL);
	EXPECT_EQ(send(a, "hi", 2, MSG_EOR), 2);
	EXPECT_EQ(read(s[0], buf, 8), 2);
	close(a), close(l), close(s[0]);
	a = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	EXPECT_ERR(write(a, "a", 1), ENOTCONN);
	EXPECT_ERR(read(a, buf, 1), ENOTCONN);
	close(a);
}

int main(void)
{
	own_pid = getpid();
	RUN(bytes_go_both_ways);
	RUN(large_writes_arrive_whole);
	RUN(vectors_are_gathered_and_scattered);
	RUN(the_end_of_a_peer_is_seen);
	RUN(a_broken_write_raises_sigpipe_unless_told_not_to);
	RUN(shutdown_closes_one_way);
	RUN(a_server_accepts_in_order);
	RUN(connecting_fails_for_these_reasons);
	RUN(a_full_backlog_refuses_or_waits);
	RUN(a_closed_listener_resets_who_waited);
	RUN(a_full_socket_tells_and_takes_more_later);
	RUN(peeking_leaves_everything);
	RUN(waitall_waits_for_all);
	RUN(signals_interrupt_and_restart);
	RUN(edges_are_told_once);
	RUN(seqpackets_keep_their_bounds);
	return tap_done();
}
