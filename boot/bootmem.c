/*
 * Memory before the page allocator: taken from the memory map, first fit, never given back.
 *
 * `taken` lists what is no longer free: the image, the initrd, and what was handed out, which
 * mostly grows one entry. Memory below 1 MiB is never handed out; four pages there become the
 * trampoline of the other CPUs.
 */
#include "boot/bootinfo.h"

#include "lib/string.h"

#include "arch/x86_64/smp.h"
#include "arch/x86_64/upcalls.h"
#include "boot/internal.h"

#define MAX_TAKEN         32
#define LOW_MEMORY        0x100000ull
#define TRAMPOLINE_LOWEST 0x8000ull /* what is below may still be the BIOS's */
#define TRAMPOLINE_SIZE   (4 * PAGE_SIZE)

extern char boot_end[]; /* linker.ld: end of what is in use now, beyond image_end */

/* Entries of `taken` that stay as they are. */
enum { TAKEN_IMAGE, TAKEN_BOOT_TABLE, NR_FIXED };

static struct boot_range taken[MAX_TAKEN];
static unsigned int nr_taken;
static phys_addr limit = 1ull << 32;

static void take(phys_addr start, phys_addr end)
{
	for (unsigned int i = NR_FIXED; i < nr_taken; i++) {
		if (taken[i].end != start)
			continue;
		taken[i].end = end;
		return;
	}
	if (nr_taken == MAX_TAKEN)
		upcall_panic(NULL, "boot memory is too fragmented");
	taken[nr_taken++] = (struct boot_range){ start, end, BOOT_RESERVED };
}

static bool overlaps(const struct boot_range *r, phys_addr start, phys_addr end)
{
	return r->start < end && r->end > start;
}

/* Something in the way of [start, end), the lowest such, or NULL. */
static const struct boot_range *obstacle(phys_addr start, phys_addr end)
{
	const struct boot_range *lowest = NULL;

	for (unsigned int i = 0; i < bootinfo.nr_ranges + nr_taken; i++) {
		const struct boot_range *r =
			i < bootinfo.nr_ranges ? &bootinfo.map[i] : &taken[i - bootinfo.nr_ranges];

		if (r->type == BOOT_USABLE || !overlaps(r, start, end))
			continue;
		if (!lowest || r->start < lowest->start)
			lowest = r;
	}
	return lowest;
}

/* First free [pa, pa + size) with lowest <= pa and its end at most highest; 0: none. */
static phys_addr find_free(u64 size, phys_addr lowest, phys_addr highest)
{
	for (unsigned int i = 0; i < bootinfo.nr_ranges; i++) {
		const struct boot_range *r = &bootinfo.map[i];
		phys_addr start = ALIGN_UP(MAX(r->start, lowest), PAGE_SIZE);
		phys_addr end = MIN(r->end, highest);

		if (r->type != BOOT_USABLE)
			continue;
		while (start + size <= end) {
			const struct boot_range *o = obstacle(start, start + size);

			if (!o)
				return start;
			start = ALIGN_UP(o->end, PAGE_SIZE);
		}
	}
	return 0;
}

void bootmem_init(void)
{
	taken[TAKEN_IMAGE] = (struct boot_range){ virt_to_phys(image_start),
						  virt_to_phys(image_end), BOOT_RESERVED };
	taken[TAKEN_BOOT_TABLE] = (struct boot_range){ virt_to_phys(image_end),
						       virt_to_phys(boot_end), BOOT_RESERVED };
	nr_taken = NR_FIXED;
	if (bootinfo.initrd_pa)
		take(ALIGN_DOWN(bootinfo.initrd_pa, PAGE_SIZE),
		     ALIGN_UP(bootinfo.initrd_pa + bootinfo.initrd_size, PAGE_SIZE));
	smp_trampoline_pa = find_free(TRAMPOLINE_SIZE, TRAMPOLINE_LOWEST, LOW_MEMORY);
}

void bootmem_allow_high(void)
{
	limit = ~0ull;
}

phys_addr bootmem_alloc(u64 size)
{
	phys_addr pa;

	size = ALIGN_UP(size, PAGE_SIZE);
	pa = find_free(size, LOW_MEMORY, limit);
	if (!pa)
		upcall_panic(NULL, "out of memory while booting");
	take(pa, pa + size);
	memset(phys_to_virt(pa), 0, size);
	return pa;
}

unsigned int bootmem_free_ranges(struct boot_range *out, unsigned int max)
{
	unsigned int count = 0;
	phys_addr done = LOW_MEMORY;

	taken[TAKEN_BOOT_TABLE].end = 0; /* no longer in use */
	taken[TAKEN_BOOT_TABLE].start = 0;
	for (unsigned int i = 0; i < bootinfo.nr_ranges && count < max; i++) {
		phys_addr start = ALIGN_UP(MAX(bootinfo.map[i].start, done), PAGE_SIZE);
		phys_addr end = ALIGN_DOWN(bootinfo.map[i].end, PAGE_SIZE);

		if (bootinfo.map[i].type != BOOT_USABLE)
			continue;
		while (start < end && count < max) {
			const struct boot_range *o = obstacle(start, end);
			phys_addr stop = o ? MAX(ALIGN_DOWN(o->start, PAGE_SIZE), start) : end;

			if (stop > start)
				out[count++] = (struct boot_range){ start, stop, BOOT_USABLE };
			start = o ? ALIGN_UP(o->end, PAGE_SIZE) : end;
		}
		done = MAX(done, end);
	}
	return count;
}
