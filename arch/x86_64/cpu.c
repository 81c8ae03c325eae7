/*
 * CPU features and control registers.
 *
 * The boot CPU finds out what there is, once; each CPU then switches the same things on. The
 * minimum is plain x86-64 with NX: qemu64 boots. Everything in cpu_features is optional.
 *
 * SMAP is a matter of instructions too: STAC and CLAC do not exist on CPUs without it. Their sites
 * hold no-ops, listed in .patch_stac and .patch_clac, and are overwritten at boot while the kernel
 * text is still writable.
 */
#include "arch/x86_64/cpu.h"

#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"

struct cpu_features cpu_features;

extern const s32 patch_stac_start[], patch_stac_end[];
extern const s32 patch_clac_start[], patch_clac_end[];
void entry_syscall(void);

static void cpu_detect(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid basic = cpuid(1, 0);
	u32 max_leaf = cpuid(0, 0).eax;
	u32 max_ext = cpuid(0x80000000, 0).eax;
	struct cpuid ext = cpuid(0x80000001, 0);
	struct cpuid leaf7 = max_leaf >= 7 ? cpuid(7, 0) : (struct cpuid){ 0 };

	f->hwcap = basic.edx;
	f->has_xsave = basic.ecx & (1u << 26);
	f->has_tsc_deadline = basic.ecx & (1u << 24);
	f->has_rdrand = basic.ecx & (1u << 30);
	f->is_hypervisor = basic.ecx & (1u << 31);
	f->has_fsgsbase = leaf7.ebx & (1u << 0);
	f->has_smep = leaf7.ebx & (1u << 7);
	f->has_smap = leaf7.ebx & (1u << 20);
	f->has_umip = leaf7.ecx & (1u << 2);
	f->has_nx = ext.edx & (1u << 20);
	f->has_1g_pages = ext.edx & (1u << 26);
	f->phys_bits = max_ext >= 0x80000008 ? (u8)cpuid(0x80000008, 0).eax : 36;
	f->has_xsave = f->has_xsave && max_leaf >= 0xd;
}

/* Overwrites the three-byte no-ops listed between @start and @end with STAC or CLAC. */
static void patch_sites(const s32 *start, const s32 *end, u8 last_byte)
{
	for (const s32 *site = start; site < end; site++) {
		u8 *code = (u8 *)site + *site;

		code[0] = 0x0f;
		code[1] = 0x01;
		code[2] = last_byte;
	}
}

/* Boot CPU, before the kernel text becomes read-only and before SMAP is on. */
static void cpu_patch_smap(void)
{
	if (!cpu_features.has_smap)
		return;
	patch_sites(patch_stac_start, patch_stac_end, 0xcb);
	patch_sites(patch_clac_start, patch_clac_end, 0xca);
}

void cpu_init(void)
{
	static bool is_detected;
	u64 cr4 = read_cr4() | CR4_PGE;

	if (!is_detected) {
		cpu_detect();
		cpu_patch_smap();
		is_detected = true;
	}
	if (cpu_features.has_smep)
		cr4 |= CR4_SMEP;
	if (cpu_features.has_smap)
		cr4 |= CR4_SMAP;
	if (cpu_features.has_umip)
		cr4 |= CR4_UMIP;
	if (cpu_features.has_fsgsbase)
		cr4 |= CR4_FSGSBASE;
	write_cr4(cr4);
	write_cr0((read_cr0() | CR0_WP | CR0_NE | CR0_MP) & ~(u64)(CR0_EM | CR0_TS));

	/* SYSCALL loads CS from STAR 32..47 and SS 8 above; SYSRET CS 16 and SS 8 above 48..63. */
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | (cpu_features.has_nx ? EFER_NX : 0));
	wrmsr(MSR_STAR, (u64)USER32_CS << 48 | (u64)KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (u64)entry_syscall);
	wrmsr(MSR_SFMASK, RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF |
				  RFLAGS_IF | RFLAGS_DF | RFLAGS_OF | RFLAGS_IOPL | RFLAGS_NT |
				  RFLAGS_RF | RFLAGS_AC | RFLAGS_ID);
}

u64 cpu_random(void)
{
	u64 value = 0;
	bool ok = false;

	for (int tries = 0; cpu_features.has_rdrand && !ok && tries < 10; tries++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=q"(ok)::"cc");
	return (value ^ rdtsc()) * 0x9e3779b97f4a7c15u;
}

/* Where the part of an APIC id that numbers packages (level 1) or cores (level 0) begins. */
static u32 apic_shift(u32 level)
{
	struct cpuid basic = cpuid(1, 0);
	u32 per_package = basic.edx & 1u << 28 ? basic.ebx >> 16 & 0xff : 1, shift = 0;

	if (cpuid(0, 0).eax >= 0xb && cpuid(0xb, 0).ebx)
		return cpuid(0xb, level).eax & 31;
	while (level && 1u << shift < per_package)
		shift++;
	return shift;
}

void cpu_place(unsigned int cpu, struct cpu_place *out)
{
	u32 id = percpu_area[cpu].apic_id, core_shift = apic_shift(0),
	    package_shift = apic_shift(1);

	*out = (struct cpu_place){ .package = id >> package_shift };
	out->core = (id & ((1u << package_shift) - 1)) >> core_shift;
	for_each_cpu(i) {
		u64 of_package = percpu_area[i].apic_id >> package_shift == out->package;
		u64 of_core = percpu_area[i].apic_id >> core_shift == id >> core_shift;

		out->of_package |= of_package << i;
		out->of_core |= of_core << i;
		out->nr_of_package += of_package;
		out->nr_of_core += of_core;
	}
}

void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}
