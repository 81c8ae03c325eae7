/*
 * unix_options: local sockets as files; what kinds there are; their options.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "tap.h"

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

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) ? -1 : value;
}

static void sockets_are_files(void)
{
	char path[64], text[64] = "";
	struct stat st;
	int s[2], d;
	char c;

	pair(SOCK_STREAM, s);
	EXPECT_EQ(fstat(s[0], &st), 0);
	EXPECT_EQ(st.st_mode, S_IFSOCK | 0777);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s[0]);
	EXPECT(readlink(path, text, sizeof(text) - 1) > 0);
	EXPECT(!strncmp(text, "socket:[", 8));
	EXPECT_ERR(open(path, O_RDWR), ENXIO);
	d = dup(s[0]);
	close(s[0]);
	EXPECT_EQ(write(d, "d", 1), 1);
	EXPECT_EQ(read(s[1], &c, 1), 1);
	close(d);
	EXPECT_EQ(read(s[1], &c, 1), 0);
	close(s[1]);
}

static void families_and_types_are_checked(void)
{
	int s[2] = { 7, 7 };

	EXPECT_ERR(socket(AF_UNIX, 99, 0), EINVAL);
	EXPECT_ERR(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	EXPECT_ERR(socket(AF_UNIX, SOCK_STREAM | 0x100000, 0), EINVAL);
	EXPECT_ERR(socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT);
	EXPECT_ERR(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
	EXPECT_ERR(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	EXPECT_ERR(socketpair(AF_UNIX, SOCK_RDM, 0, s), ESOCKTNOSUPPORT);
	EXPECT_ERR(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 8), EFAULT);
	s[0] = socket(AF_UNIX, SOCK_RAW, 0);
	EXPECT_EQ(option(s[0], SO_TYPE), SOCK_DGRAM);
	close(s[0]);
	if (in_guest())
		EXPECT_ERR(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
}

static void options_are_kept(void)
{
	struct linger linger = { 5, 7 };
	struct timeval tv = { 3, 500000 };
	socklen_t len;
	int s[2], n;

	pair(SOCK_STREAM, s);
	EXPECT_EQ(option(s[0], SO_TYPE), SOCK_STREAM);
	EXPECT_EQ(option(s[0], SO_DOMAIN), AF_UNIX);
	EXPECT_EQ(option(s[0], SO_PROTOCOL), 0);
	EXPECT_EQ(option(s[0], SO_ERROR), 0);
	EXPECT_EQ(option(s[0], SO_ACCEPTCONN), 0);
	EXPECT_EQ(option(s[0], SO_SNDLOWAT), 1);
	n = 10000;
	EXPECT_EQ(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &n, sizeof(n)), 0);
	EXPECT_EQ(option(s[0], SO_SNDBUF), 20000);
	n = 1;
	EXPECT_EQ(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &n, sizeof(n)), 0);
	EXPECT_EQ(option(s[0], SO_SNDBUF), 4608);
	EXPECT_EQ(setsockopt(s[0], SOL_SOCKET, SO_RCVBUF, &n, sizeof(n)), 0);
	EXPECT_EQ(option(s[0], SO_RCVBUF), 2304);
	EXPECT_EQ(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	len = sizeof(linger);
	EXPECT_EQ(getsockopt(s[0], SOL_SOCKET, SO_LINGER, &linger, &len), 0);
	EXPECT(linger.l_onoff == 1 && linger.l_linger == 7);
	EXPECT_EQ(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	len = sizeof(tv);
	memset(&tv, 0, sizeof(tv));
	EXPECT_EQ(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, &len), 0);
	EXPECT(tv.tv_sec == 3 && tv.tv_usec == 500000);
	tv.tv_usec = 1000000;
	EXPECT_ERR(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), EDOM);
	EXPECT_ERR(setsockopt(s[0], SOL_SOCKET, SO_TYPE, &n, sizeof(n)), ENOPROTOOPT);
	EXPECT_ERR(setsockopt(s[0], SOL_SOCKET, SO_KEEPALIVE, &n, 3), EINVAL);
	EXPECT_ERR(setsockopt(s[0], SOL_SOCKET, SO_KEEPALIVE, (void *)8, 4), EFAULT);
	EXPECT_ERR(setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &n, -1), EBADF);
	EXPECT_ERR(setsockopt(s[0], SOL_SOCKET, SO_KEEPALIVE, &n, -1), EINVAL);
	EXPECT_ERR(setsockopt(s[0], 6, 1, &n, 4), EOPNOTSUPP);
	len = sizeof(n);
	EXPECT_ERR(getsockopt(s[0], 6, 1, &n, &len), EOPNOTSUPP);
	EXPECT_ERR(getsockopt(s[0], SOL_SOCKET, 9999, &n, &len), ENOPROTOOPT);
	len = (socklen_t)-1;
	EXPECT_ERR(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &n, &len), EINVAL);
	len = 2;
	n = -1;
	EXPECT_EQ(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &n, &len), 0);
	EXPECT(len == 2 && n == (int)0xffff0001);
	n = 1;
	EXPECT_EQ(setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &n, sizeof(n)), 0);
	EXPECT_EQ(option(s[0], SO_PASSCRED), 1);
	EXPECT_EQ(option(s[1], SO_PASSCRED), 0);
	close_both(s);
}

static void a_faulting_buffer_loses_nothing(void)
{
	char c[4] = "";
	int s[2];

	pair(SOCK_STREAM, s);
	EXPECT_ERR(syscall(SYS_write, s[0], 8, 4), EFAULT);
	write(s[0], "safe", 4);
	EXPECT_ERR(syscall(SYS_read, s[1], 8, 4), EFAULT);
	EXPECT_EQ(read(s[1], c, 4), 4);
	EXPECT(!memcmp(c, "safe", 4));
	close_both(s);
}

int main(void)
{
	RUN(sockets_are_files);
	RUN(families_and_types_are_checked);
	RUN(options_are_kept);
	RUN(a_faulting_buffer_loses_nothing);
	return tap_done();
}
