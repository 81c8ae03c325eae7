// sources: lib/cpio.c
#include "test.h"

#include <errno.h>

#include "lib/cpio.h"

static u8 image[4096];
static size_t image_size;

static void put(const char *name, u32 mode, const void *data, u32 size)
{
	u32 name_size = (u32)strlen(name) + 1;

	image_size += (size_t)sprintf((char *)image + image_size,
				      "070701%08X%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 7,
				      mode, 1000, 100, 1, 0x65000000, size, 3, 1, 5, 9, name_size, 0);
	memcpy(image + image_size, name, name_size);
	image_size = (image_size + name_size + 3) / 4 * 4;
	memcpy(image + image_size, data, size);
	image_size = (image_size + size + 3) / 4 * 4;
}

static void build(void)
{
	memset(image, 0, sizeof(image));
	image_size = 0;
	put("bin", 040755, "", 0);
	put("bin/sh", 0100755, "hello", 5);
	put("dev/console", 020600, "", 0);
	put("TRAILER!!!", 0, "", 0);
}

/* Reads it all, touching every byte it is told of. Returns what cpio_next() said last. */
static int read_all(const u8 *data, size_t size, int *entries)
{
	struct cpio_reader r;
	struct cpio_entry e;
	volatile u8 sum = 0;
	int err;

	*entries = 0;
	cpio_init(&r, data, size);
	while ((err = cpio_next(&r, &e)) > 0) {
		++*entries;
		for (size_t i = 0; i < e.size; i++)
			sum += e.data[i];
		sum += (u8)strlen(e.name);
	}
	cpio_skip_padding(&r);
	return err;
}

TEST(reads_entries)
{
	struct cpio_reader r;
	struct cpio_entry e;

	build();
	cpio_init(&r, image, image_size);
	CHECK(cpio_next(&r, &e) == 1 && !strcmp(e.name, "bin") && e.mode == 040755 && e.size == 0);
	CHECK(e.uid == 1000 && e.gid == 100 && e.nlink == 1 && e.ino == 7 && e.mtime == 0x65000000);
	CHECK(cpio_next(&r, &e) == 1 && !strcmp(e.name, "bin/sh") && e.name_len == 6);
	CHECK(e.size == 5 && !memcmp(e.data, "hello", 5));
	CHECK(cpio_next(&r, &e) == 1 && e.rdev_major == 5 && e.rdev_minor == 9 && e.dev_minor == 1);
	CHECK(cpio_next(&r, &e) == 0);
	CHECK(!cpio_skip_padding(&r));
}

TEST(finds_a_second_archive)
{
	struct cpio_reader r;
	struct cpio_entry e;

	build();
	image_size += 512 - image_size % 512;
	put("more", 0100644, "x", 1);
	cpio_init(&r, image, image_size);
	while (cpio_next(&r, &e) > 0)
		;
	CHECK(cpio_skip_padding(&r));
	CHECK(cpio_next(&r, &e) == 1 && !strcmp(e.name, "more"));
	CHECK(cpio_next(&r, &e) == 0 && !cpio_skip_padding(&r));
}

TEST(checks_sums)
{
	int n;

	build();
	image_size = 0;
	put("f", 0100644, "ab", 2);
	image[5] = '2';
	CHECK(read_all(image, image_size, &n) == -EINVAL);
	memcpy(image + 102, "000000C3", 8);
	CHECK(read_all(image, image_size, &n) == 0 && n == 1);
}

TEST(refuses_every_truncation)
{
	int n;

	build();
	for (size_t size = 1; size < image_size; size++) {
		u8 *copy = malloc(size);

		memcpy(copy, image, size);
		read_all(copy, size, &n);
		if (size < 100)
			CHECK(read_all(copy, size, &n) == -EINVAL);
		free(copy);
	}
	CHECK(read_all(image, 0, &n) == 0 && n == 0);
}

TEST(survives_corruption)
{
	u8 *copy;
	int n;

	build();
	copy = malloc(image_size);
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, image, image_size);
		for (u32 k = test_random() % 4 + 1; k; k--)
			copy[test_random() % image_size] = test_random() & 1 ? 'F' : (u8)test_random();
		read_all(copy, image_size, &n);
	}
	memcpy(copy, image, image_size);
	copy[0] = '1';
	CHECK(read_all(copy, image_size, &n) == -EINVAL);
	memcpy(copy, image, image_size);
	memcpy(copy + 94, "00000000", 8); /* no name */
	CHECK(read_all(copy, image_size, &n) == -EINVAL);
	memcpy(copy + 94, "FFFFFFFF", 8);
	CHECK(read_all(copy, image_size, &n) == -EINVAL);
	memcpy(copy, image, image_size);
	memcpy(copy + 54, "FFFFFFFF", 8); /* size */
	CHECK(read_all(copy, image_size, &n) == -EINVAL);
	free(copy);
}
