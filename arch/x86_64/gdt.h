/*
 * Segments and the task state segment. The selectors are Linux's (see regs.h): user code can see
 * them, in signal frames for one.
 */
#pragma once

#include "lib/base.h"

#include "arch/x86_64/regs.h"

#define GDT_ENTRIES 10

struct tss {
	u32 reserved0;
	u64 rsp[3]; /* [0]: stack for entries from user mode */
	u64 reserved1;
	u64 ist[7]; /* [i - 1] is IST i */
	u64 reserved2;
	u16 reserved3;
	u16 iomap_base;
} __packed;
static_assert(sizeof(struct tss) == 104, "TSS layout");

/* Interrupt stack table: these can strike while no usable stack is loaded. */
#define IST_NMI    1
#define IST_DEBUG  2
#define IST_DOUBLE 3
#define IST_MCHECK 4
#define IST_COUNT  4

struct percpu;

/* Build this CPU's GDT and TSS in its block and load them. GS base is kept. */
void gdt_load(struct percpu *cpu);
