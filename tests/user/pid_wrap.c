/*
 * pid_wrap: pid numbers wrap and come back, inode numbers never do, while
 * other processes open whatever they can find. Guest only: sets pid_max.
 *
 * FORKS=n in the environment makes it longer than a test should be; without it
 * a slow machine may stop early.
 */
#include "pidfds.h"

#define PID_MAX "/proc/sys/kernel/pid_max"

enum { SMALL_MAX = 600, OPENERS = 3, MAX_FORKS = 80000, HASH = 1 << 18 };

static uint64_t inodes[HASH];
static unsigned char was_used[1 << 16];

/* False if it was there already. */
static int remember(uint64_t ino)
{
	uint64_t at = ino * 0x9e3779b97f4a7c15ULL >> 46;

	while (inodes[at] && inodes[at] != ino)
		at = (at + 1) % HASH;
	if (inodes[at])
		return 0;
	inodes[at] = ino;
	return 1;
}

static long nr_forks(void)
{
	char *text = getenv("FORKS");
	long n = text ? atol(text) : 1500;

	return n > MAX_FORKS ? MAX_FORKS : n;
}

static int out_of_time(long long start)
{
	return !getenv("FORKS") && now_ms() - start > 10000;
}

static int set_pid_max(long value)
{
	char text[32];
	int fd = open(PID_MAX, O_WRONLY), len, ok;

	len = snprintf(text, sizeof(text), "%ld\n", value);
	ok = fd >= 0 && write(fd, text, len) == len;
	close(fd);
	return ok;
}

static void numbers_wrap_and_inodes_do_not(void)
{
	long old = file_number(PID_MAX, ""), forks = nr_forks();
	long reused = 0, duplicates = 0, failed = 0;

	if (!in_guest())
		SKIP("guest only");
	REQUIRE(old > 0);
	REQUIRE(set_pid_max(SMALL_MAX));
	EXPECT_EQ(file_number(PID_MAX, ""), SMALL_MAX);
	for (long i = 0; i < forks; i++) {
		pid_t child = spawn(child_exits, NULL);
		int fd = pidfd_open_(child, 0);

		if (child < 0 || fd < 0) {
			failed++;
			continue;
		}
		EXPECT(child < SMALL_MAX);
		reused += was_used[child & 0xffff];
		was_used[child & 0xffff] = 1;
		if (has_pidfs())
			duplicates += !remember(inode_of(fd));
		reap(child);
		close(fd);
	}
	EXPECT_EQ(failed, 0);
	EXPECT_EQ(duplicates, 0);
	EXPECT(reused > forks - SMALL_MAX - 1);
	EXPECT(set_pid_max(old));
}

/*
 * Opens numbers as it finds them. What it opened must stay what it was: the
 * inode number never changes, and the way from alive to reaped is one-way.
 */
static int opener(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	int bad = 0;

	while (!bad && getppid() != 1) {
		pid_t nr;
		uint64_t ino;
		int fd, first, second, events;

		seed = seed * 1103515245 + 12345;
		nr = 2 + (seed >> 8) % (SMALL_MAX - 2);
		fd = pidfd_open_(nr, 0);
		if (fd < 0)
			continue;
		ino = inode_of(fd);
		first = fdinfo_number(fd, "\nPid:\t", 10);
		events = polled(fd, 0);
		second = fdinfo_number(fd, "\nPid:\t", 10);
		bad |= (first != nr && first != -1) << 0;
		bad |= (first == -1 && second != -1) << 1;
		bad |= ((events & POLLHUP) && second != -1) << 2;
		bad |= (inode_of(fd) != ino || !ino) << 3;
		close(fd);
	}
	return bad;
}

static void concurrent_openers_see_no_mixture(void)
{
	long old = file_number(PID_MAX, ""), forks = nr_forks();
	pid_t openers[OPENERS];
	long duplicates = 0, failed = 0;
	long long start = now_ms();

	if (!in_guest())
		SKIP("guest only");
	REQUIRE(set_pid_max(SMALL_MAX));
	for (long i = 0; i < OPENERS; i++)
		openers[i] = spawn(opener, (void *)(i + 1));
	for (long i = 0; i < forks && !out_of_time(start); i++) {
		int fd = -1, again;
		struct clone_args_v2 args = {
			.flags = CLONE_PIDFD,
			.pidfd = (uintptr_t)&fd,
			.exit_signal = SIGCHLD,
		};
		long pid = clone3_(&args, 64);

		if (pid == 0)
			_exit(0);
		if (pid < 0) {
			failed++;
			continue;
		}
		again = pidfd_open_(pid, 0);
		failed += again < 0 || inode_of(again) != inode_of(fd);
		if (has_pidfs())
			duplicates += !remember(inode_of(fd));
		reap(pid);
		close(fd);
		close(again);
	}
	EXPECT_EQ(failed, 0);
	EXPECT_EQ(duplicates, 0);
	for (int i = 0; i < OPENERS; i++) {
		int status = 0;

		EXPECT_EQ(waitpid(openers[i], &status, WNOHANG), 0);
		EXPECT_EQ(status, 0);
		kill_and_reap(openers[i]);
	}
	EXPECT(set_pid_max(old));
}

static void an_old_pidfd_never_meets_the_new_process(void)
{
	long old = file_number(PID_MAX, "");
	pid_t child, next = 0;
	int fd, forks = 0;

	if (!in_guest())
		SKIP("guest only");
	REQUIRE(set_pid_max(SMALL_MAX));
	child = spawn(child_exits, NULL);
	fd = pidfd_open_(child, 0);
	reap(child);
	while (next != child && forks++ < 2 * SMALL_MAX) {
		next = spawn_sleeper();
		if (next != child)
			kill_and_reap(next);
	}
	EXPECT_EQ(next, child);
	if (next == child) {
		int new = pidfd_open_(next, 0);

		EXPECT_ERR(pidfd_signal(fd, SIGKILL, NULL, 0), ESRCH);
		EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM | POLLHUP);
		EXPECT_EQ(polled(new, 0), 0);
		EXPECT_EQ(inode_of(new) != inode_of(fd), has_pidfs());
		EXPECT_EQ(fdinfo_number(fd, "\nPid:\t", 10), -1);
		kill_and_reap(next);
		close(new);
	}
	close(fd);
	EXPECT(set_pid_max(old));
}

int main(void)
{
	RUN(numbers_wrap_and_inodes_do_not);
	RUN(concurrent_openers_see_no_mixture);
	RUN(an_old_pidfd_never_meets_the_new_process);
	return tap_done();
}
