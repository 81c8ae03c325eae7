/*
 * Time of the host.
 */
#pragma once

#include <time.h>

#include "lib/base.h"

static inline u64 clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

void clock_arm(u64 deadline_ns); /* a test of what uses it defines it */
