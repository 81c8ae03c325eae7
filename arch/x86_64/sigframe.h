/*
 * Linux's rt_sigframe for x86-64: built when a handler is called, taken apart by rt_sigreturn.
 */
#pragma once

#include <linux/signal.h>

#include "lib/base.h"

struct regs;

struct sigframe_args {
	int sig;
	u64 handler;
	u64 restorer;
	u64 sa_flags; /* SA_ONSTACK, SA_RESTORER are looked at */
	const struct siginfo *info;
	u64 mask; /* blocked set that rt_sigreturn shall restore */
	stack_t altstack; /* as set; SS_ONSTACK and SS_DISABLE are computed */
	u64 trap, error, cr2; /* of the fault behind the signal, else 0 */
};

/**
 * sigframe_build - push a frame on the user stack and aim *regs at the handler.
 * Context: current thread, full frame, may sleep. Errors: -EFAULT, with *regs unchanged: no room,
 * or no restorer.
 */
int sigframe_build(struct regs *regs, const struct sigframe_args *args) __must_check;

/**
 * sigframe_restore - undo sigframe_build(), from whatever the user left there.
 * @mask, @altstack: out: what to set, on success (altstack.flags as the user left them).
 * Errors: -EFAULT: unreadable or impossible; *regs may be partly changed, but never dangerous.
 * Sets regs->orig_rax to -1, so nothing is restarted.
 */
int sigframe_restore(struct regs *regs, u64 *mask, stack_t *altstack) __must_check;

/* Whether @sp is on the alternate stack. One with SS_AUTODISARM never counts: sigaltstack(2). */
static inline bool sigframe_on_altstack(const stack_t *alt, u64 sp)
{
	u64 base = (u64)alt->ss_sp;

	if ((u32)alt->ss_flags & SS_AUTODISARM)
		return false;
	return alt->ss_size && sp > base && sp - base <= alt->ss_size;
}
