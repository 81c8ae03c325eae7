/*
 * The interrupt descriptor table: all gates are interrupt gates to the stubs in entry.asm.
 *
 * One table for all CPUs. Users may raise int3 and overflow themselves, nothing else: INT n of any
 * other vector is a general protection fault.
 */
#include "arch/x86_64/idt.h"

#include "lib/base.h"

#include "arch/x86_64/gdt.h"
#include "arch/x86_64/regs.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};
static_assert(sizeof(struct gate) == 16, "gate layout");

#define GATE_INTERRUPT 0x8e
#define GATE_USER      0x60 /* DPL 3 */

extern const u64 entry_table[256];

static struct gate idt[256] __aligned(16);

static u8 gate_ist(unsigned int vector)
{
	switch (vector) {
	case TRAP_NMI:
		return IST_NMI;
	case TRAP_DB:
		return IST_DEBUG;
	case TRAP_DF:
		return IST_DOUBLE;
	case TRAP_MC:
		return IST_MCHECK;
	default:
		return 0;
	}
}

void idt_init(void)
{
	for (unsigned int v = 0; v < 256; v++) {
		u64 entry = entry_table[v];

		idt[v] = (struct gate){
			.offset_low = (u16)entry,
			.selector = KERNEL_CS,
			.ist = v < 32 ? gate_ist(v) : 0,
			.type = GATE_INTERRUPT | (v == TRAP_BP || v == TRAP_OF ? GATE_USER : 0),
			.offset_mid = (u16)(entry >> 16),
			.offset_high = (u32)(entry >> 32),
		};
	}
}

void idt_load_cpu(void)
{
	struct {
		u16 limit;
		u64 base;
	} __packed pointer = { sizeof(idt) - 1, (u64)idt };

	__asm__ volatile("lidt %0" ::"m"(pointer));
}
