/* Changing the size of a block: in place if it fits, by moving its pages if it is a mapping. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libc/src/malloc/chunk.h"

static void *resize_mapping(struct chunk *chunk, size_t size)
{
	size = (size + sizeof(*chunk) + 4095) & -4096UL;
	chunk = mremap(chunk, chunk->size, size, MREMAP_MAYMOVE);
	if (chunk == MAP_FAILED)
		return NULL;
	chunk->size = size;
	return chunk + 1;
}

void *realloc(void *old, size_t size)
{
	size_t room;
	void *fresh;

	if (!old)
		return malloc(size);
	if (!size) {
		free(old);
		return NULL;
	}
	if (size > PTRDIFF_MAX - 8192) {
		errno = ENOMEM;
		return NULL;
	}
	room = libc_chunk_room(old);
	if (size <= room && (size >= room / 2 || room < 1024))
		return old;
	if (chunk_of(old)->kind == CHUNK_MAPPED && size > 65536)
		return resize_mapping(chunk_of(old), size);
	fresh = malloc(size);
	if (!fresh)
		return NULL;
	memcpy(fresh, old, size < room ? size : room);
	free(old);
	return fresh;
}

void *reallocarray(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, bytes);
}
