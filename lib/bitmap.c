/*
 * Bitmaps: searches. A search for clear bits is one for set bits in inverted words.
 */
#include "lib/bitmap.h"

static size_t find(const u64 *map, size_t nbits, size_t from, u64 invert)
{
	size_t word = from / 64;
	u64 bits;

	if (from >= nbits)
		return nbits;
	bits = (map[word] ^ invert) & (~0ull << (from % 64));
	while (!bits) {
		if (++word * 64 >= nbits)
			return nbits;
		bits = map[word] ^ invert;
	}
	from = word * 64 + (size_t)__builtin_ctzll(bits);
	return MIN(from, nbits);
}

size_t bitmap_find_set(const u64 *map, size_t nbits, size_t from)
{
	return find(map, nbits, from, 0);
}

size_t bitmap_find_clear(const u64 *map, size_t nbits, size_t from)
{
	return find(map, nbits, from, ~0ull);
}
