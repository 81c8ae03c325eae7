; From the loader to C.
;
; Two loaders, one state: 32-bit protected mode, flat segments, no paging, interrupts off, ebx
; pointing at the loader's information. GRUB enters by the multiboot2 header, QEMU's -kernel by the
; PVH note. The image lies at 1 MiB but is linked KERNEL_BASE higher, so 32-bit code here says
; PHYS(symbol).
;
; The first page table maps the first 4 GiB, in 2 MiB pages, at 0 (where this code runs), at
; DIRECT_MAP and, for the image, at KERNEL_BASE: all of it readable, writable, executable. It lasts
; until boot_map_direct(). C also needs GS, for the stack protector reads its canary there.

%include "offsets.inc"

%define PHYS(symbol) ((symbol) + 0x80000000)	; minus KERNEL_BASE, modulo 2^32

MULTIBOOT2_MAGIC equ 0x36d76289			; in eax, from the loader
PVH_MAGIC	equ 0x336ec578			; first word of PVH's start info

extern boot_start
extern percpu_area

global boot_entry_multiboot2
global boot_stack_top

; --- What the loaders look for --------------------------------------------------------------------

section .multiboot progbits alloc noexec nowrite align=8
header:
	dd	0xe85250d6, 0, header_end - header
	dd	-(0xe85250d6 + 0 + (header_end - header)) & 0xffffffff
	align	8, db 0
	dw	1, 1				; optional: information the kernel would like
	dd	.request_end - $ + 4
	dd	1, 3, 6, 8, 14, 15		; command line, module, memory, framebuffer, RSDP
.request_end:
	align	8, db 0
	dw	5, 1				; optional: a linear framebuffer (all that UEFI has)
	dd	20
	dd	1024, 768, 32
	align	8, db 0
	dw	0, 0				; end
	dd	8
header_end:

section .note.Xen note alloc noexec nowrite align=4
	dd	4, 8, 18			; name and descriptor size; XEN_ELFNOTE_PHYS32_ENTRY
	db	"Xen", 0
	dq	PHYS(boot_entry_pvh)

; --- 32 bits --------------------------------------------------------------------------------------

section .boot.text progbits alloc exec nowrite align=16
bits 32

boot_entry_pvh:
	mov	eax, [ebx]			; its own magic takes eax's place
boot_entry_multiboot2:
	cli
	cld
	mov	esp, PHYS(boot_stack_top)
	mov	ebp, eax			; magic
	mov	esi, ebx			; information

	mov	eax, 0x80000000			; long mode? (all with CPUID leaf 0x80000001)
	cpuid
	cmp	eax, 0x80000001
	jb	no_long_mode
	mov	eax, 0x80000001
	cpuid
	bt	edx, 29
	jnc	no_long_mode

	mov	edi, PHYS(boot_pd)		; 4 GiB of 2 MiB pages: present, writable, large
	mov	eax, 0x83
	mov	ecx, 4 * 512
.page:	mov	[edi], eax
	add	eax, 0x200000
	add	edi, 8
	dec	ecx
	jnz	.page
	mov	eax, PHYS(boot_pd) + 3
	mov	[PHYS(boot_pdpt)], eax
	mov	[PHYS(boot_pdpt_high) + 510 * 8], eax
	add	eax, 0x1000
	mov	[PHYS(boot_pdpt) + 8], eax
	add	eax, 0x1000
	mov	[PHYS(boot_pdpt) + 16], eax
	add	eax, 0x1000
	mov	[PHYS(boot_pdpt) + 24], eax
	mov	dword [PHYS(boot_pml4)], PHYS(boot_pdpt) + 3
	mov	dword [PHYS(boot_pml4) + 273 * 8], PHYS(boot_pdpt) + 3	; DIRECT_MAP
	mov	dword [PHYS(boot_pml4) + 511 * 8], PHYS(boot_pdpt_high) + 3

	mov	eax, cr4
	or	eax, 0x20			; PAE
	mov	cr4, eax
	mov	eax, PHYS(boot_pml4)
	mov	cr3, eax
	mov	ecx, MSR_EFER
	rdmsr
	or	eax, 0x100			; LME
	wrmsr
	mov	eax, cr0
	and	eax, 0x9fffffff			; caches on
	or	eax, 0x80000001			; PG, PE
	mov	cr0, eax
	lgdt	[PHYS(boot_gdt_pointer)]
	jmp	KERNEL_CS:PHYS(start64)

no_long_mode:					; say so where a PC would show it, and stop
	mov	esi, PHYS(no_long_mode_text)
	mov	edi, 0xb8000
	mov	ah, 0x4f
.char:	lodsb
	test	al, al
	jz	.stop
	stosw
	jmp	.char
.stop:	hlt
	jmp	.stop

no_long_mode_text: db "Pipit needs a 64-bit CPU.", 0

	align	8
boot_gdt:
	dq	0, 0
	dq	0x00af9b000000ffff		; KERNEL_CS
	dq	0x00cf93000000ffff		; KERNEL_DS
boot_gdt_pointer:
	dw	$ - boot_gdt - 1
	dd	PHYS(boot_gdt)

; --- 64 bits --------------------------------------------------------------------------------------

bits 64
start64:					; still at the low address
	mov	rax, .high
	jmp	rax
.high:	mov	rsp, boot_stack_top
	xor	eax, eax
	mov	ds, eax
	mov	es, eax
	mov	fs, eax
	mov	gs, eax
	mov	eax, KERNEL_DS
	mov	ss, eax

	mov	r12, rsi			; CPUID destroys rbx; keep the information elsewhere
	mov	rdi, percpu_area		; GS base
	mov	[rdi + PERCPU_SELF], rdi
	mov	rax, rdi
	mov	rdx, rdi
	shr	rdx, 32
	mov	ecx, MSR_GS_BASE
	wrmsr
	mov	eax, 1				; the canary: RDRAND if there is one, and the TSC
	cpuid
	xor	r8, r8
	bt	ecx, 30
	jnc	.no_rdrand
	rdrand	r8
.no_rdrand:
	rdtsc
	shl	rdx, 32
	or	rax, rdx
	mov	rdx, 0x9e3779b97f4a7c15
	imul	rax, rdx
	xor	rax, r8
	xor	al, al				; a zero byte stops string overruns
	mov	[rdi + PERCPU_CANARY], rax

	mov	edi, ebp			; boot_start(magic, information)
	mov	esi, r12d
	xor	ebp, ebp			; backtraces end here
	call	boot_start
	ud2

section .bss align=4096
	resb	16384
boot_stack_top:

section .boot.bss nobits alloc noexec write align=4096
boot_pml4:	resb 4096
boot_pdpt:	resb 4096
boot_pdpt_high:	resb 4096
boot_pd:	resb 4 * 4096
