/*
 * The block of a thread. FS points at it; thread-local variables end where it begins.
 *
 * The kernel clears "tid" and wakes its waiters when the thread is gone (CLONE_CHILD_CLEARTID):
 * that is what pthread_join() waits for.
 */
#pragma once

#include <limits.h>
#include <pthread.h>

#include "libc/arch/x86_64/tls.h"

enum thread_state {
	THREAD_JOINABLE,
	THREAD_DETACHED,
	THREAD_EXITING, /* too late to detach: whoever wants to must join */
};

struct libc_thread {
	struct libc_thread *self; /* %fs:0 holds its own address (ABI) */
	void *unused[4];
	unsigned long canary; /* %fs:40: compilers compare against it (ABI) */
	int tid;
	_Atomic int state; /* enum thread_state */
	void *(*start)(void *);
	void *arg;
	void *result;
	void *map; /* stack and this block; NULL where they are not ours to free */
	size_t map_size;
	void *values[PTHREAD_KEYS_MAX];
};

_Static_assert(offsetof(struct libc_thread, canary) == 40, "stack protector ABI");

static inline struct libc_thread *thread_self(void)
{
	return thread_pointer();
}

/* Threads that have not ended; the last one to call pthread_exit() ends the process. */
extern _Atomic int libc_thread_count;

/* Bytes that libc_thread_place() needs at most. */
size_t libc_thread_size(void);

/* Puts thread block and fresh thread-local variables at the end of zeroed memory. */
struct libc_thread *libc_thread_place(void *memory, size_t size);

/* Finds the program's thread-local image, and makes the first thread. */
void libc_tls_init(void);

/* Calls the destructors of pthread keys. */
void libc_run_key_destructors(struct libc_thread *self);
