/* Barriers: the last to arrive begins the next round, which is what the others sleep on. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include <linux/futex.h>

#include "libc/src/libc.h"

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attr,
			 unsigned int n)
{
	if (!n)
		return EINVAL;
	*barrier = (pthread_barrier_t){ .total = n };
	return 0;
}

/* Waits out those who were woken but still read the barrier under its lock. */
int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	libc_lock(&barrier->lock);
	libc_unlock(&barrier->lock);
	return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	unsigned int round;

	libc_lock(&barrier->lock);
	round = barrier->round;
	if (++barrier->arrived == barrier->total) {
		barrier->arrived = 0;
		__atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
		RAW(__NR_futex, &barrier->round, FUTEX_WAKE_PRIVATE, INT_MAX);
		libc_unlock(&barrier->lock);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	libc_unlock(&barrier->lock);
	while (__atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round)
		RAW(__NR_futex, &barrier->round, FUTEX_WAIT_PRIVATE, round, NULL);
	return 0;
}
