/*
 * Read-write locks: a count of readers, or -1 for a writer. Whoever cannot enter sleeps until
 * "sequence" changes, which every last release does. Readers may starve a writer.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include <linux/futex.h>

#include "libc/src/libc.h"

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
	*lock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
	return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
	return 0;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
	int seen = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

	while (seen >= 0)
		if (__atomic_compare_exchange_n(&lock->word, &seen, seen + 1, 1, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return 0;
	return EBUSY;
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
	int free = 0;

	return __atomic_compare_exchange_n(&lock->word, &free, -1, 0, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED)
		       ? 0
		       : EBUSY;
}

static int enter(pthread_rwlock_t *lock, int (*try)(pthread_rwlock_t *))
{
	for (;;) {
		unsigned int seen = __atomic_load_n(&lock->sequence, __ATOMIC_SEQ_CST);

		if (try(lock) == 0)
			return 0;
		RAW(__NR_futex, &lock->sequence, FUTEX_WAIT_PRIVATE, seen, NULL);
	}
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	return enter(lock, pthread_rwlock_tryrdlock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	return enter(lock, pthread_rwlock_trywrlock);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) < 0)
		__atomic_store_n(&lock->word, 0, __ATOMIC_SEQ_CST);
	else if (__atomic_sub_fetch(&lock->word, 1, __ATOMIC_SEQ_CST) > 0)
		return 0;
	__atomic_fetch_add(&lock->sequence, 1, __ATOMIC_SEQ_CST);
	RAW(__NR_futex, &lock->sequence, FUTEX_WAKE_PRIVATE, INT_MAX);
	return 0;
}
