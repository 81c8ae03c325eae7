/*
 * Loading page tables, and translations that must be forgotten.
 *
 * Invariant: bit c of pgt->cpus is set before CPU c loads pgt, and cleared after it has loaded
 * another. Whoever changes an entry and then reads the mask either sees the bit, or the CPU's load
 * comes after the change and starts with nothing cached: both sides have a full barrier between the
 * two steps. A shootdown: one at a time, under a lock. The request lies in one place, `pending`
 * names the CPUs that have not answered, each clears its bit. The requester waits with interrupts
 * on, so two CPUs that want to flush each other's cannot deadlock; no lock may be held that another
 * CPU could want with its interrupts off. Lazy: a kernel thread (it has no FPU state) runs on
 * whatever table is loaded. Asked to flush, its CPU drops the table instead and is not asked again.
 */
#include "arch/x86_64/tlb.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/atomic.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/thread.h"
#include "arch/x86_64/upcalls.h"

#define FLUSH_ALL_PAGES 32 /* from so many pages on, forget everything */

struct pgtable *pgtable_loaded[MAX_CPUS];

static struct {
	struct rawlock lock;
	_Atomic u64 pending;
	struct pgtable *pgt; /* NULL: the kernel's half */
	u64 start, end;
	bool is_retired;
} shootdown;

static void load(struct pgtable *pgt, phys_addr root_pa)
{
	unsigned int cpu = cpu_id();
	struct pgtable *old = pgtable_loaded[cpu];

	if (old == pgt)
		return;
	if (pgt)
		atomic_fetch_or(&pgt->cpus, 1ull << cpu);
	pgtable_loaded[cpu] = pgt;
	write_cr3(root_pa);
	if (old)
		atomic_fetch_and(&old->cpus, ~(1ull << cpu));
}

void pgtable_load(struct pgtable *pgt)
{
	load(pgt, pgt->root_pa);
}

void pgtable_load_kernel(void)
{
	load(NULL, virt_to_phys(kernel_pml4));
}

static void flush_user_local(u64 start, u64 end)
{
	if (end - start > FLUSH_ALL_PAGES * PAGE_SIZE) {
		write_cr3(read_cr3());
		return;
	}
	for (u64 va = start; va < end; va += PAGE_SIZE)
		invlpg(va);
}

static void flush_kernel_local(u64 start, u64 end)
{
	u64 flags;

	if (end - start <= FLUSH_ALL_PAGES * PAGE_SIZE) {
		for (u64 va = start; va < end; va += PAGE_SIZE)
			invlpg(va);
		return;
	}
	flags = irq_save();
	write_cr4(read_cr4() & ~(u64)CR4_PGE); /* global translations go too */
	write_cr4(read_cr4() | CR4_PGE);
	irq_restore(flags);
}

static bool is_kernel_thread(void)
{
	const struct thread_head *head = (const struct thread_head *)this_thread();

	return head && !head->arch.fpu;
}

void upcall_tlb_ipi(void)
{
	u64 bit = 1ull << cpu_id();

	if (!(load_acquire(&shootdown.pending) & bit))
		return;
	if (!shootdown.pgt)
		flush_kernel_local(shootdown.start, shootdown.end);
	else if (!pgtable_is_loaded(shootdown.pgt))
		; /* it went on to another one meanwhile */
	else if (shootdown.is_retired || is_kernel_thread())
		pgtable_load_kernel();
	else
		flush_user_local(shootdown.start, shootdown.end);
	atomic_fetch_and(&shootdown.pending, ~bit);
}

static void ask_others(u64 cpus, struct pgtable *pgt, u64 start, u64 end, bool is_retired)
{
	if (!irqs_enabled())
		upcall_panic(NULL, "TLB shootdown with interrupts off");
	rawlock_lock(&shootdown.lock);
	shootdown.pgt = pgt;
	shootdown.start = start;
	shootdown.end = end;
	shootdown.is_retired = is_retired;
	store_release(&shootdown.pending, cpus);
	for (u64 left = cpus; left; left &= left - 1)
		apic_ipi((unsigned int)__builtin_ctzll(left), VECTOR_TLB);
	while (load_acquire(&shootdown.pending))
		cpu_relax();
	rawlock_unlock(&shootdown.lock);
}

/* The other CPUs that have pgt, as of after every change made to it so far. */
static u64 other_cpus(struct pgtable *pgt)
{
	if (nr_cpus == 1)
		return 0;
	smp_mb();
	return load_relaxed(&pgt->cpus) & ~(1ull << cpu_id());
}

void tlb_flush_range(struct pgtable *pgt, u64 start, u64 end)
{
	u64 others = other_cpus(pgt);

	if (pgtable_is_loaded(pgt))
		flush_user_local(start, end);
	if (unlikely(others))
		ask_others(others, pgt, start, end, false);
}

void tlb_flush_all(struct pgtable *pgt)
{
	tlb_flush_range(pgt, 0, USER_TOP);
}

void pgtable_retire(struct pgtable *pgt)
{
	u64 flags = irq_save();
	u64 others;

	if (pgtable_is_loaded(pgt))
		pgtable_load_kernel();
	irq_restore(flags);
	others = other_cpus(pgt);
	if (unlikely(others))
		ask_others(others, pgt, 0, USER_TOP, true);
}

void tlb_flush_kernel(u64 start, u64 end)
{
	u64 others = ((nr_cpus == 64 ? 0 : 1ull << nr_cpus) - 1) & ~(1ull << cpu_id());

	flush_kernel_local(start, end);
	if (nr_cpus > 1 && others)
		ask_others(others, NULL, start, end, false);
}

void tlb_flush_page_local(u64 va)
{
	invlpg(va);
}
