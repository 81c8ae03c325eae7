; The ways to make a process or thread that C cannot express, because the
; child returns on another stack or on ours after we have used it; and the
; ends that need no stack.

	global	libc_clone, vfork, libc_unmap_and_exit, libc_restorer
	extern	libc_return

SYS_rt_sigreturn equ 15
SYS_munmap	equ 11
SYS_clone	equ 56
SYS_vfork	equ 58
SYS_exit	equ 60

	section .text

; long libc_clone(int (*func)(void *), void *stack_top, long flags, void *arg,
;		  int *parent_tid, void *tls, int *child_tid)
libc_clone:
	and	rsi, -16
	sub	rsi, 16			; the child pops these
	mov	[rsi], rdi
	mov	[rsi + 8], rcx
	mov	rdi, rdx
	mov	rdx, r8
	mov	r8, r9
	mov	r10, [rsp + 8]
	mov	eax, SYS_clone
	syscall
	test	eax, eax
	jz	.child
	ret
.child:
	xor	ebp, ebp
	pop	rax
	pop	rdi
	call	rax
	mov	edi, eax
	mov	eax, SYS_exit
	syscall
	hlt

; The child runs on the caller's stack, so our return address may not stay
; there.
vfork:
	pop	rdx
	mov	eax, SYS_vfork
	syscall
	push	rdx
	mov	rdi, rax
	jmp	libc_return

; _Noreturn void libc_unmap_and_exit(void *base, size_t len)
libc_unmap_and_exit:
	mov	eax, SYS_munmap
	syscall
	xor	edi, edi
	mov	eax, SYS_exit
	syscall
	hlt

; Where a signal handler returns to. Debuggers know a signal frame by exactly
; these two instructions.
libc_restorer:
	mov	rax, SYS_rt_sigreturn
	syscall

	section .note.GNU-stack noalloc noexec nowrite progbits
