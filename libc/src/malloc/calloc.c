/* Zeroed memory. Mappings are zero already. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libc/src/malloc/chunk.h"

void *calloc(size_t n, size_t size)
{
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	block = malloc(bytes);
	if (block && chunk_of(block)->kind != CHUNK_MAPPED)
		memset(block, 0, bytes);
	return block;
}
