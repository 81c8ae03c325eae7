/*
 * Sets of numbers in use.
 *
 * Invariant: bit w of full is set exactly if word w of used has no zero, where the bits beyond
 *   nr_ids in the last word count as ones. So a search looks at one word of used, then at words of
 *   full, each standing for 4096 numbers.
 */
#include "lib/idset.h"

#include "lib/string.h"

static void mark_tail(struct idset *set)
{
	size_t words = BITMAP_WORDS(set->nr_ids);

	if (set->nr_ids % 64)
		set->used[words - 1] |= ~0ull << (set->nr_ids % 64);
}

void idset_init(struct idset *set, u64 *storage, u32 nr_ids)
{
	size_t words = BITMAP_WORDS(nr_ids);

	memset(storage, 0, IDSET_WORDS(nr_ids) * sizeof(u64));
	*set = (struct idset){ .used = storage, .full = storage + words, .nr_ids = nr_ids };
	mark_tail(set);
}

u64 *idset_grow(struct idset *set, u64 *storage, u32 nr_ids)
{
	struct idset old = *set;
	size_t words = BITMAP_WORDS(old.nr_ids);

	idset_init(set, storage, nr_ids);
	memcpy(set->used, old.used, words * sizeof(u64));
	if (old.nr_ids % 64)
		set->used[words - 1] &= ~(~0ull << (old.nr_ids % 64));
	mark_tail(set);
	for (size_t w = 0; w < words; w++)
		if (set->used[w] == ~0ull)
			bitmap_set(set->full, w);
	set->nr_used = old.nr_used;
	set->next = old.next;
	return old.used;
}

static void mark_used(struct idset *set, u32 id)
{
	bitmap_set(set->used, id);
	if (set->used[id / 64] == ~0ull)
		bitmap_set(set->full, id / 64);
	set->nr_used++;
}

/* First free number in [min, max), or -1. max <= nr_ids. */
static s64 find_free(const struct idset *set, u32 min, u32 max)
{
	size_t words = BITMAP_WORDS(set->nr_ids);
	size_t word = min / 64;
	u64 zeroes;

	if (min >= max)
		return -1;
	zeroes = ~set->used[word] & (~0ull << (min % 64));
	if (!zeroes) {
		word = bitmap_find_clear(set->full, words, word + 1);
		if (word == words)
			return -1;
		zeroes = ~set->used[word];
	}
	word = word * 64 + (size_t)__builtin_ctzll(zeroes);
	return word < max ? (s64)word : -1;
}

s64 idset_alloc(struct idset *set, u32 min, u32 max)
{
	s64 id = find_free(set, min, MIN(max, set->nr_ids));

	if (id >= 0)
		mark_used(set, (u32)id);
	return id;
}

s64 idset_alloc_cyclic(struct idset *set, u32 min, u32 max)
{
	u32 start = MAX(set->next, min);
	s64 id;

	max = MIN(max, set->nr_ids);
	id = find_free(set, start, max);
	if (id < 0)
		id = find_free(set, min, MIN(start, max));
	if (id < 0)
		return -1;
	mark_used(set, (u32)id);
	set->next = (u32)id + 1;
	return id;
}

bool idset_reserve(struct idset *set, u32 id)
{
	if (id >= set->nr_ids || bitmap_test(set->used, id))
		return false;
	mark_used(set, id);
	return true;
}

void idset_free(struct idset *set, u32 id)
{
	if (!idset_test(set, id))
		return;
	bitmap_clear(set->used, id);
	bitmap_clear(set->full, id / 64);
	set->nr_used--;
}

s64 idset_next_used(const struct idset *set, u32 from)
{
	size_t id = bitmap_find_set(set->used, set->nr_ids, from);

	return id < set->nr_ids ? (s64)id : -1;
}
