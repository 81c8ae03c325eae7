/*
 * Exceptions and interrupts, from entry.asm to whoever handles them.
 *
 * An exception in user mode is the upper layers' business (upcall_user_fault). One in the kernel is
 * either a user copy meeting a page that is not there - upcall_page_fault() may bring it in, else
 * the copy's fixup in the exception table makes it fail - or a bug, and the end.
 *
 * NMI, #DB, #DF and #MC run on stacks of their own with interrupts off throughout. NMI is the way
 * a panicking CPU stops the others, whatever they are doing.
 */
#include "lib/base.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/atomic.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/extable.h"
#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcalls.h"

static const char *const trap_names[32] = {
	[TRAP_DE] = "divide error",
	[TRAP_DB] = "debug exception",
	[TRAP_NMI] = "NMI",
	[TRAP_BP] = "breakpoint",
	[TRAP_OF] = "overflow",
	[TRAP_BR] = "bound range exceeded",
	[TRAP_UD] = "invalid opcode",
	[TRAP_NM] = "device not available",
	[TRAP_DF] = "double fault",
	[TRAP_TS] = "invalid TSS",
	[TRAP_NP] = "segment not present",
	[TRAP_SS] = "stack segment fault",
	[TRAP_GP] = "general protection fault",
	[TRAP_PF] = "page fault",
	[TRAP_MF] = "x87 error",
	[TRAP_AC] = "alignment check",
	[TRAP_MC] = "machine check",
	[TRAP_XM] = "SIMD error",
};

void trap_dispatch(struct regs *regs, unsigned int vector, u64 error);
void interrupt_dispatch(unsigned int vector, struct regs *regs);

/* --- Text for last words: a panic must not depend on more than this -----------------------------
 */

struct text {
	char buf[120];
	size_t len;
};

static void text_add(struct text *t, const char *s)
{
	while (*s && t->len < sizeof(t->buf) - 1)
		t->buf[t->len++] = *s++;
	t->buf[t->len] = '\0';
}

static void text_add_hex(struct text *t, u64 value)
{
	char digits[17] = { 0 };

	for (int i = 15; i >= 0; i--, value >>= 4)
		digits[i] = "0123456789abcdef"[value & 15];
	text_add(t, digits);
}

struct named_value {
	const char *name;
	u64 value;
};

void regs_print(const struct regs *regs, void (*line)(const char *text))
{
	const struct named_value values[] = {
		{ " rip ", regs->rip }, { " rsp ", regs->rsp }, { " flags ", regs->rflags },
		{ " cs  ", regs->cs },  { " ss  ", regs->ss },  { " orig  ", regs->orig_rax },
		{ " rax ", regs->rax }, { " rbx ", regs->rbx }, { " rcx   ", regs->rcx },
		{ " rdx ", regs->rdx }, { " rsi ", regs->rsi }, { " rdi   ", regs->rdi },
		{ " rbp ", regs->rbp }, { " r8  ", regs->r8 },  { " r9    ", regs->r9 },
		{ " r10 ", regs->r10 }, { " r11 ", regs->r11 }, { " r12   ", regs->r12 },
		{ " r13 ", regs->r13 }, { " r14 ", regs->r14 }, { " r15   ", regs->r15 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i += 3) {
		struct text t = { .len = 0 };

		for (size_t j = i; j < i + 3; j++) {
			text_add(&t, values[j].name);
			text_add_hex(&t, values[j].value);
		}
		line(t.buf);
	}
}

/* --- Exceptions ---------------------------------------------------------------------------------
 */

/* Whether a double fault came from pushing onto a stack's guard page. */
static bool is_stack_overflow(const struct regs *regs, u64 cr2)
{
	return cr2 <= regs->rsp && regs->rsp - cr2 < PAGE_SIZE && cr2 >= KMAP_BASE &&
	       cr2 < KMAP_END;
}

static __noreturn void trap_fatal(struct regs *regs, unsigned int vector, u64 error, u64 cr2)
{
	static struct text reason; /* static: the stack may be what is broken */

	reason.len = 0;
	if (vector == TRAP_DF && is_stack_overflow(regs, cr2))
		upcall_panic(regs, "kernel stack overflow");
	text_add(&reason, vector < 32 && trap_names[vector] ? trap_names[vector] : "exception");
	text_add(&reason, " in the kernel, error ");
	text_add_hex(&reason, error);
	if (vector == TRAP_PF) {
		text_add(&reason, error & PF_INSTR   ? ": fetch from "
				  : error & PF_WRITE ? ": write to "
						     : ": read from ");
		text_add_hex(&reason, cr2);
	}
	upcall_panic(regs, reason.buf);
}

static void kernel_fault(struct regs *regs, unsigned int vector, u64 error, u64 cr2)
{
	u64 fixup = extable_find(regs->rip);

	if (!fixup)
		trap_fatal(regs, vector, error, cr2);
	if (vector == TRAP_PF && cr2 < USER_TOP && (regs->rflags & RFLAGS_IF) && !in_interrupt()) {
		bool is_resolved;

		irq_enable();
		is_resolved = upcall_page_fault(cr2, error);
		irq_disable();
		if (is_resolved)
			return;
	}
	regs->rip = fixup;
	regs->rflags &= ~(u64)RFLAGS_AC; /* the fixup has no CLAC of its own */
}

/* @regs may lie on an IST stack. From user mode, entry.asm sees to work_flags afterwards. */
void trap_dispatch(struct regs *regs, unsigned int vector, u64 error)
{
	u64 cr2 = read_cr2(); /* before interrupts are on: a fault in a handler replaces it */

	switch (vector) {
	case TRAP_NMI:
		apic_stop_if_asked();
		return;
	case TRAP_DF:
	case TRAP_MC:
		trap_fatal(regs, vector, error, cr2);
	case TRAP_DB:
		__asm__ volatile("mov %0, %%dr6" ::"r"(0xffff0ff0ul));
		break;
	}
	if (!regs_user_mode(regs)) {
		kernel_fault(regs, vector, error, cr2);
		return;
	}
	irq_enable();
	upcall_user_fault(regs, vector, error, vector == TRAP_PF ? cr2 : 0);
}

/* --- Interrupts ---------------------------------------------------------------------------------
 */

void interrupt_dispatch(unsigned int vector, struct regs *regs)
{
	struct percpu *cpu = this_cpu();

	cpu->irq_depth++; /* handlers run with interrupts off, so they do not nest */
	cpu->irq_regs = regs;
	cpu->interrupts[vector]++;
	switch (vector) {
	case VECTOR_TIMER:
		apic_eoi();
		upcall_timer();
		break;
	case VECTOR_RESCHED:
		apic_eoi();
		upcall_ipi_resched();
		break;
	case VECTOR_TLB:
		apic_eoi();
		upcall_tlb_ipi();
		break;
	case VECTOR_IRQ_BASE ... VECTOR_IRQ_BASE + NR_IRQS - 1:
		upcall_irq(vector - VECTOR_IRQ_BASE);
		apic_eoi();
		break;
	case VECTOR_PIC_BASE ... VECTOR_PIC_BASE + 15: /* spurious, from a masked 8259 */
	case VECTOR_SPURIOUS:
		break; /* not to be acknowledged */
	default:
		apic_eoi();
	}
	cpu->irq_depth--;
}
