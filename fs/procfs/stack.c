/*
 * /proc/PID/wchan, stack, syscall: where a thread sleeps, and what it asked for.
 *
 * What is read belongs to a thread that may wake at any moment: its stack stays, because it is
 *   held, but what lies there may be anything. The walk trusts nothing, and a result that is
 *   wrong because the thread ran meanwhile is as good as one that is late.
 *                         Follows: proc_pid_wchan(5), proc_pid_stack(5), Linux 7.3 fs/proc/base.c
 */
#include "lib/string.h"
#include "arch/x86_64/backtrace.h"
#include "arch/x86_64/percpu.h"
#include "kernel/debug/ksyms.h"
#include "kernel/task/task.h"
#include "fs/procfs/internal.h"

#define STACK_MAX 32
/* The context switch pushes r15 r14 r13 r12 rbx rbp (switch.asm). */
#define SAVED_RBP 5

static bool is_asleep(const struct thread *t)
{
	u32 state = atomic_load_explicit(&((struct thread *)t)->state, memory_order_acquire);

	return state != THREAD_RUNNABLE && state != THREAD_NEW && state != THREAD_DEAD &&
	       !atomic_load_explicit(&((struct thread *)t)->on_cpu, memory_order_acquire);
}

/* Return addresses on t's stack, the innermost first; 0 while it runs. */
static unsigned stack_of(const struct thread *t, u64 pcs[STACK_MAX])
{
	u64 rsp = READ_ONCE(t->head.arch.rsp);

	if (t == current)
		return backtrace_walk(0, pcs, STACK_MAX);
	if (!is_asleep(t) || rsp > t->head.stack_top - sizeof(struct regs) ||
	    rsp < t->head.stack_top - KERNEL_STACK_SIZE)
		return 0;
	return backtrace_walk(((const u64 *)rsp)[SAVED_RBP], pcs, STACK_MAX);
}

int proc_show_stack(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	u64 pcs[STACK_MAX], offset;
	unsigned n = stack_of(t, pcs);

	for (unsigned i = 0; i < n; i++) {
		const char *name = ksyms_lookup(pcs[i], &offset);

		if (name)
			seqbuf_printf(out, "[<0>] %s+%#lx\n", name, offset);
	}
	return 0;
}

/* Those through which everybody goes to sleep say nothing. */
static bool is_waiting_itself(const char *name)
{
	static const char *const prefixes[] = { "arch_switch",  "switch_", "sched", "thread_block",
						"thread_sleep", "block",   "wait_", "lock_waiter",
						"mutex_",       "rwsem_" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

int proc_show_wchan(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	const char *name = NULL;
	u64 pcs[STACK_MAX], offset;
	unsigned n = 0;

	if (t != current && task_may_access(t->task, PTRACE_MODE_READ | PTRACE_MODE_FSCREDS))
		n = stack_of(t, pcs);
	for (unsigned i = 0; i < n; i++) {
		name = ksyms_lookup(pcs[i], &offset);
		if (name && !is_waiting_itself(name))
			break;
	}
	seqbuf_puts(out, name ? name : "0");
	return 0;
}

int proc_show_syscall(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	const struct regs *r = thread_regs(t);

	if (t != current && !is_asleep(t)) {
		seqbuf_puts(out, "running\n");
		return 0;
	}
	seqbuf_printf(out, "%ld", (s64)r->orig_rax);
	if ((s64)r->orig_rax >= 0)
		seqbuf_printf(out, " 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx", r->rdi, r->rsi, r->rdx,
			      r->r10, r->r8, r->r9);
	seqbuf_printf(out, " 0x%lx 0x%lx\n", r->rsp, r->rip);
	return 0;
}
