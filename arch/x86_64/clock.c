/*
 * Time.
 *
 * The TSC is the clock: constant in rate and the same on all CPUs, as on every machine of the last
 * decade and under QEMU. Its rate comes from the hypervisor or the CPU where they state it, else it
 * is measured against the ACPI PM timer or the PIT. Conversion is one 64x64 multiplication,
 * 32 bits of fraction.
 *
 * The timer is the local APIC's: TSC deadline mode if there is one, else a countdown whose rate is
 * measured in the same window.
 *
 * QEMU's emulator counts one nanosecond per instruction under -icount, so there a long measurement
 * would be a long computation. A short one comes first; if it says 1 GHz, that is what it is.
 */
#include "arch/x86_64/clock.h"

#include "arch/x86_64/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu.h"

#define NS_PER_SEC      1000000000ull
#define PM_TIMER_HZ     3579545u
#define PIT_HZ          1193182u
#define FRACTION        32
#define WINDOW_SHORT_US 500
#define WINDOW_LONG_US  10000

u64 clock_tsc_hz;

static u64 tsc_start;
static u64 ns_per_tsc; /* with FRACTION bits of fraction */
static u64 tsc_per_ns; /* likewise */
static u64 count_per_ns; /* local APIC timer; likewise */

static u64 scale(u64 value, u64 factor)
{
	return (u64)(((unsigned __int128)value * factor) >> FRACTION);
}

/* In two steps, so that rates beyond 2^32 Hz do not overflow. */
static u64 ratio(u64 numerator, u64 denominator)
{
	return (numerator / denominator << FRACTION) +
	       (numerator % denominator << FRACTION) / denominator;
}

/* --- The reference: a counter of known rate -----------------------------------------------------
 */

static u32 reference_hz(void)
{
	return acpi_info.pm_timer_port ? PM_TIMER_HZ : PIT_HZ;
}

/* Start PIT channel 2, which drives nothing but the speaker, counting down from 65535. */
static void reference_start(void)
{
	if (acpi_info.pm_timer_port)
		return;
	outb(0x61, (inb(0x61) & ~2u) | 1); /* gate on, speaker off */
	outb(0x43, 0xb0); /* channel 2, both bytes, mode 0 */
	outb(0x42, 0xff);
	outb(0x42, 0xff);
}

/* Counts up. Differences are valid modulo 2^16 (PIT) or 2^24. */
static u32 reference_read(void)
{
	u32 low;

	if (acpi_info.pm_timer_port)
		return inl(acpi_info.pm_timer_port) & 0xffffff;
	outb(0x43, 0x80); /* latch */
	low = inb(0x42);
	return 0xffff - (low | (u32)inb(0x42) << 8);
}

static u32 reference_since(u32 start)
{
	return (reference_read() - start) & (acpi_info.pm_timer_port ? 0xffffff : 0xffff);
}

struct measurement {
	u64 tsc_hz, timer_hz;
};

/* Both ends of the window are taken just after a tick of the reference. */
static struct measurement measure(u32 window_us)
{
	u64 want = (u64)reference_hz() * window_us / 1000000;
	u32 start, elapsed, count_start, count;
	u64 tsc, tsc_end;

	reference_start();
	start = reference_read();
	while (reference_since(start) == 0)
		cpu_relax();
	apic_timer_count(~0u);
	count_start = apic_timer_current();
	tsc = rdtsc();
	start = reference_read();
	do {
		cpu_relax();
		elapsed = reference_since(start);
	} while (elapsed < want);
	tsc_end = rdtsc();
	count = count_start - apic_timer_current();
	apic_timer_count(0);
	return (struct measurement){
		.tsc_hz = (tsc_end - tsc) * reference_hz() / elapsed,
		.timer_hz = (u64)count * reference_hz() / elapsed,
	};
}

static bool is_one_ghz(u64 hz)
{
	return hz > NS_PER_SEC - NS_PER_SEC / 200 && hz < NS_PER_SEC + NS_PER_SEC / 200;
}

/* The TSC's rate as the CPU or the hypervisor states it, or 0. */
static u64 stated_tsc_hz(void)
{
	struct cpuid r;

	if (cpu_features.is_hypervisor && cpuid(0x40000000, 0).eax >= 0x40000010 &&
	    cpuid(0x40000000, 0).eax < 0x40010000)
		return (u64)cpuid(0x40000010, 0).eax * 1000;
	if (cpuid(0, 0).eax < 0x15)
		return 0;
	r = cpuid(0x15, 0);
	return r.eax && r.ebx && r.ecx ? (u64)r.ecx * r.ebx / r.eax : 0;
}

void clock_calibrate(void)
{
	struct measurement m;
	u64 stated = stated_tsc_hz();

	apic_timer_setup(false);
	m = measure(WINDOW_SHORT_US);
	if (cpu_features.is_hypervisor && is_one_ghz(m.tsc_hz))
		m.tsc_hz = NS_PER_SEC;
	else if (!stated)
		m = measure(WINDOW_LONG_US);
	if (stated)
		m.tsc_hz = stated;
	if (cpu_features.is_hypervisor && is_one_ghz(m.timer_hz))
		m.timer_hz = NS_PER_SEC;
	tsc_per_ns = ratio(m.tsc_hz, NS_PER_SEC);
	count_per_ns = ratio(m.timer_hz, NS_PER_SEC);
	tsc_start = rdtsc();
	ns_per_tsc = ratio(NS_PER_SEC, m.tsc_hz);
	clock_tsc_hz = m.tsc_hz;
	clock_init_cpu();
}

void clock_init_cpu(void)
{
	apic_timer_setup(cpu_features.has_tsc_deadline);
}

/* --- Use ----------------------------------------------------------------------------------------
 */

u64 clock_ns(void)
{
	/* LFENCE: the reading may not move ahead of the load that told us to take it. */
	__asm__ volatile("lfence" ::: "memory");
	return scale(rdtsc() - tsc_start, ns_per_tsc);
}

void clock_arm(u64 deadline_ns)
{
	u64 now, count;

	if (cpu_features.has_tsc_deadline) {
		wrmsr(MSR_TSC_DEADLINE, tsc_start + scale(deadline_ns, tsc_per_ns) + 1);
		return;
	}
	now = clock_ns();
	count = deadline_ns > now ? deadline_ns - now : 0;
	count = count > NS_PER_SEC ? NS_PER_SEC : count; /* early is allowed, late is not */
	count = scale(count, count_per_ns) + 1;
	apic_timer_count(count > ~0u ? ~0u : (u32)count);
}

void clock_disarm(void)
{
	if (cpu_features.has_tsc_deadline)
		wrmsr(MSR_TSC_DEADLINE, 0);
	else
		apic_timer_count(0);
}

void clock_delay_us(u32 us)
{
	u64 start = rdtsc();
	u64 ticks = clock_tsc_hz ? clock_tsc_hz / 1000000 * us : us * 4000ull;

	while (rdtsc() - start < ticks)
		cpu_relax();
}
