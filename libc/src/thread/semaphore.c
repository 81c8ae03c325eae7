/* Semaphores: a count that waiters sleep on at zero. They work between processes, too. */
#include <errno.h>
#include <semaphore.h>

#include <linux/futex.h>

#include "libc/src/libc.h"

int sem_init(sem_t *sem, int shared, unsigned int value)
{
	if (value > SEM_VALUE_MAX) {
		errno = EINVAL;
		return -1;
	}
	*sem = (sem_t){ .value = value };
	return 0;
}

int sem_destroy(sem_t *sem)
{
	return 0;
}

int sem_getvalue(sem_t *sem, int *value)
{
	*value = (int)__atomic_load_n(&sem->value, __ATOMIC_RELAXED);
	return 0;
}

int sem_trywait(sem_t *sem)
{
	unsigned int seen = __atomic_load_n(&sem->value, __ATOMIC_RELAXED);

	while (seen > 0)
		if (__atomic_compare_exchange_n(&sem->value, &seen, seen - 1, 1, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return 0;
	errno = EAGAIN;
	return -1;
}

int sem_timedwait(sem_t *sem, const struct timespec *deadline)
{
	while (sem_trywait(sem) < 0) {
		long result;

		__atomic_fetch_add(&sem->waiters, 1, __ATOMIC_SEQ_CST);
		result = RAW(__NR_futex, &sem->value, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0,
			     deadline, NULL, FUTEX_BITSET_MATCH_ANY);
		__atomic_fetch_sub(&sem->waiters, 1, __ATOMIC_SEQ_CST);
		if (result < 0 && result != -EAGAIN) {
			errno = (int)-result;
			return -1;
		}
	}
	return 0;
}

int sem_wait(sem_t *sem)
{
	return sem_timedwait(sem, NULL);
}

int sem_post(sem_t *sem)
{
	if (__atomic_add_fetch(&sem->value, 1, __ATOMIC_SEQ_CST) > SEM_VALUE_MAX) {
		__atomic_sub_fetch(&sem->value, 1, __ATOMIC_SEQ_CST);
		errno = EOVERFLOW;
		return -1;
	}
	if (__atomic_load_n(&sem->waiters, __ATOMIC_SEQ_CST))
		RAW(__NR_futex, &sem->value, FUTEX_WAKE, 1);
	return 0;
}
