/*
 * What the stress programs of threads share: bounded time, and a crowd of threads.
 */
#pragma once

#include <pthread.h>

#include "tap.h"

static int seconds = 1;
static long long end_ms;

static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

static int is_running(void)
{
	return now_ms() < end_ms;
}

/* Runs each of work[0..n) in a thread of this process; 0 when all returned NULL. */
static inline int run_threads(void *(*const *work)(void *), int n)
{
	pthread_t t[16];
	int bad = 0;

	end_ms = now_ms() + seconds * 1000;
	for (long i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, work[i], (void *)(i * 7919 + 1)))
			return 1;
	for (int i = 0; i < n; i++) {
		void *result;

		pthread_join(t[i], &result);
		if (result)
			tap_note("thread %d: %s", i, (char *)result);
		bad |= result != NULL;
	}
	return bad;
}
