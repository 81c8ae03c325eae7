; The context switch: from the stack of one thread to that of another.
;
; A switch happens inside a C call, so the caller-saved registers are dead and only the callee-saved
; ones and the stack pointer are a thread's context here. User registers lie in the struct regs at
; the stack's top; FPU, FS and GS are thread.c's. rflags need not be saved: interrupts are off on
; both sides. A new thread's stack is built to look as if it had called switch_stacks (thread.c).

bits 64

section .text

global switch_stacks

; void switch_stacks(u64 *save_rsp, u64 next_rsp)
switch_stacks:
	push	rbp
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	mov	[rdi], rsp
	mov	rsp, rsi
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbx
	pop	rbp
	ret
