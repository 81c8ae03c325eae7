/*
 * identity: one process, one inode, also for those who open at the same moment. Objects are
 * counted in /proc/slabinfo, which is of use in the guest only.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/user/pidfds.h"

enum { OPENERS = 3, ROUNDS = 200, CHURN = 1000, HAMMER = 20000, MANY = 300 };

struct shared {
	_Atomic int round, opened, closed, may_close;
	_Atomic pid_t target;
};

static struct shared *share(void)
{
	return mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
}

/* All start when the round is called, and hold their pidfd until told. */
static int opener(void *arg)
{
	struct shared *s = arg;

	for (int round = 1; round <= ROUNDS; round++) {
		int fd;

		while (s->round < round)
			sched_yield();
		fd = pidfd_open_(s->target, 0);
		s->opened++;
		while (s->may_close < round)
			sched_yield();
		close(fd);
		s->closed++;
	}
	return 0;
}

static void openers_that_race_share_one_inode(void)
{
	struct shared *s = share();
	pid_t openers[OPENERS];
	int worst = 0, least = 99;

	if (!in_guest())
		SKIP("guest only");
	for (int i = 0; i < OPENERS; i++)
		openers[i] = spawn(opener, s);
	for (int round = 1; round <= ROUNDS; round++) {
		pid_t child = spawn_sleeper();
		int before, count;

		file_number("/proc/slabinfo", "inode ");
		before = (int)file_number("/proc/slabinfo", "inode ");
		s->target = child;
		s->round = round;
		while (s->opened < round * OPENERS)
			sleep_ms(1);
		count = (int)file_number("/proc/slabinfo", "inode ") - before;
		worst = count > worst ? count : worst;
		least = count < least ? count : least;
		s->may_close = round;
		while (s->closed < round * OPENERS)
			sleep_ms(1);
		kill_and_reap(child);
	}
	for (int i = 0; i < OPENERS; i++)
		kill_and_reap(openers[i]);
	if (worst != 1 || least != 1)
		tap_note("%d openers of one process made between %d and %d inodes", OPENERS, least,
			 worst);
	EXPECT_EQ(worst, 1);
	EXPECT_EQ(least, 1);
	munmap(s, sizeof(*s));
}

/* As fast as they can, so that one often finds what the other is about to give back. */
static int hammerer(void *arg)
{
	for (int i = 0; i < HAMMER; i++) {
		int fd = pidfd_open_((pid_t)(long)arg, 0);

		if (fd < 0)
			return 1;
		close(fd);
	}
	return 0;
}

/* One closes the last pidfd while another opens the first: never an inode that is half gone. */
static int churner(void *arg)
{
	uint64_t first = 0;
	pid_t target = (pid_t)(long)arg;

	for (int i = 0; i < CHURN; i++) {
		int fd = pidfd_open_(target, 0);
		uint64_t ino = inode_of(fd);

		if (fd < 0)
			return 1;
		if (first && ino != first)
			return 2;
		if (fdinfo_number(fd, "Pid:\t", 10) != target)
			return 3;
		first = ino;
		close(fd);
	}
	return 0;
}

static void opening_while_the_last_one_closes(void)
{
	static const char *const what[] = { "", "an open failed", "the number has changed",
					    "it leads to another process" };
	pid_t child = spawn_sleeper(), churners[4];

	for (int i = 0; i < 4; i++)
		churners[i] = spawn(i < 2 ? churner : hammerer, (void *)(long)child);
	for (int i = 0; i < 4; i++) {
		int status = reap(churners[i]);

		EXPECT_EQ(status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status))
			tap_note("opening and closing: %s", what[WEXITSTATUS(status) & 3]);
	}
	kill_and_reap(child);
}

static uint64_t number_of_next(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);
	uint64_t number = inode_of(fd);

	close(fd);
	kill_and_reap(child);
	return number;
}

static void a_later_process_has_a_larger_number(void)
{
	uint64_t last = 0;
	int not_larger = 0;

	for (int i = 0; i < 300; i++) {
		uint64_t number = number_of_next();

		not_larger += number <= last;
		last = number;
	}
	EXPECT_EQ(not_larger, 0);
}

static void opening_the_second_time_makes_no_number(void)
{
	pid_t child = spawn_sleeper(), next;
	int a = pidfd_open_(child, 0), b, c;

	for (int i = 0; i < 100; i++)
		close(pidfd_open_(child, 0));
	b = pidfd_open_(child, 0);
	next = spawn_sleeper();
	c = pidfd_open_(next, 0);
	EXPECT_EQ(inode_of(b), inode_of(a));
	EXPECT(inode_of(c) > inode_of(a));
	EXPECT(inode_of(c) < inode_of(a) + 50);
	kill_and_reap(child);
	kill_and_reap(next);
	close(a);
	close(b);
	close(c);
}

/* Exits at once; it has this number, unless there is such a process. */
static pid_t spawn_numbered(pid_t nr, uint64_t flags)
{
	struct clone_args_v2 args = {
		.flags = flags, .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&nr, .set_tid_size = 1
	};
	long pid = clone3_(&args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return (pid_t)pid;
}

static void a_number_used_again_has_another_inode(void)
{
	pid_t child = spawn(child_exits, NULL);
	int old = pidfd_open_(child, 0), new;
	uint64_t closed;

	reap(child);
	REQUIRE(spawn_numbered(child, 0) == child);
	new = pidfd_open_(child, 0);
	EXPECT(inode_of(new) != inode_of(old));
	EXPECT(!is_one_inode(new, old));
	closed = inode_of(new);
	close(old);
	close(new);
	reap(child);
	REQUIRE(spawn_numbered(child, 0) == child);
	new = pidfd_open_(child, 0);
	EXPECT(inode_of(new) != closed);
	close(new);
	reap(child);
}

/* More than 16 bits hold. A process that comes to nothing takes a number as well, and is quickly made:
 * there is a 1 already. */
static void numbers_do_not_start_over(void)
{
	uint64_t last = 0;
	int made = 0;

	for (int round = 0; round < 6; round++) {
		uint64_t number = number_of_next();

		EXPECT(number > last);
		last = number;
		for (int i = 0; i < 14000 && !made; i++)
			made = spawn_numbered(1, CLONE_VM | CLONE_FS | CLONE_FILES |
							 CLONE_SIGHAND) > 0;
	}
	EXPECT(!made);
}

/* Enough for the table to grow, twice. */
static void many_processes_have_each_one_inode(void)
{
	static pid_t child[MANY];
	static int a[MANY], b[MANY];
	long before = slab_settled("inode");
	int apart = 0;

	for (int i = 0; i < MANY; i++) {
		child[i] = spawn_sleeper();
		a[i] = pidfd_open_(child[i], 0);
	}
	for (int i = 0; i < MANY; i++)
		b[i] = pidfd_open_(child[i], 0);
	if (in_guest())
		EXPECT_EQ(slab_in_use("inode") - before, MANY);
	for (int i = 0; i < MANY; i++) {
		apart += !is_one_inode(a[i], b[i]);
		close(a[i]);
		close(b[i]);
		kill_and_reap(child[i]);
	}
	EXPECT_EQ(apart, 0);
}

static long long ms(struct timespec t)
{
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Not of the first look at it. A clock may be some ms behind another. */
static void times_are_those_of_the_first_open(void)
{
	pid_t child = spawn_sleeper();
	struct timespec before, after;
	struct stat st;
	int a, b;

	sleep_ms(50);
	clock_gettime(CLOCK_REALTIME, &before);
	a = pidfd_open_(child, 0);
	clock_gettime(CLOCK_REALTIME, &after);
	sleep_ms(50);
	b = pidfd_open_(child, 0);
	EXPECT_EQ(fstat(b, &st), 0);
	EXPECT(ms(st.st_mtim) >= ms(before) - 20);
	EXPECT(ms(st.st_mtim) <= ms(after));
	EXPECT(ms(st.st_ctim) == ms(st.st_mtim) && ms(st.st_atim) == ms(st.st_mtim));
	kill_and_reap(child);
	close(a);
	close(b);
}

/* The same table serves the files of namespaces. */
static void namespaces_have_one_inode_too(void)
{
	int a, b;

	if (!in_guest())
		SKIP("guest only");
	a = open("/proc/self/ns/uts", O_RDONLY);
	b = open("/proc/1/ns/uts", O_RDONLY);
	REQUIRE(a >= 0 && b >= 0);
	EXPECT_EQ(inode_of(a), inode_of(b));
	EXPECT_EQ(flock(a, LOCK_EX | LOCK_NB), 0);
	EXPECT_ERR(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	close(a);
	close(b);
}

int main(void)
{
	RUN(a_later_process_has_a_larger_number);
	RUN(opening_the_second_time_makes_no_number);
	RUN(a_number_used_again_has_another_inode);
	RUN(numbers_do_not_start_over);
	RUN(many_processes_have_each_one_inode);
	RUN(times_are_those_of_the_first_open);
	RUN(openers_that_race_share_one_inode);
	RUN(opening_while_the_last_one_closes);
	RUN(namespaces_have_one_inode_too);
	return tap_done();
}
