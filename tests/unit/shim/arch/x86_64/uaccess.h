/*
 * User memory is the test's own; the first page and what is above USER_TOP fault.
 */
#pragma once

#include <linux/errno.h>

#include "lib/base.h"
#include "lib/string.h"

#define USER_TOP 0x00007ffffffff000UL

static inline bool user_range_ok(const void __user *uptr, size_t size)
{
	return size <= USER_TOP && (u64)uptr <= USER_TOP - size;
}

static inline bool host_faults(const void *uptr, size_t size)
{
	return size && ((u64)uptr < PAGE_SIZE || !user_range_ok(uptr, size));
}

static inline size_t copy_from_user_partial(void *dst, const void __user *usrc, size_t size)
{
	if (host_faults(usrc, size))
		return 0;
	memcpy(dst, usrc, size);
	return size;
}

static inline size_t copy_to_user_partial(void __user *udst, const void *src, size_t size)
{
	if (host_faults(udst, size))
		return 0;
	memcpy(udst, src, size);
	return size;
}

static inline int __must_check copy_from_user(void *dst, const void __user *usrc, size_t size)
{
	return copy_from_user_partial(dst, usrc, size) == size ? 0 : -EFAULT;
}

static inline int __must_check copy_to_user(void __user *udst, const void *src, size_t size)
{
	return copy_to_user_partial(udst, src, size) == size ? 0 : -EFAULT;
}

static inline int __must_check clear_user(void __user *udst, size_t size)
{
	if (host_faults(udst, size))
		return -EFAULT;
	memset(udst, 0, size);
	return 0;
}

static inline long __must_check strncpy_from_user(char *dst, const char __user *usrc, size_t size)
{
	size_t len;

	if (host_faults(usrc, 1))
		return -EFAULT;
	len = strnlen(usrc, size);
	memcpy(dst, usrc, len < size ? len + 1 : size);
	return (long)len;
}

#define get_user(x, uptr)                                        \
	({                                                       \
		int err_ = host_faults(uptr, sizeof(*(uptr)));   \
		if (!err_)                                       \
			(x) = *(uptr);                           \
		err_ ? -EFAULT : 0;                              \
	})
#define put_user(x, uptr)                                        \
	({                                                       \
		int err_ = host_faults(uptr, sizeof(*(uptr)));   \
		if (!err_)                                       \
			*(uptr) = (__typeof__(*(uptr)))(x);      \
		err_ ? -EFAULT : 0;                              \
	})
