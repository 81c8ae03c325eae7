/*
 * Names for kernel addresses.
 *
 * The table is generated from the linked kernel and linked in again; its size depends on the names
 * alone, so one more pass settles the addresses. Kernels without a table (the first pass) find
 * nothing and show plain numbers.
 */
#include "kernel/debug/ksyms.h"

#include "lib/fmt.h"

bool ksyms_get(size_t i, struct ksym *out)
{
	const char *entry;

	if (i >= ksyms_count)
		return false;
	entry = ksyms_names + ksyms_offsets[i];
	*out = (struct ksym){ KSYMS_BASE + ksyms_addresses[i], entry + 1, entry[0] };
	return true;
}

const char *ksyms_lookup(u64 address, u64 *offset)
{
	size_t low = 0, high = ksyms_count;
	u64 target = address - KSYMS_BASE;

	if (!high || target > UINT32_MAX || target < ksyms_addresses[0])
		return NULL;
	/* low is at or below the target, high is above it. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (ksyms_addresses[middle] <= target)
			low = middle;
		else
			high = middle;
	}
	*offset = target - ksyms_addresses[low];
	return ksyms_names + ksyms_offsets[low] + 1;
}

const char *ksyms_describe(u64 address, char *buf, size_t size)
{
	u64 offset;
	const char *name = ksyms_lookup(address, &offset);

	if (name)
		snprintf(buf, size, "%s+%#lx", name, offset);
	else
		snprintf(buf, size, "%#lx", address);
	return buf;
}
