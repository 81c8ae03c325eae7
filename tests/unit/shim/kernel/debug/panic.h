/*
 * A panic ends the test program.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "lib/base.h"

extern bool panic_in_progress; /* defined by tests of what looks at it */

#define panic(fmt, ...)                                                  \
	({                                                               \
		fprintf(stderr, "panic: " fmt "\n", ##__VA_ARGS__);      \
		abort();                                                 \
	})
#define assert(cond) \
	((cond) ? (void)0 : (void)panic("assertion failed: %s at %s:%d", #cond, __FILE__, __LINE__))
#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)
#define WARN_ON(cond)                                                                        \
	({                                                                                   \
		bool cond_ = (cond);                                                         \
		if (cond_)                                                                   \
			fprintf(stderr, "WARNING: %s at %s:%d\n", #cond, __FILE__, __LINE__); \
		cond_;                                                                       \
	})
