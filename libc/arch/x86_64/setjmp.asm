; setjmp and longjmp. A jmp_buf is ten words:
;	0 rbx  1 rbp  2 r12  3 r13  4 r14  5 r15  6 rsp  7 rip
;	8 whether the signal mask was saved  9 the mask

	global	setjmp, _setjmp, sigsetjmp, longjmp, _longjmp
	extern	libc_save_mask

	section .text
setjmp:
_setjmp:
	xor	esi, esi
sigsetjmp:
	mov	[rdi], rbx
	mov	[rdi + 8], rbp
	mov	[rdi + 16], r12
	mov	[rdi + 24], r13
	mov	[rdi + 32], r14
	mov	[rdi + 40], r15
	lea	rax, [rsp + 8]		; rsp as it is after the return
	mov	[rdi + 48], rax
	mov	rax, [rsp]
	mov	[rdi + 56], rax
	movsxd	rsi, esi
	mov	[rdi + 64], rsi
	test	esi, esi
	jnz	libc_save_mask		; returns 0 to our caller
	xor	eax, eax
	ret

longjmp:
_longjmp:
	mov	eax, esi
	cmp	eax, 1
	adc	eax, 0			; setjmp never returns 0 twice
	mov	rbx, [rdi]
	mov	rbp, [rdi + 8]
	mov	r12, [rdi + 16]
	mov	r13, [rdi + 24]
	mov	r14, [rdi + 32]
	mov	r15, [rdi + 40]
	mov	rsp, [rdi + 48]
	jmp	[rdi + 56]

	section .note.GNU-stack noalloc noexec nowrite progbits
