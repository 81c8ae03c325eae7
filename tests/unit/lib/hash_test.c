// sources:
#include "test.h"

#include "lib/hash.h"

TEST(names_spread_over_buckets)
{
	unsigned int count[64] = { 0 }, worst = 0;
	char name[32];

	for (unsigned int i = 0; i < 6400; i++) {
		int n = snprintf(name, sizeof(name), "file%u.c", i);

		count[hash_string(name, (size_t)n, 0x1234) % 64]++;
	}
	for (unsigned int i = 0; i < 64; i++)
		worst = count[i] > worst ? count[i] : worst;
	CHECK(worst < 160);
}

TEST(every_part_of_a_name_counts)
{
	CHECK(hash_string("abcdefgh1", 9, 0) != hash_string("abcdefgh2", 9, 0));
	CHECK(hash_string("Xbcdefgh1", 9, 0) != hash_string("Ybcdefgh1", 9, 0));
	CHECK(hash_string("a", 1, 0) != hash_string("a", 1, 1));
	CHECK(hash_string("", 0, 0) != hash_string("\0", 1, 0));
	CHECK(hash_bits(1, 10) < 1024 && hash_bits(1, 10) != hash_bits(2, 10));
}
