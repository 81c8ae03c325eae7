/*
 * unix_pidfd: whom a local socket talks to, as a pidfd: SO_PEERPIDFD and
 * SCM_PIDFD, also of processes that are gone.
 */
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "pidfds.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

enum { TYPE_PIDFD = 4, TYPE_CREDENTIALS = 2 };

static int peer_pidfd(int fd)
{
	int pidfd = -1;
	socklen_t len = sizeof(pidfd);

	return getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) ? -1 : pidfd;
}

static void pair(int type, int s[2])
{
	s[0] = s[1] = -1;
	socketpair(AF_UNIX, type, 0, s);
}

static void ask_for_pidfds(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on));
}

/* The value of the SCM_PIDFD that came with the next message, -999 if none did. */
static int receive_pidfd(int fd, size_t room, int flags, int *answer, int *order)
{
	char control[128], buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	int value = -999, n = 0;

	msg.msg_controllen = room;
	if (recvmsg(fd, &msg, flags) < 0)
		return -998;
	*answer = msg.msg_flags;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		n = n * 10 + c->cmsg_type;
		if (c->cmsg_type == TYPE_PIDFD && c->cmsg_len == CMSG_LEN(4))
			memcpy(&value, CMSG_DATA(c), 4);
	}
	if (order)
		*order = n;
	return value;
}

static void the_peer_of_a_pair_is_its_maker(void)
{
	int s[2], fd, self = pidfd_open_(getpid(), 0), value;
	socklen_t len;

	pair(SOCK_STREAM, s);
	fd = peer_pidfd(s[0]);
	REQUIRE(fd >= 0);
	EXPECT_EQ(inode_of(fd), inode_of(self));
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFL), O_RDWR);
	EXPECT_EQ(pidfd_signal(fd, 0, NULL, 0), 0);
	close(fd);
	len = 2;
	value = -1;
	EXPECT_EQ(getsockopt(s[0], SOL_SOCKET, SO_PEERPIDFD, &value, &len), 0);
	EXPECT_EQ(len, 2);
	EXPECT_EQ(value, (int)(0xffff0000 | fd));
	close(fd);
	len = 4;
	EXPECT_ERR(getsockopt(s[0], SOL_SOCKET, SO_PEERPIDFD, (void *)8, &len), EFAULT);
	EXPECT_EQ(dup(0), fd); /* released */
	close(fd);
	EXPECT_ERR(setsockopt(s[0], SOL_SOCKET, SO_PEERPIDFD, &value, 4), ENOPROTOOPT);
	close(s[0]), close(s[1]), close(self);
	s[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_EQ(peer_pidfd(s[0]), -1);
	EXPECT_EQ(errno, ENODATA);
	close(s[0]);
}

static void a_reaped_client_is_still_somebody(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 +
			snprintf(un.sun_path + 1, 90, "pipit-peer-%d", (int)getpid());
	int l = socket(AF_UNIX, SOCK_SEQPACKET, 0), s, fd;
	struct info info = { .mask = INFO_EXIT };
	pid_t child;

	REQUIRE(!bind(l, (struct sockaddr *)&un, len) && !listen(l, 1));
	fflush(stdout);
	child = fork();
	if (!child) {
		s = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		if (connect(s, (struct sockaddr *)&un, len))
			_exit(1);
		fd = peer_pidfd(s); /* who listened */
		_exit(fd < 0 || pidfd_signal(fd, 0, NULL, 0) ? 2 : 42);
	}
	s = accept(l, NULL, NULL);
	EXPECT_EQ(WEXITSTATUS(reap(child)), 42);
	fd = peer_pidfd(s);
	REQUIRE(fd >= 0);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM | POLLHUP);
	EXPECT_ERR(pidfd_signal(fd, 0, NULL, 0), ESRCH);
	if (has_pidfs() && kernel_at_least(6, 16)) {
		EXPECT_EQ(ioctl(fd, GET_INFO, &info), 0);
		EXPECT(info.mask & INFO_EXIT);
		EXPECT_EQ(info.exit_code, 42 << 8);
	}
	close(fd), close(s), close(l);
}

static void each_message_brings_a_pidfd(void)
{
	int s[2], fd, again, answer, order, on = 1, self = pidfd_open_(getpid(), 0);

	pair(SOCK_STREAM, s);
	write(s[0], "a", 1);
	ask_for_pidfds(s[1]);
	EXPECT_EQ(receive_pidfd(s[1], 128, 0, &answer, NULL), -999); /* sent before */
	write(s[0], "b", 1);
	fd = receive_pidfd(s[1], 128, MSG_PEEK, &answer, NULL);
	again = receive_pidfd(s[1], 128, 0, &answer, NULL);
	EXPECT(fd >= 0 && again >= 0 && fd != again);
	EXPECT_EQ(inode_of(fd), inode_of(self));
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFL), O_RDWR);
	close(fd), close(again);
	write(s[0], "c", 1);
	EXPECT_EQ(receive_pidfd(s[1], 19, 0, &answer, NULL), -999);
	EXPECT_EQ(answer, MSG_CTRUNC);
	setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	write(s[0], "d", 1);
	fd = receive_pidfd(s[1], 128, 0, &answer, &order);
	EXPECT_EQ(order, TYPE_CREDENTIALS * 10 + TYPE_PIDFD);
	EXPECT(fd >= 0);
	close(fd), close(s[0]), close(s[1]), close(self);
}

static void a_reaped_sender_is_still_somebody(void)
{
	struct rlimit old, none;
	int s[2], fd, answer;
	pid_t child;

	pair(SOCK_DGRAM, s);
	ask_for_pidfds(s[1]);
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(write(s[0], "x", 1) + write(s[0], "y", 1) != 2);
	EXPECT_EQ(reap(child), 0);
	fd = receive_pidfd(s[1], 128, 0, &answer, NULL);
	REQUIRE(fd >= 0);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM | POLLHUP);
	close(fd);
	getrlimit(RLIMIT_NOFILE, &old);
	none = (struct rlimit){ fd, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	EXPECT_EQ(receive_pidfd(s[1], 128, 0, &answer, NULL), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	close(s[0]), close(s[1]);
}

static void a_pidfd_travels_as_a_descriptor(void)
{
	struct {
		struct cmsghdr c;
		int fd;
	} raw = { { CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS }, -1 };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &raw };
	pid_t child = spawn_sleeper();
	int s[2], fd = pidfd_open_(child, 0);
	uint64_t ino = inode_of(fd);

	pair(SOCK_STREAM, s);
	raw.fd = fd;
	msg.msg_controllen = sizeof(raw);
	EXPECT_EQ(sendmsg(s[0], &msg, 0), 1);
	close(fd);
	kill_and_reap(child);
	EXPECT_EQ(recvmsg(s[1], &msg, 0), 1);
	fd = raw.fd;
	EXPECT_EQ(inode_of(fd), ino);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM | POLLHUP);
	raw.fd = SELF_PROCESS;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), EBADF);
	close(fd), close(s[0]), close(s[1]);
}

/* Sends "value" in a control message of this type. 0 or errno. */
static int send_control(int s, int type, const void *value, size_t size)
{
	union {
		struct cmsghdr c;
		char space[CMSG_SPACE(64)];
	} control = { .c = { CMSG_LEN(size), SOL_SOCKET, type } };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };

	memcpy(CMSG_DATA(&control.c), value, size);
	msg.msg_controllen = CMSG_SPACE(size);
	return sendmsg(s, &msg, 0) < 0 ? errno : 0;
}

static void nobody_sends_pidfds_as_such(void)
{
	int s[2], fd = pidfd_open_(getpid(), 0);

	pair(SOCK_STREAM, s);
	EXPECT_EQ(send_control(s[0], TYPE_PIDFD, &fd, sizeof(fd)), EINVAL);
	close(fd), close(s[0]), close(s[1]);
}

static void credentials_decide_whose_pidfd_it_is(void)
{
	struct {
		int pid, uid, gid;
	} who = { 0, 0, 0 };
	int s[2], of_child, fd, answer;
	pid_t child;

	if (getuid())
		SKIP("not root");
	child = spawn_sleeper();
	of_child = pidfd_open_(child, 0);
	pair(SOCK_DGRAM, s);
	ask_for_pidfds(s[1]);
	who.pid = child;
	EXPECT_EQ(send_control(s[0], TYPE_CREDENTIALS, &who, sizeof(who)), 0);
	fd = receive_pidfd(s[1], 128, 0, &answer, NULL);
	EXPECT_EQ(inode_of(fd), inode_of(of_child));
	EXPECT_EQ(polled(fd, 0), 0);
	kill_and_reap(child);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM | POLLHUP);
	EXPECT_EQ(send_control(s[0], TYPE_CREDENTIALS, &who, sizeof(who)), ESRCH);
	close(fd), close(of_child), close(s[0]), close(s[1]);
}

static void the_option_can_be_read_back_and_turned_off(void)
{
	int s[2], value = -1, answer;
	socklen_t len = sizeof(value);

	pair(SOCK_STREAM, s);
	EXPECT_EQ(getsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &value, &len), 0);
	EXPECT_EQ(value, 0);
	ask_for_pidfds(s[1]);
	EXPECT_EQ(getsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &value, &len), 0);
	EXPECT_EQ(value, 1);
	value = 0;
	EXPECT_EQ(setsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &value, sizeof(value)), 0);
	write(s[0], "a", 1);
	EXPECT_EQ(receive_pidfd(s[1], 128, 0, &answer, NULL), -999);
	close(s[0]), close(s[1]);
}

static void options_of_a_pidfd_travel_with_it(void)
{
	struct {
		struct cmsghdr c;
		int fd;
	} raw;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &raw };
	int s[2], fd = pidfd_open_(getpid(), F_THREAD | F_NONBLOCK);

	pair(SOCK_STREAM, s);
	EXPECT_EQ(send_control(s[0], SCM_RIGHTS, &fd, sizeof(fd)), 0);
	close(fd);
	msg.msg_controllen = sizeof(raw);
	EXPECT_EQ(recvmsg(s[1], &msg, 0), 1);
	EXPECT_EQ(fcntl(raw.fd, F_GETFL), 04202);
	EXPECT_EQ(fcntl(raw.fd, F_GETFD), 0); /* close-on-exec is of the descriptor */
	close(raw.fd), close(s[0]), close(s[1]);
}

static void the_descriptor_limit_refuses_the_peer(void)
{
	struct rlimit old, none;
	int s[2], lowest;

	pair(SOCK_STREAM, s);
	lowest = dup(0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &old);
	none = (struct rlimit){ lowest, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	EXPECT_EQ(peer_pidfd(s[0]), -1);
	EXPECT_EQ(errno, EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	close(s[0]), close(s[1]);
}

static int listens_again(void *arg)
{
	return listen(*(int *)arg, 1) || child_pauses(NULL);
}

/* Who listened last is the peer of who connects then; who connected before keeps his. */
static void the_peer_is_who_listened_last(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 +
			snprintf(un.sun_path + 1, 90, "pipit-again-%d", (int)getpid());
	int l = socket(AF_UNIX, SOCK_STREAM, 0), a, b, fd;
	pid_t child;

	REQUIRE(!bind(l, (struct sockaddr *)&un, len) && !listen(l, 4));
	a = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_EQ(connect(a, (struct sockaddr *)&un, len), 0);
	child = spawn(listens_again, &l);
	fd = -1;
	EXPECT(eventually((close(fd), (fd = peer_pidfd(l)) >= 0) &&
			  fdinfo_number(fd, "\nPid:", 10) == child));
	close(fd);
	b = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_EQ(connect(b, (struct sockaddr *)&un, len), 0);
	kill_and_reap(child);
	fd = peer_pidfd(a);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:", 10), getpid());
	close(fd);
	fd = peer_pidfd(b);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM | POLLHUP);
	close(fd), close(a), close(b), close(l);
}

int main(void)
{
	int s[2] = { -1, -1 }, probe;

	pair(SOCK_STREAM, s);
	probe = peer_pidfd(s[0]);
	close(s[0]), close(s[1]);
	if (probe < 0 && errno == ENOPROTOOPT)
		return tap_done();
	close(probe);
	RUN(the_peer_of_a_pair_is_its_maker);
	RUN(a_reaped_client_is_still_somebody);
	RUN(each_message_brings_a_pidfd);
	RUN(a_reaped_sender_is_still_somebody);
	RUN(a_pidfd_travels_as_a_descriptor);
	RUN(nobody_sends_pidfds_as_such);
	RUN(credentials_decide_whose_pidfd_it_is);
	RUN(the_option_can_be_read_back_and_turned_off);
	RUN(options_of_a_pidfd_travel_with_it);
	RUN(the_descriptor_limit_refuses_the_peer);
	RUN(the_peer_is_who_listened_last);
	return tap_done();
}
