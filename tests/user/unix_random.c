/*
 * unix_random: threads do anything to a few local sockets, with lengths, flags,
 * names and control messages that need not make sense. Nothing may hang, fall, or
 * be left over. SEED=n in the environment.
 */
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "tap.h"

enum { SOCKETS = 12, THREADS = 3, CALLS = 5000, FIRST_FD = 100 };

static int any(unsigned *seed, int n)
{
	return rand_r(seed) / 7 % n;
}

static int some_fd(unsigned *seed)
{
	return FIRST_FD + any(seed, SOCKETS);
}

static socklen_t some_name(unsigned *seed, struct sockaddr_un *un)
{
	static const socklen_t odd[] = { 0, 1, 2, 3, 110, 111, 128, 129, -1 };

	memset(un, 0, sizeof(*un));
	un->sun_family = any(seed, 20) ? AF_UNIX : any(seed, 3);
	un->sun_path[2] = 'a' + any(seed, 4);
	memcpy(un->sun_path + 3, "pipit-random", 12);
	return any(seed, 8) ? offsetof(struct sockaddr_un, sun_path) + 15 : odd[any(seed, 9)];
}

static int some_flags(unsigned *seed)
{
	static const int flags[] = { MSG_PEEK, MSG_TRUNC,        MSG_WAITALL,
				     MSG_OOB,  MSG_CMSG_CLOEXEC, MSG_EOR };

	return MSG_DONTWAIT | MSG_NOSIGNAL | (any(seed, 3) ? 0 : flags[any(seed, 6)]);
}

static void some_message(unsigned *seed)
{
	char data[64] = "data", control[256] = "";
	struct iovec iov = { any(seed, 30) ? data : (char *)8, any(seed, 65) };
	struct sockaddr_un un;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = any(seed, 10) ? 1 : any(seed, 3) };
	struct cmsghdr *c = (struct cmsghdr *)control;
	int fd = some_fd(seed), n = 1 + any(seed, 3), *fds = (int *)CMSG_DATA(c);

	if (!any(seed, 3)) {
		msg.msg_name = &un;
		msg.msg_namelen = some_name(seed, &un);
	}
	if (any(seed, 2)) {
		msg.msg_control = control;
		msg.msg_controllen = any(seed, 10) ? sizeof(control) : (size_t)any(seed, 80);
		*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		c->cmsg_len = any(seed, 20) ? CMSG_LEN(4 * n) : (size_t)any(seed, 300);
		for (int i = 0; i < n; i++)
			fds[i] = any(seed, 20) ? some_fd(seed) : any(seed, 400) - 1;
		if (!any(seed, 6))
			c->cmsg_type = any(seed, 6);
	}
	if (any(seed, 2)) {
		if (msg.msg_controllen)
			msg.msg_controllen = msg.msg_controllen < CMSG_SPACE(4 * n)
						     ? msg.msg_controllen
						     : CMSG_SPACE(4 * n);
		sendmsg(fd, &msg, some_flags(seed));
		return;
	}
	memset(control, 0, sizeof(control));
	if (recvmsg(fd, &msg, some_flags(seed)) < 0)
		return;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		for (size_t i = 0; c->cmsg_type != 2 && i < (c->cmsg_len - CMSG_LEN(0)) / 4; i++)
			close(((int *)CMSG_DATA(c))[i]);
}

static void some_option(unsigned *seed)
{
	static const int names[] = { SO_PASSCRED, SO_SNDBUF, SO_PEERCRED, SO_ERROR,    SO_PEEK_OFF,
				     SO_RCVLOWAT, 76,        83,          SO_RCVTIMEO, SO_LINGER };
	int value[4] = { any(seed, 4) - 1, 0, any(seed, 2000), 0 }, fd = some_fd(seed);
	int name = any(seed, 10) ? names[any(seed, 10)] : any(seed, 90);
	socklen_t len = any(seed, 10) ? sizeof(value) : (socklen_t)any(seed, 20) - 2;

	if (any(seed, 2))
		setsockopt(fd, any(seed, 20) ? SOL_SOCKET : any(seed, 4), name, value, len);
	else if (name != 77) /* SO_PEERPIDFD */
		getsockopt(fd, SOL_SOCKET, name, value, &len);
}

static void replace(unsigned *seed)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int type = types[any(seed, 3)] | SOCK_NONBLOCK, s[2];

	if (!any(seed, 3)) {
		s[0] = socket(AF_UNIX, type, 0);
		dup2(s[0], some_fd(seed));
		close(s[0]);
	} else if (!socketpair(AF_UNIX, type, 0, s)) {
		dup2(s[0], some_fd(seed));
		dup2(s[1], some_fd(seed));
		close(s[0]), close(s[1]);
	}
}

static void some_call(unsigned *seed)
{
	struct sockaddr_un un;
	socklen_t len = some_name(seed, &un);
	struct pollfd p = { some_fd(seed), POLLIN | POLLOUT, 0 };
	struct sockaddr *addr = (struct sockaddr *)&un;
	int fd = some_fd(seed), got;

	switch (any(seed, 12)) {
	case 0:
		if (!any(seed, 4))
			replace(seed);
		break;
	case 1:
		bind(fd, addr, len);
		listen(fd, 3);
		break;
	case 2:
		listen(fd, any(seed, 3));
		break;
	case 3:
	case 4:
		connect(fd, addr, len);
		break;
	case 5:
		got = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
		if (got >= 0) {
			dup2(got, some_fd(seed));
			close(got);
		}
		break;
	case 6:
		any(seed, 4) ? poll(&p, 1, 0) : shutdown(fd, any(seed, 4));
		break;
	case 7:
		some_option(seed);
		break;
	case 8:
		len = sizeof(un);
		any(seed, 2) ? getpeername(fd, addr, &len) : getsockname(fd, addr, &len);
		ioctl(fd, any(seed, 2) ? FIONREAD : TIOCOUTQ, &got);
		break;
	default:
		some_message(seed);
	}
}

static void *play(void *arg)
{
	unsigned seed = (getenv("SEED") ? atol(getenv("SEED")) : 1) * 1000 + (long)arg;

	for (int i = 0; i < CALLS; i++)
		some_call(&seed);
	return NULL;
}

static int child_plays(void *arg)
{
	pthread_t t[THREADS];

	signal(SIGPIPE, SIG_IGN);
	alarm(300);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, play, (void *)(i + 10 * (long)arg));
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static int is_back(long files, long inodes)
{
	close(socket(AF_UNIX, SOCK_STREAM, 0)); /* have the unreachable looked for */
	return slab_in_use("file") <= files && slab_in_use("inode") <= inodes;
}

static void random_calls_leave_nothing(void)
{
	long files, inodes;

	slab_in_use("file");
	files = slab_in_use("file");
	inodes = slab_in_use("inode");
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(reap(spawn(child_plays, (void *)(long)i)), 0);
	if (in_guest())
		EXPECT(eventually(is_back(files, inodes)));
}

int main(void)
{
	RUN(random_calls_leave_nothing);
	return tap_done();
}
