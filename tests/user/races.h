/*
 * Two who do something to one process at the same moment, again and again: ROUNDS=n in the
 * environment says how often. A round is prepared, both sides are let go after a moment of their
 * own, and then it is looked at what came of it.
 */
#pragma once

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "namespaces.h"

#define REAPED (POLLIN | POLLRDNORM | POLLHUP)

/* What a side or a look afterwards finds wrong, or NULL. */
typedef const char *(*race_step)(void);

struct race {
	race_step prepare, here, there, after;
};

static int race_workers = 1;
static struct {
	_Atomic int go, done;
	race_step step; /* NULL: leave */
	const char *bad;
} there;

/* Shared with children. */
static struct stage {
	_Atomic int go, ready, value;
} * stage;

static inline void race_moment(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	for (volatile unsigned int n = (*seed >> 8) % 3000; n > 0; n--)
		;
}

/* A word that one sets and another waits for: it is looked at before one sleeps, as the moment is to
 * be met. */
static inline void race_set(_Atomic int *word, int value)
{
	*word = value;
	syscall(SYS_futex, word, FUTEX_WAKE, 100, NULL, NULL, 0);
}

static inline void race_wait(_Atomic int *word, int value)
{
	for (int looks = 0, now; (now = *word) != value; looks++)
		if (looks < 20)
			sched_yield();
		else
			syscall(SYS_futex, word, FUTEX_WAIT, now, NULL, NULL, 0);
}

static inline void *race_there(void *arg)
{
	unsigned int seed = 77;

	for (int round = 1;; round++) {
		race_wait(&there.go, round);
		if (!there.step)
			return arg;
		race_moment(&seed);
		there.bad = there.step();
		race_set(&there.done, round);
	}
}

static inline long nr_rounds(void)
{
	return getenv("ROUNDS") ? atol(getenv("ROUNDS")) : 12;
}

static inline const char *race_round(const struct race *race, int round, unsigned int *seed)
{
	const char *bad = race->prepare ? race->prepare() : NULL;

	if (bad)
		return bad;
	race_set(&there.go, round);
	race_moment(seed);
	bad = race->here();
	if (race->there) {
		race_wait(&there.done, round);
		bad = bad ? bad : there.bad;
	}
	return !bad && race->after ? race->after() : bad;
}

/* NULL: all rounds went well. */
static inline const char *race_run(const struct race *race)
{
	const char *bad = NULL;
	unsigned int seed = 1;
	int round = 1;
	pthread_t other;

	there.go = there.done = 0;
	there.step = race->there;
	if (race->there && pthread_create(&other, NULL, race_there, NULL))
		return "no thread";
	for (; round <= nr_rounds() / race_workers && !bad; round++)
		bad = race_round(race, round, &seed);
	if (bad)
		tap_note("round %d: %s", round - 1, bad);
	there.step = NULL;
	race_set(&there.go, round);
	if (race->there)
		pthread_join(other, NULL);
	return bad;
}

#define RACE(...) EXPECT(!race_run(&(struct race){ __VA_ARGS__ }))

static inline int has_exit_info(void)
{
	return has_pidfs() && kernel_at_least(6, 15);
}

/* The exit record of a reaped process; -1: there is none. */
static inline int exit_code_of(int fd)
{
	struct info info = { .mask = INFO_EXIT };

	return ioctl(fd, GET_INFO, &info) || !(info.mask & INFO_EXIT) ? -1 : info.exit_code;
}

static inline int race_child(void *arg)
{
	race_wait(&stage->go, 1);
	_exit(21);
	return arg != NULL;
}

/* A child with a pidfd, which ends when stage->go says so, with 21. It shares all memory, so that
 * rounds are short. */
static inline pid_t spawn_waiter(int *fd)
{
	static char stack[16384] __attribute__((aligned(16)));

	return clone(race_child, stack + sizeof(stack), CLONE_VM | CLONE_PIDFD | SIGCHLD, NULL, fd);
}

/* The same with a number of one's choice, and memory of its own. */
static inline pid_t spawn_numbered(int *fd, pid_t number)
{
	struct clone_args_v2 args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)fd,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};
	long pid = clone3_(&args, sizeof(args));

	if (pid == 0)
		race_child(NULL);
	return (pid_t)pid;
}

static inline void race_init(void)
{
	stage = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stage == MAP_FAILED)
		_exit(99);
}

static inline int race_worker(void *test)
{
	char *reason = (char *)(stage + 1);

	race_init();
	((void (*)(void))test)();
	fflush(stdout);
	if (tap_skip_reason)
		strcpy(reason, tap_skip_reason); /* into the page of who shares */
	return tap_skip_reason ? 2 : tap_is_bad;
}

/* Many rounds are shared by several processes, which also get into each other's way. */
static inline void race_share(void (*test)(void))
{
	pid_t workers[8];

	race_workers = getenv("ROUNDS") ? 8 : 1;
	for (int i = 0; i < race_workers; i++)
		workers[i] = spawn(race_worker, (void *)test);
	for (int i = 0; i < race_workers; i++) {
		int status = reap(workers[i]);

		if (status == 2 << 8)
			tap_skip_reason = (char *)(stage + 1);
		else
			EXPECT_EQ(status, 0);
	}
	race_workers = 1;
}

#define RUN_SHARED(test)                                                                           \
	do {                                                                                       \
		race_test = test;                                                                  \
		tap_run(#test, race_shared);                                                       \
	} while (0)
static void (*race_test)(void);
static inline void race_shared(void)
{
	race_share(race_test);
}
