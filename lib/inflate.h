/*
 * gunzip: RFC 1952 members holding RFC 1951 deflate data.
 */
#pragma once

#include "lib/base.h"

#define INFLATE_WINDOW   32768
#define INFLATE_MAX_BITS 15

/* Decoding table of one prefix code: how many codes of each length, and the symbols in order. */
struct inflate_code {
	u16 count[INFLATE_MAX_BITS + 1];
	u16 symbol[288];
	u16 fast[512]; /* symbol << 4 | length for codes of up to 9 bits; 0: longer */
};

/* Takes the next len bytes of output; 0, or -errno to stop. */
typedef int (*inflate_sink)(void *ctx, const u8 *data, size_t len);

/* Working memory (about 36 KiB): the caller's, contents do not matter. */
struct inflate {
	const u8 *in;
	size_t in_len, in_pos;
	u64 bits; /* not yet used, lowest first */
	unsigned int nr_bits;
	inflate_sink sink;
	void *ctx;
	u64 total; /* bytes of output so far */
	u32 crc;
	u32 crc_table[256];
	struct inflate_code lengths, distances;
	u8 window[INFLATE_WINDOW]; /* output not yet given to sink, and what it may refer back to */
};

/* The bytes begin like a gzip member. */
static inline bool gzip_is_magic(const u8 *in, size_t len)
{
	return len >= 3 && in[0] == 0x1f && in[1] == 0x8b && in[2] == 8;
}

/**
 * gunzip - expand one gzip member.
 * @used: set to the bytes of input taken, on success. @sink: called with up to 32 KiB at a time.
 * Returns 0, -EINVAL (damaged: header, codes, length or CRC), or what the sink returned.
 */
int gunzip(struct inflate *state, const u8 *in, size_t in_len, size_t *used, inflate_sink sink,
	   void *ctx) __must_check;
