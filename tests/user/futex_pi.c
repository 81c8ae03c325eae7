/*
 * futex_pi: locks whose word names the owner, waiting on many words, the futex2 calls.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>

#include "tap.h"

#define NR_WAITV   449
#define NR_WAKE    454
#define NR_WAIT    455
#define NR_REQUEUE 456

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#define SIZE_U32 2u
#define PRIVATE  128u

struct waitv {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
};

static volatile uint32_t lock_word, cond_word, other_word;
static volatile int stage;

static long futex(volatile uint32_t *word, int op, long val, const void *timeout,
		  volatile uint32_t *word2, long val3)
{
	return syscall(SYS_futex, word, op, val, timeout, word2, val3);
}

static uint32_t tid(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

static void await(int wanted)
{
	EXPECT(eventually(__atomic_load_n(&stage, __ATOMIC_ACQUIRE) >= wanted));
}

static void enter(int reached)
{
	__atomic_store_n(&stage, reached, __ATOMIC_RELEASE);
}

static struct timespec after_ms(int clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static int has_waiters(void)
{
	return (lock_word & FUTEX_WAITERS) != 0;
}

/* ---- One thread alone */

static void a_free_lock_is_taken_and_given_back(void)
{
	lock_word = 0;
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(lock_word, tid());
	EXPECT_ERR(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	EXPECT_ERR(futex(&lock_word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(lock_word, 0);
	EXPECT_ERR(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	EXPECT_EQ(futex(&lock_word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
}

static void odd_words_are_refused(void)
{
	struct timespec past = { 1, 0 }, bad = { 0, -1 };

	lock_word = 0x3fffffff; /* nobody has such a number */
	EXPECT_ERR(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), ESRCH);
	EXPECT_ERR(futex(&lock_word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), ESRCH);
	EXPECT_ERR(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	EXPECT_ERR(futex(NULL, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	EXPECT_ERR(futex((void *)((char *)&lock_word + 1), FUTEX_LOCK_PI, 0, NULL, NULL, 0),
		   EINVAL);
	lock_word = 0;
	EXPECT_ERR(futex(&lock_word, FUTEX_LOCK_PI, 0, &bad, NULL, 0), EINVAL);
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, &past, NULL, 0), 0);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	lock_word = FUTEX_OWNER_DIED;
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(lock_word & FUTEX_TID_MASK, tid());
	EXPECT(lock_word & FUTEX_OWNER_DIED);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_ERR(futex(&lock_word, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &lock_word, 0), EINVAL);
	EXPECT_ERR(futex(&lock_word, FUTEX_CMP_REQUEUE_PI, 2, NULL, &cond_word, 0), EINVAL);
	EXPECT_ERR(futex(&lock_word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0),
		   ENOSYS);
}

/* ---- Two and more */

static void *holder(void *arg)
{
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	enter(1);
	await(2);
	if (!arg)
		EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	return NULL;
}

static void start_holder(pthread_t *thread, int dies)
{
	stage = 0;
	lock_word = 0;
	EXPECT_EQ(pthread_create(thread, NULL, holder, dies ? (void *)1 : NULL), 0);
	await(1);
}

static void waiting_ends_at_the_deadline(void)
{
	struct timespec real = after_ms(CLOCK_REALTIME, 30), mono;
	pthread_t thread;
	uint32_t owner;

	start_holder(&thread, 0);
	owner = lock_word;
	EXPECT_ERR(futex(&lock_word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EAGAIN);
	EXPECT_ERR(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	EXPECT_ERR(futex(&lock_word, FUTEX_LOCK_PI, 0, &real, NULL, 0), ETIMEDOUT);
	EXPECT_EQ(lock_word & FUTEX_TID_MASK, owner & FUTEX_TID_MASK);
	mono = after_ms(CLOCK_MONOTONIC, 30);
	EXPECT_ERR(futex(&lock_word, FUTEX_LOCK_PI2, 0, &mono, NULL, 0), ETIMEDOUT);
	real = after_ms(CLOCK_REALTIME, 30);
	EXPECT_ERR(futex(&lock_word, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &real, NULL, 0),
		   ETIMEDOUT);
	enter(2);
	pthread_join(thread, NULL);
	EXPECT_EQ(lock_word, 0);
}

static void *taker(void *arg)
{
	*(long *)arg = futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	((long *)arg)[1] = lock_word;
	((long *)arg)[2] = tid();
	((long *)arg)[3] = futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

/* Unlocks, or dies, while a taker waits, which then has the lock; got: what it saw. */
static void pass_to_taker(int dies, long got[4])
{
	pthread_t first, second;

	start_holder(&first, dies);
	EXPECT_EQ(pthread_create(&second, NULL, taker, got), 0);
	EXPECT(eventually(has_waiters()));
	enter(2);
	pthread_join(first, NULL);
	pthread_join(second, NULL);
	EXPECT_EQ(got[0], 0);
	EXPECT_EQ(got[1] & FUTEX_TID_MASK, got[2]);
}

static void unlocking_hands_the_lock_over(void)
{
	long got[4] = { -1 };

	pass_to_taker(0, got);
	EXPECT_EQ(got[3], 0);
	EXPECT_EQ(lock_word & FUTEX_TID_MASK, 0);
}

static void a_dead_owner_leaves_the_lock_to_a_waiter(void)
{
	long got[4] = { -1 };

	pass_to_taker(1, got);
	EXPECT(got[1] & FUTEX_OWNER_DIED);
	EXPECT_EQ(got[3], 0);
}

static void *waits_for_the_other(void *arg)
{
	EXPECT_EQ(futex(&other_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	enter(1);
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(futex(&other_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	return arg;
}

static void a_circle_is_a_deadlock(void)
{
	pthread_t thread;

	stage = 0;
	lock_word = other_word = 0;
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(pthread_create(&thread, NULL, waits_for_the_other, NULL), 0);
	await(1);
	EXPECT(eventually(has_waiters()));
	EXPECT_ERR(futex(&other_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	pthread_join(thread, NULL);
}

static void no_hand(int sig)
{
	(void)sig;
}

static void *signaller(void *arg)
{
	sleep_ms(30);
	pthread_kill(*(pthread_t *)arg, SIGUSR1);
	sleep_ms(30);
	enter(2);
	return NULL;
}

static void a_signal_does_not_end_the_wait(void)
{
	pthread_t thread, other, self = pthread_self();

	signal(SIGUSR1, no_hand);
	start_holder(&thread, 0);
	EXPECT_EQ(pthread_create(&other, NULL, signaller, &self), 0);
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	pthread_join(thread, NULL);
	pthread_join(other, NULL);
}

static volatile long counter;

static void *counts(void *arg)
{
	for (int i = 0; i < 400; i++) {
		uint32_t free = 0;

		if (!__atomic_compare_exchange_n(&lock_word, &free, tid(), 0, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
			EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0);
		counter++;
		free = tid();
		if (i % 64 == 0)
			sched_yield();
		if (!__atomic_compare_exchange_n(&lock_word, &free, 0, 0, __ATOMIC_RELEASE,
						 __ATOMIC_RELAXED))
			EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0),
				  0);
	}
	return arg;
}

static void the_lock_excludes(void)
{
	pthread_t threads[4];

	counter = 0;
	lock_word = 0;
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, counts, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(counter, 4 * 400);
	EXPECT_EQ(lock_word & FUTEX_TID_MASK, 0);
}

static int child_takes_and_dies(void *arg)
{
	volatile uint32_t *shared = arg;

	if (futex(shared, FUTEX_LOCK_PI, 0, NULL, NULL, 0))
		return 1;
	shared[1] = 1;
	while (!(*shared & FUTEX_WAITERS))
		sleep_ms(1);
	return 0;
}

static void processes_share_locks(void)
{
	volatile uint32_t *shared =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = spawn(child_takes_and_dies, (void *)shared);

	EXPECT(eventually(shared[1]));
	EXPECT_EQ(futex(shared, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(*shared & FUTEX_TID_MASK, tid());
	EXPECT(*shared & FUTEX_OWNER_DIED);
	EXPECT_EQ(futex(shared, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(reap(pid), 0);
	munmap((void *)shared, 4096);
}

static struct {
	struct robust_list_head head;
	struct robust_list node;
	volatile uint32_t word;
} robust;

static void *dies_with_a_robust_lock(void *arg)
{
	robust.head.list.next = (struct robust_list *)((uintptr_t)&robust.node | 1);
	robust.head.futex_offset = (char *)&robust.word - (char *)&robust.node;
	robust.head.list_op_pending = NULL;
	robust.node.next = &robust.head.list;
	syscall(SYS_set_robust_list, &robust.head, sizeof(robust.head));
	EXPECT_EQ(futex(&robust.word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	enter(1);
	await(2);
	syscall(SYS_exit, 0);
	return arg;
}

static void a_robust_lock_tells_of_the_death(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	stage = 0;
	robust.word = 0;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	EXPECT_EQ(pthread_create(&thread, &attr, dies_with_a_robust_lock, NULL), 0);
	await(1);
	enter(2);
	EXPECT(eventually(robust.word & FUTEX_OWNER_DIED));
	EXPECT_EQ(futex(&robust.word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(robust.word & FUTEX_TID_MASK, tid());
	EXPECT_EQ(futex(&robust.word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
}

/* ---- Moving sleepers to a lock */

static void *waits_to_be_moved(void *arg)
{
	long *got = arg;

	__atomic_fetch_add(&stage, 1, __ATOMIC_RELEASE);
	got[0] = futex(&cond_word, FUTEX_WAIT_REQUEUE_PI, 7, NULL, &lock_word, 0);
	got[1] = (lock_word & FUTEX_TID_MASK) == tid();
	got[2] = futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void sleepers_are_moved_to_a_lock(void)
{
	struct timespec soon = after_ms(CLOCK_MONOTONIC, 20);
	pthread_t threads[3];
	long got[3][3] = { 0 }, moved = 0, n;

	stage = 0;
	lock_word = 0;
	cond_word = 7;
	EXPECT_ERR(futex(&cond_word, FUTEX_WAIT_REQUEUE_PI, 6, NULL, &lock_word, 0), EAGAIN);
	EXPECT_ERR(futex(&cond_word, FUTEX_WAIT_REQUEUE_PI, 7, &soon, &lock_word, 0), ETIMEDOUT);
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, waits_to_be_moved, got[i]), 0);
	await(3);
	EXPECT_ERR(futex(&cond_word, FUTEX_CMP_REQUEUE_PI, 1, (void *)10, &lock_word, 5), EAGAIN);
	for (int tries = 0; moved < 3 && tries < 1000; tries++) {
		n = futex(&cond_word, FUTEX_CMP_REQUEUE_PI, 1, (void *)10, &lock_word, 7);
		EXPECT(n >= 0);
		moved += n;
		sleep_ms(5);
	}
	EXPECT_EQ(moved, 3);
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(got[i][0], 0);
		EXPECT_EQ(got[i][1], 1);
		EXPECT_EQ(got[i][2], 0);
	}
	EXPECT_EQ(lock_word & FUTEX_TID_MASK, 0);
}

static void a_free_lock_goes_to_the_first_moved(void)
{
	pthread_t thread;
	long got[3] = { 0 }, n = 0;

	stage = 0;
	lock_word = 0;
	cond_word = 7;
	EXPECT_EQ(pthread_create(&thread, NULL, waits_to_be_moved, got), 0);
	await(1);
	for (int tries = 0; !n && tries < 1000; tries++) {
		n = futex(&cond_word, FUTEX_CMP_REQUEUE_PI, 1, NULL, &lock_word, 7);
		sleep_ms(5);
	}
	EXPECT_EQ(n, 1);
	pthread_join(thread, NULL);
	EXPECT_EQ(got[0], 0);
	EXPECT_EQ(got[1], 1);
}

/* ---- Priority */

static volatile int release;

static void *low_holder(void *arg)
{
	cpu_set_t set;

	memcpy(&set, arg, sizeof(set));
	sched_setaffinity(0, sizeof(set), &set);
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	enter(1);
	while (!release) /* works, at low priority */
		;
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	return NULL;
}

static void *middle_spinner(void *arg)
{
	struct sched_param middle = { 10 };
	cpu_set_t set;

	memcpy(&set, arg, sizeof(set));
	sched_setaffinity(0, sizeof(set), &set);
	EXPECT_EQ(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &middle), 0);
	enter(2);
	for (long long end = now_ms() + 300; now_ms() < end;)
		;
	enter(3);
	return NULL;
}

/* On one CPU a thread of middle priority keeps the holder from running, but for what it inherits
 * from one of high priority. */
static void a_holder_inherits_priority(void)
{
	struct sched_param high = { 20 }, normal = { 0 };
	pthread_t low, middle;
	cpu_set_t set, old;

	sched_getaffinity(0, sizeof(old), &old);
	memset(&set, 0, sizeof(set));
	((unsigned long *)&set)[0] = 1;
	if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &high))
		SKIP("no right to real-time priorities");
	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &normal);
	stage = release = 0;
	lock_word = 0;
	EXPECT_EQ(pthread_create(&low, NULL, low_holder, &set), 0);
	await(1);
	EXPECT_EQ(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &high), 0);
	EXPECT_EQ(pthread_create(&middle, NULL, middle_spinner, &set), 0);
	await(2);
	release = 1;
	EXPECT_EQ(futex(&lock_word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	EXPECT_EQ(stage, 2); /* the spinner has not finished: the holder went before it */
	EXPECT_EQ(futex(&lock_word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &normal);
	pthread_join(low, NULL);
	pthread_join(middle, NULL);
}

/* ---- Many words, and the second generation */

static void *wakes_one_word(void *arg)
{
	volatile uint32_t *word = arg;

	while (syscall(NR_WAKE, word, ~0u, 1, SIZE_U32 | PRIVATE) == 0)
		sleep_ms(1);
	return NULL;
}

static void waiting_for_many_words(void)
{
	volatile uint32_t words[3] = { 1, 2, 3 };
	struct timespec soon = after_ms(CLOCK_MONOTONIC, 20);
	struct waitv v[3];
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		v[i] = (struct waitv){ i + 1, (uintptr_t)&words[i], SIZE_U32 | PRIVATE, 0 };
	EXPECT_ERR(syscall(NR_WAITV, v, 0, 0, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAITV, v, 129, 0, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAITV, v, 3, 1, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAITV, NULL, 3, 0, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAITV, v, 3, 0, &soon, CLOCK_BOOTTIME), EINVAL);
	EXPECT_ERR(syscall(NR_WAITV, v, 3, 0, &soon, CLOCK_MONOTONIC), ETIMEDOUT);
	words[2] = 4;
	EXPECT_ERR(syscall(NR_WAITV, v, 3, 0, NULL, 0), EAGAIN);
	words[2] = 3;
	v[1].flags = PRIVATE;
	EXPECT_ERR(syscall(NR_WAITV, v, 3, 0, NULL, 0), EINVAL);
	v[1].flags = SIZE_U32 | PRIVATE;
	v[1].reserved = 1;
	EXPECT_ERR(syscall(NR_WAITV, v, 3, 0, NULL, 0), EINVAL);
	v[1].reserved = 0;
	v[1].uaddr++;
	EXPECT_ERR(syscall(NR_WAITV, v, 3, 0, NULL, 0), EINVAL);
	v[1].uaddr--;
	EXPECT_EQ(pthread_create(&thread, NULL, wakes_one_word, (void *)&words[1]), 0);
	EXPECT_EQ(syscall(NR_WAITV, v, 3, 0, NULL, 0), 1);
	pthread_join(thread, NULL);
}

static void *waits_second_way(void *arg)
{
	return (void *)syscall(NR_WAIT, arg, 5, 0xff, SIZE_U32 | PRIVATE, NULL, 0);
}

static void the_second_generation(void)
{
	volatile uint32_t a = 5, b = 9;
	struct timespec soon = after_ms(CLOCK_REALTIME, 20);
	struct waitv v[2] = { { 5, (uintptr_t)&a, SIZE_U32 | PRIVATE, 0 },
			      { 9, (uintptr_t)&b, SIZE_U32 | PRIVATE, 0 } };
	pthread_t thread;
	long n = 0;

	if (syscall(NR_WAKE, &a, ~0u, 1, SIZE_U32) < 0 && errno == ENOSYS)
		SKIP("not here");
	EXPECT_ERR(syscall(NR_WAIT, &a, 6, ~0u, SIZE_U32 | PRIVATE, NULL, 0), EAGAIN);
	EXPECT_ERR(syscall(NR_WAIT, &a, 5, 0, SIZE_U32 | PRIVATE, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAIT, &a, 5, ~0u, PRIVATE, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAIT, &a, 5, ~0u, SIZE_U32 | 16, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAIT, &a, 5ull << 32, ~0u, SIZE_U32, NULL, 0), EINVAL);
	EXPECT_ERR(syscall(NR_WAIT, &a, 5, ~0u, SIZE_U32, &soon, CLOCK_REALTIME), ETIMEDOUT);
	EXPECT_ERR(syscall(NR_WAIT, &a, 5, ~0u, SIZE_U32, &soon, 7), EINVAL);
	EXPECT_ERR(syscall(NR_WAKE, &a, 0, 1, SIZE_U32), EINVAL);
	EXPECT_EQ(syscall(NR_WAKE, &a, ~0u, 0, SIZE_U32), 0);
	EXPECT_EQ(pthread_create(&thread, NULL, waits_second_way, (void *)&a), 0);
	while (n == 0) /* the mask is another one */
		n = syscall(NR_REQUEUE, v, 0, 0, 1), sleep_ms(2);
	EXPECT_EQ(n, 1);
	EXPECT_EQ(syscall(NR_WAKE, &a, ~0u, 1, SIZE_U32 | PRIVATE), 0);
	EXPECT_EQ(syscall(NR_WAKE, &b, 0xff00, 1, SIZE_U32 | PRIVATE), 0);
	EXPECT_EQ(syscall(NR_WAKE, &b, 0x1, 1, SIZE_U32 | PRIVATE), 1);
	pthread_join(thread, NULL);
	v[0].val = 4;
	EXPECT_ERR(syscall(NR_REQUEUE, v, 0, 0, 1), EAGAIN);
	EXPECT_ERR(syscall(NR_REQUEUE, v, 1, 0, 1), EINVAL);
	EXPECT_ERR(syscall(NR_REQUEUE, NULL, 0, 0, 1), EINVAL);
}

int main(void)
{
	RUN(a_free_lock_is_taken_and_given_back);
	RUN(odd_words_are_refused);
	RUN(waiting_ends_at_the_deadline);
	RUN(unlocking_hands_the_lock_over);
	RUN(a_dead_owner_leaves_the_lock_to_a_waiter);
	RUN(a_circle_is_a_deadlock);
	RUN(a_signal_does_not_end_the_wait);
	RUN(the_lock_excludes);
	RUN(processes_share_locks);
	RUN(a_robust_lock_tells_of_the_death);
	RUN(sleepers_are_moved_to_a_lock);
	RUN(a_free_lock_goes_to_the_first_moved);
	RUN(a_holder_inherits_priority);
	RUN(waiting_for_many_words);
	RUN(the_second_generation);
	return tap_done();
}
