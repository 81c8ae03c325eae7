/*
 * Panic, assertions, backtraces.
 *
 * The first CPU to panic wins, stops the others and speaks; a CPU that panics later halts at once.
 * A fault while panicking comes back here on the same CPU: each time less is tried, so it ends.
 * Before it prints anything the message lies in panic_last_words, where tools find it.
 */
#include "kernel/debug/panic.h"

#include <stdatomic.h>

#include "lib/fmt.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/backtrace.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/power.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/upcalls.h"

#include "kernel/debug/ksyms.h"
#include "kernel/debug/printk.h"

#define BACKTRACE_MAX 24

int panic_timeout;
bool panic_in_progress;
char panic_last_words[512];

static _Atomic u32 panic_owner; /* 1 + CPU */
static u32 panic_depth; /* of that CPU */

void print_backtrace(u64 rbp)
{
	u64 pcs[BACKTRACE_MAX];
	unsigned int n =
		backtrace_walk(rbp ? rbp : (u64)__builtin_frame_address(0), pcs, BACKTRACE_MAX);
	char name[80];

	for (unsigned int i = 0; i < n; i++)
		pr_emerg("  [%016lx] %s", pcs[i], ksyms_describe(pcs[i], name, sizeof(name)));
}

static void print_line(const char *text)
{
	pr_emerg("%s", text);
}

static void print_state(const struct regs *regs, u64 rbp)
{
	char name[80];

	pr_emerg("CPU %u, thread %p", cpu_id(), (void *)current);
	if (regs) {
		pr_emerg("at %s", ksyms_describe(regs->rip, name, sizeof(name)));
		regs_print(regs, print_line);
		rbp = regs->rbp;
	}
	pr_emerg("backtrace:");
	print_backtrace(rbp);
}

static __noreturn void stop(void)
{
	if (panic_timeout == 0)
		machine_halt();
	for (int i = 0; i < panic_timeout; i++)
		clock_delay_us(1000000);
	machine_restart();
}

static __noreturn void vpanic(const struct regs *regs, u64 rbp, const char *fmt, va_list args)
{
	u32 owner = 0, me = cpu_id() + 1;

	irq_disable();
	if (!atomic_compare_exchange_strong(&panic_owner, &owner, me) && owner != me)
		cpu_halt();
	panic_in_progress = true;
	switch (panic_depth++) {
	case 0:
		if (nr_cpus > 1)
			apic_stop_others();
		log_force();
		vsnprintf(panic_last_words, sizeof(panic_last_words), fmt, args);
		pr_emerg("Kernel panic: %s", panic_last_words);
		print_state(regs, rbp);
		pr_emerg("---[ end of kernel panic: %s ]---", panic_last_words);
		break;
	case 1:
		log_force();
		pr_emerg("panic while panicking: %s", fmt);
		break;
	default:
		break;
	}
	stop();
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpanic(NULL, (u64)__builtin_frame_address(0), fmt, args);
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpanic(regs, (u64)__builtin_frame_address(0), fmt, args);
}

void upcall_panic(const struct regs *regs, const char *reason)
{
	panic_regs(regs, "%s", reason);
}

void assert_failed(const char *cond, const char *file, int line, const char *function)
{
	panic("assertion failed: %s, %s() at %s:%d", cond, function, file, line);
}

void warn_failed(const char *cond, const char *file, int line)
{
	pr_warn("WARNING: %s at %s:%d", cond, file, line);
	print_backtrace(0);
}

/* Called by code of -fstack-protector-strong. */
__noreturn void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	char name[80];

	panic("stack overrun in %s",
	      ksyms_describe((u64)__builtin_return_address(0), name, sizeof(name)));
}
