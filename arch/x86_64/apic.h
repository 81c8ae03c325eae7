/*
 * Local APIC (timer, interrupts between CPUs) and IO-APIC (device lines).
 */
#pragma once

#include "lib/base.h"

/* Vectors. 0x00-0x1f are exceptions; 0x20 + n is IO-APIC line n of upcall_irq(). */
#define VECTOR_IRQ_BASE   0x20
#define NR_IRQS           32
#define VECTOR_PIC_BASE   0xe0 /* where the 8259s would send, if they were not masked */
#define VECTOR_TIMER      0xf0
#define VECTOR_RESCHED    0xf1
#define VECTOR_TLB        0xf2
#define VECTOR_APIC_ERROR 0xfe
#define VECTOR_SPURIOUS   0xff

/* Mask the old 8259s, enable the boot CPU's local APIC, mask all IO-APIC lines. After acpi_init. */
void apic_init(void);
/* Enable the local APIC of an application processor. */
void apic_init_cpu(void);

u32 apic_id(void); /* of this CPU */
void apic_eoi(void);

/* Send to one CPU. Any context. */
void apic_ipi(unsigned int cpu, unsigned int vector);
/* Reach the other CPUs even with their interrupts off; they halt (traps.c). For panic. */
void apic_stop_others(void);
void apic_stop_if_asked(void); /* the NMI's handler */

/* Startup, for smp.c. */
void apic_send_init(u32 target_apic_id);
void apic_send_startup(u32 target_apic_id, u8 page);

/* Local timer, for clock.c. A count of 0 stops it. */
void apic_timer_setup(bool use_tsc_deadline);
void apic_timer_count(u32 count);
u32 apic_timer_current(void);

/* Device lines. @irq is an ISA interrupt number (overrides from the MADT apply) or, from 16 on, a
 * global system interrupt. Lines begin masked. */
int irq_route(unsigned int irq) __must_check; /* to the boot CPU; -ENODEV: no such line */
void irq_unmask(unsigned int irq);
