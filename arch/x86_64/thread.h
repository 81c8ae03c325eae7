/*
 * What the machine keeps of a thread, and the switch between two.
 */
#pragma once

#include "lib/base.h"

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/regs.h"

struct arch_thread {
	u64 rsp; /* saved kernel stack pointer while not running */
	u64 fs_base, gs_base; /* user; of the current thread: see arch_save_segments() */
	u64 selectors; /* user: ds, es, fs, gs, 16 bits each */
	struct fpu *fpu; /* fpu_size bytes, 64-byte aligned; NULL: never in user mode */
	bool fpu_is_edited; /* *fpu is being rewritten (sigreturn): neither save nor load it */
	u32 last_cpu; /* CPU that last held the user state, or ~0 */
};

/* struct thread (kernel/sched/thread.h) begins with this. */
struct thread_head {
	struct arch_thread arch;
	_Atomic u32 work_flags; /* nonzero: call upcall_return_to_user() before user mode */
	u64 stack_top; /* 16-byte aligned; the struct regs lies just below */
};

static inline struct regs *thread_head_regs(const struct thread_head *head)
{
	return (struct regs *)head->stack_top - 1;
}

/**
 * arch_thread_kernel - first frame of a thread that starts in the kernel.
 * @head: stack_top is set and arch.fpu is either NULL or an area from fpu_init(); the rest of arch
 *        is initialised here. @fn may return only if the frame at the stack top then describes
 *        user mode (as execve leaves it): that is where the thread goes.
 */
void arch_thread_kernel(struct thread_head *head, void (*fn)(void *arg), void *arg);

/* First frame of a thread that starts by returning to user mode with *regs. FS/GS base and FPU
 * contents are the caller's to copy (arch_thread_copy_user()). */
void arch_thread_fork(struct thread_head *child, const struct regs *regs);

/* Give @child the current thread's FS and GS base and FPU contents. child->arch.fpu is set. */
void arch_thread_copy_user(struct thread_head *child);

/* execve: clear FPU, FS and GS base of the current thread, and every register in its frame; then
 * aim it at @rip with @rsp. */
void arch_thread_exec(u64 rip, u64 rsp);

/* Declare that the code running now, on this CPU's own stack, is thread @head (boot, idle). */
void arch_thread_adopt(struct thread_head *head);

/* Switch stacks and user state. Interrupts off. Returns when @prev runs again. The caller has
 * loaded the address space. */
void arch_switch(struct thread_head *prev, struct thread_head *next);

/* What user mode did to segments of the current thread gets into its struct. */
void arch_save_segments(void);

/* FS/GS base of the current thread. @base < USER_TOP, checked by the caller. */
void arch_set_fs_base(u64 base);
void arch_set_gs_base(u64 base);

/* End of an edit of the current thread's FPU image (arch.fpu_is_edited): load it. -EFAULT: the
 * hardware refused it and a fresh state was loaded instead. */
int arch_fpu_commit(void);
