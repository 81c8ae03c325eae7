/*
 * Arrays of bits in 64-bit words. Not atomic: a lock of the caller's guards each map.
 */
#pragma once

#include "lib/base.h"

#define BITMAP_WORDS(nbits) (((size_t)(nbits) + 63) / 64)
#define BITMAP_BYTES(nbits) (BITMAP_WORDS(nbits) * 8)

static inline bool bitmap_test(const u64 *map, size_t bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void bitmap_set(u64 *map, size_t bit)
{
	map[bit / 64] |= 1ull << (bit % 64);
}

static inline void bitmap_clear(u64 *map, size_t bit)
{
	map[bit / 64] &= ~(1ull << (bit % 64));
}

/* The first bit >= from that is one (zero), or nbits. */
size_t bitmap_find_set(const u64 *map, size_t nbits, size_t from);
size_t bitmap_find_clear(const u64 *map, size_t nbits, size_t from);
