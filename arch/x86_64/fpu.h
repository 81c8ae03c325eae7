/*
 * The state of x87, SSE and AVX: XSAVE standard format where the CPU has it, else FXSAVE.
 */
#pragma once

#include "lib/base.h"

struct fpu; /* fpu_size bytes, 64-byte aligned: the hardware's own format */

extern u32 fpu_size; /* 512 without XSAVE */
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

/* The same with an image of fpu_size bytes in user memory, so that a signal frame needs no copy.
 * May sleep; -EFAULT also for an image that is not 64-byte aligned. The header of the one saved to
 * is all zeroes before, if there is XSAVE. */
int fpu_save_user(void __user *image) __must_check;
int fpu_load_user(const void __user *image) __must_check;
