/*
 * Struct offsets for NASM.
 *
 * This file is compiled to assembly text only. Each "->NAME value" in it becomes a
 * "%define NAME value" in offsets.inc, by the sed command in the Makefile's rule for that.
 */
#include "lib/base.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/thread.h"

#define EMIT(name, value) __asm__ volatile("\n.ascii \"->" #name " %0\"" ::"i"(value))
#define REG(name, field)  EMIT(REGS_##name, offsetof(struct regs, field))

void offsets(void);
void offsets(void)
{
	REG(R15, r15);
	REG(R14, r14);
	REG(R13, r13);
	REG(R12, r12);
	REG(RBP, rbp);
	REG(RBX, rbx);
	REG(R11, r11);
	REG(R10, r10);
	REG(R9, r9);
	REG(R8, r8);
	REG(RAX, rax);
	REG(RCX, rcx);
	REG(RDX, rdx);
	REG(RSI, rsi);
	REG(RDI, rdi);
	REG(ORIG_RAX, orig_rax);
	REG(RIP, rip);
	REG(CS, cs);
	REG(RFLAGS, rflags);
	REG(RSP, rsp);
	REG(SS, ss);
	EMIT(REGS_SIZE, sizeof(struct regs));

	EMIT(PERCPU_CURRENT, offsetof(struct percpu, thread));
	EMIT(PERCPU_STACK_TOP, offsetof(struct percpu, kernel_stack_top));
	EMIT(PERCPU_USER_RSP, offsetof(struct percpu, user_rsp));
	EMIT(PERCPU_CPU_ID, offsetof(struct percpu, cpu_id));
	EMIT(PERCPU_SELF, offsetof(struct percpu, self));
	EMIT(PERCPU_CANARY, offsetof(struct percpu, canary));
	EMIT(PERCPU_GDT, offsetof(struct percpu, gdt));
	EMIT(PERCPU_SYSCALL_FRAME, offsetof(struct percpu, syscall_frame));

	EMIT(HEAD_RSP, offsetof(struct thread_head, arch.rsp));
	EMIT(HEAD_WORK_FLAGS, offsetof(struct thread_head, work_flags));

	EMIT(SYSCALL_SLOTS, SYSCALL_SLOTS);
	EMIT(KERNEL_CS, KERNEL_CS);
	EMIT(KERNEL_DS, KERNEL_DS);
	EMIT(USER_CS, USER_CS);
	EMIT(USER_DS, USER_DS);
	EMIT(MSR_EFER, MSR_EFER);
	EMIT(MSR_GS_BASE, MSR_GS_BASE);
	EMIT(KERNEL_STACK_SIZE, KERNEL_STACK_SIZE);
}
