/*
 * kernel/mm/slab.h over malloc: the address sanitizer sees every object. slab_fail_nth() works.
 */
#include "kernel/mm/slab.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "slab.h"

#define CACHES 64

struct slab_cache {
	const char *name;
	size_t size;
	_Atomic long active;
};

static struct slab_cache caches[CACHES];
static unsigned nr_caches;
static _Thread_local unsigned fail_nth;
static _Atomic long live;

void slab_fail_nth(unsigned n)
{
	fail_nth = n;
}

long host_live(void)
{
	return live;
}

void host_count_live(long n)
{
	live += n;
}

void *kmalloc(size_t size)
{
	if (fail_nth && --fail_nth == 0)
		return NULL;
	live++;
	return malloc(size ? size : 1);
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void *kcalloc(size_t n, size_t size)
{
	size_t total;

	return __builtin_mul_overflow(n, size, &total) ? NULL : kzalloc(total);
}

void *krealloc(void *p, size_t size)
{
	if (fail_nth && --fail_nth == 0)
		return NULL;
	live += !p;
	return realloc(p, size ? size : 1);
}

void kfree(void *p)
{
	live -= p != NULL;
	free(p);
}

char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = kmalloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}

struct slab_cache *cache_create(const char *name, size_t size, size_t align)
{
	struct slab_cache *c = &caches[nr_caches++];

	if (nr_caches > CACHES)
		abort();
	c->name = name;
	c->size = size;
	return c;
}

void *cache_alloc(struct slab_cache *c)
{
	void *obj = kmalloc(c->size);

	c->active += obj != NULL;
	return obj;
}

void *cache_zalloc(struct slab_cache *c)
{
	void *obj = cache_alloc(c);

	return obj ? memset(obj, 0, c->size) : NULL;
}

void cache_free(struct slab_cache *c, void *obj)
{
	c->active -= obj != NULL;
	kfree(obj);
}

void slab_for_each(void (*fn)(const struct slab_stats *, void *), void *arg)
{
	for (unsigned i = 0; i < nr_caches; i++) {
		struct slab_stats stats = { .name = caches[i].name,
					    .active = (u64)caches[i].active,
					    .size = caches[i].size };

		fn(&stats, arg);
	}
}

void slab_flush(void)
{
}
