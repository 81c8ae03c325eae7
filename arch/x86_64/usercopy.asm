; Copies between kernel and user memory, built to survive a fault in either.
;
; Each instruction that touches user memory is listed in .extable with the place to go on at when
; the fault has no cure. The fault handler clears AC before it goes there, and registers are as the
; instruction left them: REP counts what remains in rcx.
;
; Word copies that fault are finished byte by byte, so that the number returned is exact: a copy
; that ends at a page boundary delivers everything before it.

bits 64
default rel

global usercopy_raw
global userclear_raw
global userstr_raw

%macro EXTABLE 2				; faulting instruction, where to continue
	[section .extable]
	dd	%1 - $
	dd	%2 - $
	__?SECT?__
%endmacro

%macro STAC_SITE 0
%%site:	db	0x0f, 0x1f, 0x00
	[section .patch_stac]
	dd	%%site - $
	__?SECT?__
%endmacro

%macro CLAC_SITE 0
%%site:	db	0x0f, 0x1f, 0x00
	[section .patch_clac]
	dd	%%site - $
	__?SECT?__
%endmacro

section .text

; size_t usercopy_raw(void *dst, const void *src, size_t size): bytes not copied
	align	32
usercopy_raw:
	mov	rcx, rdx
	STAC_SITE
	and	edx, 7
	shr	rcx, 3
.words:	rep movsq
	EXTABLE	.words, .fault_words
	mov	ecx, edx
	test	edx, edx
	jnz	.bytes
	CLAC_SITE
	xor	eax, eax
	ret
.bytes:	rep movsb
	EXTABLE	.bytes, .fault_bytes
	CLAC_SITE
	xor	eax, eax
	ret
.fault_words:
	lea	rcx, [rdx + rcx * 8]
	STAC_SITE
	jmp	.bytes
.fault_bytes:
	mov	rax, rcx
	ret

; size_t userclear_raw(void *dst, size_t size): bytes not cleared
	align	16
userclear_raw:
	mov	rcx, rsi
	mov	edx, esi
	xor	eax, eax
	and	edx, 7
	shr	rcx, 3
	STAC_SITE
.words:	rep stosq
	EXTABLE	.words, .fault_words
	mov	ecx, edx
.bytes:	rep stosb
	EXTABLE	.bytes, .fault_bytes
	CLAC_SITE
	ret
.fault_words:
	lea	rcx, [rdx + rcx * 8]
	STAC_SITE
	jmp	.bytes
.fault_bytes:
	mov	rax, rcx
	ret

; long userstr_raw(char *dst, const char *src, size_t size): length, or size, or -EFAULT
;
; Eight bytes at a time while the buffer has room for eight. (x - 01..01) & ~x & 80..80 is nonzero
; if a byte of x is zero, and its lowest bit is in the first of them.
	align	16
userstr_raw:
	mov	rax, rdx			; rax: size, rdx: what is left
	mov	r8, 0x0101010101010101
	mov	r9, 0x8080808080808080
	STAC_SITE
	sub	rdx, 8
	jb	.tail
.words:	mov	r10, [rsi]
	EXTABLE	.words, .fault_words
	mov	[rdi], r10
	mov	rcx, r10
	sub	rcx, r8
	not	r10
	and	rcx, r9
	and	rcx, r10
	jnz	.found
	add	rdi, 8
	add	rsi, 8
	sub	rdx, 8
	jae	.words
.tail:	add	rdx, 8
	jz	.out
.bytes:	mov	cl, [rsi]
	EXTABLE	.bytes, .fault
	mov	[rdi], cl
	test	cl, cl
	jz	.out
	inc	rsi
	inc	rdi
	dec	rdx
	jnz	.bytes
.out:	sub	rax, rdx			; the bytes before the NUL, or all
	CLAC_SITE
	ret
.found:	bsf	rcx, rcx
	shr	ecx, 3				; which byte of the eight
	sub	rax, rdx
	lea	rax, [rax + rcx - 8]
	CLAC_SITE
	ret
.fault_words:					; the string may end before the page does
	STAC_SITE
	jmp	.tail
.fault:	mov	rax, -14			; EFAULT
	ret
