/*
 * Power off and reset: each by every method there is, best first.
 */
#include "arch/x86_64/power.h"

#include "arch/x86_64/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"

#define PM1_SCI_EN     0x0001u
#define PM1_SLP_TYP(t) ((u16)((t) << 10))
#define PM1_SLP_EN     0x2000u

static void acpi_enable_mode(void)
{
	if (!acpi_info.smi_cmd || !acpi_info.acpi_enable)
		return;
	if (inw(acpi_info.pm1a_cnt) & PM1_SCI_EN)
		return;
	outb(acpi_info.smi_cmd, acpi_info.acpi_enable);
	for (int i = 0; i < 300 && !(inw(acpi_info.pm1a_cnt) & PM1_SCI_EN); i++)
		clock_delay_us(10);
}

void machine_poweroff(void)
{
	u8 typ_a, typ_b;

	irq_disable();
	apic_stop_others();
	if (acpi_info.pm1a_cnt && acpi_find_s5(&typ_a, &typ_b)) {
		acpi_enable_mode();
		outw(acpi_info.pm1a_cnt, PM1_SLP_TYP(typ_a) | PM1_SLP_EN);
		if (acpi_info.pm1b_cnt)
			outw(acpi_info.pm1b_cnt, PM1_SLP_TYP(typ_b) | PM1_SLP_EN);
		clock_delay_us(1000);
	}
	outw(0x604, PM1_SLP_EN); /* QEMU without tables: PM1a_CNT of its q35 machine, */
	outw(0xb004, PM1_SLP_EN); /* and of its old pc */
	machine_halt();
}

static void reset_by_acpi(void)
{
	if (!acpi_info.has_reset)
		return;
	if (acpi_info.reset_space == 1)
		outb((u16)acpi_info.reset_address, acpi_info.reset_value);
	else if (acpi_info.reset_space == 0 && acpi_info.reset_address < (1ull << 32))
		*(volatile u8 *)phys_to_virt(acpi_info.reset_address) = acpi_info.reset_value;
	clock_delay_us(100);
}

static void reset_by_keyboard_controller(void)
{
	for (int i = 0; i < 1000 && (inb(0x64) & 2); i++)
		cpu_relax();
	outb(0x64, 0xfe);
	clock_delay_us(100);
}

void machine_restart(void)
{
	const struct {
		u16 limit;
		u64 base;
	} __packed no_idt = { 0, 0 };

	irq_disable();
	apic_stop_others();
	reset_by_acpi();
	reset_by_keyboard_controller();
	/* An exception with no IDT, three deep, makes the CPU shut down, and the board reset it. */
	__asm__ volatile("lidt %0; int3" ::"m"(no_idt));
	machine_halt();
}

void machine_halt(void)
{
	irq_disable();
	apic_stop_others();
	cpu_halt();
}
