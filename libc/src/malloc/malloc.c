/*
 * The heap.
 *
 * Owns: one list of free chunks for each class, and a region from which new chunks are cut. A
 *   free chunk holds the pointer to the next where the program's data was.
 * Nothing is merged or given back except mappings, so a chunk keeps its class for ever.
 * Locks: one, for all. A child of fork() finds it free.
 * Waste: the rest of a region that a chunk did not fit into, less than one chunk per 256 KiB.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libc/src/libc.h"

#include "libc/src/malloc/chunk.h"

enum { LARGEST = 65536, REGION = 262144, PAGE = 4096 };

static int lock;
static struct chunk *free_chunks[CHUNK_CLASSES];
static char *region, *region_end;

void libc_malloc_lock(void)
{
	libc_lock(&lock);
}

void libc_malloc_unlock(void)
{
	libc_unlock(&lock);
}

/* The class of chunks of n bytes, header included. */
static uint32_t class_of(size_t n)
{
	unsigned int log;

	if (n <= 128)
		return (uint32_t)((n + 15) / 16 - 1);
	log = 63 - (unsigned int)__builtin_clzl(n - 1); /* 2^log < n <= 2^(log + 1) */
	return (uint32_t)(8 + (log - 7) * 4 + (((n - 1) >> (log - 2)) & 3));
}

static size_t class_size(uint32_t kind)
{
	if (kind < 8)
		return (kind + 1) * 16UL;
	return (size_t)(5 + (kind & 3)) << ((kind - 8) / 4 + 5);
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void *allocate_mapped(size_t size)
{
	struct chunk *chunk;

	size = (size + PAGE - 1) & -(size_t)PAGE;
	chunk = map(size);
	if (!chunk)
		return NULL;
	*chunk = (struct chunk){ CHUNK_USED, CHUNK_MAPPED, size };
	return chunk + 1;
}

/* A chunk that nobody had; with the lock held. */
static struct chunk *cut(size_t size)
{
	struct chunk *chunk;

	if ((size_t)(region_end - region) < size) {
		char *fresh = map(REGION);

		if (!fresh)
			return NULL;
		region = fresh;
		region_end = fresh + REGION;
	}
	chunk = (struct chunk *)region;
	region += size;
	return chunk;
}

void *malloc(size_t size)
{
	struct chunk *chunk;
	uint32_t kind;

	if (size > PTRDIFF_MAX - 2 * PAGE) {
		errno = ENOMEM;
		return NULL;
	}
	size += sizeof(*chunk) + (size == 0);
	if (size > LARGEST)
		return allocate_mapped(size);
	kind = class_of(size);
	libc_lock(&lock);
	chunk = free_chunks[kind];
	if (chunk)
		free_chunks[kind] = *(struct chunk **)(chunk + 1);
	else
		chunk = cut(class_size(kind));
	libc_unlock(&lock);
	if (!chunk)
		return NULL;
	*chunk = (struct chunk){ CHUNK_USED, kind, 0 };
	return chunk + 1;
}

struct chunk *libc_chunk_check(void *block)
{
	static const char text[] = "heap: not a block in use\n";
	struct chunk *chunk = chunk_of(block);

	if (chunk->magic == CHUNK_USED)
		return chunk;
	write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

size_t libc_chunk_room(void *block)
{
	struct chunk *chunk = libc_chunk_check(block);

	if (chunk->kind == CHUNK_ALIGNED)
		return libc_chunk_room((char *)block - chunk->size) - chunk->size;
	if (chunk->kind == CHUNK_MAPPED)
		return chunk->size - sizeof(*chunk);
	return class_size(chunk->kind) - sizeof(*chunk);
}

void free(void *block)
{
	struct chunk *chunk;
	int saved = errno;

	if (!block)
		return;
	chunk = libc_chunk_check(block);
	if (chunk->kind == CHUNK_ALIGNED) {
		chunk->magic = CHUNK_FREE;
		free((char *)block - chunk->size);
	} else if (chunk->kind == CHUNK_MAPPED) {
		munmap(chunk, chunk->size);
	} else {
		chunk->magic = CHUNK_FREE;
		libc_lock(&lock);
		*(struct chunk **)block = free_chunks[chunk->kind];
		free_chunks[chunk->kind] = chunk;
		libc_unlock(&lock);
	}
	errno = saved;
}
