/* Blocks of larger alignment: a block inside a block, whose header says how far inside. */
#include <errno.h>
#include <stdlib.h>

#include "libc/src/malloc/chunk.h"

void *aligned_alloc(size_t align, size_t size)
{
	char *block, *inner;

	if (!align || (align & (align - 1)) || size > PTRDIFF_MAX - align - 8192) {
		errno = align & (align - 1) ? EINVAL : ENOMEM;
		return NULL;
	}
	if (align <= sizeof(struct chunk))
		return malloc(size);
	block = malloc(size + align);
	if (!block)
		return NULL;
	inner = (char *)(((uintptr_t)block + align - 1) & -align);
	if (inner != block)
		*chunk_of(inner) =
			(struct chunk){ CHUNK_USED, CHUNK_ALIGNED, (size_t)(inner - block) };
	return inner;
}

int posix_memalign(void **out, size_t align, size_t size)
{
	int saved = errno;
	void *block;

	if (align % sizeof(void *) || !align || (align & (align - 1)))
		return EINVAL;
	block = aligned_alloc(align, size);
	errno = saved;
	if (!block)
		return ENOMEM;
	*out = block;
	return 0;
}
