/*
 * /proc/cpuinfo: what CPUID says, with Linux's names for it.
 *
 * All CPUs are of one kind, so the one that runs the reader speaks for all.
 *                               Follows: Linux 7.3 arch/x86/kernel/cpu/proc.c; Intel SDM 2A, CPUID
 */
#include "lib/string.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"
#include "fs/procfs/internal.h"

enum reg { EAX, EBX, ECX, EDX };

static const struct {
	u32 leaf;
	enum reg reg;
	const char *names[32]; /* by bit; NULL: not told */
} flag_words[] = {
	{ 1, EDX, { "fpu",  "vme",   "de",   "pse",     "tsc",  "msr", "pae",  "mce",
		    "cx8",  "apic",  NULL,   "sep",     "mtrr", "pge", "mca",  "cmov",
		    "pat",  "pse36", "pn",   "clflush", NULL,   "dts", "acpi", "mmx",
		    "fxsr", "sse",   "sse2", "ss",      "ht",   "tm",  "ia64", "pbe" } },
	{ 0x80000001,
	  EDX,
	  { [11] = "syscall",
	    [20] = "nx",
	    [22] = "mmxext",
	    [25] = "fxsr_opt",
	    [26] = "pdpe1gb",
	    [27] = "rdtscp",
	    [29] = "lm" } },
	{ 1, ECX, { "pni",    "pclmulqdq", "dtes64", "monitor", "ds_cpl",
		    "vmx",    "smx",       "est",    "tm2",     "ssse3",
		    "cid",    "sdbg",      "fma",    "cx16",    "xtpr",
		    "pdcm",   NULL,        "pcid",   "dca",     "sse4_1",
		    "sse4_2", "x2apic",    "movbe",  "popcnt",  "tsc_deadline_timer",
		    "aes",    "xsave",     NULL,     "avx",     "f16c",
		    "rdrand", "hypervisor" } },
	{ 0x80000001,
	  ECX,
	  { [0] = "lahf_lm",
	    [1] = "cmp_legacy",
	    [2] = "svm",
	    [5] = "abm",
	    [6] = "sse4a",
	    [7] = "misalignsse",
	    [8] = "3dnowprefetch" } },
	{ 7,
	  EBX,
	  { [0] = "fsgsbase",
	    [3] = "bmi1",
	    [5] = "avx2",
	    [7] = "smep",
	    [8] = "bmi2",
	    [9] = "erms",
	    [10] = "invpcid",
	    [16] = "avx512f",
	    [18] = "rdseed",
	    [19] = "adx",
	    [20] = "smap",
	    [23] = "clflushopt",
	    [24] = "clwb",
	    [29] = "sha_ni" } },
};

static u32 reg_of(const struct cpuid *c, enum reg reg)
{
	switch (reg) {
	case EAX:
		return c->eax;
	case EBX:
		return c->ebx;
	case ECX:
		return c->ecx;
	default:
		return c->edx;
	}
}

static void put_flags(struct seqbuf *out)
{
	seqbuf_puts(out, "flags\t\t:");
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
		u32 leaf = flag_words[i].leaf, bits;
		struct cpuid c;

		if (cpuid(leaf & 0x80000000, 0).eax < leaf)
			continue;
		c = cpuid(leaf, 0);
		bits = reg_of(&c, flag_words[i].reg);
		for (int bit = 0; bit < 32; bit++) {
			if (!(bits >> bit & 1) || !flag_words[i].names[bit])
				continue;
			seqbuf_putc(out, ' ');
			seqbuf_puts(out, flag_words[i].names[bit]);
		}
	}
	seqbuf_putc(out, '\n');
}

static void put_model_name(struct seqbuf *out)
{
	u32 text[13] = { 0 };
	const char *name = (const char *)text;

	if (cpuid(0x80000000, 0).eax >= 0x80000004)
		for (u32 i = 0; i < 3; i++) {
			struct cpuid c = cpuid(0x80000002 + i, 0);

			memcpy(&text[i * 4], &c, sizeof(c));
		}
	while (*name == ' ')
		name++;
	seqbuf_printf(out, "model name\t: %s\n", *name ? name : "unknown");
}

static void put_identity(struct seqbuf *out)
{
	struct cpuid vendor = cpuid(0, 0);
	u32 id = cpuid(1, 0).eax, family = id >> 8 & 15, model = id >> 4 & 15;
	u32 text[3] = { vendor.ebx, vendor.edx, vendor.ecx };

	if (family == 6 || family == 15)
		model |= id >> 16 << 4 & 0xf0;
	if (family == 15)
		family += id >> 20 & 0xff;
	seqbuf_printf(out, "vendor_id\t: %.12s\n", (const char *)text);
	seqbuf_printf(out, "cpu family\t: %u\nmodel\t\t: %u\n", family, model);
	put_model_name(out);
	seqbuf_printf(out, "stepping\t: %u\n", id & 15);
}

static void put_cpu(struct seqbuf *out, u32 cpu)
{
	u64 khz = clock_tsc_hz / 1000, bogomips = khz * 2 / 10; /* in hundredths */
	u32 line_bytes = (cpuid(1, 0).ebx >> 8 & 0xff) * 8;
	struct cpu_place place;
	u32 virt_bits =
		cpuid(0x80000000, 0).eax >= 0x80000008 ? cpuid(0x80000008, 0).eax >> 8 & 0xff : 48;

	seqbuf_printf(out, "processor\t: %u\n", cpu);
	put_identity(out);
	seqbuf_printf(out, "cpu MHz\t\t: %lu.%03lu\n", khz / 1000, khz % 1000);
	cpu_place(cpu, &place);
	seqbuf_printf(out, "physical id\t: %u\nsiblings\t: %u\ncore id\t\t: %u\n", place.package,
		      place.nr_of_package, place.core);
	seqbuf_printf(out, "cpu cores\t: %u\napicid\t\t: %u\ninitial apicid\t: %u\n",
		      place.nr_of_package / place.nr_of_core, percpu_area[cpu].apic_id,
		      percpu_area[cpu].apic_id);
	seqbuf_printf(out, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n",
		      cpuid(0, 0).eax);
	put_flags(out);
	seqbuf_printf(out, "bugs\t\t:\nbogomips\t: %lu.%02lu\n", bogomips / 100, bogomips % 100);
	seqbuf_printf(out, "clflush size\t: %u\ncache_alignment\t: %u\n", line_bytes, line_bytes);
	seqbuf_printf(out,
		      "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
		      cpu_features.phys_bits, virt_bits);
}

int proc_show_cpuinfo(const struct tree_place *p, struct seqbuf *out)
{
	for_each_cpu(cpu)
		put_cpu(out, cpu);
	return 0;
}
