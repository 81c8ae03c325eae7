/*
 * Copies between kernel and user memory.
 *
 * Every access to user memory is one of the instructions here or in usercopy.asm, each with an
 * entry in the exception table: a fault that upcall_page_fault() cannot cure continues at the
 * entry's fixup, and the copy returns -EFAULT. All check that the range ends below USER_TOP.
 * All may sleep, unless interrupts are off or an interrupt handler runs: then a page that is not
 * there is -EFAULT.
 */
#pragma once

#include <linux/errno.h>

#include "lib/base.h"

#include "arch/x86_64/memlayout.h"

/* At @fault, on a fault, continue at @fixup. Both are 32-bit offsets from the entry's own place. */
#define EXTABLE(fault, fixup)                                                                      \
	".pushsection .extable, \"a\"\n\t"                                                         \
	".long " fault " - .\n\t"                                                                  \
	".long " fixup " - .\n\t"                                                                  \
	".popsection\n\t"

/* Three-byte no-ops that cpu_patch_smap() turns into STAC and CLAC on a CPU that has SMAP. */
#define USER_ACCESS_BEGIN                                                                          \
	"661: .byte 0x0f, 0x1f, 0x00\n\t"                                                          \
	".pushsection .patch_stac, \"a\"\n\t"                                                      \
	".long 661b - .\n\t"                                                                       \
	".popsection\n\t"
#define USER_ACCESS_END                                                                            \
	"662: .byte 0x0f, 0x1f, 0x00\n\t"                                                          \
	".pushsection .patch_clac, \"a\"\n\t"                                                      \
	".long 662b - .\n\t"                                                                       \
	".popsection\n\t"

static inline bool user_range_ok(const void __user *uptr, size_t size)
{
	return size <= USER_TOP && (u64)(__force const void *)uptr <= USER_TOP - size;
}

/* Bytes NOT copied. No range check. */
size_t usercopy_raw(void *dst, const void *src, size_t size);
size_t userclear_raw(void *dst, size_t size);
long userstr_raw(char *dst, const char *src, size_t size);

/* Bytes copied, which may be fewer than @size. */
static inline size_t copy_from_user_partial(void *dst, const void __user *usrc, size_t size)
{
	if (unlikely(!user_range_ok(usrc, size)))
		return 0;
	return size - usercopy_raw(dst, (__force const void *)usrc, size);
}

static inline size_t copy_to_user_partial(void __user *udst, const void *src, size_t size)
{
	if (unlikely(!user_range_ok(udst, size)))
		return 0;
	return size - usercopy_raw((__force void *)udst, src, size);
}

/* 0 or -EFAULT; after an error @dst is undefined. */
static inline int __must_check copy_from_user(void *dst, const void __user *usrc, size_t size)
{
	return likely(copy_from_user_partial(dst, usrc, size) == size) ? 0 : -EFAULT;
}

static inline int __must_check copy_to_user(void __user *udst, const void *src, size_t size)
{
	return likely(copy_to_user_partial(udst, src, size) == size) ? 0 : -EFAULT;
}

static inline int __must_check clear_user(void __user *udst, size_t size)
{
	if (unlikely(!user_range_ok(udst, size)))
		return -EFAULT;
	return userclear_raw((__force void *)udst, size) ? -EFAULT : 0;
}

/**
 * strncpy_from_user - copy a string.
 * Returns its length without the NUL, which is copied too; @size if there is no NUL in the first
 * @size bytes; or -EFAULT.
 */
static inline long __must_check strncpy_from_user(char *dst, const char __user *usrc, size_t size)
{
	u64 start = (u64)(__force const char *)usrc;
	size_t room = start < USER_TOP ? USER_TOP - start : 0;
	long len;

	if (size <= room)
		return userstr_raw(dst, (__force const char *)usrc, size);
	len = userstr_raw(dst, (__force const char *)usrc, room);
	return len == (long)room ? -EFAULT : len; /* ran into the end of user space */
}

#define USER_SCALAR(x) (sizeof(x) == 1 || sizeof(x) == 2 || sizeof(x) == 4 || sizeof(x) == 8)

#define USER_GET(insn, reg, type, x, p, fault)                                                     \
	({                                                                                         \
		type val_;                                                                         \
		__asm__ volatile goto(                                                             \
			USER_ACCESS_BEGIN                                                          \
			"1: " insn " %1, %0\n\t" USER_ACCESS_END EXTABLE("1b", "%l[" #fault "]")   \
			: reg(val_)                                                                \
			: "m"(*(const type *)(p))                                                  \
			: "memory"                                                                 \
			: fault);                                                                  \
		(x) = (__typeof__(x))(u64)val_;                                                    \
	})

#define USER_PUT(insn, reg, type, x, p, fault)                                                     \
	__asm__ volatile goto(USER_ACCESS_BEGIN                                                    \
			      "1: " insn                                                           \
			      " %0, %1\n\t" USER_ACCESS_END EXTABLE("1b", "%l[" #fault "]")        \
			      :                                                                    \
			      : reg((type)(u64)(x)), "m"(*(type *)(p))                             \
			      : "memory"                                                           \
			      : fault)

/* get_user(x, uptr): x = *uptr, 0 or -EFAULT. 1, 2, 4 or 8 bytes, scalars and pointers. */
#define get_user(x, uptr)                                                                          \
	({                                                                                         \
		__label__ fault_, done_;                                                           \
		const void *p_ = (__force const void *)(uptr);                                     \
		int err_ = 0;                                                                      \
                                                                                                   \
		static_assert(USER_SCALAR(*(uptr)), "only 1, 2, 4 or 8 bytes");                    \
		if (unlikely((u64)p_ > USER_TOP - sizeof(*(uptr))))                                \
			goto fault_;                                                               \
		switch (sizeof(*(uptr))) {                                                         \
		case 1:                                                                            \
			USER_GET("movb", "=q", u8, x, p_, fault_);                                 \
			break;                                                                     \
		case 2:                                                                            \
			USER_GET("movw", "=r", u16, x, p_, fault_);                                \
			break;                                                                     \
		case 4:                                                                            \
			USER_GET("movl", "=r", u32, x, p_, fault_);                                \
			break;                                                                     \
		default:                                                                           \
			USER_GET("movq", "=r", u64, x, p_, fault_);                                \
		}                                                                                  \
		goto done_;                                                                        \
fault_:                                                                                            \
		err_ = -EFAULT;                                                                    \
done_:                                                                                             \
		err_;                                                                              \
	})

/* put_user(x, uptr): *uptr = x, 0 or -EFAULT. */
#define put_user(x, uptr)                                                                          \
	({                                                                                         \
		__label__ fault_, done_;                                                           \
		void *p_ = (__force void *)(uptr);                                                 \
		__typeof__(*(uptr)) put_ = (__typeof__(*(uptr)))(x);                               \
		int err_ = 0;                                                                      \
                                                                                                   \
		static_assert(USER_SCALAR(*(uptr)), "only 1, 2, 4 or 8 bytes");                    \
		if (unlikely((u64)p_ > USER_TOP - sizeof(*(uptr))))                                \
			goto fault_;                                                               \
		switch (sizeof(*(uptr))) {                                                         \
		case 1:                                                                            \
			USER_PUT("movb", "q", u8, put_, p_, fault_);                               \
			break;                                                                     \
		case 2:                                                                            \
			USER_PUT("movw", "r", u16, put_, p_, fault_);                              \
			break;                                                                     \
		case 4:                                                                            \
			USER_PUT("movl", "r", u32, put_, p_, fault_);                              \
			break;                                                                     \
		default:                                                                           \
			USER_PUT("movq", "r", u64, put_, p_, fault_);                              \
		}                                                                                  \
		goto done_;                                                                        \
fault_:                                                                                            \
		err_ = -EFAULT;                                                                    \
done_:                                                                                             \
		err_;                                                                              \
	})

/* Atomically: if *uptr is *old, store new; *old gets what was there. 0 or -EFAULT. */
static inline int __must_check user_cmpxchg32(u32 __user *uptr, u32 *old, u32 new)
{
	u32 *p = (__force u32 *)uptr;
	u32 seen = *old;

	if (unlikely(!user_range_ok(uptr, sizeof(*uptr))))
		return -EFAULT;
	__asm__ volatile goto(
		USER_ACCESS_BEGIN
		"1: lock; cmpxchgl %2, %1\n\t" USER_ACCESS_END EXTABLE("1b", "%l[fault]")
		: "+a"(seen), "+m"(*p)
		: "r"(new)
		: "memory", "cc"
		: fault);
	*old = seen;
	return 0;
fault:
	return -EFAULT;
}
