/*
 * The record of a trace: kernels built with CONFIG=trace only; elsewhere nothing is left of it.
 */
#pragma once

#include "lib/base.h"

struct regs;
struct thread;

enum trace_kind {
	TRACE_ENTER, /* what: the function's address */
	TRACE_EXIT, /* the same */
	TRACE_WAKE, /* what: the thread id of who is woken */
	TRACE_ARGS, /* of the system call entered before: what and more, three of them for six */
	TRACE_RESULT, /* of the system call: what, as the user will see it */
	TRACE_FORK, /* what: the new thread's id */
};

/* What /proc/trace is read as, in order. */
struct trace_event {
	u64 ns; /* monotonic */
	u64 what, more;
	u32 tid;
	u16 cpu;
	u16 kind; /* enum trace_kind */
};

#ifdef CONFIG_TRACE
/* The record begins anew with the calling thread and whom it makes. */
void trace_start(void);
void trace_stop(void);
/* The events so far; they stay and more may come. */
const struct trace_event *trace_events(size_t *count);

void trace_wake(const struct thread *t);
void trace_fork(struct thread *child); /* before it runs */
void trace_return(const struct regs *regs); /* to user mode, with WORK_TRACE */
#else
static inline void trace_wake(const struct thread *t)
{
}
static inline void trace_fork(struct thread *child)
{
}
static inline void trace_return(const struct regs *regs)
{
}
#endif
