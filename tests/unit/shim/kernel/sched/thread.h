/*
 * Threads are pthreads: see tests/unit/shim/thread.h.
 */
#pragma once

#include "../../thread.h"
#include "lib/list.h"
#include "kernel/sync/refcount.h"
#include "kernel/time/timer.h"

#define COMM_LEN 16

struct as;

void thread_get(struct thread *t);
void thread_put(struct thread *t);
