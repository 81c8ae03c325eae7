/*
 * Frame-pointer walk.
 */
#pragma once

#include "lib/base.h"

/* Return addresses of the callers, innermost first, from frame pointer @rbp (0: the caller's own).
 * Survives any garbage. Returns how many were stored. Any context. */
unsigned int backtrace_walk(u64 rbp, u64 *out, unsigned int max);
