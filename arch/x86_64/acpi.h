/*
 * The few ACPI tables the kernel reads: MADT (CPUs, interrupt routing) and FADT (timer, power).
 */
#pragma once

#include "lib/base.h"

#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"

#define ACPI_MAX_IOAPICS 4
#define ACPI_ISA_IRQS    16

struct acpi_ioapic {
	phys_addr pa;
	u32 gsi_base;
};

/* MADT flags of an override: the bus's default is edge, active high, for ISA. */
struct acpi_override {
	u32 gsi;
	bool is_low, is_level;
};

struct acpi_info {
	u32 apic_ids[MAX_CPUS]; /* enabled CPUs, in table order */
	unsigned int nr_apics;
	phys_addr lapic_pa;
	struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
	unsigned int nr_ioapics;
	struct acpi_override isa[ACPI_ISA_IRQS];
	u16 pm_timer_port; /* 0: none */
	u16 pm1a_cnt, pm1b_cnt; /* 0: none */
	u16 smi_cmd;
	u8 acpi_enable;
	bool has_reset;
	u8 reset_space, reset_value; /* 0 memory, 1 port */
	u64 reset_address;
	phys_addr dsdt_pa;
};
extern struct acpi_info acpi_info;

/* @rsdp_pa: from the boot loader, or 0 to search low memory. Without tables the defaults describe
 * a one-CPU PC. */
void acpi_init(phys_addr rsdp_pa);

/* Find \_S5 in the DSDT: the values for PM1a_CNT and PM1b_CNT. False if absent. */
bool acpi_find_s5(u8 *typ_a, u8 *typ_b);
