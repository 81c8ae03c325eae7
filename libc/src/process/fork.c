/*
 * fork: the child has one thread, so no lock may be held by another when memory is copied.
 *
 * Handlers of pthread_atfork() run outside the library's own locks: they may allocate and print.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "libc/src/libc.h"
#include "libc/src/thread/thread.h"

struct fork_handlers {
	struct fork_handlers *older, *newer;
	void (*func[3])(void);
};

static struct fork_handlers *oldest, *newest;

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	struct fork_handlers *handlers = malloc(sizeof(*handlers));

	if (!handlers)
		return ENOMEM;
	*handlers = (struct fork_handlers){ newest, NULL, { prepare, parent, child } };
	if (newest)
		newest->newer = handlers;
	else
		oldest = handlers;
	newest = handlers;
	return 0;
}

/* Before the fork newest first, after it oldest first. */
static void run_handlers(int when)
{
	struct fork_handlers *at = when == 0 ? newest : oldest;

	for (; at; at = when == 0 ? at->older : at->newer)
		if (at->func[when])
			at->func[when]();
}

pid_t fork(void)
{
	long pid;

	run_handlers(0);
	libc_stdio_lock();
	libc_malloc_lock();
	pid = RAW(__NR_clone, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, 0, 0,
		  &thread_self()->tid, 0);
	if (pid == 0)
		libc_thread_count = 1;
	libc_malloc_unlock();
	libc_stdio_unlock();
	run_handlers(pid == 0 ? 2 : 1);
	return (pid_t)libc_return(pid);
}
