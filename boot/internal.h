/*
 * The steps of boot_start(), in order.
 */
#pragma once

#include "boot/bootinfo.h"

/* Read what the loader left at @info into bootinfo. Panics if @magic is neither loader's. */
void bootinfo_init(u32 magic, phys_addr info);

/* Note what must not be given away (image, initrd), and set smp_trampoline_pa. */
void bootmem_init(void);

/* Build and load the final kernel page table: all memory at DIRECT_MAP, the image with W^X. After
 * it bootmem_alloc() may use memory above 4 GiB, and low addresses are unmapped. */
void boot_map_direct(void);
void bootmem_allow_high(void);

/* Called from multiboot2.asm. */
__noreturn void boot_start(u32 magic, phys_addr info);
