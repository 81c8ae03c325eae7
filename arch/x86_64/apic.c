/*
 * Local APIC and IO-APIC.
 *
 * The local APIC is reached through memory, or through MSRs where firmware has already switched it
 * to x2APIC mode (which cannot be undone). Both register pages lie in the uncached part of the
 * direct map (boot_map_direct). A CPU touches only its own local APIC, so there is no lock there,
 * but for the two halves of the interrupt command register, written with interrupts off. IO-APIC
 * registers go through an index register and are locked.
 */
#include "arch/x86_64/apic.h"

#include <linux/errno.h>

#include "arch/x86_64/acpi.h"
#include "arch/x86_64/atomic.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"

#define LAPIC_ID            0x020
#define LAPIC_TPR           0x080
#define LAPIC_EOI           0x0b0
#define LAPIC_SVR           0x0f0
#define LAPIC_ESR           0x280
#define LAPIC_ICR_LOW       0x300
#define LAPIC_ICR_HIGH      0x310
#define LAPIC_LVT_TIMER     0x320
#define LAPIC_LVT_LINT0     0x350
#define LAPIC_LVT_LINT1     0x360
#define LAPIC_LVT_ERROR     0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE  0x3e0

#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)
#define SVR_ENABLE       0x100u
#define LVT_MASKED       0x10000u
#define LVT_NMI          0x400u
#define LVT_TSC_DEADLINE 0x40000u
#define ICR_PENDING      0x1000u
#define ICR_ASSERT       0x4000u
#define ICR_NMI          0x400u
#define ICR_INIT         0x500u
#define ICR_STARTUP      0x600u
#define ICR_ALL_BUT_SELF 0xc0000u

#define IOAPIC_VERSION    0x01
#define IOAPIC_ENTRY(pin) (0x10 + 2 * (pin))
#define IOAPIC_LOW        (1u << 13)
#define IOAPIC_LEVEL      (1u << 15)
#define IOAPIC_MASKED     (1u << 16)

static bool is_x2apic;
static bool is_ready;
static volatile u8 *lapic;
static struct rawlock ioapic_lock = RAWLOCK_INIT;
static _Atomic bool stop_asked;

/* --- Local APIC ---------------------------------------------------------------------------------
 */

static u32 lapic_read(u32 reg)
{
	return is_x2apic ? (u32)rdmsr(0x800 + reg / 16) : mmio_read32(lapic + reg);
}

static void lapic_write(u32 reg, u32 value)
{
	if (is_x2apic)
		wrmsr(0x800 + reg / 16, value);
	else
		mmio_write32(lapic + reg, value);
}

/* Send an interrupt command and, in memory mode, wait until the APIC has accepted it. */
static void lapic_command(u32 target, u32 command)
{
	u64 flags;

	if (is_x2apic) {
		atomic_thread_fence(memory_order_seq_cst); /* x2APIC writes do not order stores */
		wrmsr(0x800 + LAPIC_ICR_LOW / 16, (u64)target << 32 | command);
		return;
	}
	flags = irq_save();
	lapic_write(LAPIC_ICR_HIGH, target << 24);
	lapic_write(LAPIC_ICR_LOW, command);
	while (lapic_read(LAPIC_ICR_LOW) & ICR_PENDING)
		cpu_relax();
	irq_restore(flags);
}

u32 apic_id(void)
{
	return is_x2apic ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

void apic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

void apic_ipi(unsigned int cpu, unsigned int vector)
{
	lapic_command(percpu_area[cpu].apic_id, ICR_ASSERT | vector);
}

void apic_stop_others(void)
{
	if (!is_ready || nr_cpus == 1 || atomic_exchange(&stop_asked, true))
		return;
	lapic_command(0, ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_NMI);
}

void apic_stop_if_asked(void)
{
	if (atomic_load(&stop_asked))
		cpu_halt();
}

void apic_send_init(u32 target_apic_id)
{
	lapic_write(LAPIC_ESR, 0);
	lapic_command(target_apic_id, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(u32 target_apic_id, u8 page)
{
	lapic_command(target_apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

void apic_timer_setup(bool use_tsc_deadline)
{
	lapic_write(LAPIC_TIMER_DIVIDE, 0xb); /* by one */
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER | (use_tsc_deadline ? LVT_TSC_DEADLINE : 0));
	/* In memory mode the write above may still be on its way when the MSR is written. */
	if (use_tsc_deadline)
		atomic_thread_fence(memory_order_seq_cst);
}

void apic_timer_count(u32 count)
{
	lapic_write(LAPIC_TIMER_INITIAL, count);
}

u32 apic_timer_current(void)
{
	return lapic_read(LAPIC_TIMER_CURRENT);
}

void apic_init_cpu(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (is_x2apic && !(base & APIC_BASE_X2APIC))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	else if (!(base & APIC_BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_LVT_ERROR, VECTOR_APIC_ERROR);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	lapic_write(LAPIC_EOI, 0);
}

/* --- IO-APIC ------------------------------------------------------------------------------------
 */

static u32 ioapic_read(const struct acpi_ioapic *io, u32 reg)
{
	volatile u8 *base = phys_to_virt(io->pa);

	mmio_write32(base, reg);
	return mmio_read32(base + 0x10);
}

static void ioapic_write(const struct acpi_ioapic *io, u32 reg, u32 value)
{
	volatile u8 *base = phys_to_virt(io->pa);

	mmio_write32(base, reg);
	mmio_write32(base + 0x10, value);
}

static u32 ioapic_pins(const struct acpi_ioapic *io)
{
	return (ioapic_read(io, IOAPIC_VERSION) >> 16 & 0xff) + 1;
}

/* How @irq is wired. */
static struct acpi_override irq_wiring(unsigned int irq)
{
	if (irq < ACPI_ISA_IRQS)
		return acpi_info.isa[irq];
	return (struct acpi_override){ .gsi = irq, .is_low = true, .is_level = true }; /* PCI */
}

/* The IO-APIC with input @gsi, and which pin of it that is. */
static const struct acpi_ioapic *ioapic_of(u32 gsi, u32 *pin)
{
	for (unsigned int i = 0; i < acpi_info.nr_ioapics; i++) {
		const struct acpi_ioapic *io = &acpi_info.ioapics[i];

		if (gsi < io->gsi_base || gsi - io->gsi_base >= ioapic_pins(io))
			continue;
		*pin = gsi - io->gsi_base;
		return io;
	}
	return NULL;
}

int irq_route(unsigned int irq)
{
	struct acpi_override wiring = irq_wiring(irq);
	const struct acpi_ioapic *io;
	u64 flags;
	u32 pin;

	if (irq >= NR_IRQS)
		return -ENODEV;
	flags = rawlock_lock_irqsave(&ioapic_lock);
	io = ioapic_of(wiring.gsi, &pin);
	if (io) {
		ioapic_write(io, IOAPIC_ENTRY(pin) + 1, percpu_area[0].apic_id << 24);
		ioapic_write(io, IOAPIC_ENTRY(pin),
			     (VECTOR_IRQ_BASE + irq) | IOAPIC_MASKED |
				     (wiring.is_low ? IOAPIC_LOW : 0) |
				     (wiring.is_level ? IOAPIC_LEVEL : 0));
	}
	rawlock_unlock_irqrestore(&ioapic_lock, flags);
	return io ? 0 : -ENODEV;
}

void irq_unmask(unsigned int irq)
{
	u64 flags = rawlock_lock_irqsave(&ioapic_lock);
	u32 pin;
	const struct acpi_ioapic *io = ioapic_of(irq_wiring(irq).gsi, &pin);

	if (io)
		ioapic_write(io, IOAPIC_ENTRY(pin),
			     ioapic_read(io, IOAPIC_ENTRY(pin)) & ~IOAPIC_MASKED);
	rawlock_unlock_irqrestore(&ioapic_lock, flags);
}

/* --- Start --------------------------------------------------------------------------------------
 */

/* Give the 8259s vectors of their own, in case of a spurious interrupt, and mask every line. */
static void pic_disable(void)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, VECTOR_PIC_BASE);
	outb(0xa1, VECTOR_PIC_BASE + 8);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void apic_init(void)
{
	pic_disable();
	is_x2apic = rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
	lapic = phys_to_virt(acpi_info.lapic_pa);
	apic_init_cpu();
	percpu_area[0].apic_id = apic_id();
	for (unsigned int i = 0; i < acpi_info.nr_ioapics; i++) {
		const struct acpi_ioapic *io = &acpi_info.ioapics[i];
		u32 pins = ioapic_pins(io);

		for (u32 pin = 0; pin < pins; pin++)
			ioapic_write(io, IOAPIC_ENTRY(pin), IOAPIC_MASKED);
	}
	is_ready = true;
}
