/*
 * numbers: which number a process gets, who else goes by it, and when it is free again. Guest
 * only: pid_max is the whole system's.
 */
#include "tests/user/pidfds.h"

#define PID_MAX "/proc/sys/kernel/pid_max"
enum { SMALL = 360 };

static char old_max[32];

/* A small space of numbers, with everybody who is there already above or below it. */
static int shrink(void)
{
	char text[16];

	slurp(PID_MAX, old_max, sizeof(old_max));
	snprintf(text, sizeof(text), "%d", SMALL);
	return store(PID_MAX, text) == 0;
}

static void widen(void)
{
	store(PID_MAX, old_max);
}

#define NEEDS_GUEST()                                                                              \
	do {                                                                                       \
		if (!in_guest())                                                                   \
			SKIP("guest only");                                                        \
	} while (0)

static pid_t next_number(void)
{
	pid_t child = spawn(child_exits, NULL);

	reap(child);
	return child;
}

static void a_number_is_not_given_out_twice_in_a_row(void)
{
	pid_t last = next_number();
	int same = 0;

	for (int i = 0; i < 50; i++) {
		pid_t child = next_number();

		same += child == last;
		last = child;
	}
	if (same)
		tap_note("a number came back at once, %d times of 50", same);
	EXPECT_EQ(same, 0);
}

static void numbers_rise_and_start_over(void)
{
	pid_t last, child = 0;
	int wraps = 0, below = 0;

	NEEDS_GUEST();
	REQUIRE(shrink());
	last = next_number();
	for (int i = 0; i < 4 * SMALL; i++) {
		child = next_number();
		EXPECT(child < SMALL);
		if (child <= last)
			wraps++;
		if (wraps && child < 300)
			below++;
		last = child;
	}
	widen();
	EXPECT(wraps >= 1 && wraps <= 4 * SMALL / 40);
	if (below)
		tap_note("%d numbers below 300 after the first round", below);
	EXPECT_EQ(below, 0);
}

static void numbers_in_use_are_passed_over(void)
{
	pid_t held[10];
	int taken = 0;

	NEEDS_GUEST();
	REQUIRE(shrink());
	for (int i = 0; i < 10; i++) {
		held[i] = spawn_sleeper();
		next_number();
	}
	for (int i = 0; i < 3 * SMALL; i++) {
		pid_t child = next_number();

		for (int j = 0; j < 10; j++)
			taken += child == held[j];
	}
	for (int i = 0; i < 10; i++)
		kill_and_reap(held[i]);
	widen();
	EXPECT_EQ(taken, 0);
}

static void when_all_are_taken_fork_says_eagain(void)
{
	static pid_t held[SMALL];
	long before;
	int n = 0;

	NEEDS_GUEST();
	next_number();
	before = slab_settled("pid");
	REQUIRE(shrink());
	while (n < SMALL && (held[n] = spawn_sleeper()) > 0)
		n++;
	EXPECT(n > 20 && n < SMALL);
	EXPECT_EQ(errno, EAGAIN);
	for (int i = 0; i < 20; i++)
		EXPECT_ERR(fork(), EAGAIN);
	for (int i = 0; i < n; i++)
		kill_and_reap(held[i]);
	EXPECT(next_number() > 0);
	widen();
	EXPECT(eventually(slab_in_use("pid") <= before));
}

static int leads_a_group(void *arg)
{
	if (setpgid(0, 0) < 0)
		return 1;
	return write((int)(long)arg, &(pid_t){ spawn_sleeper() }, sizeof(pid_t)) != sizeof(pid_t);
}

static int leads_a_session(void *arg)
{
	pid_t member;

	if (setsid() < 0)
		return 1;
	member = fork();
	if (member == 0) {
		setpgid(0, 0);
		child_pauses(NULL);
	}
	return write((int)(long)arg, &member, sizeof(member)) != sizeof(member);
}

/* The leader is gone, a member is left: nobody may get the leader's number. */
static void leader_dies(int (*leader)(void *), int is_group)
{
	pid_t lead, member = 0;
	int pair[2], strangers = 0, freed = 0;

	NEEDS_GUEST();
	REQUIRE(pipe(pair) == 0 && shrink());
	lead = spawn(leader, (void *)(long)pair[1]);
	EXPECT_EQ(read(pair[0], &member, sizeof(member)), (long long)sizeof(member));
	reap(lead);
	for (int i = 0; i < 2 * SMALL; i++)
		strangers += next_number() == lead;
	if (strangers)
		tap_note("the number of a living %s went to a stranger",
			 is_group ? "group" : "session");
	EXPECT_EQ(strangers, 0);
	if (is_group) {
		EXPECT_EQ(getpgid(member), lead);
		EXPECT_EQ(kill(-lead, 0), 0);
	} else {
		EXPECT_EQ(getsid(member), lead);
	}
	kill(member, SIGKILL);
	sleep_ms(50);
	if (lead >= 300)
		for (int i = 0; i < 2 * SMALL; i++)
			freed += next_number() == lead;
	EXPECT(freed || lead < 300);
	widen();
	close(pair[0]);
	close(pair[1]);
}

static void the_number_of_a_group_is_its_own(void)
{
	leader_dies(leads_a_group, 1);
}

static void the_number_of_a_session_is_its_own(void)
{
	leader_dies(leads_a_session, 0);
}

static void a_zombie_keeps_its_number(void)
{
	pid_t zombie;
	int taken = 0;

	NEEDS_GUEST();
	REQUIRE(shrink());
	zombie = spawn(child_exits, NULL);
	wait_zombie(zombie);
	for (int i = 0; i < 2 * SMALL; i++)
		taken += next_number() == zombie;
	EXPECT_EQ(taken, 0);
	EXPECT_EQ(kill(zombie, 0), 0);
	reap(zombie);
	EXPECT_ERR(kill(zombie, 0), ESRCH);
	widen();
}

static void thousands_of_forks_leave_nothing(void)
{
	long before;

	NEEDS_GUEST();
	next_number();
	before = slab_settled("pid");
	for (int i = 0; i < 2000; i++)
		next_number();
	EXPECT(eventually(slab_in_use("pid") <= before));
}

int main(void)
{
	RUN(a_number_is_not_given_out_twice_in_a_row);
	RUN(numbers_rise_and_start_over);
	RUN(numbers_in_use_are_passed_over);
	RUN(when_all_are_taken_fork_says_eagain);
	RUN(the_number_of_a_group_is_its_own);
	RUN(the_number_of_a_session_is_its_own);
	RUN(a_zombie_keeps_its_number);
	RUN(thousands_of_forks_leave_nothing);
	return tap_done();
}
