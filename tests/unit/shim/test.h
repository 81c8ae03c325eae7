/*
 * A tiny test harness for programs that run on this machine and speak TAP.
 *
 *	TEST(ring_wraps_around)
 *	{
 *		CHECK(ring_used(&r) == 3);
 *	}
 *
 * The first line of a test names the kernel sources it is linked with:
 *	// sources: lib/rbtree.c lib/bitmap.c
 * A second line "// tsan" builds and runs it a second time under ThreadSanitizer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

static struct test *test_first, **test_last = &test_first;
static int test_failures; /* of the running test */

#define TEST(id)                                                                  \
	static void test_##id(void);                                              \
	__attribute__((constructor)) static void test_register_##id(void)         \
	{                                                                         \
		static struct test t = { .name = #id, .run = test_##id };         \
		*test_last = &t;                                                  \
		test_last = &t.next;                                              \
	}                                                                         \
	static void test_##id(void)

/* Goes on after a failure; evaluates to the condition. */
#define CHECK(cond)                                                               \
	({                                                                        \
		bool ok_ = (cond);                                                \
		if (!ok_) {                                                       \
			test_failures++;                                          \
			printf("# %s:%d: CHECK(%s)\n", __FILE__, __LINE__, #cond); \
		}                                                                 \
		ok_;                                                              \
	})

/* The same sequence in every run. */
static inline uint32_t test_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15ull;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33);
}

int main(void)
{
	int n = 0, failed = 0;

	for (struct test *t = test_first; t; t = t->next)
		n++;
	printf("1..%d\n", n);
	n = 0;
	for (struct test *t = test_first; t; t = t->next) {
		test_failures = 0;
		t->run();
		printf("%sok %d - %s\n", test_failures ? "not " : "", ++n, t->name);
		fflush(stdout);
		failed += test_failures != 0;
	}
	return failed != 0;
}
