/*
 * What stands before each block of the heap.
 *
 * Blocks of up to 64 KiB come in classes: every 16 bytes up to 128, then four to a doubling, so
 * at most a fifth of a block is waste. Larger ones are mappings of their own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum chunk_kind {
	CHUNK_CLASS = 0, /* and up: the class */
	CHUNK_CLASSES = 44,
	CHUNK_MAPPED, /* size: of the mapping */
	CHUNK_ALIGNED, /* size: how far behind the block that malloc() gave */
};

enum { CHUNK_USED = 0x4b435553, CHUNK_FREE = 0x4b435246 };

struct chunk {
	uint32_t magic; /* CHUNK_USED or CHUNK_FREE: catches double frees and overruns */
	uint32_t kind;
	size_t size;
};

_Static_assert(sizeof(struct chunk) == 16, "blocks are aligned to 16 bytes");

static inline struct chunk *chunk_of(void *block)
{
	return (struct chunk *)((uintptr_t)block - sizeof(struct chunk));
}

/* The chunk of a block in use; ends the program if it is none. */
struct chunk *libc_chunk_check(void *block);

/* Bytes that fit into a block in use. */
size_t libc_chunk_room(void *block);
