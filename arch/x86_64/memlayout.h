/*
 * The map of virtual memory.
 *
 *   0000000000000000 .. 00007ffffffff000  user
 *   ffff888000000000 .. +physical memory  direct map of all memory (and of the first 4 GiB)
 *   ffffc90000000000 .. ffffe90000000000  kmap: guarded stacks, device registers (kernel/mm/kmap)
 *   ffffffff80000000 .. +1 GiB            kernel image, linked at KERNEL_BASE + physical address
 */
#pragma once

#include "lib/base.h"

typedef u64 phys_addr;

#define USER_TOP       0x00007ffffffff000UL /* first address no user mapping may reach */
#define DIRECT_MAP     0xffff888000000000UL
#define DIRECT_MAP_END 0xffffc88000000000UL
#define KMAP_BASE      0xffffc90000000000UL
#define KMAP_END       0xffffe90000000000UL
#define KERNEL_BASE    0xffffffff80000000UL

/* Use has been measured at 2.2 KiB; what debug kernels add to each frame takes several times that.
 */
#if defined(CONFIG_DEBUG) || defined(CONFIG_TRACE)
#define KERNEL_STACK_SIZE 16384UL
#else
#define KERNEL_STACK_SIZE 8192UL
#endif

/* Page-aligned section bounds, from linker.ld. */
extern char image_start[], image_end[];
extern char text_start[], text_end[];
extern char rodata_start[], rodata_end[]; /* includes what is constant after boot */
extern char data_start[], data_end[]; /* data and bss */

/* The page table of the kernel alone: the upper half of every other one is a copy of its own. */
extern u64 kernel_pml4[512];

static inline void *phys_to_virt(phys_addr pa)
{
	return (void *)(pa + DIRECT_MAP);
}

/* Physical address of a direct map address or of something inside the kernel image. */
static inline phys_addr virt_to_phys(const void *va)
{
	u64 addr = (u64)va;

	return addr >= KERNEL_BASE ? addr - KERNEL_BASE : addr - DIRECT_MAP;
}
