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

TEST(random_operations_match_an_array)
{
	for (int step = 0; step < 20000; step++) {
		size_t at = test_random() % NBITS;

		model[at] = test_random() & 1;
		if (model[at])
			bitmap_set(map, at);
		else
			bitmap_clear(map, at);
		if (!CHECK(bitmap_test(map, at) == model[at]))
			return;
		at = test_random() % (NBITS + 1);
		if (!CHECK(bitmap_find_set(map, NBITS, at) == model_find(true, at)) ||
		    !CHECK(bitmap_find_clear(map, NBITS, at) == model_find(false, at)))
			return;
	}
}
