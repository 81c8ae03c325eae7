/*
 * The machine's part of a thread: its first stack frame, its user state, the switch to it.
 *
 * User state that is not in struct regs - FPU, data segments, FS and GS base - stays in the CPU
 * while the kernel runs, for the kernel uses none of it. It is saved when the thread is switched
 * out and loaded when it is switched in, except when the CPU still holds it: percpu.fpu_owner says
 * whose it holds, and thread.last_cpu that it has not run elsewhere meanwhile. Kernel threads
 * (fpu == NULL) neither save nor load, so a nap in the idle thread costs nothing.
 *
 * User mode loads segments as it likes, and sets the bases where the CPU has FSGSBASE: what is in
 * memory of a running thread is from its last switch; arch_save_segments() makes it true. Of
 * segments it can only load those of the GDT, so loading them again never faults.
 *
 * sigframe.c rewrites the image in memory in steps that may sleep; fpu_is_edited keeps a switch in
 * between from saving over it or loading half of it.
 */
#include "arch/x86_64/thread.h"

#include <linux/errno.h>

#include "lib/string.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/upcalls.h"

#define NO_CPU (~0u)

void switch_stacks(u64 *save_rsp, u64 next_rsp);
void thread_entry_kernel(void);
void thread_entry_fork(void);

/* What switch_stacks pops, then returns to. */
struct switch_frame {
	u64 r15, r14, r13, r12, rbx, rbp;
	u64 return_to;
};

static struct thread_head *current_head(void)
{
	return (struct thread_head *)current;
}

static u64 read_selectors(void)
{
	u16 ds, es, fs, gs;

	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
			 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	return (u64)ds << 48 | (u64)es << 32 | (u64)fs << 16 | gs;
}

/* Loading GS changes the base that is active, which is the kernel's. FS and GS lose their base. */
static void write_selectors(u64 selectors)
{
	__asm__ volatile("mov %0, %%ds; mov %1, %%es; mov %2, %%fs\n\t"
			 "pushfq; cli; swapgs; mov %3, %%gs; swapgs; popfq"
			 :
			 : "r"((u16)(selectors >> 48)), "r"((u16)(selectors >> 32)),
			   "r"((u16)(selectors >> 16)), "r"((u16)selectors)
			 : "memory", "cc");
}

static void save_segments(struct thread_head *head)
{
	head->arch.selectors = read_selectors();
	if (cpu_features.has_fsgsbase || head->arch.selectors) {
		head->arch.fs_base = rdmsr(MSR_FS_BASE);
		head->arch.gs_base = rdmsr(MSR_KERNEL_GS_BASE);
	}
}

static void load_segments(const struct thread_head *head)
{
	if (read_selectors() != head->arch.selectors)
		write_selectors(head->arch.selectors);
	wrmsr(MSR_FS_BASE, head->arch.fs_base);
	wrmsr(MSR_KERNEL_GS_BASE, head->arch.gs_base);
}

void arch_save_segments(void)
{
	save_segments(current_head());
}

static struct switch_frame *first_frame(struct thread_head *head, void (*entry)(void))
{
	struct switch_frame *frame = (struct switch_frame *)thread_head_regs(head) - 1;

	memset(frame, 0, sizeof(*frame));
	frame->return_to = (u64)entry;
	head->arch.rsp = (u64)frame;
	head->arch.last_cpu = NO_CPU;
	head->arch.fpu_is_edited = false;
	return frame;
}

void arch_thread_kernel(struct thread_head *head, void (*fn)(void *arg), void *arg)
{
	struct switch_frame *frame = first_frame(head, thread_entry_kernel);
	struct regs *regs = thread_head_regs(head);

	head->arch.fs_base = 0;
	head->arch.gs_base = 0;
	head->arch.selectors = 0;
	memset(regs, 0, sizeof(*regs));
	regs->orig_rax = ~0ull;
	frame->rbx = (u64)fn;
	frame->r12 = (u64)arg;
}

void arch_thread_fork(struct thread_head *child, const struct regs *regs)
{
	first_frame(child, thread_entry_fork);
	*thread_head_regs(child) = *regs;
}

void arch_thread_copy_user(struct thread_head *child)
{
	struct thread_head *self = current_head();

	save_segments(self);
	child->arch.fs_base = self->arch.fs_base;
	child->arch.gs_base = self->arch.gs_base;
	child->arch.selectors = self->arch.selectors;
	fpu_save(self->arch.fpu);
	arch_fpu_copy(child->arch.fpu, self->arch.fpu);
}

/* Load all user state but struct regs; the CPU belongs to @head afterwards. -EFAULT: the FPU image
 * was malformed, and a fresh one has taken its place. */
static int load_user_state(struct percpu *cpu, struct thread_head *head)
{
	load_segments(head);
	head->arch.last_cpu = cpu->cpu_id;
	if (head->arch.fpu_is_edited) {
		cpu->fpu_owner = NULL;
		return 0;
	}
	cpu->fpu_owner = head;
	if (fpu_load(head->arch.fpu) == 0)
		return 0;
	arch_fpu_init(head->arch.fpu);
	if (fpu_load(head->arch.fpu))
		upcall_panic(NULL, "cannot load a fresh FPU state");
	return -EFAULT;
}

int arch_fpu_commit(void)
{
	struct thread_head *self = current_head();

	self->arch.fpu_is_edited = false;
	save_segments(self);
	return load_user_state(this_cpu(), self);
}

void arch_thread_exec(u64 rip, u64 rsp)
{
	struct thread_head *self = current_head();
	struct regs *regs = thread_head_regs(self);

	memset(regs, 0, sizeof(*regs));
	regs->orig_rax = ~0ull;
	regs->rip = rip;
	regs->rsp = rsp;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->rflags = RFLAGS_IF | RFLAGS_FIXED;
	self->arch.fs_base = 0;
	self->arch.gs_base = 0;
	self->arch.selectors = 0;
	arch_fpu_init(self->arch.fpu);
	self->arch.fpu_is_edited = false;
	(void)load_user_state(this_cpu(), self);
}

static void set_current(struct percpu *cpu, struct thread_head *head)
{
	cpu->thread = (struct thread *)head;
	cpu->kernel_stack_top = head->stack_top;
	cpu->syscall_frame = thread_head_regs(head);
	cpu->tss.rsp[0] = head->stack_top;
}

void arch_thread_adopt(struct thread_head *head)
{
	head->arch.last_cpu = NO_CPU;
	set_current(this_cpu(), head);
}

void arch_switch(struct thread_head *prev, struct thread_head *next)
{
	struct percpu *cpu = this_cpu();

	if (prev->arch.fpu && !prev->arch.fpu_is_edited)
		fpu_save(prev->arch.fpu);
	if (prev->arch.fpu)
		save_segments(prev);
	set_current(cpu, next);
	if (next->arch.fpu && (cpu->fpu_owner != next || next->arch.last_cpu != cpu->cpu_id))
		(void)load_user_state(cpu, next);
	switch_stacks(&prev->arch.rsp, next->arch.rsp);
}

void arch_set_fs_base(u64 base)
{
	struct thread_head *self = current_head();

	save_segments(self);
	self->arch.selectors &= ~0xffff0000ull; /* a base of its own comes with the null selector */
	self->arch.fs_base = base;
	load_segments(self);
}

void arch_set_gs_base(u64 base)
{
	struct thread_head *self = current_head();

	save_segments(self);
	self->arch.selectors &= ~0xffffull;
	self->arch.gs_base = base;
	load_segments(self);
}
