; The first instruction of a program. The kernel enters with the argument
; block at rsp and rbp, like all else, undefined by the ABI.

	global	_start
	extern	libc_start

	section .text
_start:
	xor	ebp, ebp		; the outermost frame, for backtraces
	mov	rdi, rsp		; argc, argv, envp, auxv
	and	rsp, -16
	call	libc_start
	hlt				; libc_start does not return

	section .note.GNU-stack noalloc noexec nowrite progbits
