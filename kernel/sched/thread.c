/*
 * Threads: their memory and their birth; what they do in between is sched.c's.
 *
 * Owns: struct thread, its kernel stack and its FPU area.
 * Life: thread_new() gives the creator a reference; sched_start() takes one for the thread itself,
 *   which the scheduler drops once it has left the dead thread's stack. The last put frees it all.
 * What a thread shares (as, files, fs, nsproxy) is gone before that, by exit; cred, pid and task stay to the
 *   last, so that whoever holds a reference to a dead thread can still say who it was.
 * Locks: none.
 * Not here: processes (kernel/task/task.c), the first user frame (arch/x86_64/thread.c).
 */
#include "kernel/sched/thread.h"

#include <linux/errno.h>

#include "lib/string.h"

#include "arch/x86_64/clock.h"
#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/kmap.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/internal.h"

static struct slab_cache *thread_cache, *fpu_cache;

void (*thread_last_put)(struct thread *t);

static void block_timeout(struct timer *timer)
{
	thread_wake(container_of(timer, struct thread, block_timer));
}

static void thread_setup(struct thread *t, const char *name)
{
	strlcpy(t->comm, name, sizeof(t->comm));
	refcount_init(&t->refs, 1);
	t->affinity = ~0ull;
	t->start_ns = clock_ns();
	t->timer_slack_ns = t->default_slack_ns = TIMER_SLACK_NS;
	list_init(&t->run_link);
	list_init(&t->task_link);
	list_init(&t->pi_held);
	timer_setup(&t->block_timer, block_timeout);
}

int thread_alloc(const char *name, bool has_user_mode, struct thread **out)
{
	struct thread *t = cache_zalloc(thread_cache);

	if (!t)
		return -ENOMEM;
	t->head.stack_top = (u64)kstack_alloc();
	if (!t->head.stack_top)
		goto out_thread;
	if (has_user_mode) {
		t->head.arch.fpu = cache_alloc(fpu_cache);
		if (!t->head.arch.fpu)
			goto out_stack;
	}
	thread_setup(t, name);
	*out = t;
	return 0;
out_stack:
	kstack_free((void *)t->head.stack_top);
out_thread:
	cache_free(thread_cache, t);
	return -ENOMEM;
}

int thread_new(const char *name, struct thread **out)
{
	return thread_alloc(name, true, out);
}

void thread_get(struct thread *t)
{
	refcount_get(&t->refs);
}

void thread_free(struct thread *t)
{
	assert(!t->on_cpu && (t->state == THREAD_DEAD || t->state == THREAD_NEW));
	assert(!t->as && !t->files && !t->fs && !t->nsproxy);
	if (t->cred)
		cred_put(t->cred);
	if (t->uid_usage)
		uid_usage_leave(t->uid_usage);
	pid_put(t->pid);
	kstack_free((void *)t->head.stack_top);
	cache_free(fpu_cache, t->head.arch.fpu);
	cache_free(thread_cache, t);
}

void thread_put(struct thread *t)
{
	if (!refcount_put(&t->refs))
		return;
	if (t->task)
		thread_last_put(t);
	else
		thread_free(t);
}

int kthread_start(const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t;
	int err = thread_alloc(name, false, &t);

	if (err)
		return err;
	arch_thread_kernel(&t->head, fn, arg);
	sched_start(t);
	thread_put(t);
	return 0;
}

void thread_times(const struct thread *t, u64 *user_ns, u64 *system_ns)
{
	cputime_split(thread_run_ns(t), t->user_ns, t->system_ns, user_ns, system_ns);
	cputime_show(&((struct thread *)t)->times, user_ns, system_ns);
}

void cputime_split(u64 run_ns, u64 user_ticks_ns, u64 system_ticks_ns, u64 *user_ns, u64 *system_ns)
{
	u64 all = user_ticks_ns + system_ticks_ns, user = run_ns, rest;

	if (all) /* 128 bits in between; the quotient fits, for user_ticks_ns <= all */
		__asm__("mulq %3; divq %4"
			: "=&a"(user), "=&d"(rest)
			: "0"(run_ns), "r"(user_ticks_ns), "r"(all)
			: "cc");
	*user_ns = user;
	*system_ns = run_ns - *user_ns;
}

void cputime_show(struct cputime_shown *shown, u64 *user_ns, u64 *system_ns)
{
	static struct rawlock lock;
	u64 run_ns = *user_ns + *system_ns;
	u64 irqflags = rawlock_lock_irqsave(&lock);

	if (run_ns > shown->user_ns + shown->system_ns) {
		if (*user_ns < shown->user_ns)
			*user_ns = shown->user_ns;
		else if (*system_ns < shown->system_ns)
			*user_ns = run_ns - shown->system_ns;
		*shown = (struct cputime_shown){ *user_ns, run_ns - *user_ns };
	}
	*user_ns = shown->user_ns;
	*system_ns = shown->system_ns;
	rawlock_unlock_irqrestore(&lock, irqflags);
}

void thread_init_caches(void)
{
	thread_cache = cache_create("thread", sizeof(struct thread), 64);
	fpu_cache = cache_create("fpu", fpu_size, 64);
}
