/*
 * pipes: end of file, limits, blocking, atomic writes, named pipes, eventfd.
 */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "tap.h"

static int fds[2];
static char buf[200000];

static void close_both(void)
{
	close(fds[0]);
	close(fds[1]);
}

static int events(int fd, int asked)
{
	struct pollfd p = { .fd = fd, .events = asked };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void bytes_come_out_in_order(void)
{
	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(write(fds[1], "hello ", 6), 6);
	EXPECT_EQ(write(fds[1], "world", 5), 5);
	EXPECT_EQ(read(fds[0], buf, 3), 3);
	EXPECT_EQ(read(fds[0], buf + 3, 100), 8);
	EXPECT(!memcmp(buf, "hello world", 11));
	close_both();
}

static void no_writer_is_end_of_file(void)
{
	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	EXPECT_EQ(read(fds[0], buf, 10), 1);
	EXPECT_EQ(read(fds[0], buf, 10), 0);
	EXPECT_EQ(events(fds[0], POLLIN), POLLHUP);
	close(fds[0]);
}

static void no_reader_is_a_broken_pipe(void)
{
	signal(SIGPIPE, SIG_IGN);
	REQUIRE(pipe(fds) == 0);
	close(fds[0]);
	EXPECT_ERR(write(fds[1], "x", 1), EPIPE);
	EXPECT(events(fds[1], POLLOUT) & POLLERR);
	close(fds[1]);
}

static void directions_are_one_way(void)
{
	REQUIRE(pipe(fds) == 0);
	EXPECT_ERR(write(fds[0], "x", 1), EBADF);
	EXPECT_ERR(read(fds[1], buf, 1), EBADF);
	EXPECT_ERR(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	EXPECT_ERR(pread(fds[0], buf, 1, 0), ESPIPE);
	EXPECT_ERR(ftruncate(fds[1], 0), EINVAL);
	close_both();
}

static void nonblocking_ends_say_so(void)
{
	long total = 0, n;

	REQUIRE(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0);
	EXPECT_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fds[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	EXPECT_ERR(read(fds[0], buf, 1), EAGAIN);
	while ((n = write(fds[1], buf, 4096)) > 0)
		total += n;
	EXPECT_EQ(errno, EAGAIN);
	EXPECT_EQ(total, 65536);
	EXPECT_EQ(events(fds[1], POLLOUT), 0);
	EXPECT_EQ(read(fds[0], buf, 4096), 4096);
	EXPECT_EQ(events(fds[1], POLLOUT), POLLOUT);
	close_both();
}

static void flags_of_pipe2_are_checked(void)
{
	EXPECT_ERR(pipe2(fds, 1), EINVAL);
	EXPECT_ERR(pipe2(fds, O_APPEND), EINVAL);
}

static void a_writer_waits_for_room(void)
{
	pid_t child;
	long total = 0, n;

	REQUIRE(pipe(fds) == 0);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		_exit(write(fds[1], buf, sizeof(buf)) != sizeof(buf));
	}
	close(fds[1]);
	while ((n = read(fds[0], buf, 10000)) > 0)
		total += n;
	EXPECT_EQ(total, sizeof(buf));
	EXPECT_EQ(reap(child), 0);
	close(fds[0]);
}

static void small_writes_do_not_mix(void)
{
	enum { WRITERS = 4, EACH = 50, SIZE = 1000 };
	int torn = 0, records = 0;

	REQUIRE(pipe(fds) == 0);
	for (int w = 0; w < WRITERS; w++) {
		if (fork())
			continue;
		memset(buf, 'a' + w, SIZE);
		for (int i = 0; i < EACH; i++)
			if (write(fds[1], buf, SIZE) != SIZE)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	for (;;) {
		long got = 0, n;

		while (got < SIZE && (n = read(fds[0], buf + got, SIZE - got)) > 0)
			got += n;
		if (got < SIZE)
			break;
		records++;
		for (int i = 1; i < SIZE; i++)
			torn += buf[i] != buf[0];
	}
	EXPECT_EQ(records, WRITERS * EACH);
	EXPECT_EQ(torn, 0);
	for (int w = 0; w < WRITERS; w++)
		wait(NULL);
	close(fds[0]);
}

static void vectors_gather_and_scatter(void)
{
	char a[3], b[10];
	struct iovec out[3] = { { "one", 3 }, { "", 0 }, { "twothree", 8 } };
	struct iovec in[2] = { { a, sizeof(a) }, { b, sizeof(b) } };

	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(writev(fds[1], out, 3), 11);
	EXPECT_EQ(readv(fds[0], in, 2), 11);
	EXPECT(!memcmp(a, "one", 3) && !memcmp(b, "twothree", 8));
	EXPECT_ERR(syscall(SYS_writev, fds[1], out, -1), EINVAL);
	EXPECT_ERR(syscall(SYS_writev, fds[1], out, 1025), EINVAL);
	close_both();
}

static void fionread_counts_bytes(void)
{
	int n = -1;

	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(ioctl(fds[0], FIONREAD, &n), 0);
	EXPECT_EQ(n, 0);
	EXPECT_EQ(write(fds[1], buf, 777), 777);
	EXPECT_EQ(ioctl(fds[0], FIONREAD, &n), 0);
	EXPECT_EQ(n, 777);
	close_both();
}

static void a_named_pipe_joins_two_processes(void)
{
	char path[64];
	int fd;
	pid_t child;

	snprintf(path, sizeof(path), "/tmp/fifo-%d", getpid());
	REQUIRE(mkfifo(path, 0600) == 0);
	EXPECT_ERR(mkfifo(path, 0600), EEXIST);
	EXPECT_ERR(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
	child = fork();
	if (child == 0) {
		fd = open(path, O_WRONLY);
		_exit(fd < 0 || write(fd, "fifo", 4) != 4);
	}
	fd = open(path, O_RDONLY);
	EXPECT(fd >= 0);
	EXPECT_EQ(read(fd, buf, 100), 4);
	EXPECT_EQ(read(fd, buf, 100), 0);
	EXPECT_EQ(reap(child), 0);
	close(fd);
	unlink(path);
}

static void a_pipe_opens_anew_without_waiting(void)
{
	char path[64];
	int fd;

	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(write(fds[1], "left", 4), 4);
	close(fds[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	fd = open(path, O_RDONLY); /* there is no writer, and never will be */
	REQUIRE(fd >= 0);
	EXPECT_EQ(read(fd, buf, 100), 4);
	EXPECT_EQ(read(fd, buf, 100), 0);
	close(fds[0]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fds[0] = open(path, O_WRONLY);
	EXPECT(fds[0] >= 0);
	close(fd);
	close(fds[0]);
}

static short fifo_polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void a_reader_hears_of_writers_that_left_since_it_came(void)
{
	char path[64];
	int first, second, writer;

	snprintf(path, sizeof(path), "/tmp/fifo-%d", getpid());
	REQUIRE(mkfifo(path, 0600) == 0);
	first = open(path, O_RDONLY | O_NONBLOCK);
	EXPECT_EQ(fifo_polled(first), 0);
	writer = open(path, O_WRONLY);
	EXPECT_EQ(fifo_polled(first), 0);
	close(writer);
	EXPECT_EQ(fifo_polled(first), POLLHUP);
	second = open(path, O_RDONLY | O_NONBLOCK);
	EXPECT_EQ(fifo_polled(second), 0);
	EXPECT_EQ(fifo_polled(first), POLLHUP);
	close(second);
	close(first);
	unlink(path);
}

static void stat_says_fifo(void)
{
	struct stat a, b;

	REQUIRE(pipe(fds) == 0);
	EXPECT_EQ(fstat(fds[0], &a), 0);
	EXPECT_EQ(fstat(fds[1], &b), 0);
	EXPECT(S_ISFIFO(a.st_mode));
	EXPECT_EQ(a.st_ino, b.st_ino);
	close_both();
}

static void eventfd_counts(void)
{
	unsigned long long value = 5;
	int fd = (int)syscall(SYS_eventfd2, 3, O_NONBLOCK);

	REQUIRE(fd >= 0);
	EXPECT_EQ(write(fd, &value, 8), 8);
	EXPECT_EQ(events(fd, POLLIN | POLLOUT), POLLIN | POLLOUT);
	EXPECT_EQ(read(fd, &value, 8), 8);
	EXPECT_EQ(value, 8);
	EXPECT_ERR(read(fd, &value, 8), EAGAIN);
	EXPECT_ERR(read(fd, &value, 4), EINVAL);
	EXPECT_EQ(events(fd, POLLIN), 0);
	close(fd);
}

int main(void)
{
	RUN(bytes_come_out_in_order);
	RUN(no_writer_is_end_of_file);
	RUN(no_reader_is_a_broken_pipe);
	RUN(directions_are_one_way);
	RUN(nonblocking_ends_say_so);
	RUN(flags_of_pipe2_are_checked);
	RUN(a_writer_waits_for_room);
	RUN(small_writes_do_not_mix);
	RUN(vectors_gather_and_scatter);
	RUN(fionread_counts_bytes);
	RUN(a_named_pipe_joins_two_processes);
	RUN(a_pipe_opens_anew_without_waiting);
	RUN(a_reader_hears_of_writers_that_left_since_it_came);
	RUN(stat_says_fifo);
	RUN(eventfd_counts);
	return tap_done();
}
