/*
 * Object caches and kmalloc.
 *
 * Never sleeps; NULL when memory is out. Not from interrupts, nor with interrupts off (per-CPU free
 * lists have no lock). Debug kernels add red zones, poison freed objects, hold them in quarantine
 * and check on free.
 */
#pragma once

#include "lib/base.h"

struct slab_cache;

/* A cache of objects of size bytes, for ever; align 0: 8. name must stay. Panics at boot if memory
 * is out. */
struct slab_cache *cache_create(const char *name, size_t size, size_t align);
void *cache_alloc(struct slab_cache *c) __must_check;
void *cache_zalloc(struct slab_cache *c) __must_check;
void cache_free(struct slab_cache *c, void *obj); /* obj from this cache; NULL is fine */

void *kmalloc(size_t size) __must_check; /* up to 4 MiB */
void *kzalloc(size_t size) __must_check;
void *kcalloc(size_t n, size_t size) __must_check; /* overflow checked */
void *krealloc(void *p, size_t size) __must_check;
void kfree(void *p); /* NULL is fine */
char *kstrdup(const char *s) __must_check;

/* For /proc/slabinfo. Live objects now, objects' room, size, per slab. Calls fn for each cache. */
struct slab_stats {
	const char *name;
	u64 active, total, size, per_slab, pages_per_slab, slabs;
};
void slab_for_each(void (*fn)(const struct slab_stats *, void *arg), void *arg);

/* Debug kernels: fail the n-th allocation of the current thread from now (0: off); see fault
 * injection. */
void slab_fail_nth(unsigned n);

/* Empties per-CPU lists and quarantine of this CPU so that counts are exact. */
void slab_flush(void);
void slab_init(void);
