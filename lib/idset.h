/*
 * Sets of small numbers in use: the smallest free one (descriptors, terminals), or the next free
 * one going round (pids). Two levels of bits, so that a full set of a million is searched in a few
 * hundred steps at worst. Not atomic: a lock of the caller's guards each set.
 */
#pragma once

#include "lib/base.h"
#include "lib/bitmap.h"

struct idset {
	u64 *used;   /* a bit per number */
	u64 *full;   /* a bit per word of used: no zero left in it */
	u32 nr_ids;  /* numbers are 0 .. nr_ids - 1 */
	u32 nr_used;
	u32 next;    /* where idset_alloc_cyclic() goes on */
};

/* u64s of storage for a set of n numbers. */
#define IDSET_WORDS(n) (BITMAP_WORDS(n) + BITMAP_WORDS(BITMAP_WORDS(n)))

/* @storage: IDSET_WORDS(nr_ids) words, cleared here. */
void idset_init(struct idset *set, u64 *storage, u32 nr_ids);
/* Moves to a larger storage, which the caller allocated; returns the old one, for freeing. */
u64 *idset_grow(struct idset *set, u64 *storage, u32 nr_ids);

/* Both mark the number used and return it, or -1 if there is none free in [min, max). */
s64 idset_alloc(struct idset *set, u32 min, u32 max);
/* First free one at or after set->next, wrapping from max to min; then set->next is behind it. */
s64 idset_alloc_cyclic(struct idset *set, u32 min, u32 max);

/* Marks that very number; false: it is in use or out of range. */
bool idset_reserve(struct idset *set, u32 id);
void idset_free(struct idset *set, u32 id);

static inline bool idset_test(const struct idset *set, u32 id)
{
	return id < set->nr_ids && bitmap_test(set->used, id);
}

/* The first number in use >= from, or -1. */
s64 idset_next_used(const struct idset *set, u32 from);
