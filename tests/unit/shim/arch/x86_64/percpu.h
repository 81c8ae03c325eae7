/*
 * One CPU; the current thread is a thread-local variable. See tests/unit/shim/thread.c.
 */
#pragma once

#include "lib/base.h"

#define MAX_CPUS 64

struct thread;
extern _Thread_local struct thread *host_current;
#define current (host_current ? host_current : host_thread_start())

struct thread *host_thread_start(void); /* makes one for this pthread */

static inline unsigned int cpu_id(void)
{
	return 0;
}

__attribute__((weak)) _Thread_local bool host_in_interrupt;

static inline bool in_interrupt(void)
{
	return host_in_interrupt;
}

#define nr_cpus 1u
#define for_each_cpu(i) for (unsigned int i = 0; i < nr_cpus; i++)
