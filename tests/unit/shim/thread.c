/*
 * The scheduler's upcalls of kernel/sync/wait.h, over pthreads.
 */
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "arch/x86_64/percpu.h"
#include "kernel/sync/wait.h"

_Thread_local struct thread *host_current;

static pthread_key_t free_at_exit;

static void __attribute__((constructor)) host_init(void)
{
	pthread_key_create(&free_at_exit, free);
}

struct thread *host_thread_start(void)
{
	pthread_condattr_t attr;

	host_current = calloc(1, sizeof(*host_current));
	pthread_setspecific(free_at_exit, host_current);
	pthread_mutex_init(&host_current->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&host_current->woken, &attr);
	return host_current;
}

static void set_blocked(bool is_blocked)
{
	struct thread *t = current;

	pthread_mutex_lock(&t->lock);
	t->is_blocked = is_blocked;
	pthread_mutex_unlock(&t->lock);
}

void thread_prepare_to_block(enum block_state state)
{
	set_blocked(true);
}

void thread_cancel_block(void)
{
	set_blocked(false);
}

void thread_block(u64 deadline_ns)
{
	struct thread *t = current;
	struct timespec ts = { .tv_sec = (time_t)(deadline_ns / 1000000000),
			       .tv_nsec = (long)(deadline_ns % 1000000000) };
	int err = 0;

	pthread_mutex_lock(&t->lock);
	while (t->is_blocked && err != ETIMEDOUT) {
		if (deadline_ns == WAIT_FOREVER)
			pthread_cond_wait(&t->woken, &t->lock);
		else
			err = pthread_cond_timedwait(&t->woken, &t->lock, &ts);
	}
	t->is_blocked = false;
	pthread_mutex_unlock(&t->lock);
}

bool thread_wake(struct thread *t)
{
	bool was_blocked;

	pthread_mutex_lock(&t->lock);
	was_blocked = t->is_blocked;
	t->is_blocked = false;
	pthread_cond_signal(&t->woken);
	pthread_mutex_unlock(&t->lock);
	return was_blocked;
}

bool signal_pending_current(void)
{
	return atomic_load(&current->has_signal);
}

bool fatal_signal_pending_current(void)
{
	return atomic_load(&current->has_fatal_signal);
}

void host_signal(struct thread *t, bool is_fatal)
{
	if (is_fatal)
		atomic_store(&t->has_fatal_signal, true);
	atomic_store(&t->has_signal, true);
	thread_wake(t);
}
