/*
 * FPU state in memory.
 *
 * The format is the hardware's: XSAVE standard format, which begins with the FXSAVE image, so one
 * layout serves both kinds of CPU and is also what Linux's signal frames hold. The components in
 * use are those this kernel knows to be plain registers: x87, SSE, AVX, AVX-512.
 *
 * Who saves and loads when: thread.c (switches), sigframe.c (signals).
 */
#include "arch/x86_64/fpu.h"

#include <linux/errno.h>

#include "lib/string.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/uaccess.h"

#define XFEATURES_KNOWN  0xe7u
#define XFEATURES_AVX512 0xe0u

#define FCW_DEFAULT   0x037f
#define MXCSR_DEFAULT 0x1f80

u32 fpu_size = 512;
u64 fpu_features;
u32 fpu_mxcsr_mask;

static void fpu_measure(void)
{
	static u8 image[512] __aligned(64);

	if (cpu_features.has_xsave)
		fpu_size = cpuid(0xd, 0).ebx;
	__asm__ volatile("fxsave64 %0" : "=m"(image));
	memcpy(&fpu_mxcsr_mask, image + 28, sizeof(fpu_mxcsr_mask));
	if (!fpu_mxcsr_mask)
		fpu_mxcsr_mask = 0xffbf; /* what a zero stands for (SDM volume 1, 11.6.6) */
}

void fpu_init_cpu(void)
{
	u64 features;

	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	__asm__ volatile("fninit");
	if (cpu_features.has_xsave) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		features = cpuid(0xd, 0).eax & XFEATURES_KNOWN;
		if ((features & XFEATURES_AVX512) != XFEATURES_AVX512)
			features &= ~(u64)XFEATURES_AVX512;
		__asm__ volatile("xsetbv" ::"c"(0), "a"((u32)features), "d"(0));
		fpu_features = features;
	}
	if (!fpu_mxcsr_mask)
		fpu_measure();
}

void arch_fpu_init(struct fpu *fpu)
{
	u8 *image = (u8 *)fpu;
	const u16 fcw = FCW_DEFAULT;
	const u32 mxcsr = MXCSR_DEFAULT;

	/* A zero XSTATE_BV loads every component's initial state, but MXCSR from here. */
	memset(image, 0, fpu_size);
	memcpy(image, &fcw, sizeof(fcw));
	memcpy(image + 24, &mxcsr, sizeof(mxcsr));
	memcpy(image + 28, &fpu_mxcsr_mask, sizeof(fpu_mxcsr_mask));
}

void arch_fpu_copy(struct fpu *dst, const struct fpu *src)
{
	memcpy(dst, src, fpu_size);
}

void fpu_save(struct fpu *fpu)
{
	if (fpu_features)
		__asm__ volatile("xsave64 (%0)" ::"r"(fpu), "a"((u32)fpu_features), "d"(0)
				 : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(fpu) : "memory");
}

/* A malformed image is a general protection fault, which the exception table turns into -EFAULT. */
int fpu_load(const struct fpu *fpu)
{
	if (fpu_features)
		__asm__ volatile goto("1: xrstor64 (%0)\n\t" EXTABLE("1b", "%l[fault]")
				      :
				      : "r"(fpu), "a"((u32)fpu_features), "d"(0)
				      : "memory"
				      : fault);
	else
		__asm__ volatile goto("1: fxrstor64 (%0)\n\t" EXTABLE("1b", "%l[fault]")
				      :
				      : "r"(fpu)
				      : "memory"
				      : fault);
	return 0;
fault:
	return -EFAULT;
}

int fpu_save_user(void __user *image)
{
	if (!user_range_ok(image, fpu_size))
		return -EFAULT;
	if (fpu_features)
		__asm__ volatile goto(
			USER_ACCESS_BEGIN
			"1: xsave64 (%0)\n\t" USER_ACCESS_END EXTABLE("1b", "%l[fault]")
			:
			: "r"(image), "a"((u32)fpu_features), "d"(0)
			: "memory"
			: fault);
	else
		__asm__ volatile goto(
			USER_ACCESS_BEGIN
			"1: fxsave64 (%0)\n\t" USER_ACCESS_END EXTABLE("1b", "%l[fault]")
			:
			: "r"(image)
			: "memory"
			: fault);
	return 0;
fault:
	return -EFAULT;
}

int fpu_load_user(const void __user *image)
{
	if (!user_range_ok(image, fpu_size))
		return -EFAULT;
	if (fpu_features)
		__asm__ volatile goto(
			USER_ACCESS_BEGIN
			"1: xrstor64 (%0)\n\t" USER_ACCESS_END EXTABLE("1b", "%l[fault]")
			:
			: "r"(image), "a"((u32)fpu_features), "d"(0)
			: "memory"
			: fault);
	else
		__asm__ volatile goto(
			USER_ACCESS_BEGIN
			"1: fxrstor64 (%0)\n\t" USER_ACCESS_END EXTABLE("1b", "%l[fault]")
			:
			: "r"(image)
			: "memory"
			: fault);
	return 0;
fault:
	return -EFAULT;
}
