/*
 * The saved user (or interrupted) registers, in Linux's pt_regs order.
 *
 * One of these lies at the very top of every kernel stack; entry.asm builds it there. A system
 * call that takes the fast path fills only the words it must (see DOC: syscall-frame in
 * entry.asm); every other way into the kernel fills all of it.
 */
#pragma once

#include "lib/base.h"

struct regs {
	u64 r15, r14, r13, r12, rbp, rbx;
	u64 r11, r10, r9, r8;
	u64 rax, rcx, rdx, rsi, rdi;
	u64 orig_rax; /* system call number, or -1 for a trap or an interrupt */
	u64 rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(struct regs) == 21 * 8, "pt_regs layout");

#define KERNEL_CS 0x10
#define KERNEL_DS 0x18
#define USER32_CS 0x23
#define USER_DS   0x2b
#define USER_CS   0x33
#define TSS_SEL   0x40

#define RFLAGS_CF    (1u << 0)
#define RFLAGS_FIXED (1u << 1) /* always reads as one */
#define RFLAGS_PF    (1u << 2)
#define RFLAGS_AF    (1u << 4)
#define RFLAGS_ZF    (1u << 6)
#define RFLAGS_SF    (1u << 7)
#define RFLAGS_TF    (1u << 8)
#define RFLAGS_IF    (1u << 9)
#define RFLAGS_DF    (1u << 10)
#define RFLAGS_OF    (1u << 11)
#define RFLAGS_IOPL  (3u << 12)
#define RFLAGS_NT    (1u << 14)
#define RFLAGS_RF    (1u << 16)
#define RFLAGS_AC    (1u << 18)
#define RFLAGS_ID    (1u << 21)

/* Exception vectors. */
enum trap {
	TRAP_DE = 0, /* divide error */
	TRAP_DB = 1, /* debug */
	TRAP_NMI = 2,
	TRAP_BP = 3, /* int3 */
	TRAP_OF = 4,
	TRAP_BR = 5,
	TRAP_UD = 6, /* invalid opcode */
	TRAP_NM = 7,
	TRAP_DF = 8,
	TRAP_TS = 10,
	TRAP_NP = 11,
	TRAP_SS = 12,
	TRAP_GP = 13,
	TRAP_PF = 14,
	TRAP_MF = 16, /* x87 error */
	TRAP_AC = 17, /* alignment check */
	TRAP_MC = 18,
	TRAP_XM = 19, /* SIMD error */
};

/* Page fault error code. */
#define PF_PRESENT 0x01u /* protection violation, not a missing page */
#define PF_WRITE   0x02u
#define PF_USER    0x04u
#define PF_RSVD    0x08u
#define PF_INSTR   0x10u

static inline bool regs_user_mode(const struct regs *regs)
{
	return (regs->cs & 3) != 0;
}

/**
 * regs_print - write a register dump as lines of text.
 * @line: called once per line, without a newline. Context: any.
 */
void regs_print(const struct regs *regs, void (*line)(const char *text));
