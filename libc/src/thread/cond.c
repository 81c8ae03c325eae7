/*
 * Condition variables: a counter of signals that waiters sleep on.
 *
 * A waiter notes the counter under the mutex; a signal between its unlock and its sleep changes
 * the counter, so the sleep does not begin. Spurious wakes happen, as POSIX allows.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include <linux/futex.h>

#include "libc/src/libc.h"

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
			   const struct timespec *deadline)
{
	unsigned int seen = __atomic_load_n(&cond->sequence, __ATOMIC_RELAXED);
	long op = FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG;
	long result;

	if (cond->clock == CLOCK_REALTIME)
		op |= FUTEX_CLOCK_REALTIME;
	pthread_mutex_unlock(mutex);
	result = RAW(__NR_futex, &cond->sequence, op, seen, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
	pthread_mutex_lock(mutex);
	return result == -ETIMEDOUT || result == -EINVAL ? (int)-result : 0;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return pthread_cond_timedwait(cond, mutex, NULL);
}

static int wake(pthread_cond_t *cond, int n)
{
	__atomic_fetch_add(&cond->sequence, 1, __ATOMIC_RELAXED);
	RAW(__NR_futex, &cond->sequence, FUTEX_WAKE_PRIVATE, n);
	return 0;
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	return wake(cond, 1);
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
	return wake(cond, INT_MAX);
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	*cond = (pthread_cond_t){ .clock = attr ? attr->clock : CLOCK_REALTIME };
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
	return 0;
}

int pthread_condattr_init(pthread_condattr_t *attr)
{
	attr->clock = CLOCK_REALTIME;
	return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attr)
{
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	attr->clock = clock;
	return 0;
}
