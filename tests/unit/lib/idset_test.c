// sources: lib/idset.c lib/bitmap.c
#include "test.h"

#include "lib/idset.h"

#define MAX_IDS 9000u

static struct idset set;
static bool model[MAX_IDS];

static s64 model_find(u32 min, u32 max)
{
	for (u32 i = min; i < max; i++)
		if (!model[i])
			return i;
	return -1;
}

TEST(gives_the_smallest_free_number)
{
	u64 storage[IDSET_WORDS(200)];

	idset_init(&set, storage, 200);
	for (u32 i = 0; i < 200; i++)
		CHECK(idset_alloc(&set, 0, 200) == i);
	CHECK(idset_alloc(&set, 0, 200) == -1);
	CHECK(idset_alloc(&set, 0, 1000) == -1);
	idset_free(&set, 77);
	idset_free(&set, 150);
	CHECK(set.nr_used == 198);
	CHECK(idset_alloc(&set, 78, 200) == 150);
	CHECK(idset_alloc(&set, 0, 200) == 77);
	CHECK(idset_alloc(&set, 0, 200) == -1);
}

TEST(goes_round)
{
	u64 storage[IDSET_WORDS(10)];

	idset_init(&set, storage, 10);
	for (int i = 2; i < 10; i++)
		CHECK(idset_alloc_cyclic(&set, 2, 10) == i);
	CHECK(idset_alloc_cyclic(&set, 2, 10) == -1);
	idset_free(&set, 4);
	idset_free(&set, 3);
	CHECK(idset_alloc_cyclic(&set, 2, 10) == 3);
	idset_free(&set, 3);
	CHECK(idset_alloc_cyclic(&set, 2, 10) == 4);
	CHECK(idset_alloc_cyclic(&set, 2, 10) == 3);
}

TEST(random_operations_match_an_array)
{
	u64 *storage = malloc(IDSET_WORDS(MAX_IDS) * 8);

	idset_init(&set, storage, MAX_IDS);
	for (int step = 0; step < 40000; step++) {
		u32 at = test_random() % MAX_IDS;
		u32 max = test_random() % 3 ? MAX_IDS : at + test_random() % 200;
		s64 id;

		max = MIN(max, MAX_IDS);
		if (step % 5 == 0) {
			idset_free(&set, at);
			model[at] = false;
		} else if (step % 5 == 1) {
			CHECK(idset_reserve(&set, at) == !model[at]);
			model[at] = true;
		} else {
			at %= 64;
			id = model_find(at, max);
			if (!CHECK(idset_alloc(&set, at, max) == id))
				break;
			if (id >= 0)
				model[id] = true;
		}
		CHECK(idset_test(&set, at) == model[at]);
	}
	free(storage);
}

TEST(grows)
{
	u64 *small = malloc(IDSET_WORDS(70) * 8), *large = malloc(IDSET_WORDS(5000) * 8);

	idset_init(&set, small, 70);
	for (int i = 0; i < 70; i++)
		CHECK(idset_alloc(&set, 0, 70) == i);
	CHECK(idset_grow(&set, large, 5000) == small);
	free(small);
	for (int i = 70; i < 5000; i++)
		CHECK(idset_alloc(&set, 0, 5000) == i);
	CHECK(idset_alloc(&set, 0, 5000) == -1);
	idset_free(&set, 69);
	CHECK(idset_next_used(&set, 69) == 70);
	CHECK(!idset_test(&set, 5000) && !idset_reserve(&set, 5000));
	idset_free(&set, 12345);
	free(large);
}
