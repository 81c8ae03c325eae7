/*
 * Kernel virtual ranges beyond the direct map: guarded stacks, device memory.
 */
#pragma once

#include "lib/base.h"
#include "arch/x86_64/memlayout.h"

#define KSTACK_SIZE KERNEL_STACK_SIZE

/* The top of a stack with an unmapped page below; NULL: out of memory. Freed ones are cached
 * per CPU. */
void *kstack_alloc(void) __must_check;
void kstack_free(void *top);

/* Uncached mapping of device memory, for ever. NULL: out of room. */
void *mmio_map(u64 pa, size_t size) __must_check;

/* Virtually contiguous memory of any size (big tables); may sleep. */
void *kvmalloc(size_t size) __must_check;
void kvfree(void *p);
void kmap_init(void);
