/*
 * The machine, made ready for the kernel.
 *
 * Order: first whatever reports trouble (UART, gates), then the CPU, then memory, then the devices
 * that are part of the machine. The text and the tables constant after boot are patched before
 * boot_map_direct() makes them read-only.
 */
#include "arch/x86_64/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/extable.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/gdt.h"
#include "arch/x86_64/idt.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/syscall.h"
#include "arch/x86_64/uart.h"
#include "arch/x86_64/upcalls.h"
#include "boot/internal.h"

static u8 boot_ist_stacks[IST_BLOCKS][KERNEL_STACK_SIZE] __aligned(4096);

void boot_start(u32 magic, phys_addr info)
{
	u64 ist_tops[IST_BLOCKS];

	uart_init();
	for (unsigned int i = 0; i < IST_BLOCKS; i++)
		ist_tops[i] = (u64)boot_ist_stacks[i] + KERNEL_STACK_SIZE;
	percpu_prepare(0, 0, ist_tops);
	percpu_area[0].is_online = true;
	gdt_load(&percpu_area[0]);
	idt_init();
	idt_load_cpu();
	extable_init();
	syscall_table_init();
	cpu_init();
	fpu_init_cpu();
	bootinfo_init(magic, info);
	bootmem_init();
	boot_map_direct();
	acpi_init(bootinfo.rsdp_pa);
	apic_init();
	clock_calibrate();
	kernel_main();
}
