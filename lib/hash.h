/*
 * Hashes for tables; not for secrets.
 */
#pragma once

#include "lib/base.h"

/* All bits of the result depend on all bits of v; take the high ones with hash_bits(). */
static inline u64 hash_u64(u64 v)
{
	v *= 0x9e3779b97f4a7c15ull;
	v ^= v >> 32;
	return v * 0xd6e8feb86659fd93ull;
}

static inline u32 hash_bits(u64 v, unsigned int bits)
{
	return hash_u64(v) >> (64 - bits);
}

static inline u64 hash_combine(u64 a, u64 b)
{
	return hash_u64(a ^ (hash_u64(b) >> 1));
}

/* Eight bytes a step. seed: e.g. the parent's address. */
static inline u32 hash_string(const char *s, size_t len, u64 seed)
{
	u64 h = seed ^ len;
	u64 word;

	for (; len >= 8; s += 8, len -= 8) {
		__builtin_memcpy(&word, s, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	if (len) {
		word = 0;
		for (size_t i = 0; i < len; i++)
			word = word << 8 | (u8)s[i];
		h = (h ^ word) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return (u32)(hash_u64(h) >> 32);
}
