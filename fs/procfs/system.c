/*
 * The files of /proc about the system as a whole: memory, time, CPUs' work, drivers, the log.
 *
 * Each function writes one file's text from counters that others keep; nothing is owned here. The
 *   counters are read one after the other without a common lock, as on Linux.
 * Callbacks (caches, drivers, types) may run under their owner's spin lock: appending never
 *   allocates.
 *                                                              Follows: proc(5), Linux 7.3 fs/proc
 */
#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/string.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"
#include "boot/bootinfo.h"
#include "kernel/debug/ksyms.h"
#include "kernel/debug/printk.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/id/pidns.h"
#include "kernel/id/uts.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "kernel/time/clock.h"
#include "fs/chrdev.h"
#include "fs/procfs/internal.h"
#include "drivers/irq.h"

#define CLOCK_TICK_NS (NS_PER_SEC / 100) /* USER_HZ is 100 */

/* ---- Memory */

static void put_kb(struct seqbuf *out, const char *name, u64 pages)
{
	seqbuf_puts(out, name);
	seqbuf_putc(out, ':');
	for (size_t n = strlen(name); n < 15; n++)
		seqbuf_putc(out, ' ');
	seqbuf_printf(out, "%8lu kB\n", pages * (PAGE_SIZE / 1024));
}

/* What is neither free nor the kernel's is some process's; page-cache pages are all tmpfs files',
 * which cannot be dropped, so only free memory is available. No page is found to be in less use
 * than others: processes' are active, files' are not. */
int proc_show_meminfo(const struct tree_place *p, struct seqbuf *out)
{
	struct mem_stats m;
	u64 known, anon;

	mem_stats(&m);
	known = m.free_pages + m.slab_pages + m.pgtable_pages + m.kstack_pages + m.cache_pages;
	anon = m.total_pages > known ? m.total_pages - known : 0;
	put_kb(out, "MemTotal", m.total_pages);
	put_kb(out, "MemFree", m.free_pages);
	put_kb(out, "MemAvailable", m.free_pages);
	put_kb(out, "Buffers", 0);
	put_kb(out, "Cached", m.cache_pages);
	put_kb(out, "SwapCached", 0);
	put_kb(out, "Active", anon);
	put_kb(out, "Inactive", m.cache_pages);
	put_kb(out, "Unevictable", 0);
	put_kb(out, "Mlocked", 0);
	put_kb(out, "SwapTotal", 0);
	put_kb(out, "SwapFree", 0);
	put_kb(out, "Dirty", 0);
	put_kb(out, "Writeback", 0);
	put_kb(out, "AnonPages", anon);
	put_kb(out, "Mapped", 0);
	put_kb(out, "Shmem", m.cache_pages);
	put_kb(out, "KReclaimable", 0);
	put_kb(out, "Slab", m.slab_pages);
	put_kb(out, "SReclaimable", 0);
	put_kb(out, "SUnreclaim", m.slab_pages);
	put_kb(out, "KernelStack", m.kstack_pages);
	put_kb(out, "PageTables", m.pgtable_pages);
	return 0;
}

int proc_show_vmstat(const struct tree_place *p, struct seqbuf *out)
{
	struct mem_stats m;

	mem_stats(&m);
	seqbuf_printf(out, "nr_free_pages %lu\nnr_file_pages %lu\nnr_shmem %lu\n", m.free_pages,
		      m.cache_pages, m.cache_pages);
	seqbuf_printf(out,
		      "nr_slab_unreclaimable %lu\nnr_page_table_pages %lu\nnr_kernel_stack %lu\n",
		      m.slab_pages, m.pgtable_pages, m.kstack_pages * (PAGE_SIZE / 1024));
	seqbuf_puts(out, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
	return 0;
}

static void put_cache(const struct slab_stats *c, void *arg)
{
	seqbuf_printf(
		arg,
		"%-17s %6lu %6lu %6lu %4lu %4lu : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
		c->name, c->active, c->total, c->size, c->per_slab, c->pages_per_slab, 0, 0, 0,
		c->slabs, c->slabs, 0ul);
}

int proc_show_slabinfo(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_puts(out, "slabinfo - version: 2.1\n"
			 "# name            <active_objs> <num_objs> <objsize> <objperslab> "
			 "<pagesperslab> : tunables "
			 "<limit> <batchcount> <sharedfactor> : slabdata <active_slabs> "
			 "<num_slabs> <sharedavail>\n");
	slab_flush();
	slab_for_each(put_cache, out);
	return 0;
}

int proc_show_swaps(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_puts(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}

int proc_show_partitions(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_puts(out, "major minor  #blocks  name\n\n");
	return 0;
}

/* ---- Time and work */

static void put_seconds(struct seqbuf *out, u64 ns)
{
	seqbuf_printf(out, "%llu.%02llu", ns / NS_PER_SEC, ns % NS_PER_SEC / CLOCK_TICK_NS);
}

int proc_show_uptime(const struct tree_place *p, struct seqbuf *out)
{
	struct sched_stat stat;
	u64 idle_ns = 0;

	for_each_cpu(cpu) {
		sched_cpu_stat(cpu, &stat);
		idle_ns += stat.idle_ns;
	}
	put_seconds(out, clock_ns());
	seqbuf_putc(out, ' ');
	put_seconds(out, idle_ns);
	seqbuf_putc(out, '\n');
	return 0;
}

static void put_cpu(struct seqbuf *out, const struct sched_stat *s)
{
	seqbuf_printf(out, " %llu 0 %llu %llu 0 0 0 0 0 0\n", s->user_ns / CLOCK_TICK_NS,
		      s->system_ns / CLOCK_TICK_NS, s->idle_ns / CLOCK_TICK_NS);
}

/* Of every kind of interrupt on every CPU; then of each device's line. */
static void put_interrupts(struct seqbuf *out)
{
	u64 total = 0, of_line;

	for_each_cpu(cpu)
		for (u32 vector = 0; vector < ARRAY_SIZE(percpu_area[cpu].interrupts); vector++)
			total += percpu_area[cpu].interrupts[vector];
	seqbuf_printf(out, "intr %lu", total);
	for (u32 irq = 0; irq < NR_IRQS; irq++) {
		of_line = 0;
		for_each_cpu(cpu)
			of_line += percpu_area[cpu].interrupts[VECTOR_IRQ_BASE + irq];
		seqbuf_printf(out, " %lu", of_line);
	}
	seqbuf_putc(out, '\n');
}

int proc_show_system_stat(const struct tree_place *p, struct seqbuf *out)
{
	struct sched_stat one, all = { 0 };

	for_each_cpu(cpu) {
		sched_cpu_stat(cpu, &one);
		all.user_ns += one.user_ns;
		all.system_ns += one.system_ns;
		all.idle_ns += one.idle_ns;
		all.switches += one.switches;
	}
	seqbuf_puts(out, "cpu ");
	put_cpu(out, &all);
	for_each_cpu(cpu) {
		sched_cpu_stat(cpu, &one);
		seqbuf_printf(out, "cpu%u", cpu);
		put_cpu(out, &one);
	}
	put_interrupts(out);
	seqbuf_printf(out, "ctxt %lu\nbtime %llu\nprocesses %lu\n", all.switches,
		      (clock_realtime_ns() - clock_ns()) / NS_PER_SEC, threads_created());
	seqbuf_printf(out, "procs_running %u\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
		      sched_nr_running());
	return 0;
}

static void put_vector(struct seqbuf *out, u32 vector)
{
	for_each_cpu(cpu)
		seqbuf_printf(out, " %10u", percpu_area[cpu].interrupts[vector]);
}

int proc_show_interrupts(const struct tree_place *p, struct seqbuf *out)
{
	static const struct {
		const char *label, *name;
		u32 vector;
	} locals[] = {
		{ "LOC", "Local timer interrupts", VECTOR_TIMER },
		{ "RES", "Rescheduling interrupts", VECTOR_RESCHED },
		{ "TLB", "TLB shootdowns", VECTOR_TLB },
	};

	seqbuf_puts(out, "    ");
	for_each_cpu(cpu)
		seqbuf_printf(out, "       CPU%-4u", cpu);
	seqbuf_putc(out, '\n');
	for (u32 irq = 0; irq < NR_IRQS; irq++) {
		if (!irq_name(irq))
			continue;
		seqbuf_printf(out, "%3u:", irq);
		put_vector(out, VECTOR_IRQ_BASE + irq);
		seqbuf_printf(out, "  IO-APIC %3u  %s\n", irq, irq_name(irq));
	}
	for (size_t i = 0; i < ARRAY_SIZE(locals); i++) {
		seqbuf_printf(out, "%s:", locals[i].label);
		put_vector(out, locals[i].vector);
		seqbuf_printf(out, "  %s\n", locals[i].name);
	}
	return 0;
}

int proc_show_loadavg(const struct tree_place *p, struct seqbuf *out)
{
	u64 load[3];

	sched_load_average(load);
	for (int i = 0; i < 3; i++) {
		u64 rounded = load[i] + 5; /* half of a hundredth */

		seqbuf_printf(out, "%lu.%02lu ", rounded >> 10, (rounded & 1023) * 100 >> 10);
	}
	seqbuf_printf(out, "%u/%u %d\n", sched_nr_running(), thread_count(), pidns_initial.last);
	return 0;
}

/* ---- What the kernel is */

int proc_show_version(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%s version %s (pipit@pipit) (cc %s) %s\n", uts_initial.name.sysname,
		      uts_initial.name.release, __VERSION__, uts_initial.name.version);
	return 0;
}

int proc_show_boot_cmdline(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_puts(out, bootinfo.cmdline);
	seqbuf_putc(out, '\n');
	return 0;
}

static void put_type(const struct fs_type *type, void *out)
{
	seqbuf_printf(out, "%s\t%s\n", type->flags & FS_NODEV ? "nodev" : "", type->name);
}

int proc_show_filesystems(const struct tree_place *p, struct seqbuf *out)
{
	fs_type_for_each(put_type, out);
	return 0;
}

struct device_lines {
	struct seqbuf *out;
	const struct chrdev *dev; /* whose line is due; is it the first of its major number? */
	bool is_first;
};

static bool is_same_major(const struct chrdev *dev, void *arg)
{
	struct device_lines *l = arg;

	if (dev == l->dev)
		return false;
	if (DEV_MAJOR(dev->first) == DEV_MAJOR(l->dev->first))
		l->is_first = false;
	return l->is_first;
}

/* The driver of /dev/null and its kin is "mem" everywhere; others are named after their first
 * device. */
static bool put_device(const struct chrdev *dev, void *arg)
{
	struct device_lines l = { .out = arg, .dev = dev, .is_first = true };
	u32 major = DEV_MAJOR(dev->first);

	chrdev_for_each(is_same_major, &l);
	if (l.is_first && (dev->name || major == 136))
		seqbuf_printf(l.out, "%3u %s\n", major,
			      major == 1     ? "mem"
			      : major == 136 ? "pts"
					     : dev->name);
	return true;
}

int proc_show_devices(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_puts(out, "Character devices:\n");
	chrdev_for_each(put_device, out);
	seqbuf_puts(out, "\nBlock devices:\n");
	return 0;
}

/* Lines for the devices of major 10, of which there are none; those of disks and modules neither. */
int proc_show_nothing(const struct tree_place *p, struct seqbuf *out)
{
	return 0;
}

/* Where things are is for the privileged. */
int proc_show_kallsyms(const struct tree_place *p, struct seqbuf *out)
{
	bool shows_addresses = capable(CAP_SYSLOG);
	struct ksym sym;

	for (size_t i = 0; ksyms_get(i, &sym) && !out->overflow; i++) {
		seqbuf_printf(out, "%016lx %c %s\n", shows_addresses ? sym.address : 0, sym.type,
			      sym.name);
		cond_resched();
	}
	return 0;
}
