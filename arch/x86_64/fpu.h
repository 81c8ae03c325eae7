/*
 * The state of x87, SSE and AVX: XSAVE standard format where the CPU has it, else FXSAVE.
 */
#pragma once

#include "lib/base.h"

struct fpu; /* fpu_size bytes, 64-byte aligned: the hardware's own format */

extern u32 fpu_size;	 /* 512 without XSAVE */
extern u64 fpu_features; /* XCR0; 0 without XSAVE */
extern u32 fpu_mxcsr_mask;

/* Per CPU: enable the FPU. The boot CPU also measures fpu_size. */
void fpu_init_cpu(void);

/* Fill an area with the state of a fresh process. */
void arch_fpu_init(struct fpu *fpu);

void arch_fpu_copy(struct fpu *dst, const struct fpu *src);

/* Registers to memory and back; the kernel itself never uses them. */
void fpu_save(struct fpu *fpu);
int fpu_load(const struct fpu *fpu) __must_check; /* -EFAULT: the image is malformed */
