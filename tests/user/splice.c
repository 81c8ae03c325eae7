/*
 * splice: bytes move between pipes and files without passing through the program.
 */
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "tap.h"

#define ALL      0xfu
#define NONBLOCK 2u

static int p[2], q[2], file;
static char buf[300000], got[300000];

static long splice_(int in, int64_t *in_pos, int out, int64_t *out_pos, size_t n, unsigned flags)
{
	return syscall(SYS_splice, in, in_pos, out, out_pos, n, flags);
}

static long tee_(int in, int out, size_t n, unsigned flags)
{
	return syscall(SYS_tee, in, out, n, flags);
}

static long vmsplice_(int fd, const struct iovec *iov, unsigned long n, unsigned flags)
{
	return syscall(SYS_vmsplice, fd, iov, n, flags);
}

static void begin(void)
{
	EXPECT_EQ(pipe(p), 0);
	EXPECT_EQ(pipe(q), 0);
	file = memfd_create("splice", 0);
	EXPECT(file >= 0);
}

static void end(void)
{
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
	close(file);
}

static void bad_arguments_are_refused(void)
{
	int null = open("/dev/null", O_RDWR), dir = open("/", O_RDONLY), append;
	int64_t pos = 0, bad = -1;

	begin();
	EXPECT_EQ(splice_(file, NULL, p[1], NULL, 0, 99), 0);
	EXPECT_ERR(splice_(file, NULL, p[1], NULL, 5, 99), EINVAL);
	EXPECT_ERR(splice_(file, NULL, 999, NULL, 5, 0), EBADF);
	EXPECT_ERR(splice_(p[1], NULL, q[1], NULL, 5, 0), EBADF);
	EXPECT_ERR(splice_(p[0], NULL, p[1], NULL, 5, 0), EINVAL);
	EXPECT_ERR(splice_(p[0], &pos, q[1], NULL, 5, 0), ESPIPE);
	EXPECT_ERR(splice_(file, &pos, q[1], &pos, 5, 0), ESPIPE);
	EXPECT_ERR(splice_(file, NULL, null, NULL, 5, 0), EINVAL);
	EXPECT_ERR(splice_(dir, NULL, p[1], NULL, 5, 0), EINVAL);
	EXPECT_ERR(splice_(file, &bad, p[1], NULL, 5, 0), EINVAL);
	EXPECT_ERR(splice_(file, (int64_t *)1, p[1], NULL, 5, 0), EFAULT);
	EXPECT_ERR(splice_(p[0], NULL, q[1], NULL, 5, NONBLOCK), EAGAIN);
	EXPECT_EQ(write(p[1], "x", 1), 1);
	fcntl(file, F_SETFL, O_APPEND);
	append = file;
	EXPECT_ERR(splice_(p[0], NULL, append, NULL, 1, 0), EINVAL);
	EXPECT_ERR(tee_(p[0], file, 1, 0), EINVAL);
	EXPECT_ERR(tee_(p[0], p[1], 1, 0), EINVAL);
	EXPECT_ERR(tee_(p[0], q[0], 1, 0), EBADF);
	EXPECT_ERR(tee_(p[0], q[1], 1, 99), EINVAL);
	EXPECT_EQ(tee_(p[0], q[1], 0, 0), 0);
	end();
	close(null);
	close(dir);
}

static void a_file_goes_into_a_pipe_and_back(void)
{
	int64_t pos = 2;

	begin();
	EXPECT_EQ(write(file, "0123456789", 10), 10);
	EXPECT_EQ(splice_(file, NULL, p[1], NULL, 5, 0), 0);
	EXPECT_EQ(splice_(file, &pos, p[1], NULL, 3, 0), 3);
	EXPECT_EQ(pos, 5);
	EXPECT_EQ(lseek(file, 0, SEEK_CUR), 10);
	EXPECT_EQ(lseek(file, 7, SEEK_SET), 7);
	EXPECT_EQ(splice_(file, NULL, p[1], NULL, 100, 0), 3);
	EXPECT_EQ(lseek(file, 0, SEEK_CUR), 10);
	pos = 0;
	EXPECT_EQ(splice_(p[0], NULL, file, &pos, 2, 0), 2);
	EXPECT_EQ(pos, 2);
	EXPECT_EQ(splice_(p[0], NULL, file, NULL, 100, 0), 4);
	EXPECT_EQ(pread(file, got, 100, 0), 14);
	EXPECT(!memcmp(got, "23234567894789", 14));
	end();
}

static void pages_go_from_pipe_to_pipe(void)
{
	begin();
	for (int i = 0; i < 20000; i++)
		buf[i] = (char)(i * 7 % 251);
	EXPECT_EQ(write(p[1], buf, 20000), 20000);
	EXPECT_EQ(splice_(p[0], NULL, q[1], NULL, 5000, 0), 5000);
	EXPECT_EQ(tee_(p[0], q[1], 6000, 0), 6000);
	EXPECT_EQ(write(p[1], "more", 4), 4);
	EXPECT_EQ(write(q[1], "else", 4), 4);
	EXPECT_EQ(splice_(p[0], NULL, q[1], NULL, 100000, 0), 15004);
	EXPECT_EQ(read(q[0], got, sizeof(got)), 5000 + 6000 + 4 + 15004);
	EXPECT(!memcmp(got, buf, 11000));
	EXPECT(!memcmp(got + 11000, "else", 4));
	EXPECT(!memcmp(got + 11004, buf + 5000, 15000));
	EXPECT(!memcmp(got + 26004, "more", 4));
	EXPECT_ERR(splice_(p[0], NULL, q[1], NULL, 5, NONBLOCK), EAGAIN);
	end();
}

static void copies_by_tee_are_not_written_to(void)
{
	begin();
	EXPECT_EQ(write(p[1], "abc", 3), 3);
	EXPECT_EQ(tee_(p[0], q[1], 100, 0), 3);
	EXPECT_EQ(write(p[1], "def", 3), 3);
	EXPECT_EQ(write(q[1], "ghi", 3), 3);
	EXPECT_EQ(read(p[0], got, 100), 6);
	EXPECT(!memcmp(got, "abcdef", 6));
	EXPECT_EQ(write(p[1], "XYZ", 3), 3);
	EXPECT_EQ(read(q[0], got, 100), 6);
	EXPECT(!memcmp(got, "abcghi", 6));
	end();
}

static void ends_are_noticed(void)
{
	signal(SIGPIPE, SIG_IGN);
	begin();
	EXPECT_EQ(write(file, "0123456789", 10), 10);
	EXPECT_EQ(write(p[1], "x", 1), 1);
	close(q[0]);
	EXPECT_ERR(splice_(p[0], NULL, q[1], NULL, 5, 0), EPIPE);
	EXPECT_ERR(splice_(file, &(int64_t){ 0 }, q[1], NULL, 5, 0), EPIPE);
	close(p[1]);
	EXPECT_EQ(splice_(p[0], NULL, file, NULL, 5, 0), 1);
	EXPECT_EQ(splice_(p[0], NULL, file, NULL, 5, 0), 0);
	close(p[0]);
	close(q[1]);
	close(file);
	signal(SIGPIPE, SIG_DFL);
}

static void memory_goes_into_pipes_and_out(void)
{
	struct iovec v[2] = { { "abc", 3 }, { "defg", 4 } }, w = { got, 5 };
	struct iovec bad = { (void *)1, 3 };

	begin();
	EXPECT_EQ(vmsplice_(p[1], v, 2, 0), 7);
	EXPECT_EQ(vmsplice_(p[0], &w, 1, 0), 5);
	EXPECT(!memcmp(got, "abcde", 5));
	EXPECT_EQ(vmsplice_(p[1], v, 0, 0), 0);
	EXPECT_ERR(vmsplice_(p[1], v, 2, 99), EINVAL);
	EXPECT_ERR(vmsplice_(file, v, 2, 0), EBADF);
	EXPECT_ERR(vmsplice_(p[1], &bad, 1, 0), EFAULT);
	EXPECT_EQ(read(p[0], got, 10), 2);
	EXPECT_ERR(vmsplice_(p[0], &w, 1, NONBLOCK), EAGAIN);
	end();
}

static void *splices_all(void *arg)
{
	long total = 0, n;

	while ((n = splice_(p[0], NULL, q[1], NULL, 1 << 20, 0)) > 0)
		total += n;
	close(q[1]);
	*(long *)arg = n < 0 ? n : total;
	return NULL;
}

static void *writes_all(void *arg)
{
	for (size_t at = 0; at < sizeof(buf); at += 1000)
		if (write(p[1], buf + at, 1000) != 1000)
			*(long *)arg = -1;
	close(p[1]);
	return NULL;
}

static void a_stream_passes_through(void)
{
	pthread_t writer, splicer;
	long total = 0, at = 0, n;

	begin();
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 31 % 253);
	EXPECT_EQ(pthread_create(&splicer, NULL, splices_all, &total), 0);
	EXPECT_EQ(pthread_create(&writer, NULL, writes_all, &total), 0);
	while ((n = read(q[0], got + at, sizeof(got) - at)) > 0)
		at += n;
	pthread_join(writer, NULL);
	pthread_join(splicer, NULL);
	EXPECT_EQ(total, sizeof(buf));
	EXPECT_EQ(at, sizeof(buf));
	EXPECT(!memcmp(got, buf, sizeof(buf)));
	close(p[0]);
	close(q[0]);
	close(file);
}

static void a_large_file_is_copied_through_a_pipe(void)
{
	int to = memfd_create("to", 0);
	int64_t pos = 0;
	long n, m;

	begin();
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 13 % 241);
	EXPECT_EQ(write(file, buf, sizeof(buf)), sizeof(buf));
	while ((n = splice_(file, &pos, p[1], NULL, 1 << 20, 0)) > 0)
		for (; n > 0; n -= m) {
			m = splice_(p[0], NULL, to, NULL, (size_t)n, 0);
			REQUIRE(m > 0);
		}
	EXPECT_EQ(n, 0);
	EXPECT_EQ(pread(to, got, sizeof(got), 0), sizeof(buf));
	EXPECT(!memcmp(got, buf, sizeof(buf)));
	close(to);
	end();
}

int main(void)
{
	RUN(bad_arguments_are_refused);
	RUN(a_file_goes_into_a_pipe_and_back);
	RUN(pages_go_from_pipe_to_pipe);
	RUN(copies_by_tee_are_not_written_to);
	RUN(ends_are_noticed);
	RUN(memory_goes_into_pipes_and_out);
	RUN(a_stream_passes_through);
	RUN(a_large_file_is_copied_through_a_pipe);
	return tap_done();
}
