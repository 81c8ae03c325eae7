; Every way into the kernel and out of it: system calls, exceptions, interrupts.
;
; The swapgs rule. In the kernel GS is the per-CPU block; in user mode it is the user's, and the
; kernel's waits in MSR_KERNEL_GS_BASE. So SWAPGS is executed exactly once on each crossing:
;   - SYSCALL comes from user mode: always.
;   - Exceptions and interrupts: when the saved CS has privilege bits. Nothing in the kernel touches
;     user GS with interrupts on or in a way that faults, so CS tells the truth.
;   - NMI, #DB, #DF, #MC can strike between an entry and its SWAPGS. They run on stacks of their own
;     (IST) and look at the MSR itself: this CPU's block there means it is swapped already. A user
;     may put any address there; the block's would be as good as the kernel's own.
;
; The stack. Every kernel stack has a struct regs at its top. Entries from user mode build it there;
; entries from the kernel build one wherever the stack pointer is.
;
; DOC: syscall-frame. A system call saves only what a C function may destroy: rdi rsi rdx r10 r8 r9,
; and rip, rflags, rsp, which SYSCALL put in rcx and r11 or left in place. The callee-saved registers
; stay in the CPU: C functions keep them. rcx, r11, rax, cs and ss get no store at all, as they have
; fixed or derived values. Frames are completed (complete_frame) in two cases: the handler asks for
; it in table.tbl (fork, execve, sigreturn), or work is pending on the way out. A complete frame is
; always restored as a whole, by IRETQ. Only the short way uses SYSRETQ, and its rip is the one the
; CPU itself saved; as no user mapping reaches USER_TOP, it is canonical (SYSRETQ faults in the
; kernel, on the user's stack, if it is not).
;
; Alignment. A struct regs is an odd number of words and the CPU aligns the stack before it pushes its
; part, so rsp is 8 mod 16 at every call from here. C is compiled for a stack boundary of 8.
;
; The direction flag is clear in C. AC is cleared on entry where SMAP uses it: SYSCALL masks it
; (SFMASK), the others execute CLAC, patched in at boot (cpu_patch_smap).

%include "offsets.inc"

bits 64
default abs

extern syscall_dispatch
extern syscall_table
extern sys_unknown
extern trap_dispatch
extern interrupt_dispatch
extern upcall_return_to_user
extern upcall_thread_start
extern upcall_user_fault

global entry_syscall
global entry_syscall_full
global entry_table
global thread_entry_kernel
global thread_entry_fork

; The three-byte no-op that becomes CLAC.
%macro CLAC_SITE 0
%%site:	db	0x0f, 0x1f, 0x00
	[section .patch_clac]
	dd	%%site - $
	__?SECT?__
%endmacro

; Stores what the system call entry left out of the frame at %1. Destroys rcx.
%macro COMPLETE_FRAME 1
	mov	[%1 + REGS_R15], r15
	mov	[%1 + REGS_R14], r14
	mov	[%1 + REGS_R13], r13
	mov	[%1 + REGS_R12], r12
	mov	[%1 + REGS_RBP], rbp
	mov	[%1 + REGS_RBX], rbx
	mov	rcx, [%1 + REGS_RIP]		; SYSCALL's own doing: rcx is rip,
	mov	[%1 + REGS_RCX], rcx
	mov	rcx, [%1 + REGS_RFLAGS]		; and r11 is rflags
	mov	[%1 + REGS_R11], rcx
	mov	qword [%1 + REGS_CS], USER_CS
	mov	qword [%1 + REGS_SS], USER_DS
%endmacro

%macro PUSH_REGS 0				; all below rdi
	push	rsi
	push	rdx
	push	rcx
	push	rax
	push	r8
	push	r9
	push	r10
	push	r11
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
%endmacro

%macro POP_REGS 0				; leaves rsp at the IRETQ frame
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	pop	rax
	pop	rcx
	pop	rdx
	pop	rsi
	pop	rdi
	add	rsp, 8				; orig_rax
%endmacro

section .text

; --- System calls ---------------------------------------------------------------------------------

	align	64
entry_syscall:
	swapgs
	mov	[gs:PERCPU_USER_RSP], rsp
	mov	rsp, [gs:PERCPU_SYSCALL_FRAME]
	mov	[rsp + REGS_RIP], rcx		; the frame, see DOC: syscall-frame
	mov	rcx, [gs:PERCPU_USER_RSP]
	mov	[rsp + REGS_RFLAGS], r11
	mov	[rsp + REGS_RSP], rcx
	mov	[rsp + REGS_ORIG_RAX], rax
	mov	[rsp + REGS_RDI], rdi
	mov	[rsp + REGS_RSI], rsi
	mov	[rsp + REGS_RDX], rdx
	mov	[rsp + REGS_R10], r10
	mov	[rsp + REGS_R8], r8
	mov	[rsp + REGS_R9], r9
	sti
	mov	rcx, r10			; C's fourth argument
	cmp	rax, SYSCALL_SLOTS
	jae	.unknown
	call	[syscall_dispatch + rax * 8]
.done:
	mov	rcx, [gs:PERCPU_CURRENT]
	cli					; no work may arrive after the look
	cmp	dword [rcx + HEAD_WORK_FLAGS], 0
	jne	.work
	mov	rdi, [rsp + REGS_RDI]
	mov	rsi, [rsp + REGS_RSI]
	mov	rdx, [rsp + REGS_RDX]
	mov	r10, [rsp + REGS_R10]
	mov	r8, [rsp + REGS_R8]
	mov	r9, [rsp + REGS_R9]
	mov	rcx, [rsp + REGS_RIP]
	mov	r11, [rsp + REGS_RFLAGS]
	mov	rsp, [rsp + REGS_RSP]		; nothing but NMIs and their like from here: IST
	swapgs
	o64 sysret

.work:
	mov	[rsp + REGS_RAX], rax
	COMPLETE_FRAME rsp
	jmp	return_to_user

.unknown:
	call	sys_unknown
	jmp	.done

; Sits in the dispatch table in place of handlers that need the complete frame.
entry_syscall_full:
	add	rsp, 8				; not going back to where we were called
	mov	rax, [rsp + REGS_ORIG_RAX]
	mov	r11, rcx			; fourth argument
	COMPLETE_FRAME rsp
	mov	rcx, r11
	mov	qword [rsp + REGS_RAX], -38	; ENOSYS, as Linux shows it meanwhile
	call	[syscall_table + rax * 8]
	mov	[rsp + REGS_RAX], rax		; sigreturn and execve return the rax they want
	jmp	return_to_user

; --- The way out, with a complete frame -----------------------------------------------------------

; rsp: struct regs at the top of the thread's stack.
return_to_user:
	cli
	mov	rcx, [gs:PERCPU_CURRENT]
	cmp	dword [rcx + HEAD_WORK_FLAGS], 0
	jne	.work
	mov	rcx, [rsp + REGS_RIP]
	shr	rcx, 47
	jnz	.bad_rip			; IRETQ would fault in the kernel
	swapgs
	POP_REGS
	iretq
.work:
	sti
	mov	rdi, rsp
	call	upcall_return_to_user
	jmp	return_to_user
.bad_rip:					; the #GP that the jump itself would have got
	sti
	mov	rdi, rsp
	mov	esi, 13
	xor	edx, edx
	xor	ecx, ecx
	call	upcall_user_fault
	jmp	return_to_user

; --- New threads (thread.c built the stack that arch_switch returns on) ---------------------------

thread_entry_kernel:				; rbx: function, r12: its argument
	xor	ebp, ebp			; backtraces end here
	call	upcall_thread_start
	sti
	mov	rdi, r12
	call	rbx
	jmp	return_to_user

thread_entry_fork:
	xor	ebp, ebp
	call	upcall_thread_start
	jmp	return_to_user

; --- Exceptions and interrupts --------------------------------------------------------------------

; A stub per vector: an error code if the CPU gave none, rdi saved in its place of the frame, then
; the vector in edi.
%macro STUB 2					; vector, common code
	align	16
entry_%1:
%if %1 != 8 && %1 != 10 && %1 != 11 && %1 != 12 && %1 != 13 && %1 != 14 && %1 != 17 && %1 != 21 && \
    %1 != 29 && %1 != 30
	push	0
%endif
	push	rdi
	mov	edi, %1
	jmp	%2
%endmacro

STUB 2, entry_ist
STUB 1, entry_ist
STUB 8, entry_ist
STUB 18, entry_ist
%assign v 0
%rep 32
%if v != 1 && v != 2 && v != 8 && v != 18
	STUB v, entry_exception
%endif
%assign v v + 1
%endrep
%rep 256 - 32
	STUB v, entry_interrupt
%assign v v + 1
%endrep

; edi: vector. On the stack: rdi, error code, IRETQ frame.
	align	16
entry_exception:
	cld
	CLAC_SITE
	PUSH_REGS
	test	byte [rsp + REGS_CS], 3
	jz	.from_kernel
	swapgs
	call	trap_call
	jmp	return_to_user
.from_kernel:
	call	trap_call
return_to_kernel:
	POP_REGS
	iretq

	align	16
entry_interrupt:
	cld
	CLAC_SITE
	PUSH_REGS
	mov	qword [rsp + REGS_ORIG_RAX], -1
	mov	rsi, rsp
	test	byte [rsp + REGS_CS], 3
	jz	.from_kernel
	swapgs
	call	interrupt_dispatch		; (vector, regs)
	jmp	return_to_user
.from_kernel:
	call	interrupt_dispatch
	jmp	return_to_kernel		; the kernel is not preempted

; trap_dispatch(regs, vector, error). The frame lies above the return address.
trap_call:
	mov	esi, edi
	lea	rdi, [rsp + 8]
	mov	rdx, [rdi + REGS_ORIG_RAX]
	mov	qword [rdi + REGS_ORIG_RAX], -1	; not a system call: nothing to restart
	jmp	trap_dispatch

; NMI, #DB, #DF, #MC: on a stack of their own, GS unknown.
	align	16
entry_ist:
	cld
	CLAC_SITE
	PUSH_REGS
	test	byte [rsp + REGS_CS], 3
	jz	.from_kernel
	swapgs
	cmp	edi, 1
	jne	.stay
	mov	rsi, rsp			; #DB of a user: go on as an ordinary exception, on
	mov	rsp, [gs:PERCPU_SYSCALL_FRAME]	; the thread's stack, where it may sleep
	mov	ecx, REGS_SIZE / 8
	mov	eax, edi
	mov	rdi, rsp
	rep movsq
	mov	edi, eax
	call	trap_call
	jmp	return_to_user
.stay:
	call	trap_call
	swapgs
	jmp	return_to_kernel
.from_kernel:
	mov	ebx, edi
	mov	ecx, MSR_GS_BASE
	rdmsr
	shl	rdx, 32
	or	rax, rdx
	sub	rsp, 16
	sgdt	[rsp]				; limit, 2 bytes, and address: the GDT is in the block
	mov	rdx, [rsp + 2]
	add	rsp, 16
	sub	rdx, PERCPU_GDT
	cmp	rax, rdx
	je	.kernel_gs
	swapgs
	mov	edi, ebx
	call	trap_call
	swapgs
	jmp	return_to_kernel
.kernel_gs:
	mov	edi, ebx
	call	trap_call
	jmp	return_to_kernel

; --- The stubs' addresses, for idt.c --------------------------------------------------------------

section .rodata
	align	8
entry_table:
%assign v 0
%rep 256
	dq	entry_%[v]
%assign v v + 1
%endrep
