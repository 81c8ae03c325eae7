/*
 * The exception table.
 *
 * The compiler writes entries in the order it meets the instructions, which is not quite the order
 * of their addresses. A fault in a user copy is ordinary (the page may simply not be there yet), so
 * the table is sorted at boot and searched by halves.
 */
#include "arch/x86_64/extable.h"

#include "arch/x86_64/memlayout.h"

/* As linked: distances from the members themselves. After extable_init(): from KERNEL_BASE. */
struct extable_entry {
	s32 fault, fixup;
};
extern struct extable_entry extable_start[], extable_end[];

/* Insertion sort: nearly all entries are in place already. */
static void extable_sort(struct extable_entry *table, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct extable_entry entry = table[i];
		size_t j = i;

		for (; j > 0 && table[j - 1].fault > entry.fault; j--)
			table[j] = table[j - 1];
		table[j] = entry;
	}
}

void extable_init(void)
{
	for (struct extable_entry *e = extable_start; e < extable_end; e++) {
		e->fault += (s32)((u64)&e->fault - KERNEL_BASE);
		e->fixup += (s32)((u64)&e->fixup - KERNEL_BASE);
	}
	extable_sort(extable_start, (size_t)(extable_end - extable_start));
}

u64 extable_find(u64 rip)
{
	const struct extable_entry *low = extable_start, *high = extable_end;
	u64 want = rip - KERNEL_BASE;

	while (low < high) {
		const struct extable_entry *mid = low + (high - low) / 2;

		if ((u64)mid->fault == want)
			return KERNEL_BASE + (u64)mid->fixup;
		if ((u64)mid->fault < want)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}
