/*
 * The lock inside the library: a word that sleeps on a futex.
 *
 * 0 free, 1 taken, 2 taken and somebody may sleep. A sleeper always leaves 2 behind, so that the
 * owner wakes it; the price is one needless wake when it was the last.
 */
#include <linux/futex.h>

#include "libc/src/libc.h"

void libc_lock(int *word)
{
	int seen = 0;

	if (__atomic_compare_exchange_n(word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0)
		RAW(__NR_futex, word, FUTEX_WAIT_PRIVATE, 2, NULL);
}

void libc_unlock(int *word)
{
	if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
		RAW(__NR_futex, word, FUTEX_WAKE_PRIVATE, 1);
}
