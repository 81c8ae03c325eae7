// sources: lib/inflate.c
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "lib/inflate.h"

static struct inflate state;

struct result {
	u8 *data;
	size_t len, cap;
};

static int collect(void *ctx, const u8 *data, size_t len)
{
	struct result *r = ctx;

	if (len > r->cap - r->len)
		return -ENOSPC;
	memcpy(r->data + r->len, data, len);
	r->len += len;
	return 0;
}

/* What gzip makes of data, followed by three more bytes. */
static u8 *compress(const u8 *data, size_t len, const char *options, size_t *out_len)
{
	char in_name[] = "/tmp/inflate-XXXXXX", command[200];
	int fd = mkstemp(in_name);
	size_t cap = len + len / 8 + 4096;
	u8 *out = malloc(cap);
	FILE *pipe;

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
	snprintf(command, sizeof(command), "gzip -c %s %s", options, in_name);
	pipe = popen(command, "r");
	*out_len = fread(out, 1, cap - 3, pipe);
	if (pclose(pipe))
		abort();
	unlink(in_name);
	memcpy(out + *out_len, "end", 3);
	return out;
}

static void round_trip(const u8 *data, size_t len, const char *options)
{
	size_t packed_len, used = 0;
	u8 *packed = compress(data, len, options, &packed_len);
	struct result r = { .data = malloc(len + 1), .cap = len };

	CHECK(gunzip(&state, packed, packed_len + 3, &used, collect, &r) == 0);
	CHECK(used == packed_len && r.len == len && !memcmp(r.data, data, len));
	if (len) {
		r.len = 0;
		r.cap = len - 1;
		CHECK(gunzip(&state, packed, packed_len, &used, collect, &r) == -ENOSPC);
	}
	free(r.data);
	free(packed);
}

/* Runs of text, of repeated bytes and of noise. */
static u8 *make_data(size_t len, unsigned int flavour)
{
	static const char words[] = "the quick brown fox jumps over a lazy dog; pid fd task inode ";
	u8 *data = malloc(len + 1);

	for (size_t i = 0; i < len;) {
		size_t run = MIN(len - i, (size_t)test_random() % 300 + 1);
		unsigned int at = test_random() % 40, kind = flavour ? flavour : test_random() % 3 + 1;

		for (; run; run--, i++)
			data[i] = kind == 1 ? (u8)words[at++ % (sizeof(words) - 1)] :
				  kind == 2 ? (u8)at :
					      (u8)test_random();
	}
	return data;
}

TEST(expands_what_gzip_made)
{
	static const size_t sizes[] = { 0, 1, 2, 100, 5000, 32767, 32768, 32769, 200000, 1000000 };
	static const char *const options[] = { "-1", "-6n", "-9" };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (unsigned int flavour = 0; flavour < 4; flavour++) {
			u8 *data = make_data(sizes[i], flavour);

			round_trip(data, sizes[i], options[(i + flavour) % 3]);
			free(data);
		}
	}
}

TEST(refuses_every_truncation)
{
	u8 *data = make_data(3000, 0), *out = malloc(3000);
	size_t packed_len, used;
	u8 *packed = compress(data, 3000, "-9", &packed_len);

	for (size_t len = 0; len < packed_len; len++) {
		struct result r = { .data = out, .cap = 3000 };
		u8 *copy = malloc(len + 1);

		memcpy(copy, packed, len);
		copy = realloc(copy, len ? len : 1);
		CHECK(gunzip(&state, copy, len, &used, collect, &r) == -EINVAL);
		free(copy);
	}
	free(out);
	free(packed);
	free(data);
}

TEST(notices_corruption)
{
	u8 *data = make_data(3000, 1), *out = malloc(1 << 20);
	size_t packed_len, used;
	u8 *packed = compress(data, 3000, "-9n", &packed_len);

	for (int i = 0; i < 3000; i++) {
		struct result r = { .data = out, .cap = 1 << 20 };
		u8 *copy = malloc(packed_len);

		memcpy(copy, packed, packed_len);
		copy[10 + test_random() % (packed_len - 10)] ^= (u8)(1u << test_random() % 8);
		/* One bit flipped: the checksum finds it if nothing else does. The bits between
		 * the last block and the trailer may be anything. */
		if (gunzip(&state, copy, packed_len, &used, collect, &r) == 0)
			CHECK(r.len == 3000 && !memcmp(r.data, data, 3000));
		free(copy);
	}
	free(out);
	free(packed);
	free(data);
}

TEST(reads_every_header_field)
{
	/* "hi\n" in a stored block; extra field, name, comment and header checksum present. */
	static const u8 member[] = { 0x1f, 0x8b, 8,    0x1e, 0,	  0,	0,    0,    0,	  3,
				     3,	   0,	 'x',  'y',  'z', 'n',	0,    'c',  0,	  0xab,
				     0xcd, 1,	 3,    0,    0xfc, 0xff, 'h', 'i',  '\n', 0x7a,
				     0x7a, 0x6f, 0xed, 3,    0,	  0,	0 };
	u8 out[8], bad[sizeof(member)];
	struct result r = { .data = out, .cap = sizeof(out) };
	size_t used;

	CHECK(gunzip(&state, member, sizeof(member), &used, collect, &r) == 0);
	CHECK(used == sizeof(member) && r.len == 3 && !memcmp(out, "hi\n", 3));
	memcpy(bad, member, sizeof(bad));
	bad[3] |= 0x80;
	CHECK(gunzip(&state, bad, sizeof(bad), &used, collect, &r) == -EINVAL);
	bad[3] = 0x1e;
	bad[24]++; /* the inverted length */
	CHECK(gunzip(&state, bad, sizeof(bad), &used, collect, &r) == -EINVAL);
}
