/*
 * futexes: which word a futex is, by the memory it lies in; moving sleepers about.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#include "tap.h"

#define REQUEUE (FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG)

static long futex(volatile uint32_t *word, int op, uint32_t val, long val2, volatile void *word2)
{
	return syscall(SYS_futex, word, op, val, val2, word2, 0);
}

static volatile uint32_t *map(int prot, int flags, int fd)
{
	void *at = mmap(NULL, 4096, prot, flags, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int woken_with_one(void *arg)
{
	return (int)futex(arg, FUTEX_WAIT, 0, 0, NULL);
}

/* Sleeps on one address and is woken through another. */
static int meet(volatile uint32_t *sleeper, volatile uint32_t *waker)
{
	pid_t child = spawn(woken_with_one, (void *)sleeper);
	long n = 0;

	for (int i = 0; i < 500 && n == 0; i++) {
		n = futex(waker, FUTEX_WAKE, 1, 0, NULL);
		sleep_ms(2);
	}
	if (n != 1)
		kill(child, SIGKILL);
	return n == 1 && reap(child) == 0;
}

static void a_word_of_a_file_is_one_through_any_mapping(void)
{
	int fd = (int)syscall(SYS_memfd_create, "word", 0);
	volatile uint32_t *word, *read_only, *private;

	EXPECT(fd >= 0 && ftruncate(fd, 4096) == 0);
	word = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	read_only = map(PROT_READ, MAP_SHARED, fd);
	private = map(PROT_READ, MAP_PRIVATE, fd);
	EXPECT(meet(word, read_only));
	EXPECT(meet(read_only, word));
	EXPECT(meet(private, word));
	close(fd);
}

static void memory_that_cannot_be_read_is_no_word(void)
{
	volatile uint32_t *none = map(PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1);
	volatile uint32_t *private = map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	EXPECT_ERR(futex(none, FUTEX_WAKE, 1, 0, NULL), EFAULT);
	EXPECT_ERR(futex(private, FUTEX_WAKE, 1, 0, NULL), EFAULT);
	EXPECT_ERR(futex(private, FUTEX_WAIT, 0, 0, NULL), EFAULT);
	EXPECT_EQ(futex(none, FUTEX_WAKE_PRIVATE, 1, 0, NULL), 0);
	EXPECT_EQ(futex(private, FUTEX_WAKE_PRIVATE, 1, 0, NULL), 0);
}

static volatile uint32_t here, there;
static volatile int nr_awake;

static void *sleeps(void *arg)
{
	(void)arg;
	futex(&here, FUTEX_WAIT_PRIVATE, 0, 0, NULL);
	__sync_fetch_and_add(&nr_awake, 1);
	return NULL;
}

static void moving_to_the_same_word_counts_and_wakes_nobody(void)
{
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		EXPECT_EQ(pthread_create(&thread[i], NULL, sleeps, NULL), 0);
	EXPECT(eventually(futex(&here, REQUEUE, 0, 100, &here) == 3));
	EXPECT_EQ(futex(&here, REQUEUE, 0, 2, &here), 2);
	sleep_ms(20);
	EXPECT_EQ(nr_awake, 0);
	EXPECT_EQ(futex(&here, REQUEUE, 1, 100, &here), 3);
	EXPECT(eventually(nr_awake == 1));
	EXPECT_EQ(futex(&here, REQUEUE, 0, 1, &there), 1);
	EXPECT_EQ(futex(&here, FUTEX_WAKE_PRIVATE, 100, 0, NULL), 1);
	EXPECT_EQ(futex(&there, FUTEX_WAKE_PRIVATE, 100, 0, NULL), 1);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
}

int main(void)
{
	RUN(a_word_of_a_file_is_one_through_any_mapping);
	RUN(memory_that_cannot_be_read_is_no_word);
	RUN(moving_to_the_same_word_counts_and_wakes_nobody);
	return tap_done();
}
