/*
 * unix_dgram: datagrams between local sockets; their names.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tap.h"

#define BASE     offsetof(struct sockaddr_un, sun_path)
#define ADDR(un) ((struct sockaddr *)&(un))

static int polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static socklen_t abstract(struct sockaddr_un *un, const char *tag)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	return BASE + 1 + snprintf(un->sun_path + 1, 90, "pipit-dg-%s-%d", tag, (int)getpid());
}

/* A datagram socket with an abstract name. */
static int named(const char *tag)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, tag);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (bind(fd, ADDR(un), len)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int join(int fd, const char *tag)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, tag);

	return connect(fd, ADDR(un), len);
}

static void datagrams_say_who_sent_them(void)
{
	struct sockaddr_un un, from;
	int a = named("a"), b = named("b");
	socklen_t len = abstract(&un, "b"), want;
	char buf[16];

	REQUIRE(a >= 0 && b >= 0);
	EXPECT_EQ(sendto(a, "hello", 5, 0, ADDR(un), len), 5);
	EXPECT_EQ(sendto(a, "", 0, 0, ADDR(un), len), 0);
	EXPECT_EQ(sendto(a, "abc", 3, 0, ADDR(un), len), 3);
	len = sizeof(from);
	EXPECT_EQ(recvfrom(b, buf, sizeof(buf), 0, ADDR(from), &len), 5);
	want = abstract(&un, "a");
	EXPECT_EQ(len, want);
	EXPECT(!memcmp(&un, &from, len));
	len = 3;
	EXPECT_EQ(recvfrom(b, buf, sizeof(buf), 0, ADDR(from), &len), 0);
	EXPECT_EQ(len, want);
	EXPECT_EQ(recv(b, buf, 2, MSG_TRUNC), 3);
	EXPECT_ERR(recv(b, buf, 2, 0), EAGAIN);
	close(a);
	a = socket(AF_UNIX, SOCK_DGRAM, 0);
	len = abstract(&un, "b");
	EXPECT_EQ(sendto(a, "x", 1, 0, ADDR(un), len), 1);
	len = sizeof(from);
	EXPECT_EQ(recvfrom(b, buf, sizeof(buf), 0, ADDR(from), &len), 1);
	EXPECT_EQ(len, 0); /* no name */
	close(a), close(b);
}

static void connected_datagrams_go_to_one(void)
{
	struct sockaddr_un un;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int a = named("ca"), b = named("cb"), c = named("cc");
	socklen_t len;
	char buf[8];

	EXPECT_ERR(send(a, "x", 1, 0), ENOTCONN);
	EXPECT_EQ(join(a, "cb"), 0);
	EXPECT_EQ(send(a, "x", 1, 0), 1);
	EXPECT_EQ(recv(b, buf, 8, 0), 1);
	EXPECT_EQ(join(b, "ca"), 0);
	len = abstract(&un, "cb");
	EXPECT_ERR(sendto(c, "y", 1, 0, ADDR(un), len), EPERM);
	EXPECT_ERR(connect(c, ADDR(un), len), EPERM);
	len = abstract(&un, "cc");
	EXPECT_EQ(sendto(a, "y", 1, 0, ADDR(un), len), 1); /* elsewhere, all the same */
	EXPECT_EQ(recv(c, buf, 8, 0), 1);
	len = sizeof(un);
	EXPECT_EQ(getpeername(a, ADDR(un), &len), 0);
	EXPECT_EQ(send(b, "lost", 4, 0), 4);
	EXPECT_EQ(connect(a, &none, sizeof(none)), 0);
	EXPECT_ERR(getpeername(a, ADDR(un), &len), ENOTCONN);
	EXPECT_ERR(recv(a, buf, 8, 0), EAGAIN);
	EXPECT_ERR(send(b, "x", 1, 0), ECONNRESET);
	EXPECT_EQ(send(b, "x", 1, 0), 1);
	EXPECT_EQ(join(a, "cb"), 0);
	close(b);
	EXPECT_ERR(send(a, "x", 1, 0), ECONNREFUSED);
	EXPECT_ERR(send(a, "x", 1, 0), ENOTCONN);
	EXPECT_EQ(join(a, "cb"), -1);
	EXPECT_EQ(errno, ECONNREFUSED);
	EXPECT_ERR(listen(a, 1), EOPNOTSUPP);
	EXPECT_ERR(accept(a, NULL, NULL), EOPNOTSUPP);
	close(a), close(c);
}

static void a_full_receiver_stops_senders(void)
{
	int a = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), b = named("slow"), n = 0;
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0);
	pid_t child;
	char buf[8];

	EXPECT_EQ(join(a, "slow"), 0);
	EXPECT_EQ(polled(a), POLLOUT);
	while (n < 2000 && send(a, "x", 1, 0) == 1)
		n++;
	EXPECT(errno == EAGAIN && n > 5 && n < 2000);
	EXPECT_EQ(polled(a), 0);
	epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	fcntl(a, F_SETFL, 0);
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(send(a, "y", 1, 0) != 1);
	sleep_ms(30);
	for (int i = 0; i < n; i++)
		EXPECT_EQ(recv(b, buf, 8, 0), 1);
	EXPECT_EQ(reap(child), 0);
	EXPECT_EQ(epoll_wait(ep, &ev, 1, 1000), 1);
	EXPECT_EQ(ev.events, EPOLLOUT);
	close(b);
	close(a), close(ep);
}

static void large_datagrams_arrive_whole_or_not_at_all(void)
{
	static char out[200000], in[200000];
	int s[2], n = 0, size;

	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s);
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 11 + i / 253);
	EXPECT_EQ(send(s[0], out, 100000, 0), 100000);
	EXPECT_EQ(ioctl(s[1], FIONREAD, &n), 0);
	EXPECT_EQ(n, 100000);
	EXPECT_EQ(recv(s[1], in, sizeof(in), MSG_PEEK), 100000);
	EXPECT_EQ(recv(s[1], in, sizeof(in), 0), 100000);
	EXPECT(!memcmp(in, out, 100000));
	size = 10000;
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	EXPECT_ERR(send(s[0], out, 20000, 0), EMSGSIZE);
	EXPECT_EQ(send(s[0], out, 19000, 0), 19000);
	EXPECT_ERR(syscall(SYS_sendto, s[1], 8, 5, 0, NULL, 0), EFAULT);
	EXPECT_ERR(syscall(SYS_recvfrom, s[1], 8, 5, 0, NULL, NULL), EFAULT);
	EXPECT_ERR(recv(s[1], in, 5, 0), EAGAIN); /* a datagram that faults is gone */
	close(s[0]), close(s[1]);
}

static void paths_are_sockets_in_the_file_system(void)
{
	char dir[] = "/tmp/unixXXXXXX", path[128];
	struct sockaddr_un un = { .sun_family = AF_UNIX }, got;
	socklen_t len, want;
	struct stat st;
	int a, b, fd;

	REQUIRE(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	memcpy(un.sun_path, path, strlen(path));
	len = BASE + strlen(path), want = len + 1;
	umask(027);
	a = socket(AF_UNIX, SOCK_DGRAM, 0);
	EXPECT_EQ(bind(a, ADDR(un), len), 0);
	umask(022);
	EXPECT_EQ(stat(path, &st), 0);
	EXPECT_EQ(st.st_mode, S_IFSOCK | 0750);
	len = sizeof(got);
	EXPECT_EQ(getsockname(a, ADDR(got), &len), 0);
	EXPECT_EQ(len, want);
	EXPECT(!strcmp(got.sun_path, path));
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	EXPECT_ERR(bind(b, ADDR(un), sizeof(un)), EADDRINUSE);
	EXPECT_EQ(sendto(b, "x", 1, 0, ADDR(un), sizeof(un)), 1);
	EXPECT_EQ(recv(a, path + 100, 1, 0), 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_ERR(connect(fd, ADDR(un), sizeof(un)), EPROTOTYPE);
	close(fd);
	EXPECT_ERR(open(path, O_RDWR), ENXIO);
	if (!geteuid()) {
		fflush(stdout);
		pid_t child = fork();

		if (!child) {
			if (chmod(dir, 0755) || setuid(12345))
				_exit(2);
			_exit(!(connect(b, ADDR(un), sizeof(un)) == -1 && errno == EACCES));
		}
		EXPECT_EQ(reap(child), 0);
	}
	close(a);
	EXPECT_ERR(connect(b, ADDR(un), sizeof(un)), ECONNREFUSED);
	EXPECT_ERR(bind(b, ADDR(un), sizeof(un)), EADDRINUSE);
	unlink(un.sun_path);
	EXPECT_ERR(connect(b, ADDR(un), sizeof(un)), ENOENT);
	fd = open(un.sun_path, O_CREAT | O_RDWR, 0600);
	EXPECT_ERR(connect(b, ADDR(un), sizeof(un)), ECONNREFUSED);
	close(fd);
	unlink(un.sun_path);
	EXPECT_EQ(bind(b, ADDR(un), sizeof(un)), 0);
	EXPECT_ERR(bind(b, ADDR(un), sizeof(un)), EADDRINUSE);
	unlink(un.sun_path);
	EXPECT_ERR(bind(b, ADDR(un), sizeof(un)), EINVAL);
	EXPECT_ERR(stat(un.sun_path, &st), ENOENT);
	close(b);
	rmdir(dir);
}

static void a_longest_path_has_no_room_for_its_end(void)
{
	char dir[] = "/tmp/unixXXXXXX", here[64];
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_storage got;
	socklen_t len = sizeof(got);
	int a = socket(AF_UNIX, SOCK_STREAM, 0);

	REQUIRE(mkdtemp(dir) && getcwd(here, sizeof(here)) && !chdir(dir));
	memset(un.sun_path, 'x', sizeof(un.sun_path));
	EXPECT_EQ(bind(a, ADDR(un), sizeof(un)), 0);
	EXPECT_EQ(getsockname(a, ADDR(got), &len), 0);
	EXPECT_EQ(len, sizeof(un) + 1);
	EXPECT(!((char *)&got)[sizeof(un)]);
	memset(here + 60, 0, 1);
	close(a);
	char name[sizeof(un.sun_path) + 1] = "";
	memcpy(name, un.sun_path, sizeof(un.sun_path));
	EXPECT_EQ(unlink(name), 0);
	EXPECT_EQ(chdir(here), 0);
	rmdir(dir);
}

static void autobind_makes_up_a_name(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX }, other;
	socklen_t len = sizeof(un);
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);

	EXPECT_EQ(bind(a, ADDR(un), sizeof(sa_family_t)), 0);
	EXPECT_EQ(getsockname(a, ADDR(un), &len), 0);
	EXPECT_EQ(len, BASE + 6);
	EXPECT(!un.sun_path[0] && strspn(un.sun_path + 1, "0123456789abcdef") >= 5);
	other = (struct sockaddr_un){ .sun_family = AF_UNIX };
	EXPECT_EQ(bind(b, ADDR(other), sizeof(sa_family_t)), 0);
	EXPECT_EQ(getsockname(b, ADDR(other), &len), 0);
	EXPECT(memcmp(&un, &other, len));
	EXPECT_EQ(connect(b, ADDR(un), len), 0);
	close(a), close(b);
}

static void many_messages_go_in_one_call(void)
{
	struct mmsghdr out[3] = { 0 }, in[4] = { 0 };
	struct iovec iov[3], room[4];
	struct timespec soon = { 0, 20000000 };
	char buf[4][8];
	int s[2];

	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	for (int i = 0; i < 4; i++) {
		room[i] = (struct iovec){ buf[i], 8 };
		in[i].msg_hdr.msg_iov = &room[i];
		in[i].msg_hdr.msg_iovlen = 1;
	}
	for (int i = 0; i < 3; i++) {
		iov[i] = (struct iovec){ (void *)"abcdef", 2 + i };
		out[i].msg_hdr.msg_iov = &iov[i];
		out[i].msg_hdr.msg_iovlen = 1;
	}
	EXPECT_EQ(sendmmsg(s[0], out, 3, 0), 3);
	EXPECT_EQ(out[2].msg_len, 4);
	EXPECT_EQ(recvmmsg(s[1], in, 4, MSG_WAITFORONE, NULL), 3);
	EXPECT_EQ(in[0].msg_len, 2);
	EXPECT_EQ(in[2].msg_len, 4);
	EXPECT_ERR(recvmmsg(s[1], in, 4, MSG_DONTWAIT, NULL), EAGAIN);
	EXPECT_EQ(sendmmsg(s[0], out, 3, 0), 3);
	sleep_ms(1);
	soon.tv_nsec = 1;
	EXPECT_EQ(recvmmsg(s[1], in, 4, 0, &soon), 1);
	soon.tv_nsec = -1;
	EXPECT_ERR(recvmmsg(s[1], in, 4, 0, &soon), EINVAL);
	EXPECT_ERR(sendmsg(s[0], (struct msghdr *)8, 0), EFAULT);
	out[0].msg_hdr.msg_iovlen = 2000;
	EXPECT_ERR(sendmsg(s[0], &out[0].msg_hdr, 0), EMSGSIZE);
	close(s[0]), close(s[1]);
}

static void shutdown_stops_datagrams(void)
{
	char buf[8];
	int s[2];

	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	EXPECT_EQ(send(s[0], "x", 1, 0), 1);
	EXPECT_EQ(shutdown(s[1], SHUT_RD), 0);
	EXPECT_ERR(send(s[0], "x", 1, 0), EPIPE);
	EXPECT_EQ(recv(s[1], buf, 8, 0), 1);
	EXPECT_EQ(recv(s[1], buf, 8, 0), 0);
	EXPECT_ERR(recv(s[1], buf, 8, MSG_DONTWAIT), EAGAIN);
	EXPECT_EQ(shutdown(s[0], SHUT_WR), 0);
	EXPECT_ERR(send(s[0], "x", 1, 0), EPIPE);
	EXPECT_EQ(send(s[1], "x", 1, 0), 1);
	EXPECT_EQ(polled(s[0]), POLLIN | POLLOUT);
	EXPECT_EQ(polled(s[1]), POLLIN | POLLOUT | POLLRDHUP);
	close(s[0]), close(s[1]);
	s[0] = socket(AF_UNIX, SOCK_DGRAM, 0);
	shutdown(s[0], SHUT_WR);
	EXPECT_ERR(send(s[0], "x", 1, 0), EPIPE); /* before it is known that there is no peer */
	close(s[0]);
}

int main(void)
{
	RUN(datagrams_say_who_sent_them);
	RUN(connected_datagrams_go_to_one);
	RUN(a_full_receiver_stops_senders);
	RUN(large_datagrams_arrive_whole_or_not_at_all);
	RUN(paths_are_sockets_in_the_file_system);
	RUN(a_longest_path_has_no_room_for_its_end);
	RUN(autobind_makes_up_a_name);
	RUN(many_messages_go_in_one_call);
	RUN(shutdown_stops_datagrams);
	return tap_done();
}
