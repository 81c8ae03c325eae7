/*
 * limits: processes, descriptors, memory and files until they are refused;
 * and that everything is there again afterwards.
 */
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "tap.h"

static void limit(int what, rlim_t value)
{
	struct rlimit r;

	getrlimit(what, &r);
	r.rlim_cur = value;
	setrlimit(what, &r);
}

static void descriptors_until_refused(void)
{
	int fd, highest = -1, n = 0;

	limit(RLIMIT_NOFILE, 200);
	while ((fd = dup(0)) >= 0) {
		highest = fd;
		n++;
	}
	EXPECT_EQ(errno, EMFILE);
	EXPECT_EQ(highest, 199);
	EXPECT_ERR(open("/", O_RDONLY), EMFILE);
	EXPECT_ERR(pipe((int[2]){ 0, 0 }), EMFILE);
	EXPECT_ERR(fcntl(0, F_DUPFD, 200), EINVAL);
	EXPECT_ERR(dup2(0, 200), EBADF);
	for (fd = highest; n > 0; fd--, n--)
		EXPECT_EQ(close(fd), 0);
	limit(RLIMIT_NOFILE, 1024);
	fd = dup(0);
	EXPECT(fd >= 0);
	close(fd);
}

static void the_table_grows_to_large_numbers(void)
{
	EXPECT_EQ(dup2(0, 1000), 1000);
	EXPECT_EQ(fcntl(1000, F_GETFD), 0);
	EXPECT_EQ(close(1000), 0);
}

static int forks_until_refused(void *arg)
{
	enum { LIMIT = 30 };
	pid_t pids[100];
	int n = 0, error, bad = 0;

	(void)arg;
	if (setgid(1234) < 0 || setuid(1234) < 0)
		return 99;
	limit(RLIMIT_NPROC, LIMIT);
	while (n < 100 && (pids[n] = fork()) > 0)
		n++;
	error = errno;
	if (n < 100 && pids[n] == 0)
		return child_pauses(NULL);
	bad |= n != LIMIT - 1;
	bad |= (error != EAGAIN) << 1;
	while (n-- > 0)
		bad |= (kill_and_reap(pids[n]) != SIGKILL) << 2;
	bad |= (reap(spawn(child_exits, (void *)3L)) != 0x300) << 3;
	return bad;
}

static void processes_of_one_user_until_refused(void)
{
	if (getuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(forks_until_refused, NULL)), 0);
}

static void threads_max_binds_the_system(void)
{
	enum { MANY = 400 };
	static pid_t pids[MANY];
	long old = file_number("/proc/sys/kernel/threads-max", "");
	int fd = -1, n = 0;

	if (!in_guest())
		SKIP("guest only");
	REQUIRE(old > 0);
	fd = open("/proc/sys/kernel/threads-max", O_WRONLY);
	REQUIRE(fd >= 0 && write(fd, "200\n", 4) == 4);
	while (n < MANY && (pids[n] = spawn_sleeper()) > 0)
		n++;
	EXPECT_EQ(errno, EAGAIN);
	EXPECT(n > 50 && n < 200);
	while (n-- > 0)
		EXPECT_EQ(kill_and_reap(pids[n]), SIGKILL);
	dprintf(fd, "%ld\n", old);
	close(fd);
	EXPECT_EQ(reap(spawn(child_exits, NULL)), 0);
}

/* Every child forks as fast as it can until it is refused. */
static int bomb(void *arg)
{
	(void)arg;
	for (int i = 0; i < 300; i++)
		fork();
	return child_pauses(NULL);
}

static void a_fork_bomb_is_survived(void)
{
	long old = file_number("/proc/sys/kernel/threads-max", "");
	pid_t child;
	int fd;

	if (!in_guest())
		SKIP("guest only");
	REQUIRE(old > 0);
	fd = open("/proc/sys/kernel/threads-max", O_WRONLY);
	REQUIRE(fd >= 0 && write(fd, "300\n", 4) == 4);
	child = fork();
	if (child == 0) {
		setsid();
		_exit(bomb(NULL));
	}
	sleep_ms(1500);
	EXPECT_EQ(waitpid(child, NULL, WNOHANG), 0);
	while (kill(-child, SIGKILL) == 0)
		waitpid(child, NULL, WNOHANG);
	EXPECT(eventually(kill(-child, 0) < 0));
	dprintf(fd, "%ld\n", old);
	close(fd);
	EXPECT_EQ(reap(spawn(child_exits, NULL)), 0);
}

static int eats_memory(void *arg)
{
	size_t chunk = 1 << 20;

	(void)arg;
	for (int i = 0; i < 1 << 16; i++) {
		char *m = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (m == MAP_FAILED)
			return errno == ENOMEM ? 12 : 1;
		for (size_t at = 0; at < chunk; at += 4096)
			m[at] = 1;
	}
	return 2;
}

static void memory_until_refused_or_killed(void)
{
	struct sysinfo before, after;
	int status;

	if (!in_guest())
		SKIP("guest only");
	sysinfo(&before);
	status = reap(spawn(eats_memory, NULL));
	EXPECT((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || status == 12 << 8);
	EXPECT(eventually((sysinfo(&after),
			   after.freeram + after.freeram / 20 + (1 << 20) > before.freeram)));
	EXPECT_EQ(reap(spawn(child_exits, NULL)), 0);
}

static void address_space_limit(void)
{
	struct rlimit old;
	void *m;

	getrlimit(RLIMIT_AS, &old);
	limit(RLIMIT_AS, 64 << 20);
	m = mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(m == MAP_FAILED && errno == ENOMEM);
	limit(RLIMIT_AS, old.rlim_cur);
}

static void a_full_file_system_says_so(void)
{
	static char buf[1 << 16];
	char path[] = "/tmp/limits-XXXXXX";
	long long total = 0;
	int fd;

	if (!in_guest())
		SKIP("guest only");
	fd = mkstemp(path);
	unlink(path);
	memset(buf, 1, sizeof(buf));
	for (;;) {
		ssize_t n = write(fd, buf, sizeof(buf));

		if (n <= 0)
			break;
		total += n;
		if (total > 1LL << 34)
			break;
	}
	EXPECT(errno == ENOSPC || errno == ENOMEM);
	EXPECT(total > 1 << 20);
	close(fd);
	EXPECT_EQ(reap(spawn(child_exits, NULL)), 0);
}

static void limits_are_read_and_set(void)
{
	struct rlimit r, s;

	EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &r), 0);
	EXPECT(r.rlim_cur <= r.rlim_max);
	s = r;
	s.rlim_cur = r.rlim_max + 1;
	if (r.rlim_max != RLIM_INFINITY)
		EXPECT_ERR(setrlimit(RLIMIT_NOFILE, &s), EINVAL);
	EXPECT_ERR(getrlimit(99, &r), EINVAL);
	EXPECT_EQ(getrlimit(RLIMIT_STACK, &r), 0);
	EXPECT_EQ(syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &s), 0);
	EXPECT_EQ(s.rlim_cur, r.rlim_cur);
	EXPECT_ERR(syscall(SYS_prlimit64, 2147483647, RLIMIT_STACK, NULL, &s), ESRCH);
}

static void file_size_limit(void)
{
	char path[] = "/tmp/limits-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, 1000);
	EXPECT_EQ(pwrite(fd, "0123456789", 10, 995), 5);
	EXPECT_ERR(pwrite(fd, "x", 1, 1000), EFBIG);
	EXPECT_ERR(ftruncate(fd, 2000), EFBIG);
	EXPECT_ERR(fallocate(fd, 0, 0, 1001), EFBIG);
	EXPECT_EQ(fallocate(fd, 0, 0, 1000), 0);
	limit(RLIMIT_FSIZE, RLIM_INFINITY);
	EXPECT_EQ(pwrite(fd, "x", 1, 1000), 1);
	close(fd);
}

int main(void)
{
	limit(RLIMIT_NOFILE, 1024);
	RUN(descriptors_until_refused);
	RUN(the_table_grows_to_large_numbers);
	RUN(processes_of_one_user_until_refused);
	RUN(threads_max_binds_the_system);
	RUN(a_fork_bomb_is_survived);
	RUN(memory_until_refused_or_killed);
	RUN(address_space_limit);
	RUN(a_full_file_system_says_so);
	RUN(limits_are_read_and_set);
	RUN(file_size_limit);
	return tap_done();
}
