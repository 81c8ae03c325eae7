/*
 * kernel/mm/slab.h over malloc: the address sanitizer sees every object. slab_fail_nth() works.
 */
#include "kernel/mm/slab.h"

#include <stdlib.h>
#include <string.h>

struct slab_cache {
	size_t size;
};

static _Thread_local unsigned fail_nth;

void slab_fail_nth(unsigned n)
{
	fail_nth = n;
}

void *kmalloc(size_t size)
{
	if (fail_nth && --fail_nth == 0)
		return NULL;
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
	return realloc(p, size ? size : 1);
}

void kfree(void *p)
{
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
	static struct slab_cache caches[64];
	static unsigned n;

	if (n == 64)
		abort();
	caches[n].size = size;
	return &caches[n++];
}

void *cache_alloc(struct slab_cache *c)
{
	return kmalloc(c->size);
}

void *cache_zalloc(struct slab_cache *c)
{
	return kzalloc(c->size);
}

void cache_free(struct slab_cache *c, void *obj)
{
	free(obj);
}

void slab_flush(void)
{
}
