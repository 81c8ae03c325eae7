/* Doing a thing once: 0 not begun, 1 under way, 2 under way and awaited, 3 done. */
#include <limits.h>
#include <pthread.h>

#include <linux/futex.h>

#include "libc/src/libc.h"

int pthread_once(pthread_once_t *once, void (*func)(void))
{
	for (;;) {
		int seen = 0;

		if (__atomic_compare_exchange_n(once, &seen, 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_ACQUIRE)) {
			func();
			if (__atomic_exchange_n(once, 3, __ATOMIC_RELEASE) == 2)
				RAW(__NR_futex, once, FUTEX_WAKE_PRIVATE, INT_MAX);
			return 0;
		}
		if (seen == 3)
			return 0;
		if (seen == 1)
			__atomic_compare_exchange_n(once, &seen, 2, 0, __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED);
		RAW(__NR_futex, once, FUTEX_WAIT_PRIVATE, 2, NULL);
	}
}
