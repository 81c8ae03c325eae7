/*
 * The C library: threads and what they synchronise with.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>

#include "tap.h"

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter;

/* Runs THREADS threads of "start", each with its number, and joins them. */
static void run_threads(void *(*start)(void *))
{
	pthread_t id[THREADS];

	for (long i = 0; i < THREADS; i++)
		EXPECT_EQ(pthread_create(&id[i], NULL, start, (void *)i), 0);
	for (long i = 0; i < THREADS; i++) {
		void *result = NULL;

		EXPECT_EQ(pthread_join(id[i], &result), 0);
		EXPECT(result == (void *)(i * 3));
	}
}

static __thread int local = 5;
static __thread char zeroes[100];

static void *uses_its_own_variables(void *arg)
{
	long number = (long)arg;
	int is_fresh = local == 5 && errno == 0;

	for (size_t i = 0; i < sizeof(zeroes); i++)
		is_fresh &= zeroes[i] == 0;
	local = (int)number;
	errno = (int)number + 100;
	memset(zeroes, 1, sizeof(zeroes));
	for (int i = 0; i < 10; i++)
		sched_yield();
	if (!is_fresh || local != number || errno != number + 100)
		return (void *)-1L;
	return (void *)(number * 3);
}

static void thread_variables_are_separate(void)
{
	local = 77;
	run_threads(uses_its_own_variables);
	EXPECT_EQ(local, 77);
}

static void *counts_under_the_mutex(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return (void *)((long)arg * 3);
}

static void a_mutex_excludes(void)
{
	counter = 0;
	run_threads(counts_under_the_mutex);
	EXPECT_EQ(counter, THREADS * ROUNDS);
}

static void mutex_types_differ(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	EXPECT_EQ(pthread_mutex_lock(&m), 0);
	EXPECT_EQ(pthread_mutex_lock(&m), 0);
	EXPECT_EQ(pthread_mutex_unlock(&m), 0);
	EXPECT_EQ(pthread_mutex_unlock(&m), 0);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	EXPECT_EQ(pthread_mutex_lock(&m), 0);
	EXPECT_EQ(pthread_mutex_lock(&m), EDEADLK);
	EXPECT_EQ(pthread_mutex_trylock(&m), EBUSY);
	EXPECT_EQ(pthread_mutex_unlock(&m), 0);
	EXPECT_EQ(pthread_mutex_unlock(&m), EPERM);
	pthread_mutex_init(&m, NULL);
	EXPECT_EQ(pthread_mutex_trylock(&m), 0);
	EXPECT_EQ(pthread_mutex_trylock(&m), EBUSY);
	pthread_mutex_unlock(&m);
}

static void *takes_turns(void *arg)
{
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&mutex);
		while (counter % THREADS != (long)arg)
			pthread_cond_wait(&cond, &mutex);
		counter++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return (void *)((long)arg * 3);
}

static void a_condition_wakes_waiters(void)
{
	counter = 0;
	run_threads(takes_turns);
	EXPECT_EQ(counter, THREADS * 50);
}

static void a_timed_wait_ends(void)
{
	struct timespec deadline;
	long long start = now_ms();
	int error;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_nsec += 50000000;
	deadline.tv_sec += deadline.tv_nsec / 1000000000;
	deadline.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	do
		error = pthread_cond_timedwait(&cond, &mutex, &deadline);
	while (!error);
	pthread_mutex_unlock(&mutex);
	EXPECT_EQ(error, ETIMEDOUT);
	EXPECT(now_ms() - start >= 45);
}

static pthread_barrier_t barrier;

static void *meets_at_the_barrier(void *arg)
{
	for (int i = 1; i <= 100; i++) {
		__atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&barrier);
		if (__atomic_load_n(&counter, __ATOMIC_SEQ_CST) != i * THREADS)
			return (void *)-1L;
		pthread_barrier_wait(&barrier);
	}
	return (void *)((long)arg * 3);
}

static void a_barrier_holds_all(void)
{
	counter = 0;
	pthread_barrier_init(&barrier, NULL, THREADS);
	run_threads(meets_at_the_barrier);
	pthread_barrier_destroy(&barrier);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2];

static void *reads_and_writes(void *arg)
{
	for (int i = 0; i < 500; i++) {
		if ((i + (long)arg) % 4 == 0) {
			pthread_rwlock_wrlock(&rwlock);
			pair[0]++;
			pair[1]++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			if (pair[0] != pair[1])
				return (void *)-1L;
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return (void *)((long)arg * 3);
}

static void writers_exclude_readers(void)
{
	run_threads(reads_and_writes);
	EXPECT_EQ(pair[0], THREADS * 125);
}

static sem_t sem;

static void *posts(void *arg)
{
	for (int i = 0; i < 100; i++)
		sem_post(&sem);
	return (void *)((long)arg * 3);
}

static void semaphores_count(void)
{
	pthread_t id;
	int value;

	sem_init(&sem, 0, 0);
	EXPECT_ERR(sem_trywait(&sem), EAGAIN);
	pthread_create(&id, NULL, posts, NULL);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(sem_wait(&sem), 0);
	pthread_join(id, NULL);
	EXPECT(sem_getvalue(&sem, &value) == 0 && value == 0);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void count_once(void)
{
	sleep_ms(10);
	counter++;
}

static void *does_it_once(void *arg)
{
	pthread_once(&once, count_once);
	return (void *)(counter == 1 ? (long)arg * 3 : -1);
}

static void once_is_once(void)
{
	counter = 0;
	run_threads(does_it_once);
	EXPECT_EQ(counter, 1);
}

static pthread_key_t key;

static void count_value(void *value)
{
	__atomic_fetch_add(&counter, (long)value, __ATOMIC_SEQ_CST);
}

static void *leaves_a_value(void *arg)
{
	if (pthread_getspecific(key))
		return (void *)-1L;
	pthread_setspecific(key, (void *)1L);
	if ((long)arg % 2)
		pthread_exit((void *)((long)arg * 3));
	return (void *)((long)arg * 3);
}

static void key_values_are_destroyed(void)
{
	counter = 0;
	EXPECT_EQ(pthread_key_create(&key, count_value), 0);
	run_threads(leaves_a_value);
	EXPECT_EQ(counter, THREADS);
	pthread_key_delete(key);
}

static void *finishes(void *arg)
{
	__atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void detached_threads_end_alone(void)
{
	pthread_attr_t attr;
	pthread_t id;

	counter = 0;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < 100; i++) {
		EXPECT_EQ(pthread_create(&id, &attr, finishes, NULL), 0);
		EXPECT_EQ(pthread_create(&id, NULL, finishes, NULL), 0);
		EXPECT_EQ(pthread_detach(id), 0);
	}
	EXPECT(eventually(__atomic_load_n(&counter, __ATOMIC_SEQ_CST) == 200));
	sleep_ms(20);
}

static void *uses_the_heap(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	char *block[20] = { NULL };

	for (int i = 0; i < 5000; i++) {
		int k = rand_r(&seed) % 20;

		if (block[k] && *block[k] != (char)(long)arg)
			return (void *)-1L;
		free(block[k]);
		block[k] = malloc((size_t)(rand_r(&seed) % 1000) + 1);
		*block[k] = (char)(long)arg;
	}
	for (int k = 0; k < 20; k++)
		free(block[k]);
	return (void *)((long)arg * 3);
}

static void the_heap_is_shared(void)
{
	run_threads(uses_the_heap);
}

static int child_uses_all(void *arg)
{
	free(malloc(100));
	return fflush(NULL);
}

static void *forks(void *arg)
{
	for (int i = 0; i < 5; i++) {
		free(malloc(50));
		if (reap(spawn(child_uses_all, NULL)) != 0)
			return (void *)-1L;
	}
	return (void *)((long)arg * 3);
}

static void threads_fork(void)
{
	run_threads(forks);
}

static volatile sig_atomic_t got_signal;
static pthread_t signalled;

static void note_signal(int sig)
{
	got_signal = pthread_equal(pthread_self(), signalled) ? sig : -1;
}

static void *waits_for_signal(void *arg)
{
	while (!got_signal)
		sleep_ms(1);
	return NULL;
}

static void signals_go_to_one_thread(void)
{
	signal(SIGUSR1, note_signal);
	REQUIRE(pthread_create(&signalled, NULL, waits_for_signal, NULL) == 0);
	EXPECT_EQ(pthread_kill(signalled, SIGUSR1), 0);
	pthread_join(signalled, NULL);
	EXPECT_EQ(got_signal, SIGUSR1);
	signal(SIGUSR1, SIG_DFL);
}

static void *exits_the_process(void *arg)
{
	pthread_join((pthread_t)arg, NULL);
	sleep_ms(5);
	return NULL;
}

static int child_leaves_main(void *arg)
{
	pthread_t id;

	pthread_create(&id, NULL, exits_the_process, (void *)pthread_self());
	pthread_exit(NULL);
}

static void the_last_thread_ends_the_process(void)
{
	EXPECT_EQ(reap(spawn(child_leaves_main, NULL)), 0);
}

int main(void)
{
	RUN(thread_variables_are_separate);
	RUN(a_mutex_excludes);
	RUN(mutex_types_differ);
	RUN(a_condition_wakes_waiters);
	RUN(a_timed_wait_ends);
	RUN(a_barrier_holds_all);
	RUN(writers_exclude_readers);
	RUN(semaphores_count);
	RUN(once_is_once);
	RUN(key_values_are_destroyed);
	RUN(detached_threads_end_alone);
	RUN(the_heap_is_shared);
	RUN(threads_fork);
	RUN(signals_go_to_one_thread);
	RUN(the_last_thread_ends_the_process);
	return tap_done();
}
