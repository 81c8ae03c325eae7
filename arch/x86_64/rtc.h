/*
 * The battery clock.
 */
#pragma once

#include "lib/base.h"

/* Seconds since 1970, assuming the clock runs in UTC. Takes up to a few milliseconds. */
u64 rtc_seconds(void);
