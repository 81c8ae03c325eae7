/*
 * uio: moving bytes to and from the buffers of a read or write.
 *
 * Owns: the arithmetic of a position inside an array of segments. The array itself is the caller's
 *   and is not changed, which is what lets uio_revert() go back.
 * Locks: none; user memory may fault, so whoever holds a lock of rank MM or above must not call
 *   this.
 */
#include "fs/uio.h"

#include "lib/string.h"
#include "arch/x86_64/uaccess.h"

/* Steps over n bytes, which do not pass the end of the current segment. */
static inline void uio_advance(struct uio *u, size_t n)
{
	u->offset += n;
	u->resid -= n;
	while (u->nr > 1 && u->offset >= u->iov->iov_len) {
		u->offset -= u->iov->iov_len;
		u->iov++;
		u->nr--;
	}
}

enum uio_op { UIO_OUT, UIO_IN, UIO_ZERO };

/* Bytes done of n at the segment's address. */
static __always_inline size_t uio_move(enum uio_op op, bool is_kernel, void *base, void *buf,
				       size_t n)
{
	void __user *ubase = (__force void __user *)base;

	if (is_kernel) {
		if (op == UIO_OUT)
			memcpy(base, buf, n);
		else if (op == UIO_IN)
			memcpy(buf, base, n);
		else
			memset(base, 0, n);
		return n;
	}
	if (op == UIO_OUT)
		return copy_to_user_partial(ubase, buf, n);
	if (op == UIO_IN)
		return copy_from_user_partial(buf, ubase, n);
	return clear_user(ubase, n) ? 0 : n;
}

/* Inline, so that each of its users is the shape it needs. */
static __always_inline size_t uio_copy(struct uio *u, enum uio_op op, char *buf, size_t n)
{
	size_t done = 0, part, moved;

	n = MIN(n, u->resid);
	while (done < n) {
		part = MIN(n - done, u->iov->iov_len - u->offset);
		moved = uio_move(op, u->is_kernel, (char *)u->iov->iov_base + u->offset,
				 op == UIO_ZERO ? NULL : buf + done, part);
		uio_advance(u, moved);
		done += moved;
		if (unlikely(moved < part))
			break;
	}
	return done;
}

size_t uio_copy_out(struct uio *u, const void *from, size_t n)
{
	return uio_copy(u, UIO_OUT, (char *)from, n);
}

size_t uio_copy_in(struct uio *u, void *to, size_t n)
{
	return uio_copy(u, UIO_IN, to, n);
}

size_t uio_zero(struct uio *u, size_t n)
{
	return uio_copy(u, UIO_ZERO, NULL, n);
}

void uio_revert(struct uio *u, size_t n)
{
	u->resid += n;
	while (n > u->offset) {
		n -= u->offset;
		u->iov--;
		u->nr++;
		u->offset = u->iov->iov_len;
	}
	u->offset -= n;
}
