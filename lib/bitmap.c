/*
 * Bitmaps: searches and ranges. A search for clear bits is one for set bits in inverted words.
 */
#include "lib/bitmap.h"

/* Set bits, by adding neighbours: the compiler's own would be a library call without the CPU's instruction. */
static unsigned int word_count(u64 w)
{
	w -= w >> 1 & 0x5555555555555555ull;
	w = (w & 0x3333333333333333ull) + (w >> 2 & 0x3333333333333333ull);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return w * 0x0101010101010101ull >> 56;
}

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

/* The bits of the range that lie in the word of its first bit; *n: how many. */
static u64 range_mask(size_t from, size_t count, size_t *n)
{
	size_t first = from % 64;

	*n = MIN(count, 64 - first);
	return (~0ull >> (64 - *n)) << first;
}

void bitmap_set_range(u64 *map, size_t from, size_t count)
{
	size_t n;

	for (; count; from += n, count -= n)
		map[from / 64] |= range_mask(from, count, &n);
}

void bitmap_clear_range(u64 *map, size_t from, size_t count)
{
	size_t n;

	for (; count; from += n, count -= n)
		map[from / 64] &= ~range_mask(from, count, &n);
}

size_t bitmap_weight(const u64 *map, size_t nbits)
{
	size_t weight = 0, n;

	for (size_t at = 0; at < nbits; at += n)
		weight += (size_t)word_count(map[at / 64] &
						       range_mask(at, nbits - at, &n));
	return weight;
}

size_t bitmap_find_clear_run(const u64 *map, size_t nbits, size_t from, size_t count, size_t align)
{
	for (;;) {
		size_t taken;

		from = ALIGN_UP(bitmap_find_clear(map, nbits, from), align);
		if (from >= nbits || nbits - from < count)
			return nbits;
		taken = bitmap_find_set(map, from + count, from);
		if (taken == from + count)
			return from;
		from = taken + 1;
	}
}
