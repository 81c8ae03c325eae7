/*
 * ACPI tables, read once and copied into acpi_info.
 *
 * Reached from the RSDP, through the XSDT or, on old machines, the RSDT. There is no AML
 * interpreter: the one thing needed from AML, the sleep type of S5, is a package of constants that
 * can be found by its name.
 *
 * Tables are firmware's: lengths are checked before they are followed, checksums only on the RSDP,
 * which is looked for by guesswork.
 */
#include "arch/x86_64/acpi.h"

#include "lib/string.h"

#include "arch/x86_64/memlayout.h"

struct acpi_info acpi_info;

#define MAPPED_LIMIT (1ull << 32) /* the direct map surely covers what is below */
#define TABLE_HEADER 36
#define TABLE_MAX    (1u << 20)

/* Fields are not aligned. */
static u8 get8(const u8 *p)
{
	return *p;
}
static u16 get16(const u8 *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}
static u32 get32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}
static u64 get64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The table at @pa and its length, or NULL. */
static const u8 *table_at(phys_addr pa, u32 *len)
{
	const u8 *table;

	if (!pa || pa > MAPPED_LIMIT - TABLE_MAX)
		return NULL;
	table = phys_to_virt(pa);
	*len = get32(table + 4);
	return *len >= TABLE_HEADER && *len <= TABLE_MAX ? table : NULL;
}

static const u8 *rsdp_at(phys_addr pa)
{
	const u8 *p = phys_to_virt(pa);
	u8 sum = 0;

	if (memcmp(p, "RSD PTR ", 8) != 0)
		return NULL;
	for (int i = 0; i < 20; i++)
		sum = (u8)(sum + p[i]);
	return sum == 0 ? p : NULL;
}

/* The first KiB of the extended BIOS data area, then the BIOS itself, on 16-byte boundaries. */
static const u8 *rsdp_search(void)
{
	phys_addr ebda = (phys_addr)get16(phys_to_virt(0x40e)) << 4;
	const u8 *found = NULL;

	if (ebda >= 0x80000 && ebda < 0xa0000)
		for (phys_addr pa = ebda; !found && pa < ebda + 1024; pa += 16)
			found = rsdp_at(pa);
	for (phys_addr pa = 0xe0000; !found && pa < 0x100000; pa += 16)
		found = rsdp_at(pa);
	return found;
}

static void add_cpu(u32 id, u32 flags)
{
	if ((flags & 1) && acpi_info.nr_apics < MAX_CPUS)
		acpi_info.apic_ids[acpi_info.nr_apics++] = id;
}

static void add_ioapic(phys_addr pa, u32 gsi_base)
{
	if (acpi_info.nr_ioapics < ACPI_MAX_IOAPICS)
		acpi_info.ioapics[acpi_info.nr_ioapics++] = (struct acpi_ioapic){ pa, gsi_base };
}

static void add_override(u8 isa_irq, u32 gsi, u16 flags)
{
	if (isa_irq >= ACPI_ISA_IRQS)
		return;
	acpi_info.isa[isa_irq] = (struct acpi_override){
		.gsi = gsi,
		.is_low = (flags & 3) == 3,
		.is_level = (flags >> 2 & 3) == 3,
	};
}

static void parse_madt(const u8 *madt, u32 len)
{
	u32 entry_len;

	acpi_info.lapic_pa = get32(madt + 36);
	for (u32 at = 44; at + 2 <= len; at += entry_len) {
		const u8 *e = madt + at;

		entry_len = get8(e + 1);
		if (entry_len < 2 || at + entry_len > len)
			break;
		if (e[0] == 0 && entry_len >= 8)
			add_cpu(get8(e + 3), get32(e + 4));
		else if (e[0] == 1 && entry_len >= 12)
			add_ioapic(get32(e + 4), get32(e + 8));
		else if (e[0] == 2 && entry_len >= 10)
			add_override(get8(e + 3), get32(e + 4), get16(e + 8));
		else if (e[0] == 5 && entry_len >= 12)
			acpi_info.lapic_pa = get64(e + 4);
		else if (e[0] == 9 && entry_len >= 16)
			add_cpu(get32(e + 4), get32(e + 8));
	}
}

static void parse_fadt(const u8 *fadt, u32 len)
{
	u32 flags;

	if (len < 116)
		return;
	flags = get32(fadt + 112);
	acpi_info.dsdt_pa = get32(fadt + 40);
	if (len >= 148 && get64(fadt + 140))
		acpi_info.dsdt_pa = get64(fadt + 140);
	acpi_info.smi_cmd = (u16)get32(fadt + 48);
	acpi_info.acpi_enable = get8(fadt + 52);
	acpi_info.pm1a_cnt = (u16)get32(fadt + 64);
	acpi_info.pm1b_cnt = (u16)get32(fadt + 68);
	if (get8(fadt + 91) == 4)
		acpi_info.pm_timer_port = (u16)get32(fadt + 76);
	if (len >= 129 && (flags & (1u << 10))) {
		acpi_info.has_reset = true;
		acpi_info.reset_space = get8(fadt + 116);
		acpi_info.reset_address = get64(fadt + 120);
		acpi_info.reset_value = get8(fadt + 128);
	}
}

static void parse_root(phys_addr pa, u32 entry_size)
{
	u32 root_len, len;
	const u8 *root = table_at(pa, &root_len), *table;

	if (!root)
		return;
	for (u32 at = TABLE_HEADER; at + entry_size <= root_len; at += entry_size) {
		table = table_at(entry_size == 8 ? get64(root + at) : get32(root + at), &len);
		if (table && memcmp(table, "APIC", 4) == 0)
			parse_madt(table, len);
		else if (table && memcmp(table, "FACP", 4) == 0)
			parse_fadt(table, len);
	}
}

void acpi_init(phys_addr rsdp_pa)
{
	const u8 *rsdp = rsdp_pa && rsdp_pa < MAPPED_LIMIT ? rsdp_at(rsdp_pa) : NULL;

	acpi_info.lapic_pa = 0xfee00000;
	for (u32 irq = 0; irq < ACPI_ISA_IRQS; irq++)
		acpi_info.isa[irq].gsi = irq;
	if (!rsdp)
		rsdp = rsdp_search();
	if (rsdp && get8(rsdp + 15) >= 2 && get64(rsdp + 24))
		parse_root(get64(rsdp + 24), 8);
	else if (rsdp)
		parse_root(get32(rsdp + 16), 4);
	if (!acpi_info.nr_ioapics)
		add_ioapic(0xfec00000, 0);
}

/* One constant of an AML package; advances @p. False: not a small constant. */
static bool aml_constant(const u8 **p, const u8 *end, u8 *value)
{
	if (*p >= end)
		return false;
	if (**p == 0x00 || **p == 0x01) { /* ZeroOp, OneOp */
		*value = *(*p)++;
		return true;
	}
	if (**p != 0x0a || *p + 1 >= end) /* BytePrefix */
		return false;
	*value = (*p)[1];
	*p += 2;
	return true;
}

bool acpi_find_s5(u8 *typ_a, u8 *typ_b)
{
	u32 len;
	const u8 *dsdt = table_at(acpi_info.dsdt_pa, &len), *end, *p;

	if (!dsdt)
		return false;
	end = dsdt + len;
	for (p = dsdt + TABLE_HEADER; p + 8 < end; p++) {
		if (memcmp(p, "_S5_", 4) != 0 || p[4] != 0x12) /* PackageOp */
			continue;
		p += 5;
		p += (*p >> 6) + 1; /* PkgLength: its top bits say how many bytes follow */
		p++; /* NumElements */
		return aml_constant(&p, end, typ_a) && aml_constant(&p, end, typ_b);
	}
	return false;
}
