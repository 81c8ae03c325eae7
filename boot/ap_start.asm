; Where an application processor begins: in real mode, at the page the STARTUP interrupt named.
;
; smp.c copies ap_trampoline_start.._end to that page and fills in the struct ap_boot at its start.
; The code does not know where it lies until it looks at CS, so it computes the few absolute
; addresses it needs. It goes straight from real mode to long mode: paging and protection are
; switched on by one write to CR0.

%include "offsets.inc"

extern smp_ap_main

global ap_trampoline_start
global ap_trampoline_end
global smp_ap_entry

%define AT(label) ((label) - ap_trampoline_start)

section .rodata
	align	16
ap_trampoline_start:
bits 16
	jmp	short ap_real
	align	8, db 0
boot_cr3:	dd 0				; struct ap_boot of smp.c, from here
boot_efer:	dd 0
boot_entry:	dq 0
boot_kernel_cr3: dq 0
boot_stack:	dq 0
boot_percpu:	dq 0

ap_real:
	cli
	cld
	mov	ax, cs
	mov	ds, ax
	movzx	ebx, ax
	shl	ebx, 4				; where the page lies
	lea	eax, [ebx + AT(gdt)]
	mov	[AT(gdt_pointer) + 2], eax
	lea	eax, [ebx + AT(ap_long)]
	mov	[AT(far_pointer)], eax
	o32 lgdt [AT(gdt_pointer)]

	mov	eax, 0x20			; PAE
	mov	cr4, eax
	mov	eax, [AT(boot_cr3)]
	mov	cr3, eax
	mov	ecx, MSR_EFER
	xor	edx, edx
	mov	eax, [AT(boot_efer)]
	wrmsr
	mov	eax, 0x80010033			; PG, WP, NE, ET, MP, PE; caches on
	mov	cr0, eax
	jmp	dword far [AT(far_pointer)]

bits 64
ap_long:
	mov	ebx, ebx
	mov	rsp, [rbx + AT(boot_stack)]
	mov	rsi, [rbx + AT(boot_percpu)]
	mov	rdi, [rbx + AT(boot_kernel_cr3)]
	jmp	[rbx + AT(boot_entry)]

	align	8, db 0
gdt:	dq	0, 0
	dq	0x00af9b000000ffff		; KERNEL_CS
	dq	0x00cf93000000ffff		; KERNEL_DS
gdt_pointer:
	dw	$ - gdt - 1
	dd	0
far_pointer:
	dd	0
	dw	KERNEL_CS
ap_trampoline_end:

; In the kernel's own text: rdi is its page table, rsi this CPU's block, rsp the top of its stack.
section .text
bits 64
smp_ap_entry:
	mov	cr3, rdi
	xor	eax, eax
	mov	ds, eax
	mov	es, eax
	mov	fs, eax
	mov	gs, eax
	mov	ss, eax				; the trampoline's GDT is out of sight; gdt_load follows
	mov	rax, rsi
	mov	rdx, rsi
	shr	rdx, 32
	mov	ecx, MSR_GS_BASE
	wrmsr
	xor	ebp, ebp
	mov	edi, [rsi + PERCPU_CPU_ID]
	call	smp_ap_main
	ud2
