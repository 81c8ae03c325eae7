/*
 * The per-CPU block, reached through GS while in the kernel.
 *
 * entry.asm and the compiler's stack protector (%gs:40) know offsets in it. Layers above keep
 * their own per-CPU data in arrays indexed by cpu_id().
 */
#pragma once

#include "lib/base.h"

#include "arch/x86_64/gdt.h"
#include "arch/x86_64/memlayout.h"

#define MAX_CPUS 64

struct regs;
struct thread;
struct thread_head;

struct percpu {
	struct thread *thread; /* 0: the current one, see this_thread() */
	u64 kernel_stack_top; /* 8: of the current thread */
	u64 user_rsp; /* 16: scratch of the first instructions of a system call */
	u32 cpu_id; /* 24 */
	u32 irq_depth; /* 28: interrupt handlers running on this CPU */
	struct percpu *self; /* 32 */
	u64 canary; /* 40: stack protector; one value for all CPUs, so threads migrate */
	struct regs *syscall_frame; /* 48: kernel_stack_top - sizeof(struct regs) */
	struct thread_head *fpu_owner; /* whose user state (FPU, FS, GS) the CPU holds */
	const struct regs *irq_regs; /* what the interrupt being handled interrupted */
	u32 apic_id;
	_Atomic bool is_online;
	u32 interrupts[256]; /* taken, by vector */
	struct tss tss;
	u64 gdt[GDT_ENTRIES];
} __aligned(64);

static_assert(offsetof(struct percpu, thread) == 0, "this_thread() reads %gs:0");
static_assert(offsetof(struct percpu, cpu_id) == 24, "cpu_id() reads %gs:24");
static_assert(offsetof(struct percpu, self) == 32, "this_cpu() reads %gs:32");
static_assert(offsetof(struct percpu, canary) == 40, "the compiler reads %gs:40");

extern struct percpu percpu_area[MAX_CPUS];
extern unsigned int
	nr_cpus; /* CPUs online; numbered 0 .. nr_cpus - 1; constant after smp_start() */

/* Stable for the caller's whole life, so the compiler may keep it across calls. */
static inline struct thread *this_thread(void)
{
	struct thread *thread;

	__asm__("movq %%gs:0, %0" : "=r"(thread));
	return thread;
}
#define current this_thread()

/* The caller may move to another CPU whenever it blocks. */
static inline unsigned int cpu_id(void)
{
	u32 id;

	__asm__ volatile("movl %%gs:24, %0" : "=r"(id));
	return id;
}

static inline struct percpu *this_cpu(void)
{
	struct percpu *cpu;

	__asm__ volatile("movq %%gs:32, %0" : "=r"(cpu));
	return cpu;
}

static inline bool in_interrupt(void)
{
	return this_cpu()->irq_depth != 0;
}

#define for_each_cpu(i) for (unsigned int i = 0; i < nr_cpus; i++)

/* The stacks of the IST are cut from so many kernel stacks. */
#define IST_STACK_SIZE 4096
#define IST_PER_BLOCK  (KERNEL_STACK_SIZE / IST_STACK_SIZE)
#define IST_BLOCKS     DIV_ROUND_UP(IST_COUNT, IST_PER_BLOCK)

/* Prepare the block of a CPU that is about to start. @ist_tops: the tops of those kernel stacks. */
void percpu_prepare(unsigned int cpu, u32 apic_id, const u64 ist_tops[IST_BLOCKS]);
