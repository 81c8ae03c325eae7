/*
 * struct uio: where bytes of a read or write go to or come from: user iovecs or a kernel buffer.
 *
 * One shape for read, readv, pread, sendfile, exec's reads and the kernel's own, so that a file
 * system writes each operation once.
 */
#pragma once

#include <linux/uio.h>

#include "lib/base.h"

struct uio {
	const struct iovec
		*iov; /* remaining segments; kernel copy of the array, user bases unless kernel */
	u32 nr; /* segments left, this one included */
	size_t offset; /* into the first of them */
	size_t resid; /* bytes left in all */
	bool is_kernel; /* bases are kernel addresses */
	bool is_nowait; /* as if the file were O_NONBLOCK: RWF_NOWAIT, SPLICE_F_NONBLOCK */
	bool is_append; /* write: at the end of the file, whatever *pos is (set by fs/rw.c) */
	struct iovec one; /* room for the usual single segment */
};

static inline void uio_init_user(struct uio *u, void __user *buf, size_t n)
{
	u->one.iov_base = (__force void *)buf;
	u->one.iov_len = n;
	u->iov = &u->one;
	u->nr = 1;
	u->offset = 0;
	u->resid = n;
	u->is_kernel = false;
	u->is_append = false;
	u->is_nowait = false;
}

static inline void uio_init_kernel(struct uio *u, void *buf, size_t n)
{
	uio_init_user(u, (__force void __user *)buf, n);
	u->is_kernel = true;
}

/* Copies and advances; the bytes done, less than n when user memory faults or resid ends. May
 * sleep. */
size_t uio_copy_out(struct uio *u, const void *from, size_t n); /* kernel -> uio (read) */
size_t uio_copy_in(struct uio *u, void *to, size_t n); /* uio -> kernel (write) */
size_t uio_zero(struct uio *u, size_t n); /* zeroes -> uio */

/* Takes back the last n bytes of progress. */
void uio_revert(struct uio *u, size_t n);
