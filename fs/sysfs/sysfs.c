/*
 * sysfs: which CPUs there are and how they lie together; nothing else is a device here.
 *
 * Directories of block devices are there and empty: that is how a program learns that there are
 *   none. What Linux shows only with hot-plugging, NUMA, huge pages or cgroups is not there.
 *                          Follows: Linux 7.3 Documentation/ABI/testing/sysfs-devices-system-cpu
 */
#include "fs/sysfs/sysfs.h"

#include <linux/errno.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"
#include "fs/tree.h"

#define ATTRIBUTE_SIZE 4096 /* what stat(2) says of every file */

static void attribute_size(const struct tree_place *p, struct kstat *st)
{
	st->size = ATTRIBUTE_SIZE;
}

#define FILE_ENTRY(file, how, what)                                                                \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = (how), .data = (what),               \
		.getattr = attribute_size                                                          \
	}
#define DIR_ENTRY(dir, table)                                                                      \
	{                                                                                          \
		.name = dir, .mode = S_IFDIR | 0755, .children = (table)                           \
	}

/* ---- devices/system/cpu/cpuN/topology */

enum topology { PACKAGE_ID, DIE_ID, CORE_ID, CORE_MASK, CORE_LIST, PACKAGE_MASK, PACKAGE_LIST };

static int show_topology(const struct tree_place *p, struct seqbuf *out)
{
	struct cpu_place place;
	u64 mask;

	cpu_place((unsigned)p->index, &place);
	switch (*(const enum topology *)p->entry->data) {
	case PACKAGE_ID:
		seqbuf_printf(out, "%u\n", place.package);
		return 0;
	case DIE_ID:
		seqbuf_puts(out, "0\n");
		return 0;
	case CORE_ID:
		seqbuf_printf(out, "%u\n", place.core);
		return 0;
	case CORE_MASK:
	case CORE_LIST:
		mask = place.of_core;
		break;
	default:
		mask = place.of_package;
	}
	if (*(const enum topology *)p->entry->data & 1)
		seqbuf_put_mask(out, mask, nr_cpus);
	else
		seqbuf_put_ranges(out, mask);
	seqbuf_putc(out, '\n');
	return 0;
}
static_assert((CORE_MASK & 1) && (PACKAGE_MASK & 1), "masks are odd, lists even");

#define TOPOLOGY_ENTRY(file, what) FILE_ENTRY(file, show_topology, &(const enum topology){ what })

static const struct tree_entry topology_table[] = {
	TOPOLOGY_ENTRY("core_cpus", CORE_MASK),
	TOPOLOGY_ENTRY("core_cpus_list", CORE_LIST),
	TOPOLOGY_ENTRY("core_id", CORE_ID),
	TOPOLOGY_ENTRY("core_siblings", PACKAGE_MASK),
	TOPOLOGY_ENTRY("core_siblings_list", PACKAGE_LIST),
	TOPOLOGY_ENTRY("die_cpus", PACKAGE_MASK),
	TOPOLOGY_ENTRY("die_cpus_list", PACKAGE_LIST),
	TOPOLOGY_ENTRY("die_id", DIE_ID),
	TOPOLOGY_ENTRY("package_cpus", PACKAGE_MASK),
	TOPOLOGY_ENTRY("package_cpus_list", PACKAGE_LIST),
	TOPOLOGY_ENTRY("physical_package_id", PACKAGE_ID),
	TOPOLOGY_ENTRY("thread_siblings", CORE_MASK),
	TOPOLOGY_ENTRY("thread_siblings_list", CORE_LIST),
	{ .name = NULL },
};

static const struct tree_entry cpu_table[] = {
	DIR_ENTRY("topology", topology_table),
	{ .name = NULL },
};

static const struct tree_entry cpu_dir = DIR_ENTRY("", cpu_table);

static bool cpus_next(const struct tree_place *dir, u64 *cookie, char name[32],
		      struct tree_child *out)
{
	if (*cookie >= nr_cpus)
		return false;
	snprintf(name, 32, "cpu%u", (unsigned)*cookie);
	*out = (struct tree_child){ .entry = &cpu_dir, .index = *cookie };
	return true;
}

static int cpus_lookup(const struct tree_place *dir, const char *name, u32 len,
		       struct tree_child *out)
{
	char each[32];

	for (u64 cpu = 0; cpus_next(dir, &cpu, each, out); cpu++)
		if (strlen(each) == len && !memcmp(each, name, len))
			return 0;
	return -ENOENT;
}

static const struct tree_dynamic cpus = { .lookup = cpus_lookup, .next = cpus_next };

/* ---- devices/system/cpu */

static int show_present(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_put_ranges(out, ~0ull >> (64 - nr_cpus));
	seqbuf_putc(out, '\n');
	return 0;
}

static int show_text(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_puts(out, p->entry->data);
	return 0;
}

static const struct tree_entry none[] = { { .name = NULL } };

static const struct tree_entry all_cpus_table[] = {
	FILE_ENTRY("isolated", show_text, "\n"),
	FILE_ENTRY("kernel_max", show_text, "63\n"),
	FILE_ENTRY("offline", show_text, "\n"),
	FILE_ENTRY("online", show_present, NULL),
	FILE_ENTRY("possible", show_present, NULL),
	FILE_ENTRY("present", show_present, NULL),
	{ .name = NULL },
};
static_assert(MAX_CPUS == 64, "kernel_max is one less");

static const struct tree_entry system_table[] = {
	{ .name = "cpu", .mode = S_IFDIR | 0755, .children = all_cpus_table, .dynamic = &cpus },
	{ .name = NULL },
};

static const struct tree_entry devices_table[] = {
	DIR_ENTRY("system", system_table),
	{ .name = NULL },
};

static const struct tree_entry dev_table[] = {
	DIR_ENTRY("block", none),
	DIR_ENTRY("char", none),
	{ .name = NULL },
};

static const struct tree_entry class_table[] = {
	DIR_ENTRY("block", none),
	{ .name = NULL },
};

static const struct tree_entry root_table[] = {
	DIR_ENTRY("block", none),
	DIR_ENTRY("class", class_table),
	DIR_ENTRY("dev", dev_table),
	DIR_ENTRY("devices", devices_table),
	DIR_ENTRY("fs", none),
	DIR_ENTRY("kernel", none),
	{ .name = NULL },
};

static struct tree_fs sysfs = {
	.type = { .name = "sysfs" },
	.magic = SYSFS_MAGIC,
	.root = { .name = "", .mode = S_IFDIR | 0555, .children = root_table },
};

void sysfs_init(void)
{
	tree_register(&sysfs);
}
