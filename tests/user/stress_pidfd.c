/*
 * stress_pidfd: one process opened and closed from many threads; numbers that wrap
 * while others open whatever they find; and nothing left behind afterwards.
 * OPENS=n and FORKS=n set how often, SECONDS=n the longest time of each.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "pidfds.h"

enum { THREADS = 8, OPENERS = 4, FORKERS = 4, SMALL_MAX = 500 };

static long seconds = 2, nr_opens = 100000, nr_forks = 70000;
static long long end_ms;

static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* --- One target ------------------------------------------------------------------- */

static pid_t target;
static uint64_t target_ino;
static _Atomic long opens;

static void *opens_and_closes(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (atomic_fetch_add(&opens, 1) < nr_opens && now_ms() < end_ms) {
		int fd = pidfd_open_(target, 0), other;

		if (fd < 0)
			return "pidfd_open";
		if (inode_of(fd) != target_ino)
			return "another inode";
		if (next_random(&seed) % 8 == 0) {
			other = dup(fd);
			if (polled(other, 0))
				return "poll";
			close(other);
		}
		if (close(fd))
			return "close";
	}
	return NULL;
}

static void many_openers_meet_on_one_inode(void)
{
	pthread_t t[THREADS];
	int fd;

	target = spawn_sleeper();
	fd = pidfd_open_(target, 0);
	target_ino = inode_of(fd);
	REQUIRE(fd >= 0 && target_ino);
	close(fd); /* so that first opens and last closes race as well */
	end_ms = now_ms() + seconds * 1000;
	for (long i = 0; i < THREADS; i++)
		REQUIRE(!pthread_create(&t[i], NULL, opens_and_closes, (void *)i));
	for (int i = 0; i < THREADS; i++) {
		void *bad;

		pthread_join(t[i], &bad);
		if (bad)
			tap_note("%s", (char *)bad);
		EXPECT(!bad);
	}
	printf("# opened and closed %ld times\n", (long)opens);
	kill_and_reap(target);
}

/* --- Wrapping numbers ------------------------------------------------------------------ */

static volatile int *is_over;
static _Atomic long *forks; /* shared with the forkers, as is_over */
static long own_forks;

/* Each life has an inode number of its own, which rises from one child to the next. */
static int forker(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	uint64_t last = 0;

	for (long i = 0; i < own_forks && now_ms() < end_ms; i++) {
		pid_t pid = fork();
		uint64_t ino;
		siginfo_t info;
		int fd;

		if (pid == 0) {
			for (volatile int n = next_random(&seed) % 2000; n > 0; n--)
				;
			_exit(3);
		}
		if (pid < 0)
			return 1;
		atomic_fetch_add(forks, 1);
		fd = pidfd_open_(pid, 0);
		ino = inode_of(fd);
		if (fd < 0 || ino <= last)
			return 2;
		last = ino;
		if (next_random(&seed) % 4 == 0 && pidfd_signal(fd, SIGKILL, NULL, 0))
			return 3;
		if (next_random(&seed) % 2) {
			if (pidfd_wait(fd, &info, WEXITED) || info.si_pid != pid)
				return 4;
		} else if (waitpid(pid, NULL, 0) != pid) {
			return 5;
		}
		if (polled(fd, 0) != (POLLIN | POLLRDNORM | POLLHUP))
			return 6;
		if (inode_of(fd) != ino || pidfd_signal(fd, 0, NULL, 0) == 0)
			return 7;
		close(fd);
	}
	return 0;
}

/* What was opened stays what it was, and goes from alive to reaped one way only. */
static int opener(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (!*is_over) {
		pid_t nr = 2 + next_random(&seed) % (in_guest() ? SMALL_MAX : 30000);
		int fd = pidfd_open_(nr, next_random(&seed) % 2 ? F_THREAD : 0), first, second;
		struct info info = { .mask = INFO_EXIT };
		uint64_t ino;

		if (fd < 0) {
			if (errno != ESRCH && errno != ENOENT && errno != EINVAL)
				return 1;
			continue;
		}
		ino = inode_of(fd);
		first = polled(fd, 0);
		second = polled(fd, 0);
		if (!ino || inode_of(fd) != ino || (first & ~second))
			return 2;
		if ((first & POLLHUP) && kernel_at_least(6, 15) &&
		    (ioctl(fd, GET_INFO, &info) || !(info.mask & INFO_EXIT)))
			return 3;
		close(fd);
	}
	return 0;
}

static int set_pid_max(long value)
{
	char text[32];
	int fd = open("/proc/sys/kernel/pid_max", O_WRONLY);
	int len = snprintf(text, sizeof(text), "%ld\n", value), ok;

	ok = fd >= 0 && write(fd, text, len) == len;
	close(fd);
	return ok;
}

static const char *const slabs[] = { "inode", "dentry", "pseudo_dentry", "file",
				     "pid",   "task",   "thread",        "files",
				     "as",    "vma",    "sighand",       "sigqueue",
				     "fpu" };
enum { SLABS = sizeof(slabs) / sizeof(*slabs) };

static int counts_are_back(const long *before)
{
	for (int i = 0; i < SLABS; i++)
		if (slab_in_use(slabs[i]) > before[i])
			return 0;
	return 1;
}

static void run_forkers_and_openers(void)
{
	pid_t forkers[FORKERS], openers[OPENERS];

	*is_over = 0;
	own_forks = nr_forks / FORKERS;
	end_ms = now_ms() + seconds * 1000;
	for (long i = 0; i < OPENERS; i++)
		openers[i] = spawn(opener, (void *)(i * 7919 + 1));
	for (long i = 0; i < FORKERS; i++)
		forkers[i] = spawn(forker, (void *)(i * 104729 + 1));
	for (int i = 0; i < FORKERS; i++)
		EXPECT_EQ(reap(forkers[i]), 0);
	*is_over = 1;
	for (int i = 0; i < OPENERS; i++)
		EXPECT_EQ(reap(openers[i]), 0);
	printf("# forked %ld times\n", (long)*forks);
}

static void numbers_wrap_under_openers_and_nothing_is_left(void)
{
	long old = file_number("/proc/sys/kernel/pid_max", ""), before[SLABS];

	if (!has_pidfs() || !kernel_at_least(6, 9))
		SKIP("needs pidfs");
	if (is_mixed())
		SKIP("alone");
	if (in_guest())
		REQUIRE(set_pid_max(SMALL_MAX));
	for (int i = 0; i < SLABS; i++)
		before[i] = slab_in_use(slabs[i]);
	run_forkers_and_openers();
	if (!in_guest())
		return;
	EXPECT(eventually(counts_are_back(before)));
	for (int i = 0; tap_is_bad && i < SLABS; i++)
		tap_note("%s %ld -> %ld", slabs[i], before[i], slab_in_use(slabs[i]));
	EXPECT(set_pid_max(old));
}

int main(void)
{
	if (getenv("SECONDS"))
		seconds = atol(getenv("SECONDS"));
	if (getenv("OPENS"))
		nr_opens = atol(getenv("OPENS"));
	if (getenv("FORKS"))
		nr_forks = atol(getenv("FORKS"));
	is_over = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	forks = (_Atomic long *)(is_over + 2);
	if (is_over == MAP_FAILED)
		return 1;
	RUN(many_openers_meet_on_one_inode);
	RUN(numbers_wrap_under_openers_and_nothing_is_left);
	return tap_done();
}
