/*
 * Everything the machine layer calls and a higher layer defines. There is nothing else: this file
 * is why traps and interrupts, which come from below, make no upward include.
 */
#pragma once

#include "lib/base.h"

struct regs;

/* boot (kernel/main.c) */

/* First C function above the machine layer: boot CPU, boot stack, interrupts off, bootinfo parsed,
 * direct map live, no current thread yet. */
__noreturn void kernel_main(void);

/* A kernel stack for an application processor: address just past its KERNEL_STACK_SIZE bytes,
 * or 0 if there is no memory. */
u64 upcall_alloc_stack(void);

/* page tables (kernel/mm/page.c) */

/* A page that is all zero, for a page table; physical address, 0: none. To be given back all zero.
 */
u64 upcall_table_alloc(void);
void upcall_table_free(u64 pa);

/* traps (kernel/task/usertrap.c) */

/* An exception in user mode. Interrupts on, full frame. @cr2: page faults only. On return the
 * thread goes back to user mode, through upcall_return_to_user() if its work_flags ask for it. */
void upcall_user_fault(struct regs *regs, unsigned int vector, u64 error, u64 cr2);

/* A user copy inside the kernel touched a user page that is missing or read-only. Interrupts on;
 * may sleep. True: try the access again. False: the copy returns -EFAULT. */
bool upcall_page_fault(u64 addr, u64 error);

/* A fault that has no remedy. @regs: where it happened (see regs_print(), backtrace.h). */
__noreturn void upcall_panic(const struct regs *regs, const char *reason);

/* interrupts: interrupts off, in_interrupt() true, already acknowledged unless stated */
void upcall_timer(void); /* the deadline of clock_arm() is near or past: compare with clock_ns() */
void upcall_ipi_resched(void);
void upcall_tlb_ipi(void);
void upcall_irq(unsigned int irq); /* an IO-APIC line; acknowledged after the call */

/* threads (kernel/sched, kernel/task) */

/* First thing a new thread does, still with interrupts off: finish the switch to it. */
void upcall_thread_start(void);

/* On the way out to user mode with work_flags != 0. Interrupts on, full frame, may sleep. Called
 * again until the flags are zero with interrupts off. */
void upcall_return_to_user(struct regs *regs);

/* system calls (kernel/syscall) */

extern void *const syscall_table[]; /* long (*)(u64, u64, u64, u64, u64, u64) */
extern const u32 syscall_count;
extern const u8 syscall_full_frame[]; /* 1: the frame is complete before the call */
long sys_unknown(void); /* any number without a table entry */
