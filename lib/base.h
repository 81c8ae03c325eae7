/*
 * The vocabulary of the whole tree: fixed-width types and the few macros that C lacks.
 *
 * Includes nothing but the compiler's own freestanding headers, so that kernel, libc and host
 * tests can all begin with it.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define static_assert _Static_assert

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MIN(a, b)                                                                                  \
	({                                                                                         \
		__auto_type a_ = (a);                                                              \
		__auto_type b_ = (b);                                                              \
		a_ < b_ ? a_ : b_;                                                                 \
	})
#define MAX(a, b)                                                                                  \
	({                                                                                         \
		__auto_type a_ = (a);                                                              \
		__auto_type b_ = (b);                                                              \
		a_ > b_ ? a_ : b_;                                                                 \
	})

/* n must be a power of two. */
#define ALIGN_DOWN(x, n)   ((x) & ~((__typeof__(x))(n)-1))
#define ALIGN_UP(x, n)     ALIGN_DOWN((x) + (n)-1, n)
#define IS_ALIGNED(x, n)   (((x) & ((__typeof__(x))(n)-1)) == 0)
#define DIV_ROUND_UP(x, n) (((x) + (n)-1) / (n))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __must_check   __attribute__((warn_unused_result))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define __noreturn     __attribute__((noreturn))
#define __packed       __attribute__((packed))
#define __aligned(n)   __attribute__((aligned(n)))
#define __noinline     __attribute__((noinline))
#undef __always_inline /* host tests have the C library's */
#define __always_inline inline __attribute__((always_inline))
#define __uninitialized                                                                            \
	__attribute__((uninitialized)) /* a large local: not filled by the compiler */
#define __section(s) __attribute__((section(s)))
#define fallthrough  __attribute__((fallthrough))
/* Reads without a lock on purpose, with a comment that says why. */
#define __no_sanitize_thread __attribute__((no_sanitize("thread")))
/* Reads beyond an object on purpose, likewise. */
#define __no_sanitize_address __attribute__((no_sanitize("address")))

/* Addresses of user space: copied from and to, never dereferenced (sparse checks it). */
#ifdef __CHECKER__
#define __user  __attribute__((noderef, address_space(1)))
#define __force __attribute__((force))
#else
#define __user
#define __force
#endif

/*
 * Lock contracts, read by clang -Wthread-safety when THREAD_SAFETY is defined; empty elsewhere,
 * because code that locks two objects in address order or returns with a lock held needs an
 * exception the analysis cannot infer.
 */
#if defined(__clang__) && defined(THREAD_SAFETY)
#define CAPABILITY(name)     __attribute__((capability(name)))
#define REQUIRES(...)        __attribute__((requires_capability(__VA_ARGS__)))
#define REQUIRES_SHARED(...) __attribute__((requires_shared_capability(__VA_ARGS__)))
#define EXCLUDES(...)        __attribute__((locks_excluded(__VA_ARGS__)))
#define ACQUIRE(...)         __attribute__((acquire_capability(__VA_ARGS__)))
#define ACQUIRE_SHARED(...)  __attribute__((acquire_shared_capability(__VA_ARGS__)))
#define TRY_ACQUIRE(...)     __attribute__((try_acquire_capability(__VA_ARGS__)))
#define RELEASE(...)         __attribute__((release_capability(__VA_ARGS__)))
#define RELEASE_SHARED(...)  __attribute__((release_shared_capability(__VA_ARGS__)))
/* Around the functions that are the locks. */
#define LOCK_FUNCTIONS_BEGIN                                                                       \
	_Pragma("clang attribute push(__attribute__((no_thread_safety_analysis)), apply_to = "     \
		"function)")
#define LOCK_FUNCTIONS_END _Pragma("clang attribute pop")
#else
#define CAPABILITY(name)
#define REQUIRES(...)
#define REQUIRES_SHARED(...)
#define EXCLUDES(...)
#define ACQUIRE(...)
#define ACQUIRE_SHARED(...)
#define TRY_ACQUIRE(...)
#define RELEASE(...)
#define RELEASE_SHARED(...)
#define LOCK_FUNCTIONS_BEGIN
#define LOCK_FUNCTIONS_END
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))
