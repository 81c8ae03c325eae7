/*
 * Clocks, in nanoseconds throughout: monotonic since boot, and wall time.
 */
#pragma once

#include "lib/base.h"
#include "arch/x86_64/clock.h" /* u64 clock_ns(void): monotonic */

#define NS_PER_SEC 1000000000ull

u64 clock_realtime_ns(void); /* since 1970 */
void clock_set_realtime(u64 ns); /* clock_settime, settimeofday. May sleep */
extern void (*clock_hook_step)(u64 delta_ns); /* wall time went on by so much; or NULL */
void clock_init(void); /* reads the RTC */
