/*
 * trace: the functions that threads go through, in kernels built with CONFIG=trace.
 *
 * The compiler calls the two hooks below at each function's entry and exit, but not in the folders
 * that the Makefile leaves out, which are those the hooks themselves rest on. System calls are
 * functions too; their arguments are taken from the saved registers at the outermost entry, which
 * also asks for a stop at the way back to user mode, where the result is known.
 * Owns: the record, which is full some day and then takes no more.
 * Locks: none. A place in the record is drawn by an atomic count; an event may be half written
 *   when it is read while the trace goes on.
 * Not here: interrupts, whatever they interrupt.
 */
#include "kernel/sched/trace.h"

#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcalls.h"
#include "kernel/id/pid.h"
#include "kernel/sched/thread.h"

#define TRACE_EVENTS (1u << 17)

static struct trace_event events[TRACE_EVENTS];
static _Atomic u32 next_event; /* [a] */
static _Atomic bool is_on; /* [a] */

void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);

static void record(enum trace_kind kind, u64 what, u64 more)
{
	u32 i = atomic_fetch_add_explicit(&next_event, 1, memory_order_relaxed);

	if (i >= TRACE_EVENTS) {
		atomic_store_explicit(&is_on, false, memory_order_relaxed);
		return;
	}
	events[i] = (struct trace_event){ clock_ns(),    what,     more, (u32)pid_vnr(current->pid),
					  (u16)cpu_id(), (u16)kind };
}

static bool is_traced(void)
{
	return unlikely(atomic_load_explicit(&is_on, memory_order_relaxed)) && current &&
	       current->is_traced && !this_cpu()->irq_depth;
}

static bool is_system_call(const void *function)
{
	u64 nr = thread_regs(current)->orig_rax;

	return nr < syscall_count && syscall_table[nr] == function;
}

static void record_args(void)
{
	const struct regs *regs = thread_regs(current);

	record(TRACE_ARGS, regs->rdi, regs->rsi);
	record(TRACE_ARGS, regs->rdx, regs->r10);
	record(TRACE_ARGS, regs->r8, regs->r9);
	atomic_fetch_or_explicit(&current->head.work_flags, WORK_TRACE, memory_order_relaxed);
}

void __cyg_profile_func_enter(void *function, void *caller)
{
	if (!is_traced())
		return;
	record(TRACE_ENTER, (u64)function, 0);
	if (!current->trace_depth++ && is_system_call(function))
		record_args();
}

void __cyg_profile_func_exit(void *function, void *caller)
{
	if (!is_traced() || !current->trace_depth)
		return;
	current->trace_depth--;
	record(TRACE_EXIT, (u64)function, 0);
}

void trace_wake(const struct thread *t)
{
	if (is_traced() && t->pid)
		record(TRACE_WAKE, (u64)pid_vnr(t->pid), 0);
}

void trace_fork(struct thread *child)
{
	child->is_traced = current->is_traced;
	if (is_traced())
		record(TRACE_FORK, (u64)pid_vnr(child->pid), 0);
}

void trace_return(const struct regs *regs)
{
	atomic_fetch_and_explicit(&current->head.work_flags, ~WORK_TRACE, memory_order_relaxed);
	if (is_traced())
		record(TRACE_RESULT, regs->rax, 0);
	current->trace_depth = 0;
}

void trace_start(void)
{
	atomic_store_explicit(&is_on, false, memory_order_relaxed);
	atomic_store_explicit(&next_event, 0, memory_order_relaxed);
	current->is_traced = true;
	current->trace_depth = 0;
	atomic_store_explicit(&is_on, true, memory_order_relaxed);
}

void trace_stop(void)
{
	atomic_store_explicit(&is_on, false, memory_order_relaxed);
}

const struct trace_event *trace_events(size_t *count)
{
	*count = MIN(atomic_load_explicit(&next_event, memory_order_relaxed), TRACE_EVENTS);
	return events;
}
