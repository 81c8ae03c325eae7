/*
 * Segments and TSS, one set per CPU in its percpu block.
 *
 * Long mode ignores nearly all of a descriptor. The slot of Linux's 32-bit user code segment stays
 * empty: without it no user can enter compatibility mode, and there is no 32-bit way into the
 * kernel to defend.
 */
#include "arch/x86_64/gdt.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"

#define SEG_CODE_KERNEL 0x00af9b000000ffffu
#define SEG_DATA_KERNEL 0x00cf93000000ffffu
#define SEG_CODE_USER   0x00affb000000ffffu
#define SEG_DATA_USER   0x00cff3000000ffffu

struct descriptor_pointer {
	u16 limit;
	u64 base;
} __packed;

static void gdt_fill(u64 *gdt, const struct tss *tss)
{
	u64 base = (u64)tss;

	gdt[KERNEL_CS / 8] = SEG_CODE_KERNEL;
	gdt[KERNEL_DS / 8] = SEG_DATA_KERNEL;
	gdt[USER_DS / 8] = SEG_DATA_USER;
	gdt[USER_CS / 8] = SEG_CODE_USER;
	gdt[TSS_SEL / 8] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | (u64)0x89 << 40 |
			   (base >> 24 & 0xff) << 56;
	gdt[TSS_SEL / 8 + 1] = base >> 32;
}

void gdt_load(struct percpu *cpu)
{
	struct descriptor_pointer pointer = { sizeof(cpu->gdt) - 1, (u64)cpu->gdt };

	gdt_fill(cpu->gdt, &cpu->tss);
	__asm__ volatile("lgdt %0" ::"m"(pointer));
	/* CS by a far return; the data segments null but for SS. GS is not loaded: that would clear
	 * its base. */
	__asm__ volatile("pushq %0\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %1, %%eax\n\t"
			 "movl %%eax, %%ss\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "movl %%eax, %%fs\n\t"
			 "ltr %w2"
			 :
			 : "i"(KERNEL_CS), "i"(KERNEL_DS), "r"(TSS_SEL)
			 : "rax", "memory");
}
