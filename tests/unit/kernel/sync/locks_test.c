// sources: kernel/sync/wait.c kernel/sync/mutex.c kernel/sync/rwsem.c kernel/sync/refcount.c tests/unit/shim/thread.c
// tsan
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "thread.h"

#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/rwsem.h"

#define THREADS 6
#define ROUNDS	3000

static struct mutex mutex = MUTEX_INIT(RANK_PIPE);
static struct rwsem rwsem = RWSEM_INIT(RANK_MM);
static struct wait_queue queue = WAIT_QUEUE_INIT(queue);
static int shared[2];
static _Atomic int ready, woken;
static struct thread *_Atomic sleeper;

static void run_threads(int n, void *(*fn)(void *))
{
	pthread_t threads[THREADS];

	for (long i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, fn, (void *)i);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static void *mutex_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		mutex_lock(&mutex);
		shared[0]++;
		if (i % 64 == 0)
			sched_yield();
		shared[1]++;
		mutex_unlock(&mutex);
	}
	return NULL;
}

TEST(mutex_excludes)
{
	shared[0] = shared[1] = 0;
	run_threads(THREADS, mutex_user);
	CHECK(shared[0] == THREADS * ROUNDS && shared[1] == shared[0]);
	CHECK(!mutex_is_locked(&mutex));
	CHECK(mutex_trylock(&mutex) && !mutex_trylock(&mutex));
	mutex_unlock(&mutex);
}

static void *rwsem_user(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if ((long)arg % 3 == 0) {
			rwsem_write_lock(&rwsem);
			shared[0]++;
			if (i % 64 == 0)
				sched_yield();
			shared[1]++;
			rwsem_write_unlock(&rwsem);
		} else {
			rwsem_read_lock(&rwsem);
			if (shared[0] != shared[1])
				atomic_fetch_add(&woken, 1);
			rwsem_read_unlock(&rwsem);
		}
	}
	return NULL;
}

TEST(rwsem_excludes_writers)
{
	shared[0] = shared[1] = 0;
	woken = 0;
	run_threads(THREADS, rwsem_user);
	CHECK(shared[0] == 2 * ROUNDS && woken == 0);
	CHECK(rwsem.state == 0);
	CHECK(rwsem_read_trylock(&rwsem) && rwsem_read_trylock(&rwsem));
	CHECK(!rwsem_write_trylock(&rwsem));
	rwsem_read_unlock(&rwsem);
	rwsem_read_unlock(&rwsem);
	CHECK(rwsem.state == 0);
}

static void *killed_waiter(void *arg)
{
	int err;

	sleeper = current;
	err = arg ? rwsem_write_lock_killable(&rwsem) : mutex_lock_killable(&mutex);
	woken = err;
	sleeper = NULL;
	return NULL;
}

static void kill_waiter(long which)
{
	pthread_t t;

	woken = 0;
	pthread_create(&t, NULL, killed_waiter, (void *)which);
	while (!sleeper)
		usleep(1000);
	usleep(20000);
	host_signal(sleeper, true);
	pthread_join(t, NULL);
	CHECK(woken == -EINTR);
}

TEST(killable_locks_give_up)
{
	mutex_lock(&mutex);
	kill_waiter(0);
	mutex_unlock(&mutex);
	CHECK(!mutex_is_locked(&mutex));

	rwsem_read_lock(&rwsem);
	kill_waiter(1);
	CHECK(rwsem_read_trylock(&rwsem));
	rwsem_read_unlock(&rwsem);
	rwsem_read_unlock(&rwsem);
	CHECK(rwsem.state == 0);
}

/* Threads pass a number round: each waits for its turn. */
static void *turn_taker(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < 300; i++) {
		wait_event(&queue, atomic_load(&ready) % 4 == me);
		atomic_fetch_add(&ready, 1);
		wake_all(&queue);
	}
	return NULL;
}

TEST(no_wakeup_is_lost)
{
	ready = 0;
	run_threads(4, turn_taker);
	CHECK(ready == 1200 && list_empty(&queue.entries));
}

TEST(deadlines_and_signals)
{
	u64 start = clock_ns();

	CHECK(wait_event_interruptible_deadline(&queue, false, start + 20000000) == -ETIME);
	CHECK(clock_ns() - start >= 20000000);
	CHECK(wait_event_deadline(&queue, true, start) == 0);
	host_signal(current, false);
	CHECK(wait_event_interruptible(&queue, false) == -ERESTARTSYS);
	CHECK(wait_event_interruptible(&queue, true) == 0);
	CHECK(wait_event_killable(&queue, (start++, start % 2)) == 0);
	current->has_signal = false;
	CHECK(list_empty(&queue.entries));
}

static u32 callback_key;

static bool callback(struct wait_entry *entry, u32 key)
{
	callback_key |= key;
	return true;
}

TEST(keys_and_exclusive_entries)
{
	struct wait_entry entries[3];

	callback_key = 0;
	for (int i = 0; i < 3; i++) {
		wait_entry_init(&entries[i]);
		entries[i].wake = callback;
		entries[i].key = 1u << i;
		entries[i].is_exclusive = i != 0;
		wait_add(&queue, &entries[i]);
	}
	wake_all_key(&queue, 4);
	CHECK(callback_key == 4);
	wake_all_key(&queue, 8);
	CHECK(callback_key == 4);
	CHECK(wait_queue_active(&queue));
	for (int i = 0; i < 3; i++)
		wait_remove(&queue, &entries[i]);
	CHECK(!wait_queue_active(&queue));
}

TEST(refcounts)
{
	struct refcount r = REFCOUNT_INIT(1);

	refcount_get(&r);
	CHECK(refcount_tryget(&r) && refcount_read(&r) == 3);
	CHECK(!refcount_put(&r) && !refcount_put(&r) && refcount_put(&r));
	CHECK(!refcount_tryget(&r));
}
