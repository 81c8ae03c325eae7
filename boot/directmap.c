/*
 * The kernel's page table: the direct map and the image.
 *
 * The direct map covers the first 4 GiB, memory or not, for ACPI tables and the interrupt
 * controllers lie there, and above that what the memory map lists. Pages are as large as the CPU
 * allows, but for the image's own: its text and constants are read-only through the direct map
 * too, or W^X would be one addition away from useless. Only the image's text is executable.
 */
#include "boot/bootinfo.h"

#include "lib/base.h"

#include "arch/x86_64/cpu.h"
#include "boot/internal.h"

#define PTE_PRESENT  0x001ull
#define PTE_WRITE    0x002ull
#define PTE_UNCACHED 0x018ull
#define PTE_LARGE    0x080ull
#define PTE_GLOBAL   0x100ull
#define PTE_NX       (1ull << 63)
#define PTE_ADDR     0x000ffffffffff000ull
#define TABLE_FLAGS  (PTE_PRESENT | PTE_WRITE)

#define SIZE_2M       (1ull << 21)
#define SIZE_1G       (1ull << 30)
#define DIRECT_ALWAYS (4 * SIZE_1G)
#define APIC_START    0xfec00000ull /* to 4 GiB: interrupt controllers and firmware */

u64 kernel_pml4[512] __aligned(4096);

static u64 nx; /* PTE_NX, or 0 on a CPU without it */

/* The table that entry @index of @table points to; made if missing. */
static u64 *next_table(u64 *table, u64 index)
{
	if (!table[index])
		table[index] = bootmem_alloc(PAGE_SIZE) | TABLE_FLAGS;
	return phys_to_virt(table[index] & PTE_ADDR);
}

static bool image_has(phys_addr start, phys_addr end)
{
	return start < virt_to_phys(image_end) && end > virt_to_phys(image_start);
}

/* Protection of a page, the same through the direct map but never executable there. */
static u64 page_flags(phys_addr pa)
{
	if (pa >= virt_to_phys(text_start) && pa < virt_to_phys(rodata_end))
		return PTE_PRESENT | PTE_GLOBAL | nx;
	return PTE_PRESENT | PTE_GLOBAL | PTE_WRITE | nx;
}

static void map_2m(u64 *pd, phys_addr pa)
{
	u64 index = pa / SIZE_2M % 512;
	u64 *pt;

	if (!image_has(pa, pa + SIZE_2M)) {
		pd[index] = pa | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_GLOBAL | nx |
			    (pa >= APIC_START && pa < DIRECT_ALWAYS ? PTE_UNCACHED : 0);
		return;
	}
	pt = next_table(pd, index);
	for (u64 i = 0; i < 512; i++)
		pt[i] = (pa + i * PAGE_SIZE) | page_flags(pa + i * PAGE_SIZE);
}

static void map_1g(u64 *pdpt, phys_addr pa)
{
	u64 index = pa / SIZE_1G % 512;
	bool is_mixed = image_has(pa, pa + SIZE_1G) || pa + SIZE_1G == DIRECT_ALWAYS;
	u64 *pd;

	if (cpu_features.has_1g_pages && !is_mixed) {
		pdpt[index] = pa | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_GLOBAL | nx;
		return;
	}
	pd = next_table(pdpt, index);
	for (u64 i = 0; i < 512; i++)
		map_2m(pd, pa + i * SIZE_2M);
}

static void map_range(phys_addr start, phys_addr end)
{
	end = MIN(end, DIRECT_MAP_END - DIRECT_MAP);
	for (phys_addr pa = ALIGN_DOWN(start, SIZE_1G); pa < end; pa += SIZE_1G) {
		u64 *pdpt = next_table(kernel_pml4, (DIRECT_MAP + pa) >> 39 & 511);

		if (!pdpt[pa / SIZE_1G % 512])
			map_1g(pdpt, pa);
	}
}

static void map_image(void)
{
	u64 *pdpt = next_table(kernel_pml4, KERNEL_BASE >> 39 & 511);
	u64 *pd = next_table(pdpt, KERNEL_BASE >> 30 & 511);

	for (u64 va = (u64)image_start; va < (u64)image_end; va += PAGE_SIZE) {
		u64 *pt = next_table(pd, va >> 21 & 511);
		phys_addr pa = va - KERNEL_BASE;
		bool is_text = va >= (u64)text_start && va < (u64)text_end;

		pt[va >> 12 & 511] = pa | (is_text ? PTE_PRESENT | PTE_GLOBAL : page_flags(pa));
	}
}

void boot_map_direct(void)
{
	nx = cpu_features.has_nx ? PTE_NX : 0;
	map_image();
	map_range(0, DIRECT_ALWAYS);
	for (unsigned int i = 0; i < bootinfo.nr_ranges; i++)
		if (bootinfo.map[i].type != BOOT_RESERVED && bootinfo.map[i].end > DIRECT_ALWAYS)
			map_range(bootinfo.map[i].start, bootinfo.map[i].end);
	write_cr3(virt_to_phys(kernel_pml4));
	bootmem_allow_high();
}
