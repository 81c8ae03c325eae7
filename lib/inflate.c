/*
 * gunzip.
 *
 * Input is pulled bit by bit from state->bits, lowest first. Output goes into the window, a circle
 * that is handed to the sink each time it is full; references back reach into what it still holds.
 * Codes up to 9 bits long, nearly all, are found by one look into a table; longer ones by
 * counting: canonical codes of one length are consecutive numbers. Nothing in the input is
 * trusted: too short, code lengths that are no code, references before the beginning, and a wrong
 * checksum all end in -EINVAL.
 * Follows: RFC 1951 (deflate), RFC 1952 (gzip)
 */
#include "lib/inflate.h"

#include <linux/errno.h>

#include "lib/string.h"

#define FAST_BITS    9
#define NR_LENGTHS   288
#define NR_DISTANCES 30
#define END_OF_BLOCK 256

#define GZIP_HCRC     0x02
#define GZIP_EXTRA    0x04
#define GZIP_NAME     0x08
#define GZIP_COMMENT  0x10
#define GZIP_RESERVED 0xe0

/* At least n (<= 56) bits are in s->bits. False: the input is at its end. */
static bool need_bits(struct inflate *s, unsigned int n)
{
	while (s->nr_bits < n) {
		if (s->in_pos == s->in_len)
			return false;
		s->bits |= (u64)s->in[s->in_pos++] << s->nr_bits;
		s->nr_bits += 8;
	}
	return true;
}

static void drop_bits(struct inflate *s, unsigned int n)
{
	s->bits >>= n;
	s->nr_bits -= n;
}

/* The next n (<= 16) bits, or -EINVAL. */
static int take_bits(struct inflate *s, unsigned int n)
{
	int v;

	if (!need_bits(s, n))
		return -EINVAL;
	v = (int)(s->bits & ((1u << n) - 1));
	drop_bits(s, n);
	return v;
}

static void build_crc_table(u32 *table)
{
	for (u32 i = 0; i < 256; i++) {
		u32 v = i;

		for (int bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? 0xedb88320u : 0);
		table[i] = v;
	}
}

/* Gives the first n bytes of the window away. */
static int flush(struct inflate *s, size_t n)
{
	u32 crc = ~s->crc;

	for (size_t i = 0; i < n; i++)
		crc = crc >> 8 ^ s->crc_table[(crc ^ s->window[i]) & 0xff];
	s->crc = ~crc;
	return n ? s->sink(s->ctx, s->window, n) : 0;
}

static int put_byte(struct inflate *s, u8 byte)
{
	size_t at = s->total++ % INFLATE_WINDOW;

	s->window[at] = byte;
	return at == INFLATE_WINDOW - 1 ? flush(s, INFLATE_WINDOW) : 0;
}

static unsigned int reverse_bits(unsigned int code, unsigned int len)
{
	unsigned int out = 0;

	for (; len; len--, code >>= 1)
		out = out << 1 | (code & 1);
	return out;
}

/* A code is complete, or is a lone code of one bit (one distance only), or empty. */
static int build_code(struct inflate_code *c, const u8 *lengths, unsigned int n)
{
	u16 place[INFLATE_MAX_BITS + 2] = { 0 };
	unsigned int next_code[INFLATE_MAX_BITS + 2] = { 0 };
	int left = 1;

	memset(c, 0, sizeof(*c));
	for (unsigned int i = 0; i < n; i++)
		c->count[lengths[i]]++;
	c->count[0] = 0;
	for (unsigned int len = 1; len <= INFLATE_MAX_BITS; len++) {
		left = 2 * left - c->count[len];
		if (left < 0)
			return -EINVAL;
		place[len + 1] = (u16)(place[len] + c->count[len]);
		next_code[len + 1] = (next_code[len] + c->count[len]) << 1;
	}
	if (left > 0 && place[INFLATE_MAX_BITS + 1] > 1)
		return -EINVAL;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int len = lengths[i], code;

		if (!len)
			continue;
		c->symbol[place[len]++] = (u16)i;
		code = reverse_bits(next_code[len]++, len);
		for (; len <= FAST_BITS && code < 1u << FAST_BITS; code += 1u << len)
			c->fast[code] = (u16)(i << 4 | len);
	}
	return 0;
}

static int decode_slowly(struct inflate *s, const struct inflate_code *c)
{
	unsigned int code = 0, first = 0, index = 0;

	for (unsigned int len = 1; len <= INFLATE_MAX_BITS && len <= s->nr_bits; len++) {
		code = code << 1 | (s->bits >> (len - 1) & 1);
		if (code - first < c->count[len]) {
			drop_bits(s, len);
			return c->symbol[index + code - first];
		}
		index += c->count[len];
		first = (first + c->count[len]) << 1;
	}
	return -EINVAL;
}

/* The next symbol, or -EINVAL. */
static int decode(struct inflate *s, const struct inflate_code *c)
{
	unsigned int entry;

	need_bits(s, INFLATE_MAX_BITS); /* near the end there may be fewer */
	entry = c->fast[s->bits & ((1u << FAST_BITS) - 1)];
	if (!entry)
		return decode_slowly(s, c);
	if ((entry & 15) > s->nr_bits)
		return -EINVAL;
	drop_bits(s, entry & 15);
	return (int)(entry >> 4);
}

static int copy_match(struct inflate *s, unsigned int len, unsigned int distance)
{
	int err = 0;

	if (distance > s->total)
		return -EINVAL;
	while (len-- && !err)
		err = put_byte(s, s->window[(s->total - distance) % INFLATE_WINDOW]);
	return err;
}

/* Length symbols 257.. and distance symbols 0..: base value and how many more bits follow. */
static const u16 length_base[29] = { 3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
				     15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
				     67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const u8 length_extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
				     2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const u16 distance_base[NR_DISTANCES] = { 1,    2,    3,    4,     5,     7,    9,    13,
						 17,   25,   33,   49,    65,    97,   129,  193,
						 257,  385,  513,  769,   1025,  1537, 2049, 3073,
						 4097, 6145, 8193, 12289, 16385, 24577 };

static int read_match(struct inflate *s, int symbol)
{
	int extra, distance;
	unsigned int len;

	symbol -= END_OF_BLOCK + 1;
	if (symbol >= (int)ARRAY_SIZE(length_base))
		return -EINVAL;
	extra = take_bits(s, length_extra[symbol]);
	if (extra < 0)
		return extra;
	len = length_base[symbol] + (unsigned int)extra;

	distance = decode(s, &s->distances);
	if (distance < 0 || distance >= NR_DISTANCES)
		return -EINVAL;
	extra = take_bits(s, distance < 2 ? 0 : (unsigned int)distance / 2 - 1);
	if (extra < 0)
		return extra;
	return copy_match(s, len, distance_base[distance] + (unsigned int)extra);
}

static int read_symbols(struct inflate *s)
{
	for (;;) {
		int symbol = decode(s, &s->lengths);
		int err;

		if (symbol < 0 || symbol == END_OF_BLOCK)
			return MIN(symbol, 0);
		err = symbol < END_OF_BLOCK ? put_byte(s, (u8)symbol) : read_match(s, symbol);
		if (err)
			return err;
	}
}

static int read_stored(struct inflate *s)
{
	int len, inverted, err = 0;

	drop_bits(s, s->nr_bits % 8);
	len = take_bits(s, 16);
	inverted = take_bits(s, 16);
	if (len < 0 || inverted < 0 || len != (~inverted & 0xffff))
		return -EINVAL;
	while (len-- && !err) {
		int byte = take_bits(s, 8);

		err = byte < 0 ? byte : put_byte(s, (u8)byte);
	}
	return err;
}

static int build_fixed_codes(struct inflate *s)
{
	u8 lengths[NR_LENGTHS];
	int err;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	err = build_code(&s->lengths, lengths, NR_LENGTHS);
	memset(lengths, 5, 32);
	return err ? err : build_code(&s->distances, lengths, 32);
}

/* Lengths of both codes, themselves coded, with codes of their own for repetition. */
static int read_lengths(struct inflate *s, u8 *lengths, unsigned int n)
{
	for (unsigned int i = 0; i < n;) {
		int symbol = decode(s, &s->lengths), repeat;
		u8 value = 0;

		if (symbol < 0)
			return symbol;
		if (symbol < 16) {
			lengths[i++] = (u8)symbol;
			continue;
		}
		if (symbol == 16) {
			if (i == 0)
				return -EINVAL;
			value = lengths[i - 1];
		}
		repeat = take_bits(s, symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
		if (repeat < 0)
			return repeat;
		repeat += symbol == 18 ? 11 : 3;
		if ((unsigned int)repeat > n - i)
			return -EINVAL;
		memset(lengths + i, value, (size_t)repeat);
		i += (unsigned int)repeat;
	}
	return 0;
}

static int build_dynamic_codes(struct inflate *s)
{
	static const u8 order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
				      11, 4,  12, 3, 13, 2, 14, 1, 15 };
	u8 lengths[NR_LENGTHS + 32] = { 0 };
	int nr_lengths = take_bits(s, 5), nr_distances = take_bits(s, 5),
	    nr_codes = take_bits(s, 4);
	int err;

	if (nr_lengths < 0 || nr_distances < 0 || nr_codes < 0)
		return -EINVAL;
	nr_lengths += 257;
	nr_distances += 1;
	if (nr_lengths > 286)
		return -EINVAL;
	for (int i = 0; i < nr_codes + 4; i++) {
		int len = take_bits(s, 3);

		if (len < 0)
			return len;
		lengths[order[i]] = (u8)len;
	}
	err = build_code(&s->lengths, lengths, 19);
	if (err)
		return err;
	memset(lengths, 0, sizeof(lengths));
	err = read_lengths(s, lengths, (unsigned int)(nr_lengths + nr_distances));
	if (err)
		return err;
	if (!lengths[END_OF_BLOCK])
		return -EINVAL;
	err = build_code(&s->lengths, lengths, (unsigned int)nr_lengths);
	return err ? err
		   : build_code(&s->distances, lengths + nr_lengths, (unsigned int)nr_distances);
}

static int read_blocks(struct inflate *s)
{
	int is_last, err;

	do {
		is_last = take_bits(s, 1);
		switch (take_bits(s, 2)) {
		case 0:
			err = read_stored(s);
			break;
		case 1:
			err = build_fixed_codes(s);
			if (!err)
				err = read_symbols(s);
			break;
		case 2:
			err = build_dynamic_codes(s);
			if (!err)
				err = read_symbols(s);
			break;
		default:
			err = -EINVAL;
		}
	} while (!err && !is_last);
	return err ? err : flush(s, s->total % INFLATE_WINDOW);
}

/* Skips a zero-terminated text; false: it does not end. */
static bool skip_text(struct inflate *s)
{
	int byte;

	do {
		byte = take_bits(s, 8);
	} while (byte > 0);
	return byte == 0;
}

static int read_gzip_header(struct inflate *s)
{
	int flags, extra;

	if (!gzip_is_magic(s->in, s->in_len) || s->in_len < 10)
		return -EINVAL;
	flags = s->in[3];
	s->in_pos = 10;
	if (flags & GZIP_RESERVED)
		return -EINVAL;
	if (flags & GZIP_EXTRA) {
		extra = take_bits(s, 16);
		while (extra > 0 && take_bits(s, 8) >= 0)
			extra--;
		if (extra)
			return -EINVAL;
	}
	if (flags & GZIP_NAME && !skip_text(s))
		return -EINVAL;
	if (flags & GZIP_COMMENT && !skip_text(s))
		return -EINVAL;
	if (flags & GZIP_HCRC && take_bits(s, 16) < 0)
		return -EINVAL;
	return 0;
}

static int read_gzip_trailer(struct inflate *s)
{
	u32 crc, size;

	drop_bits(s, s->nr_bits % 8);
	if (!need_bits(s, 32))
		return -EINVAL;
	crc = (u32)s->bits;
	drop_bits(s, 32);
	if (!need_bits(s, 32))
		return -EINVAL;
	size = (u32)s->bits;
	drop_bits(s, 32);
	return crc == s->crc && size == (u32)s->total ? 0 : -EINVAL;
}

int gunzip(struct inflate *state, const u8 *in, size_t in_len, size_t *used, inflate_sink sink,
	   void *ctx)
{
	int err;

	memset(state, 0, sizeof(*state));
	state->in = in;
	state->in_len = in_len;
	state->sink = sink;
	state->ctx = ctx;
	build_crc_table(state->crc_table);
	err = read_gzip_header(state);
	if (!err)
		err = read_blocks(state);
	if (!err)
		err = read_gzip_trailer(state);
	if (!err)
		*used = state->in_pos - state->nr_bits / 8;
	return err;
}
