/*
 * Restartable sequences.
 */
#pragma once

#include "arch/x86_64/regs.h"
#include "kernel/sched/thread.h"

/* The rseq system call for the current thread: 0, -EINVAL, -EPERM, -EBUSY, -EFAULT. */
int rseq_register(struct rseq __user *urseq, u32 len, u32 flags, u32 sig) __must_check;

/* What upcall_return_to_user() does for WORK_RSEQ, and before a signal handler runs. */
void rseq_return_to_user(struct regs *regs);
