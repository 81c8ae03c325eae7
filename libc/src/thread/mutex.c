/*
 * Mutexes: the library's lock with an owner and a depth for the types that need them.
 *
 * The owner is compared with the caller's number only: a stale value never equals it.
 */
#include <errno.h>
#include <pthread.h>

#include <linux/futex.h>

#include "libc/src/libc.h"
#include "libc/src/thread/thread.h"

static int try_lock(pthread_mutex_t *mutex)
{
	int free = 0;

	if (mutex->type != PTHREAD_MUTEX_NORMAL && mutex->word &&
	    __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) == thread_self()->tid) {
		if (mutex->type == PTHREAD_MUTEX_ERRORCHECK)
			return EDEADLK;
		mutex->depth++;
		return 0;
	}
	if (!__atomic_compare_exchange_n(&mutex->word, &free, 1, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return EBUSY;
	__atomic_store_n(&mutex->owner, thread_self()->tid, __ATOMIC_RELAXED);
	return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	int error = try_lock(mutex);

	return error == EDEADLK ? EBUSY : error;
}

/* The deadline is on the realtime clock. */
int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *deadline)
{
	int error = try_lock(mutex);

	if (error != EBUSY)
		return error;
	while (__atomic_exchange_n(&mutex->word, 2, __ATOMIC_ACQUIRE) != 0)
		if (RAW(__NR_futex, &mutex->word,
			FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME | FUTEX_PRIVATE_FLAG, 2, deadline,
			NULL, FUTEX_BITSET_MATCH_ANY) == -ETIMEDOUT)
			return ETIMEDOUT;
	__atomic_store_n(&mutex->owner, thread_self()->tid, __ATOMIC_RELAXED);
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	return pthread_mutex_timedlock(mutex, NULL);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	if (mutex->type != PTHREAD_MUTEX_NORMAL) {
		if (!mutex->word || mutex->owner != thread_self()->tid)
			return EPERM;
		if (mutex->depth) {
			mutex->depth--;
			return 0;
		}
	}
	__atomic_store_n(&mutex->owner, 0, __ATOMIC_RELAXED);
	libc_unlock(&mutex->word);
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	*mutex = (pthread_mutex_t){ .type = attr ? attr->type : PTHREAD_MUTEX_DEFAULT };
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	return 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	attr->type = PTHREAD_MUTEX_DEFAULT;
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
	if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
		return EINVAL;
	attr->type = type;
	return 0;
}
