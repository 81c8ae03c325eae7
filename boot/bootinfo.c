/*
 * Loader information, in whichever of two formats, copied into struct bootinfo.
 *
 * Multiboot2 is a list of tags; PVH is one struct with pointers. Neither is kept: its memory is
 * free once bootinfo_init() returns. All of it lies below 4 GiB, where the first page table
 * reaches.
 */
#include "boot/bootinfo.h"

#include "lib/string.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/upcalls.h"
#include "boot/internal.h"

struct bootinfo bootinfo;

#define MULTIBOOT2_MAGIC 0x36d76289u
#define PVH_MAGIC        0x336ec578u

/* Memory types of the BIOS (E820), which both loaders pass on. */
#define E820_USABLE 1
#define E820_ACPI   3

static void copy_cmdline(const char *from)
{
	size_t i = 0;

	for (; from[i] && i < BOOT_CMDLINE_MAX - 1; i++)
		bootinfo.cmdline[i] = from[i];
	bootinfo.cmdline[i] = '\0';
}

/* Insert in order of address. */
static void add_range(phys_addr start, u64 size, u32 e820_type)
{
	struct boot_range range = { start, start + size, BOOT_RESERVED };
	unsigned int i = bootinfo.nr_ranges;

	if (size == 0 || range.end < start || i == BOOT_MAX_RANGES)
		return;
	if (e820_type == E820_USABLE)
		range.type = BOOT_USABLE;
	else if (e820_type == E820_ACPI)
		range.type = BOOT_ACPI;
	for (; i > 0 && bootinfo.map[i - 1].start > start; i--)
		bootinfo.map[i] = bootinfo.map[i - 1];
	bootinfo.map[i] = range;
	bootinfo.nr_ranges++;
}

/* --- Multiboot2 ---------------------------------------------------------------------------------
 */

enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_RSDP_V1 = 14,
	TAG_RSDP_V2 = 15,
};

#define FRAMEBUFFER_RGB  1
#define FRAMEBUFFER_TEXT 2

struct mb2_tag {
	u32 type, size;
};

struct mb2_module {
	struct mb2_tag tag;
	u32 start, end;
};

struct mb2_memory_map {
	struct mb2_tag tag;
	u32 entry_size, version;
	u8 entries[];
};

struct mb2_memory {
	u64 start, size;
	u32 type, reserved;
};

struct mb2_framebuffer {
	struct mb2_tag tag;
	u64 pa;
	u32 pitch, width, height;
	u8 bits_per_pixel, type;
	u16 reserved;
	u8 red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
};

static void mb2_memory_map(const struct mb2_memory_map *map)
{
	const u8 *end = (const u8 *)map + map->tag.size;

	if (map->entry_size < sizeof(struct mb2_memory))
		return;
	for (const u8 *p = map->entries; p + map->entry_size <= end; p += map->entry_size) {
		const struct mb2_memory *entry = (const void *)p;

		add_range(entry->start, entry->size, entry->type);
	}
}

static void mb2_framebuffer(const struct mb2_framebuffer *fb)
{
	bootinfo.has_vga_text = fb->type == FRAMEBUFFER_TEXT;
	if (fb->type != FRAMEBUFFER_RGB)
		return;
	bootinfo.fb = (struct boot_framebuffer){
		.pa = fb->pa,
		.width = fb->width,
		.height = fb->height,
		.pitch = fb->pitch,
		.bits_per_pixel = fb->bits_per_pixel,
		.red_shift = fb->red_shift,
		.green_shift = fb->green_shift,
		.blue_shift = fb->blue_shift,
	};
}

static void mb2_tag(const struct mb2_tag *tag, phys_addr tag_pa)
{
	const struct mb2_module *module = (const void *)tag;

	switch (tag->type) {
	case TAG_CMDLINE:
		copy_cmdline((const char *)(tag + 1));
		break;
	case TAG_MODULE: /* the first one is the initial ramdisk */
		if (bootinfo.initrd_pa || module->end <= module->start)
			break;
		bootinfo.initrd_pa = module->start;
		bootinfo.initrd_size = module->end - module->start;
		break;
	case TAG_MEMORY_MAP:
		mb2_memory_map((const void *)tag);
		break;
	case TAG_FRAMEBUFFER:
		mb2_framebuffer((const void *)tag);
		break;
	case TAG_RSDP_V1: /* a copy of the RSDP follows the tag; version 2 has more to say */
		if (!bootinfo.rsdp_pa)
			bootinfo.rsdp_pa = tag_pa + sizeof(*tag);
		break;
	case TAG_RSDP_V2:
		bootinfo.rsdp_pa = tag_pa + sizeof(*tag);
		break;
	}
}

static void mb2_parse(phys_addr info)
{
	const u32 *total = phys_to_virt(info);
	u32 at = 8;

	while (at + sizeof(struct mb2_tag) <= *total) {
		const struct mb2_tag *tag = phys_to_virt(info + at);

		if (tag->type == TAG_END || tag->size < sizeof(*tag))
			break;
		mb2_tag(tag, info + at);
		at = ALIGN_UP(at + tag->size, 8u);
	}
}

/* --- PVH ----------------------------------------------------------------------------------------
 */

struct pvh_start_info {
	u32 magic, version, flags, nr_modules;
	u64 modules_pa, cmdline_pa, rsdp_pa;
	u64 memory_map_pa; /* from version 1 on */
	u32 nr_memory, reserved;
};

struct pvh_module {
	u64 pa, size, cmdline_pa, reserved;
};

struct pvh_memory {
	u64 start, size;
	u32 type, reserved;
};

/* Colour text memory, as every BIOS leaves a VGA: its cursor registers remember what is written. */
static bool probe_vga_text(void)
{
	u8 saved, answer;

	outb(0x3d4, 0x0f);
	saved = inb(0x3d5);
	outb(0x3d5, 0x5a);
	answer = inb(0x3d5);
	outb(0x3d5, saved);
	return answer == 0x5a;
}

static void pvh_parse(phys_addr info)
{
	const struct pvh_start_info *start = phys_to_virt(info);
	const struct pvh_module *module = phys_to_virt(start->modules_pa);
	const struct pvh_memory *memory = phys_to_virt(start->memory_map_pa);

	bootinfo.rsdp_pa = start->rsdp_pa;
	bootinfo.has_vga_text = probe_vga_text();
	if (start->cmdline_pa)
		copy_cmdline(phys_to_virt(start->cmdline_pa));
	if (start->nr_modules && module->size) {
		bootinfo.initrd_pa = module->pa;
		bootinfo.initrd_size = module->size;
	}
	if (start->version < 1)
		return;
	for (u32 i = 0; i < start->nr_memory; i++)
		add_range(memory[i].start, memory[i].size, memory[i].type);
}

void bootinfo_init(u32 magic, phys_addr info)
{
	if (magic == MULTIBOOT2_MAGIC)
		mb2_parse(info);
	else if (magic == PVH_MAGIC)
		pvh_parse(info);
	else
		upcall_panic(NULL, "not started by a multiboot2 or PVH loader");
	if (bootinfo.nr_ranges == 0)
		upcall_panic(NULL, "the boot loader gave no memory map");
}

/* --- Queries ------------------------------------------------------------------------------------
 */

phys_addr bootinfo_memory_end(void)
{
	phys_addr end = 0;

	for (unsigned int i = 0; i < bootinfo.nr_ranges; i++)
		if (bootinfo.map[i].type == BOOT_USABLE)
			end = MAX(end, bootinfo.map[i].end);
	return end;
}
