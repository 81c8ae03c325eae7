// sources: lib/fmt.c
// tsan
/*
 * The spin locks themselves, by more threads than this machine has CPUs: as under a hypervisor,
 * who waits may not be running, and the others must go on.
 */
#include "test.h"

#include <pthread.h>
#include <time.h>

#include "kernel/sync/lockcheck.h"

#define SPINLOCK_UNDER_TEST
#undef CONFIG_DEBUG
#undef LOCKCHECK_LOCK
#define LOCKCHECK_LOCK(r)
#include "kernel/sync/spinlock.c"

#define THREADS 16
#define ROUNDS	20000
#define ENOUGH	40 /* seconds; in a queue it is minutes */

static struct spinlock lock;
static struct rwspin rwlock;
static long first, second, bad;
static _Atomic long done;

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Whether all got ROUNDS in time. */
static bool run(void *(*fn)(void *))
{
	pthread_t threads[THREADS];
	time_t start = seconds();

	first = second = bad = done = 0;
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, fn, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return seconds() - start < ENOUGH;
}

static void *locker(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 8)
			spin_lock(&lock);
		else if (!spin_trylock(&lock))
			continue;
		first++;
		bad += first != second + 1;
		second++;
		spin_unlock(&lock);
	}
	return NULL;
}

TEST(spinlock_excludes_and_waits_for_no_waiter)
{
	CHECK(run(locker));
	CHECK(!bad && first == second);
	CHECK(first >= THREADS * ROUNDS / 8 * 7 && first <= THREADS * ROUNDS);
	CHECK(!lock.held && !lock.waiting);
}

static void *reader_or_writer(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if ((long)arg % 4 == 0) {
			rwspin_write_lock(&rwlock);
			first++;
			second++;
			rwspin_write_unlock(&rwlock);
		} else {
			rwspin_read_lock(&rwlock);
			if (first != second)
				done = -1;
			rwspin_read_unlock(&rwlock);
		}
	}
	return NULL;
}

TEST(rwspin_excludes_writers_and_waits_for_no_waiter)
{
	CHECK(run(reader_or_writer));
	CHECK(!done && first == THREADS / 4 * ROUNDS && second == first);
	CHECK(!(rwlock.state & ~RWSPIN_WAITING));
}
