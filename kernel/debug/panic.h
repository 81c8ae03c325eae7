/*
 * Stopping when the kernel itself is wrong.
 *
 * assert() is for kernel mistakes, never for what a user program or a device might do.
 */
#pragma once

#include "lib/base.h"

struct regs;

__noreturn void panic(const char *fmt, ...) __printf(1, 2);
/* The same, and shows where a trap happened instead of where panic was called. */
__noreturn void panic_regs(const struct regs *regs, const char *fmt, ...) __printf(2, 3);

/* Prints the callers, innermost first, starting from frame pointer rbp (0: the caller's own). */
void print_backtrace(u64 rbp);

/* What happens after a panic: 0 halts for ever, -1 restarts at once, n waits n seconds first. */
extern int panic_timeout;
extern bool panic_in_progress;

/* The message of the panic, for tools that read the memory of a dead guest. */
extern char panic_last_words[512];

__noreturn void assert_failed(const char *cond, const char *file, int line, const char *function);

#ifdef CONFIG_DEBUG
#define assert(cond) (likely(cond) ? (void)0 : assert_failed(#cond, __FILE__, __LINE__, __func__))
#else
#define assert(cond) ((void)sizeof(!(cond)))
#endif

/* A place that cannot be reached, in every build. */
#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)

/* Tells about something odd, once per place, and goes on. True if cond is true. */
#define WARN_ON(cond)                                                                              \
	({                                                                                         \
		static bool warned_;                                                               \
		bool cond_ = (cond);                                                               \
		if (unlikely(cond_) && !warned_) {                                                 \
			warned_ = true;                                                            \
			warn_failed(#cond, __FILE__, __LINE__);                                    \
		}                                                                                  \
		unlikely(cond_);                                                                   \
	})
void warn_failed(const char *cond, const char *file, int line);
