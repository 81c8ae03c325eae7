/*
 * What the files of the C library share and programs do not see.
 *
 * Names that a program could collide with begin with libc_; a program may not define those.
 */
#pragma once

#include <asm/unistd_64.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "libc/arch/x86_64/syscall.h"

/* RAW(nr, args...): the kernel's answer. SYSCALL(name, args...): -1 and errno instead. */
#define RAW(nr, ...) RAW_(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define RAW_(nr, a, b, c, d, e, f, ...)                                                            \
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYSCALL(name, ...) libc_return(RAW(__NR_##name, ##__VA_ARGS__))

/* Turns -error into -1 with errno set; passes all else on. */
long libc_return(long result);

/* The same for functions that return an error number and leave errno alone. */
static inline int error_of(long result)
{
	return result < 0 ? (int)-result : 0;
}

/* The argument block of the process, set before anything else runs. */
extern unsigned long *libc_auxv;

/* A lock that sleeps on a futex: 0 free, 1 taken, 2 taken and somebody may sleep. */
void libc_lock(int *word);
void libc_unlock(int *word);

/* What fork() takes so that its child finds them free. */
void libc_malloc_lock(void);
void libc_malloc_unlock(void);
void libc_stdio_lock(void);
void libc_stdio_unlock(void);

void libc_run_atexit(void);
