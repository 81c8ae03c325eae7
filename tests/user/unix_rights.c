/*
 * unix_rights: descriptors and credentials that travel beside the bytes, and
 * what becomes of those that never arrive.
 */
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tap.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SCM_CREDENTIALS
#define SCM_CREDENTIALS 2
#endif

enum { MAX_FDS = 253 };

struct who { /* struct ucred */
	int pid;
	unsigned uid, gid;
};

static void pair(int type, int s[2])
{
	s[0] = s[1] = -1;
	socketpair(AF_UNIX, type, 0, s);
}

/* Sends "x" with n descriptors. */
static int send_fds(int fd, const int *fds, int n, int flags)
{
	static __thread char control[CMSG_SPACE(sizeof(int) * (MAX_FDS + 1))];
	struct iovec iov = { (void *)"x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c = (struct cmsghdr *)control;

	msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	return sendmsg(fd, &msg, flags);
}

/* Receives up to "room" descriptors; how many came, -1 on error. */
static int receive_fds(int fd, int *fds, int room, int flags, int *answer)
{
	static __thread char control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
	char buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c;
	int n = 0;

	msg.msg_controllen = room ? CMSG_LEN(sizeof(int) * room) : 0;
	if (recvmsg(fd, &msg, flags) < 0)
		return -1;
	if (answer)
		*answer = msg.msg_flags;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS) {
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	return n;
}

static int lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void a_descriptor_arrives_as_the_same_file(void)
{
	int s[2], p[2], got = -1, answer = -1;
	struct stat a, b;
	char c;

	pair(SOCK_STREAM, s);
	pipe(p);
	EXPECT_EQ(send_fds(s[0], &p[1], 1, 0), 1);
	fstat(p[1], &a);
	close(p[1]);
	EXPECT_EQ(receive_fds(s[1], &got, 1, MSG_CMSG_CLOEXEC, &answer), 1);
	EXPECT_EQ(answer, MSG_CMSG_CLOEXEC);
	EXPECT_EQ(fcntl(got, F_GETFD), FD_CLOEXEC);
	fstat(got, &b);
	EXPECT(a.st_ino == b.st_ino);
	EXPECT_EQ(write(got, "q", 1), 1);
	EXPECT_EQ(read(p[0], &c, 1), 1);
	close(got);
	EXPECT_EQ(read(p[0], &c, 1), 0);
	close(p[0]), close(s[0]), close(s[1]);
}

static void descriptors_end_a_read(void)
{
	int s[2], got[4], answer;
	char buf[8];

	pair(SOCK_STREAM, s);
	write(s[0], "ab", 2);
	send_fds(s[0], (int[]){ 0, 1 }, 2, 0);
	write(s[0], "cd", 2);
	EXPECT_EQ(receive_fds(s[1], got, 4, MSG_PEEK, &answer), 2); /* copies */
	close(got[0]), close(got[1]);
	EXPECT_EQ(receive_fds(s[1], got, 1, 0, &answer), 1);
	EXPECT_EQ(answer, MSG_CTRUNC);
	close(got[0]);
	EXPECT_EQ(read(s[1], buf, 8), 2);
	send_fds(s[0], (int[]){ 0, 1 }, 2, 0);
	EXPECT_EQ(read(s[1], buf, 8), 1); /* they are dropped */
	send_fds(s[0], (int[]){ 0, 1 }, 2, 0);
	EXPECT_EQ(receive_fds(s[1], got, 0, 0, &answer), 0);
	EXPECT_EQ(answer, MSG_CTRUNC);
	close(s[0]), close(s[1]);
}

static void control_messages_are_checked(void)
{
	int s[2], fds[MAX_FDS + 1] = { 0 }, got[MAX_FDS], before;
	struct {
		struct cmsghdr c;
		int fd[4];
	} raw = { { 20, SOL_SOCKET, SCM_RIGHTS }, { 0 } };
	struct iovec iov = { (void *)"x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &raw };

	pair(SOCK_DGRAM, s);
	before = lowest_free_fd();
	EXPECT_EQ(send_fds(s[0], fds, MAX_FDS, 0), 1);
	EXPECT_ERR(send_fds(s[0], fds, MAX_FDS + 1, 0), EINVAL);
	EXPECT_EQ(receive_fds(s[1], got, MAX_FDS, 0, NULL), MAX_FDS);
	for (int i = 0; i < MAX_FDS; i++)
		close(got[i]);
	fds[2] = 9999;
	EXPECT_ERR(send_fds(s[0], fds, 3, 0), EBADF);
	fds[2] = -1;
	EXPECT_ERR(send_fds(s[0], fds, 3, 0), EBADF);
	msg.msg_controllen = sizeof(raw);
	raw.c.cmsg_len = 3;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), EINVAL);
	raw.c.cmsg_len = 100;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), EINVAL);
	raw.c.cmsg_len = 20;
	raw.c.cmsg_type = 77;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), EINVAL);
	raw.c.cmsg_type = 4; /* SCM_PIDFD */
	EXPECT_ERR(sendmsg(s[0], &msg, 0), EINVAL);
	raw.c.cmsg_level = 6;
	EXPECT_EQ(sendmsg(s[0], &msg, 0), 1); /* not ours */
	raw.c.cmsg_level = SOL_SOCKET;
	raw.c.cmsg_type = SCM_CREDENTIALS;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), EINVAL);
	msg.msg_controllen = 1ul << 40;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), ENOBUFS);
	msg.msg_controllen = 1ul << 20;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), ENOBUFS);
	msg.msg_control = (void *)8;
	msg.msg_controllen = 64;
	EXPECT_ERR(sendmsg(s[0], &msg, 0), EFAULT);
	EXPECT_EQ(lowest_free_fd(), before);
	close(s[0]), close(s[1]);
}

static void no_free_number_cuts_the_message(void)
{
	struct rlimit old, few;
	int s[2], got[4], answer = 0, first;

	pair(SOCK_DGRAM, s);
	send_fds(s[0], (int[]){ 0, 0, 0 }, 3, 0);
	first = lowest_free_fd();
	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){ first + 1, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &few);
	EXPECT_EQ(receive_fds(s[1], got, 4, 0, &answer), 1);
	EXPECT_EQ(answer, MSG_CTRUNC);
	setrlimit(RLIMIT_NOFILE, &old);
	close(got[0]);
	EXPECT_EQ(lowest_free_fd(), first);
	close(s[0]), close(s[1]);
}

/* The credentials that came with the next message. */
static struct who receive_who(int fd, size_t room, int *answer)
{
	char control[64] = "", buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	struct who who = { -1, -1, -1 };
	struct cmsghdr *c = (struct cmsghdr *)control;

	msg.msg_controllen = room;
	*answer = recvmsg(fd, &msg, 0) < 0 ? -1 : msg.msg_flags;
	if (msg.msg_controllen >= sizeof(*c) && c->cmsg_type == SCM_CREDENTIALS)
		memcpy(&who, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return who;
}

static int send_who(int fd, struct who who)
{
	char control[CMSG_SPACE(sizeof(who))] = "";
	struct iovec iov = { (void *)"x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c = (struct cmsghdr *)control;

	msg.msg_controllen = sizeof(control);
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(who)),
			       .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_CREDENTIALS };
	memcpy(CMSG_DATA(c), &who, sizeof(who));
	return sendmsg(fd, &msg, 0);
}

static void credentials_name_the_sender(void)
{
	struct who who, me = { getpid(), getuid(), getgid() };
	int s[2], on = 1, answer;
	socklen_t len = sizeof(who);
	pid_t child;

	pair(SOCK_STREAM, s);
	EXPECT_EQ(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &who, &len), 0);
	EXPECT(!memcmp(&who, &me, sizeof(me)));
	write(s[0], "old", 3);
	setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	who = receive_who(s[1], 64, &answer);
	EXPECT(who.pid == 0 && who.uid == 65534 && who.gid == 65534);
	write(s[0], "new", 3);
	who = receive_who(s[1], 64, &answer);
	EXPECT(!memcmp(&who, &me, sizeof(me)));
	write(s[0], "cut", 3);
	who = receive_who(s[1], 20, &answer);
	EXPECT_EQ(answer, MSG_CTRUNC);
	EXPECT(who.pid == me.pid && who.uid == (unsigned)-1);
	EXPECT_EQ(send_who(s[0], me), 1);
	who = receive_who(s[1], 64, &answer);
	EXPECT(!memcmp(&who, &me, sizeof(me)));
	fflush(stdout);
	child = fork();
	if (!child) {
		if (!getuid() && setuid(4321))
			_exit(2);
		me.uid = 0;
		me.pid = getppid();
		if (send_who(s[0], me) != -1 || errno != EPERM)
			_exit(3);
		_exit(write(s[0], "c", 1) != 1);
	}
	write(s[0], "p", 1);
	who = receive_who(s[1], 64, &answer); /* not mixed with the child's */
	EXPECT_EQ(reap(child), 0);
	EXPECT(who.pid == me.pid || who.pid == child);
	who = receive_who(s[1], 64, &answer);
	EXPECT(who.pid == me.pid || who.pid == child);
	who.pid = 999999999;
	who.uid = getuid(), who.gid = getgid();
	EXPECT_EQ(send_who(s[0], who), -1);
	EXPECT(errno == (getuid() ? EPERM : ESRCH));
	close(s[0]), close(s[1]);
	s[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT_EQ(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &who, &len), 0);
	EXPECT(who.pid == 0 && who.uid == (unsigned)-1 && who.gid == (unsigned)-1);
	close(s[0]);
}

static void passing_rights_can_be_refused(void)
{
	int s[2], off = 0, got;
	socklen_t len = sizeof(off);

	pair(SOCK_STREAM, s);
	if (getsockopt(s[1], SOL_SOCKET, SO_PASSRIGHTS, &off, &len))
		SKIP("no SO_PASSRIGHTS");
	EXPECT_EQ(off, 1);
	off = 0;
	EXPECT_EQ(setsockopt(s[1], SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off)), 0);
	EXPECT_ERR(send_fds(s[0], (int[]){ 0 }, 1, 0), EPERM);
	EXPECT_EQ(send_fds(s[1], (int[]){ 0 }, 1, 0), 1);
	EXPECT_EQ(receive_fds(s[0], &got, 1, 0, NULL), 1);
	close(got), close(s[0]), close(s[1]);
}

static void an_unprivileged_sender_has_a_limit(void)
{
	pid_t child;

	if (geteuid())
		SKIP("needs root to begin with");
	fflush(stdout);
	child = fork();
	if (!child) {
		struct rlimit few = { 20, 20 };
		int s[2], n = 0;

		pair(SOCK_STREAM, s);
		setrlimit(RLIMIT_NOFILE, &few);
		if (setgid(4321) || setuid(4321))
			_exit(2);
		while (n < 100 && send_fds(s[0], s, 2, MSG_DONTWAIT) == 1)
			n++;
		_exit(errno == ETOOMANYREFS && n == 11 ? 0 : n);
	}
	EXPECT_EQ(reap(child), 0);
}

/* The read end of a pipe whose writer hides in these sockets. */
static int is_closed(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

/* Closing some socket makes the kernel look for what nobody can reach. */
static void nudge(void)
{
	int s[2];

	pair(SOCK_STREAM, s);
	close(s[0]), close(s[1]);
}

static int collected(int fd)
{
	nudge();
	return is_closed(fd);
}

static void cycles_are_collected(void)
{
	int a[2], b[2], p[2], copy;

	pair(SOCK_STREAM, a); /* a socket in its own queue, with a pipe */
	pipe(p);
	EXPECT_EQ(send_fds(a[0], (int[]){ a[1], p[1] }, 2, 0), 1);
	close(p[1]), close(a[1]);
	EXPECT(!is_closed(p[0]));
	close(a[0]);
	EXPECT(eventually(collected(p[0])));
	close(p[0]);

	pair(SOCK_DGRAM, a); /* two in each other's, one still reachable at first */
	pair(SOCK_SEQPACKET, b);
	pipe(p);
	EXPECT_EQ(send_fds(a[0], (int[]){ b[1], b[0] }, 2, 0), 1);
	EXPECT_EQ(send_fds(b[0], (int[]){ a[1], a[0], p[1] }, 3, 0), 1);
	close(p[1]), close(a[0]), close(b[0]), close(b[1]);
	copy = dup(a[1]);
	close(a[1]);
	for (int i = 0; i < 20; i++) {
		EXPECT(!collected(p[0]));
		sleep_ms(1);
	}
	EXPECT_EQ(receive_fds(copy, b, 2, MSG_PEEK, NULL), 2);
	close(b[0]), close(b[1]);
	close(copy);
	EXPECT(eventually(collected(p[0])));
	close(p[0]);
}

static void a_cycle_through_a_listener_is_collected(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 +
			snprintf(un.sun_path + 1, 90, "pipit-gc-%d", (int)getpid());
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), p[2];

	REQUIRE(!bind(l, (struct sockaddr *)&un, len) && !listen(l, 5));
	REQUIRE(!connect(c, (struct sockaddr *)&un, len));
	pipe(p);
	EXPECT_EQ(send_fds(c, (int[]){ l, c, p[1] }, 3, 0), 1);
	close(p[1]), close(l);
	EXPECT(eventually(
		collected(p[0]))); /* c leads to the listener's queue, but not out of it */
	close(c);
	close(p[0]);
}

static void a_long_chain_closes_without_nesting(void)
{
	int s[2], next[2], p[2];

	pair(SOCK_STREAM, s);
	pipe(p);
	send_fds(s[0], &p[1], 1, 0);
	close(p[1]);
	for (int i = 0; i < 3000; i++) {
		pair(SOCK_STREAM, next);
		send_fds(next[0], s, 2, 0);
		close(s[0]), close(s[1]);
		memcpy(s, next, sizeof(s));
	}
	EXPECT(!is_closed(p[0]));
	close(s[0]), close(s[1]);
	EXPECT(eventually(is_closed(p[0])));
	close(p[0]);
}

/* ---- everything at once, and nothing left */

enum { THREADS = 4 };

static int shared[8][2];

static void *juggle(void *arg)
{
	unsigned seed = (long)arg * 7919 + 1;
	int rounds = getenv("SECONDS") ? 30000 : 1000, got[8], mine[2];

	for (int i = 0; i < rounds; i++) {
		int *to = shared[rand_r(&seed) % 8], n;

		switch (rand_r(&seed) % 6) {
		case 0: /* a cycle */
			pair(rand_r(&seed) % 2 ? SOCK_STREAM : SOCK_DGRAM, mine);
			send_fds(mine[0], mine, 2, MSG_DONTWAIT);
			send_fds(mine[1], mine, 2, MSG_DONTWAIT);
			close(mine[0]), close(mine[1]);
			break;
		case 1: /* a new pair goes round */
			pair(SOCK_STREAM, mine);
			send_fds(to[0], mine, 2, MSG_DONTWAIT);
			close(mine[0]), close(mine[1]);
			break;
		case 2: /* the shared ones themselves */
			send_fds(to[0], shared[rand_r(&seed) % 8], 2, MSG_DONTWAIT);
			break;
		default:
			n = receive_fds(to[1], got, 8,
					MSG_DONTWAIT | (rand_r(&seed) % 4 ? 0 : MSG_PEEK), NULL);
			if (n == 2 && rand_r(&seed) % 2)
				send_fds(got[0], got, 2, MSG_DONTWAIT);
			while (n > 0)
				close(got[--n]);
		}
	}
	return NULL;
}

static int child_juggles(void *arg)
{
	pthread_t t[THREADS];

	for (int i = 0; i < 8; i++)
		pair(i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, shared[i]);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, juggle, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static int is_back(long files, long inodes)
{
	nudge();
	return slab_in_use("file") <= files && slab_in_use("inode") <= inodes;
}

static void a_stress_of_cycles_leaves_nothing(void)
{
	long files, inodes;

	slab_in_use("file");
	files = slab_in_use("file");
	inodes = slab_in_use("inode");
	EXPECT_EQ(reap(spawn(child_juggles, NULL)), 0);
	if (!in_guest())
		return;
	EXPECT(eventually(is_back(files, inodes)));
}

int main(void)
{
	RUN(a_descriptor_arrives_as_the_same_file);
	RUN(descriptors_end_a_read);
	RUN(control_messages_are_checked);
	RUN(no_free_number_cuts_the_message);
	RUN(credentials_name_the_sender);
	RUN(passing_rights_can_be_refused);
	RUN(an_unprivileged_sender_has_a_limit);
	RUN(cycles_are_collected);
	RUN(a_cycle_through_a_listener_is_collected);
	RUN(a_long_chain_closes_without_nesting);
	RUN(a_stress_of_cycles_leaves_nothing);
	return tap_done();
}
