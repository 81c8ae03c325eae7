/*
 * The life of a thread: create, exit, join, detach.
 *
 * One mapping holds guard page, stack, thread-local variables and thread block, in this order. A
 * joined thread's mapping is freed by the joiner, when the kernel has cleared "tid". A detached
 * thread frees its own, in assembly because it stands on it; it tells the kernel not to clear
 * "tid" first, for the memory may be someone else's by then.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/futex.h>

#include "libc/src/libc.h"
#include "libc/src/thread/thread.h"

enum { PAGE = 4096, DEFAULT_STACK = 256 * 1024 };

long libc_clone(int (*func)(void *), void *stack_top, long flags, void *arg, int *parent_tid,
		void *tls, int *child_tid);
_Noreturn void libc_unmap_and_exit(void *base, size_t len);

_Atomic int libc_thread_count = 1;

static const sigset_t every_signal = ~0UL;

static void set_mask(const sigset_t *set, sigset_t *old)
{
	RAW(__NR_rt_sigprocmask, SIG_SETMASK, set, old, sizeof(*set));
}

static int begin(void *arg)
{
	struct libc_thread *self = arg;

	set_mask(&(sigset_t){ (unsigned long)self->result }, NULL);
	self->result = NULL;
	pthread_exit(self->start(self->arg));
}

/* The thread's memory, or NULL; "top" is where its stack begins. */
static struct libc_thread *allocate(const pthread_attr_t *attr, char **top)
{
	size_t size = attr && attr->stack_size ? attr->stack_size : DEFAULT_STACK;
	struct libc_thread *thread;
	char *map;

	size = (size + libc_thread_size() + 2 * PAGE - 1) & -(size_t)PAGE;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
		   0);
	if (map == MAP_FAILED)
		return NULL;
	mprotect(map, PAGE, PROT_NONE);
	thread = libc_thread_place(map, size);
	thread->canary = thread_self()->canary;
	thread->map = map;
	thread->map_size = size;
	*top = map + size - libc_thread_size();
	if (attr && attr->stack)
		*top = (char *)attr->stack + attr->stack_size;
	return thread;
}

/* All signals are blocked until the new thread stands, so that its handlers find it whole. */
int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	const long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			   CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
			   CLONE_CHILD_CLEARTID;
	struct libc_thread *thread;
	sigset_t mask;
	char *top;
	long tid;

	thread = allocate(attr, &top);
	if (!thread)
		return EAGAIN;
	thread->start = start;
	thread->arg = arg;
	thread->state = attr && attr->is_detached ? THREAD_DETACHED : THREAD_JOINABLE;
	set_mask(&every_signal, &mask);
	thread->result = (void *)mask;
	*out = (pthread_t)thread;
	libc_thread_count++;
	tid = libc_clone(begin, top, flags, thread, &thread->tid, thread, &thread->tid);
	set_mask(&mask, NULL);
	if (tid > 0)
		return 0;
	libc_thread_count--;
	munmap(thread->map, thread->map_size);
	return (int)-tid;
}

void pthread_exit(void *result)
{
	struct libc_thread *self = thread_self();
	int joinable = THREAD_JOINABLE;

	self->result = result;
	libc_run_key_destructors(self);
	set_mask(&every_signal, NULL);
	if (libc_thread_count-- == 1) {
		libc_thread_count = 1;
		exit(0);
	}
	if (!__atomic_compare_exchange_n((int *)&self->state, &joinable, THREAD_EXITING, 0,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    self->map) {
		RAW(__NR_set_tid_address, 0);
		libc_unmap_and_exit(self->map, self->map_size);
	}
	for (;;)
		RAW(__NR_exit, 0);
}

int pthread_join(pthread_t id, void **result)
{
	struct libc_thread *thread = (void *)id;
	int tid;

	if (thread == thread_self())
		return EDEADLK;
	if (thread->state == THREAD_DETACHED)
		return EINVAL;
	/* The kernel wakes without the private flag. */
	while ((tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE)) != 0)
		RAW(__NR_futex, &thread->tid, FUTEX_WAIT, tid, NULL);
	if (result)
		*result = thread->result;
	if (thread->map)
		munmap(thread->map, thread->map_size);
	return 0;
}

int pthread_detach(pthread_t id)
{
	struct libc_thread *thread = (void *)id;
	int expected = THREAD_JOINABLE;

	if (__atomic_compare_exchange_n((int *)&thread->state, &expected, THREAD_DETACHED, 0,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	return expected == THREAD_EXITING ? pthread_join(id, NULL) : EINVAL;
}
