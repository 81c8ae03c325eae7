/*
 * Frame-pointer walk: each frame begins with the caller's rbp and the return address.
 *
 * Trusts nothing: a frame must be aligned, lie above the one before it and within a stack's size of
 * the first, and is read by instructions that survive a fault. A return address outside the kernel
 * text ends the walk.
 */
#include "arch/x86_64/backtrace.h"

#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/uaccess.h"

static bool read_word(u64 addr, u64 *out)
{
	u64 value;

	__asm__ volatile goto("1: movq (%1), %0\n\t" EXTABLE("1b", "%l[fault]")
			      : "=r"(value)
			      : "r"(addr)
			      : "memory"
			      : fault);
	*out = value;
	return true;
fault:
	return false;
}

unsigned int backtrace_walk(u64 rbp, u64 *out, unsigned int max)
{
	u64 first, next, address;
	unsigned int count = 0;

	if (!rbp)
		rbp = (u64)__builtin_frame_address(0);
	first = rbp;
	while (count < max) {
		if (!IS_ALIGNED(rbp, 8) || rbp < DIRECT_MAP || rbp - first > KERNEL_STACK_SIZE)
			break;
		if (!read_word(rbp + 8, &address) || !read_word(rbp, &next))
			break;
		if (address < (u64)text_start || address >= (u64)text_end)
			break;
		out[count++] = address;
		if (next <= rbp)
			break;
		rbp = next;
	}
	return count;
}
