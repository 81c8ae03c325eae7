// sources: lib/bitmap.c
#include "test.h"

#include "lib/bitmap.h"

#define NBITS 300

static u64 map[BITMAP_WORDS(NBITS)];
static bool model[NBITS];

static size_t model_find(bool value, size_t from)
{
	while (from < NBITS && model[from] != value)
		from++;
	return from;
}

static size_t model_find_run(size_t from, size_t count, size_t align)
{
	for (from = (from + align - 1) / align * align; from + count <= NBITS; from += align) {
		size_t i = 0;

		while (i < count && !model[from + i])
			i++;
		if (i == count)
			return from;
	}
	return NBITS;
}

TEST(random_operations_match_an_array)
{
	for (int step = 0; step < 20000; step++) {
		size_t at = test_random() % NBITS;
		size_t n = test_random() % (NBITS - at + 1) % 90;
		size_t align = 1u << test_random() % 5;
		size_t weight = 0;

		switch (test_random() % 4) {
		case 0:
			bitmap_set(map, at);
			model[at] = true;
			break;
		case 1:
			bitmap_clear(map, at);
			model[at] = false;
			break;
		case 2:
			bitmap_set_range(map, at, n);
			memset(model + at, 1, n);
			break;
		default:
			bitmap_clear_range(map, at, n);
			memset(model + at, 0, n);
		}
		for (size_t i = 0; i < NBITS; i++)
			weight += model[i];
		at = test_random() % (NBITS + 1);
		if (!CHECK(bitmap_weight(map, NBITS) == weight) ||
		    !CHECK(bitmap_find_set(map, NBITS, at) == model_find(true, at)) ||
		    !CHECK(bitmap_find_clear(map, NBITS, at) == model_find(false, at)) ||
		    !CHECK(bitmap_find_clear_run(map, NBITS, at, n + 1, align) ==
			   model_find_run(at, n + 1, align)))
			return;
	}
}

TEST(for_each_visits_the_ones)
{
	u64 small[2] = { 0x8000000000000001ull, 2 };
	size_t seen[4], n = 0;

	bitmap_for_each_set(bit, small, 128)
		seen[n++ % 4] = bit;
	CHECK(n == 3 && seen[0] == 0 && seen[1] == 63 && seen[2] == 65);
}
