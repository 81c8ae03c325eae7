/*
 * identity: one process, one inode, also for those who open at the same moment. Objects are
 * counted in /proc/slabinfo, which is of use in the guest only.
 */
#include <sys/file.h>
#include <sys/mman.h>

#include "tests/user/pidfds.h"

enum { OPENERS = 3, ROUNDS = 200, CHURN = 1000, HAMMER = 20000 };

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

		if (fd < 0 || (first && ino != first) || fdinfo_number(fd, "Pid:\t", 10) != target)
			return 1;
		first = ino;
		close(fd);
	}
	return 0;
}

static void opening_while_the_last_one_closes(void)
{
	pid_t child = spawn_sleeper(), churners[4];

	for (int i = 0; i < 4; i++)
		churners[i] = spawn(i < 2 ? churner : hammerer, (void *)(long)child);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(reap(churners[i]), 0);
	kill_and_reap(child);
}

static void a_later_process_has_a_larger_number(void)
{
	uint64_t last = 0;
	int wrong = 0;

	for (int i = 0; i < 300; i++) {
		pid_t child = spawn_sleeper();
		int fd = pidfd_open_(child, 0);

		wrong += inode_of(fd) <= last;
		last = inode_of(fd);
		close(fd);
		kill_and_reap(child);
	}
	EXPECT_EQ(wrong, 0);
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
	EXPECT(inode_of(c) > inode_of(a) && inode_of(c) < inode_of(a) + 50);
	kill_and_reap(child);
	kill_and_reap(next);
	close(a);
	close(b);
	close(c);
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
	RUN(openers_that_race_share_one_inode);
	RUN(opening_while_the_last_one_closes);
	RUN(a_later_process_has_a_larger_number);
	RUN(opening_the_second_time_makes_no_number);
	RUN(namespaces_have_one_inode_too);
	return tap_done();
}
