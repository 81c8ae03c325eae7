/*
 * Starting the application processors, one at a time.
 *
 * An AP begins in real mode at a page below 1 MiB, which the boot code has set aside: the
 * trampoline (boot/ap_start.asm) is copied there, and behind it three pages of page table that map
 * the first 2 MiB where they are, for the moment in which paging is switched on, and the kernel's
 * upper half. From there the AP jumps to smp_ap_entry in the kernel proper, takes the kernel's own
 * page table, and the low addresses are gone.
 *
 * The boot CPU waits for each: the AP says is_online, the boot CPU raises nr_cpus, the AP goes on.
 * One that says nothing is sent back to sleep with another INIT, so it cannot wake up later.
 */
#include "arch/x86_64/smp.h"

#include "lib/string.h"

#include "arch/x86_64/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/gdt.h"
#include "arch/x86_64/idt.h"
#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/upcalls.h"

#define PTE_PRESENT_WRITE 0x003u
#define PTE_LARGE         0x080u

phys_addr smp_trampoline_pa;

/* What the trampoline reads, at the start of its page (boot/ap_start.asm knows the layout). */
struct ap_boot {
	u8 jump[8]; /* the first instruction jumps over this struct */
	u32 cr3;
	u32 efer;
	u64 entry;
	u64 kernel_cr3;
	u64 stack_top;
	u64 percpu;
};
static_assert(offsetof(struct ap_boot, cr3) == 8, "ap_start.asm");
static_assert(sizeof(struct ap_boot) == 48, "ap_start.asm");

extern const u8 ap_trampoline_start[], ap_trampoline_end[];
void smp_ap_entry(void); /* boot/ap_start.asm */
__noreturn void smp_ap_main(unsigned int cpu); /* called from there */

static void (*ap_entry)(unsigned int cpu);

/* The trampoline's code and page table. */
static struct ap_boot *trampoline_prepare(void)
{
	struct ap_boot *boot = phys_to_virt(smp_trampoline_pa);
	u64 *pml4 = phys_to_virt(smp_trampoline_pa + PAGE_SIZE);
	u64 *pdpt = pml4 + 512, *pd = pdpt + 512;

	memcpy(boot, ap_trampoline_start, (size_t)(ap_trampoline_end - ap_trampoline_start));
	memset(pml4, 0, 3 * PAGE_SIZE);
	memcpy(pml4 + 256, kernel_pml4 + 256, PAGE_SIZE / 2);
	pml4[0] = virt_to_phys(pdpt) | PTE_PRESENT_WRITE;
	pdpt[0] = virt_to_phys(pd) | PTE_PRESENT_WRITE;
	pd[0] = PTE_PRESENT_WRITE | PTE_LARGE;
	boot->cr3 = (u32)virt_to_phys(pml4);
	boot->efer = EFER_SCE | EFER_LME | (cpu_features.has_nx ? EFER_NX : 0);
	boot->entry = (u64)smp_ap_entry;
	boot->kernel_cr3 = virt_to_phys(kernel_pml4);
	return boot;
}

static bool wait_online(const struct percpu *cpu, u32 us)
{
	u64 deadline = clock_ns() + us * 1000ull;

	while (!load_acquire(&cpu->is_online)) {
		if (clock_ns() > deadline)
			return false;
		cpu_relax();
	}
	return true;
}

/* The INIT-STARTUP-STARTUP sequence. Interrupts off. */
static bool send_startup(unsigned int cpu, u32 id)
{
	u8 page = (u8)(smp_trampoline_pa >> PAGE_SHIFT);

	/* QEMU's instruction-counted clock charges a CPU that is reset with all the time until the
	 * next timer event. Let that not be the BIOS's, 50 ms away. */
	clock_arm(clock_ns() + 10000);
	apic_send_init(id);
	if (!cpu_features.is_hypervisor)
		clock_delay_us(10000); /* real silicon resets at its own pace */
	apic_send_startup(id, page);
	if (wait_online(&percpu_area[cpu], 1000))
		return true;
	apic_send_startup(id, page);
	if (wait_online(&percpu_area[cpu], 100000))
		return true;
	apic_send_init(id);
	return false;
}

static bool start_cpu(struct ap_boot *boot, unsigned int cpu, u32 id)
{
	u64 stack_top = upcall_alloc_stack();
	u64 ist_tops[IST_BLOCKS], flags;
	bool is_started;

	if (!stack_top)
		return false;
	for (unsigned int i = 0; i < IST_BLOCKS; i++) {
		ist_tops[i] = upcall_alloc_stack();
		if (!ist_tops[i])
			return false;
	}
	percpu_prepare(cpu, id, ist_tops);
	boot->stack_top = stack_top;
	boot->percpu = (u64)&percpu_area[cpu];
	atomic_thread_fence(memory_order_seq_cst);
	flags = irq_save();
	is_started = send_startup(cpu, id);
	clock_disarm();
	irq_restore(flags);
	return is_started;
}

void smp_start(unsigned int max_cpus, void (*entry)(unsigned int cpu))
{
	struct ap_boot *boot;

	if (max_cpus == 1 || acpi_info.nr_apics < 2 || !smp_trampoline_pa)
		return;
	if (max_cpus == 0 || max_cpus > MAX_CPUS)
		max_cpus = MAX_CPUS;
	ap_entry = entry;
	boot = trampoline_prepare();
	for (unsigned int i = 0; i < acpi_info.nr_apics && nr_cpus < max_cpus; i++) {
		u32 id = acpi_info.apic_ids[i];

		if (id == percpu_area[0].apic_id)
			continue;
		if (start_cpu(boot, nr_cpus, id))
			__atomic_store_n(&nr_cpus, nr_cpus + 1, __ATOMIC_RELEASE);
	}
}

void smp_ap_main(unsigned int cpu)
{
	struct percpu *block = &percpu_area[cpu];

	cpu_init();
	gdt_load(block);
	idt_load_cpu();
	fpu_init_cpu();
	apic_init_cpu();
	clock_init_cpu();
	store_release(&block->is_online, true);
	while (__atomic_load_n(&nr_cpus, __ATOMIC_ACQUIRE) <= cpu)
		cpu_relax();
	ap_entry(cpu);
	cpu_halt();
}
