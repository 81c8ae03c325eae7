/*
 * What the boot loader told us, in one form for multiboot2 and PVH; and the memory allocator that
 * serves until the page allocator takes over.
 */
#pragma once

#include "lib/base.h"

#include "arch/x86_64/memlayout.h"

#define BOOT_MAX_RANGES  128
#define BOOT_CMDLINE_MAX 2048

enum boot_range_type { BOOT_USABLE, BOOT_RESERVED, BOOT_ACPI };

struct boot_range {
	phys_addr start, end; /* as the firmware gives them: not page aligned */
	enum boot_range_type type;
};

struct boot_framebuffer {
	phys_addr pa; /* 0: none */
	u32 width, height, pitch;
	u8 bits_per_pixel;
	u8 red_shift, green_shift, blue_shift; /* eight bits each */
};

struct bootinfo {
	char cmdline[BOOT_CMDLINE_MAX];
	struct boot_range map[BOOT_MAX_RANGES];
	unsigned int nr_ranges;
	phys_addr initrd_pa; /* 0: none */
	u64 initrd_size;
	phys_addr rsdp_pa; /* 0: search */
	struct boot_framebuffer fb;
	bool has_vga_text; /* 80x25 text memory at 0xb8000 */
};
extern struct bootinfo bootinfo;

#define bootinfo_initrd() (bootinfo.initrd_pa ? phys_to_virt(bootinfo.initrd_pa) : NULL)

/* End of the highest usable range: the size of the page array, in bytes of memory. */
phys_addr bootinfo_memory_end(void);

/* Zeroed, page-aligned memory that is never freed. Panics when there is none. Boot CPU only. */
phys_addr bootmem_alloc(u64 size);

/**
 * bootmem_free_ranges - what is left: page-aligned usable ranges above 1 MiB, in address order,
 *   without the kernel image, the initrd and all that bootmem_alloc() gave away.
 * No bootmem_alloc() may follow. Returns how many ranges were written to @out.
 */
unsigned int bootmem_free_ranges(struct boot_range *out, unsigned int max);
