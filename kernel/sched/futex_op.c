/*
 * FUTEX_WAKE_OP's little language: what becomes of a word, and whether its old value compares.
 *
 * Follows: futex(2)
 */
#include <linux/errno.h>

#include "kernel/sched/futex.h"
#include "kernel/sched/internal.h"

static s32 sign_extend12(u32 v)
{
	return (s32)(v << 20) >> 20;
}

int futex_op_result(u32 op, u32 old, u32 *new)
{
	u32 arg = (u32)sign_extend12(op >> 12 & 0xfff);

	if (op >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (arg & 31);
	switch (op >> 28 & 7) {
	case FUTEX_OP_SET:
		*new = arg;
		return 0;
	case FUTEX_OP_ADD:
		*new = old + arg;
		return 0;
	case FUTEX_OP_OR:
		*new = old | arg;
		return 0;
	case FUTEX_OP_ANDN:
		*new = old & ~arg;
		return 0;
	case FUTEX_OP_XOR:
		*new = old ^ arg;
		return 0;
	}
	return -ENOSYS;
}

int futex_op_compare(u32 op, u32 old)
{
	s32 value = (s32)old, arg = sign_extend12(op & 0xfff);

	switch (op >> 24 & 15) {
	case FUTEX_OP_CMP_EQ:
		return value == arg;
	case FUTEX_OP_CMP_NE:
		return value != arg;
	case FUTEX_OP_CMP_LT:
		return value < arg;
	case FUTEX_OP_CMP_LE:
		return value <= arg;
	case FUTEX_OP_CMP_GT:
		return value > arg;
	case FUTEX_OP_CMP_GE:
		return value >= arg;
	}
	return -ENOSYS;
}
