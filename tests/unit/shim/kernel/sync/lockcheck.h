/*
 * No lock checker on the host: the sanitizers do that work.
 */
#pragma once

#ifdef LOCKCHECK_UNDER_TEST
#include "../../../../../kernel/sync/lockcheck.h"
#else

#include "lib/base.h"

#include "kernel/sync/lockrank.h"

struct lockcheck_lock {
	u16 rank;
};
struct lockcheck_thread {
	u32 depth;
};
#define LOCKCHECK_LOCK(r) .check = { .rank = (r) },

enum lockcheck_flags { LOCKCHECK_NESTED = 1, LOCKCHECK_TRY = 2 };

static inline void lockcheck_sleep_acquire(struct lockcheck_lock *check, const void *lock,
					   unsigned int flags, u64 ip)
{
}
static inline void lockcheck_sleep_release(struct lockcheck_lock *check, const void *lock)
{
}
static inline bool lockcheck_sleep_is_held(const void *lock)
{
	return true;
}
static inline void lockcheck_assert_held(bool is_held, const void *lock, u64 ip)
{
}
static inline void lockcheck_might_sleep(void)
{
}
static inline void lockcheck_user_copy(void)
{
}
static inline void lockcheck_return_to_user(void)
{
}

#endif
