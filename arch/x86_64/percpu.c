/*
 * The per-CPU blocks.
 *
 * Static, because the boot CPU needs its own before there is any memory to allocate: boot code
 * points GS at percpu_area[0] and sets its canary before it calls C. The others' are prepared by
 * the boot CPU just before it starts them.
 */
#include "arch/x86_64/percpu.h"

#include "arch/x86_64/cpu.h"

struct percpu percpu_area[MAX_CPUS];
unsigned int nr_cpus = 1;

void percpu_prepare(unsigned int cpu, u32 apic_id, const u64 ist_tops[IST_BLOCKS])
{
	struct percpu *block = &percpu_area[cpu];

	block->self = block;
	block->cpu_id = cpu;
	block->apic_id = apic_id;
	block->canary = percpu_area[0].canary;
	block->tss.iomap_base = sizeof(struct tss);
	for (u64 i = 0; i < IST_COUNT; i++)
		block->tss.ist[i] =
			ist_tops[i / IST_PER_BLOCK] - i % IST_PER_BLOCK * IST_STACK_SIZE;
}
