/*
 * Exceptions in user mode, and page faults on user addresses: memory is brought in, or a signal is
 * sent.
 *
 * Which exception makes which signal and si_code is Linux's choice (arch/x86/kernel/traps.c,
 * mm/fault.c): signal(7) and sigaction(2) document the codes; where Linux has none to give, it is
 * SI_KERNEL.
 *
 * Context: thread, interrupts on, may sleep; no locks held.
 */
#include <linux/signal.h>

#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcalls.h"

#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"
#include "kernel/mm/fault.h"
#include "kernel/sync/wait.h"
#include "kernel/task/sigqueue.h"

static u32 fault_access(u64 error)
{
	return (error & PF_WRITE ? FAULT_WRITE : 0) | (error & PF_INSTR ? FAULT_EXEC : 0);
}

/* as_fault(), with the OOM killer's help; FAULT_OOM only for a thread that is about to die. */
static enum fault_result resolve(struct as *as, u64 addr, u64 error)
{
	enum fault_result result;

	for (;;) {
		result = as_fault(as, addr, fault_access(error));
		if (result == FAULT_OK)
			current->minor_faults++;
		if (result != FAULT_OOM || fatal_signal_pending_current())
			return result;
		oom_kill();
	}
}

bool upcall_page_fault(u64 addr, u64 error)
{
	struct as *as = current->as;

	lockcheck_user_copy();
	return as && resolve(as, addr, error) == FAULT_OK;
}

/* For whoever wonders why a program died: the log, not the console. */
static void log_fault(const struct regs *regs, int sig, u64 addr)
{
	u64 irqflags = sig_lock(current->task);
	__sighandler_t handler = current->task->sighand->actions->action[sig - 1].handler;

	sig_unlock(current->task, irqflags);
	if (handler == SIG_DFL)
		pr_debug("%s[%d]: signal %d, trap %llu error %llx at %llx, rip %llx rsp %llx",
			 current->comm, pid_vnr(current->pid), sig,
			 (unsigned long long)current->fault_trap,
			 (unsigned long long)current->fault_error, (unsigned long long)addr,
			 (unsigned long long)regs->rip, (unsigned long long)regs->rsp);
}

static void send_fault(const struct regs *regs, int sig, int code, u64 addr)
{
	log_fault(regs, sig, addr);
	signal_force(sig, code, addr);
}

static void page_fault(struct regs *regs, u64 error, u64 addr)
{
	enum fault_result result = FAULT_SEGV_MAPERR;

	if (error & PF_RSVD)
		panic_regs(regs, "bad page table entry for %llx", (unsigned long long)addr);
	if (addr < USER_TOP && current->as)
		result = resolve(current->as, addr, error);
	if (result == FAULT_OK || result == FAULT_OOM)
		return;
	current->fault_trap = TRAP_PF;
	current->fault_error =
		addr < USER_TOP ? error : error | PF_PRESENT; /* no hints on the kernel's map */
	current->fault_addr = addr;
	if (result == FAULT_BUS)
		send_fault(regs, SIGBUS, BUS_ADRERR, addr);
	else
		send_fault(regs, SIGSEGV, result == FAULT_SEGV_ACCERR ? SEGV_ACCERR : SEGV_MAPERR,
			   addr);
}

/* SIGFPE's si_code from unmasked exception flags, as x87 and SSE number them alike; 0: none. */
static int fpe_code(u32 flags)
{
	if (flags & 0x01)
		return FPE_FLTINV;
	if (flags & 0x04)
		return FPE_FLTDIV;
	if (flags & 0x08)
		return FPE_FLTOVF;
	if (flags & 0x12)
		return FPE_FLTUND;
	if (flags & 0x20)
		return FPE_FLTRES;
	return 0;
}

static u32 x87_flags(void)
{
	u16 control, status;

	__asm__ volatile("fnstcw %0" : "=m"(control));
	__asm__ volatile("fnstsw %0" : "=m"(status));
	return status & ~control & 0x3f;
}

static u32 sse_flags(void)
{
	u32 mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr & ~(mxcsr >> 7) & 0x3f;
}

static void float_fault(struct regs *regs, u32 flags)
{
	int code = fpe_code(flags);

	if (code)
		send_fault(regs, SIGFPE, code, regs->rip);
}

void upcall_user_fault(struct regs *regs, unsigned int vector, u64 error, u64 cr2)
{
	if (vector == TRAP_PF) {
		page_fault(regs, error, cr2);
		return;
	}
	current->fault_trap = vector;
	current->fault_error = error;
	switch (vector) {
	case TRAP_DE:
		send_fault(regs, SIGFPE, FPE_INTDIV, regs->rip);
		break;
	case TRAP_DB:
		send_fault(regs, SIGTRAP, TRAP_TRACE, regs->rip);
		break;
	case TRAP_BP:
		send_fault(regs, SIGTRAP, SI_KERNEL, 0);
		break;
	case TRAP_UD:
		send_fault(regs, SIGILL, ILL_ILLOPN, regs->rip);
		break;
	case TRAP_NP:
	case TRAP_SS:
		send_fault(regs, SIGBUS, SI_KERNEL, 0);
		break;
	case TRAP_MF:
		float_fault(regs, x87_flags());
		break;
	case TRAP_XM:
		float_fault(regs, sse_flags());
		break;
	case TRAP_AC:
		send_fault(regs, SIGBUS, BUS_ADRALN, 0);
		break;
	default: /* #OF, #BR, #TS, #GP and whatever else user mode may provoke */
		send_fault(regs, SIGSEGV, SI_KERNEL, 0);
	}
}
