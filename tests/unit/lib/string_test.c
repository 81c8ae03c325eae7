// sources:
/*
 * The kernel's functions take the names' places in this file, under other symbols, so that the C
 * library and the sanitizers keep their own. Memory comes from pages with a guard page behind:
 * strlen() reads whole words, which the address sanitizer would refuse in the heap.
 */
#include <stddef.h>

void *memcpy(void *restrict, const void *restrict, size_t) __asm__("pipit_memcpy");
void *memmove(void *, const void *, size_t) __asm__("pipit_memmove");
void *memset(void *, int, size_t) __asm__("pipit_memset");
int memcmp(const void *, const void *, size_t) __asm__("pipit_memcmp");
void *memchr(const void *, int, size_t) __asm__("pipit_memchr");
size_t strlen(const char *) __asm__("pipit_strlen");
size_t strnlen(const char *, size_t) __asm__("pipit_strnlen");
int strcmp(const char *, const char *) __asm__("pipit_strcmp");
int strncmp(const char *, const char *, size_t) __asm__("pipit_strncmp");
char *strchr(const char *, int) __asm__("pipit_strchr");
char *strrchr(const char *, int) __asm__("pipit_strrchr");
char *strstr(const char *, const char *) __asm__("pipit_strstr");
char *strcpy(char *restrict, const char *restrict) __asm__("pipit_strcpy");
char *strncpy(char *restrict, const char *restrict, size_t) __asm__("pipit_strncpy");
size_t strlcpy(char *restrict, const char *restrict, size_t) __asm__("pipit_strlcpy");

#include "test.h"

#include <sys/mman.h>

#pragma GCC diagnostic ignored "-Wstringop-truncation"

#define STRING_UNDER_TEST
#include "lib/string.c"

#define SIZE 4096

/* SIZE bytes that end at a page nobody may touch. */
static u8 *guarded_pages(void)
{
	u8 *p = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + SIZE, SIZE, PROT_NONE))
		abort();
	return p;
}

static void fill_random(u8 *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (u8)test_random();
}

static size_t random_size(void)
{
	return test_random() % (test_random() % 4 ? 70 : 700);
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

TEST(memcpy_memmove_memset_touch_exactly_their_bytes)
{
	u8 *page = guarded_pages(), model[SIZE];

	fill_random(page, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		model[i] = page[i];
	for (int step = 0; step < 20000; step++) {
		size_t n = random_size();
		size_t to = SIZE - n - test_random() % (step & 1 ? 1 : 800);
		size_t from = test_random() % 5 ? to - MIN(to, test_random() % 100) :
						  test_random() % (SIZE - n);
		u8 copy[700], c = (u8)test_random();

		switch (step % 3) {
		case 0:
			CHECK(memset(page + to, c, n) == page + to);
			for (size_t i = 0; i < n; i++)
				model[to + i] = c;
			break;
		case 1:
			if (from + n > to && to + n > from)
				continue;
			CHECK(memcpy(page + to, page + from, n) == page + to);
			for (size_t i = 0; i < n; i++)
				model[to + i] = model[from + i];
			break;
		default:
			if (test_random() & 1) {
				size_t swap = from;
				from = to;
				to = swap;
			}
			CHECK(memmove(page + to, page + from, n) == page + to);
			for (size_t i = 0; i < n; i++)
				copy[i] = model[from + i];
			for (size_t i = 0; i < n; i++)
				model[to + i] = copy[i];
		}
		for (size_t i = 0; i < SIZE; i++)
			if (model[i] != page[i] && !CHECK(!"byte differs"))
				return;
	}
}

TEST(memcmp_finds_the_first_difference)
{
	u8 *a = guarded_pages(), *b = guarded_pages();

	for (int step = 0; step < 20000; step++) {
		size_t n = random_size(), at;
		u8 *p = a + SIZE - n, *q = b + SIZE - n;

		fill_random(p, n);
		for (size_t i = 0; i < n; i++)
			q[i] = p[i];
		CHECK(memcmp(p, q, n) == 0);
		if (!n)
			continue;
		at = test_random() % n;
		q[at] ^= (u8)(1 + test_random() % 255);
		if (at + 1 < n)
			q[n - 1] ^= (u8)test_random();
		CHECK(sign(memcmp(p, q, n)) == sign(p[at] - q[at]));
	}
}

TEST(strings_at_the_end_of_a_page)
{
	char *a = (char *)guarded_pages(), *b = (char *)guarded_pages();

	for (int step = 0; step < 5000; step++) {
		size_t n = test_random() % 60, at = n ? test_random() % n : 0;
		char *p = a + SIZE - n - 1, *q = b + SIZE - n - 1;

		for (size_t i = 0; i < n; i++)
			p[i] = (char)('a' + test_random() % 20);
		p[n] = 0;
		CHECK(strlen(p) == n);
		CHECK(strnlen(p, n + 10) == n && strnlen(p, at) == at);
		CHECK(strcpy(q, p) == q && strcmp(p, q) == 0);
		CHECK(strchr(p, 0) == p + n && strrchr(p, 0) == p + n && strchr(p, 'z') == NULL);
		CHECK(memchr(p, 'z', n) == NULL);
		if (!n)
			continue;
		p[at] = 'z';
		CHECK(strchr(p, 'z') == p + at && strrchr(p, 'z') == p + at);
		CHECK(memchr(p, 'z', n) == p + at);
		CHECK(strcmp(p, q) > 0 && strcmp(q, p) < 0);
		CHECK(strncmp(p, q, at) == 0 && strncmp(p, q, at + 1) > 0);
		CHECK(strstr(p, "z") == p + at && strstr(p, p + at) == p + at);
		CHECK(strstr(p, "zz") == NULL && strstr(p, "") == p);
	}
}

TEST(bounded_copies)
{
	char out[8];

	CHECK(strlcpy(out, "abc", sizeof(out)) == 3 && strcmp(out, "abc") == 0);
	CHECK(strlcpy(out, "123456789", sizeof(out)) == 9 && strcmp(out, "1234567") == 0);
	CHECK(strlcpy(out, "x", 0) == 1 && out[0] == '1');
	strncpy(out, "ab", sizeof(out));
	CHECK(memcmp(out, "ab\0\0\0\0\0\0", 8) == 0);
	strncpy(out, "123456789", sizeof(out));
	CHECK(memcmp(out, "12345678", 8) == 0);
}
