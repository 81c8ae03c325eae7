/* Follows Linux 7.3 arch/x86/include/uapi/asm/ucontext.h and asm-generic/ucontext.h */
#pragma once

#include <linux/signal.h>

#include <asm/sigcontext.h>

#define UC_FP_XSTATE         0x1
#define UC_SIGCONTEXT_SS     0x2
#define UC_STRICT_RESTORE_SS 0x4

struct ucontext {
	unsigned long uc_flags;
	struct ucontext *uc_link;
	stack_t uc_stack;
	struct sigcontext uc_mcontext;
	kernel_sigset_t uc_sigmask;
};
