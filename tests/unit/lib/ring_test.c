// sources:
#include "test.h"

#include "lib/ring.h"

static u8 buf[64];

TEST(random_reads_and_writes_keep_the_order)
{
	struct ring r;
	u8 chunk[100];
	u8 written = 0, read = 0;

	ring_init(&r, buf, sizeof(buf));
	r.head = r.tail = UINT32_MAX - 500; /* the counters wrap around */
	for (int step = 0; step < 20000; step++) {
		u32 n = test_random() % sizeof(chunk), used = ring_used(&r);

		if (test_random() & 1) {
			for (u32 i = 0; i < n; i++)
				chunk[i] = (u8)(written + i);
			u32 done = ring_write(&r, chunk, n);
			CHECK(done == MIN(n, sizeof(buf) - used));
			written += (u8)done;
		} else {
			u32 done = ring_read(&r, chunk, n);
			CHECK(done == MIN(n, used));
			for (u32 i = 0; i < done; i++)
				CHECK(chunk[i] == (u8)(read + i));
			read += (u8)done;
		}
		CHECK(ring_used(&r) + ring_space(&r) == sizeof(buf));
	}
}

TEST(single_bytes)
{
	struct ring r;

	ring_init(&r, buf, 4);
	CHECK(ring_getc(&r) == -1);
	CHECK(ring_write(&r, "\xf0\xf1\xf2\xf3\xf4", 5) == 4 && !ring_space(&r));
	CHECK(ring_getc(&r) == 0xf0 && ring_used(&r) == 3);
	ring_clear(&r);
	CHECK(ring_empty(&r));
}
