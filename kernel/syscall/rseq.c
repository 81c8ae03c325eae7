/*
 * What lets threads agree without atomic instructions: membarrier(2) and restartable sequences.
 *
 * A barrier on other CPUs is an interrupt there that has been answered: a TLB flush of nothing. It
 * serializes as well, for interrupts return by IRET; and a CPU that does not run in the address
 * space now loads it later, after a full barrier (arch/x86_64/tlb.c).
 *
 * Follows: membarrier(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/membarrier.h>

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/tlb.h"
#include "kernel/mm/as.h"
#include "kernel/sched/sched.h"
#include "kernel/task/rseq.h"

SYSCALL(rseq, struct rseq __user *urseq, u32 len, u32 flags, u32 sig)
{
	return rseq_register(urseq, len, flags, sig);
}

#define REGISTRATIONS                                                                              \
	(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |    \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |                                     \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)
#define COMMANDS                                                                                   \
	(REGISTRATIONS | MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                 \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |           \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_GET_REGISTRATIONS)

/* cmd is registered by the command twice its value. cpu < 0: all. */
static int barrier_private(int cmd, int cpu)
{
	struct as *as = current->as;

	if (!(as->membarriers & (u32)cmd << 1))
		return -EPERM;
	if (cmd == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ)
		sched_restart_sequences(as, cpu);
	tlb_flush_range(&as->pgtable, 0, 0);
	return 0;
}

SYSCALL(membarrier, int cmd, u32 flags, int cpu)
{
	bool is_for_cpu = flags == MEMBARRIER_CMD_FLAG_CPU;

	if (flags && (cmd != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ || !is_for_cpu))
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return COMMANDS;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		smp_mb();
		tlb_flush_kernel(0, 0);
		return 0;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
		atomic_fetch_or(&current->as->membarriers, (u32)cmd);
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
		return barrier_private(cmd, is_for_cpu ? cpu : -1);
	case MEMBARRIER_CMD_GET_REGISTRATIONS:
		return (long)(current->as->membarriers & REGISTRATIONS);
	default:
		return -EINVAL;
	}
}
