/*
 * clone with a function, on a stack of the caller's: libc_clone() does the part that C cannot.
 *
 * The optional arguments are parent_tid, tls and child_tid. The child shares this thread's block,
 * errno included, unless it is given a tls of its own.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>

#include "libc/src/libc.h"

long libc_clone(int (*func)(void *), void *stack_top, long flags, void *arg, int *parent_tid,
		void *tls, int *child_tid);

int clone(int (*func)(void *), void *stack_top, int flags, void *arg, ...)
{
	va_list args;
	int *parent_tid, *child_tid;
	void *tls;

	if (!func || !stack_top) {
		errno = EINVAL;
		return -1;
	}
	va_start(args, arg);
	parent_tid = va_arg(args, int *);
	tls = va_arg(args, void *);
	child_tid = va_arg(args, int *);
	va_end(args);
	return (int)libc_return(
		libc_clone(func, stack_top, (unsigned int)flags, arg, parent_tid, tls, child_tid));
}
