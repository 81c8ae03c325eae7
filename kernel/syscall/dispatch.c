/*
 * System calls that are none. The dispatch itself is in arch/x86_64/entry.asm and syscall.c; the
 * table is made from table.tbl.
 */
#include <linux/errno.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/upcalls.h"
#include "kernel/debug/printk.h"
#include "kernel/sched/thread.h"

#ifdef CONFIG_DEBUG
#define TOLD_MAX 512

/* A debug kernel says once which call a program missed; two CPUs may both say it. */
static void tell_once(u64 nr)
{
	static _Atomic u64 told[TOLD_MAX / 64];
	u64 bit = 1ull << (nr % 64);

	if (nr < TOLD_MAX && !(atomic_fetch_or(&told[nr / 64], bit) & bit))
		pr_debug("%s: system call %llu is not there\n", current->comm,
			 (unsigned long long)nr);
}
#else
static void tell_once(u64 nr)
{
}
#endif

long sys_unknown(void)
{
	tell_once(thread_regs(current)->orig_rax);
	return -ENOSYS;
}
