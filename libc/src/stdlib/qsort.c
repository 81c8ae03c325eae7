/*
 * Sorting in place by heapsort: never worse than n log n, and no memory. Not stable.
 */
#include <stdlib.h>

struct sort {
	char *base;
	size_t size;
	int (*compare)(const void *, const void *, void *);
	void *arg;
};

static void swap(char *a, char *b, size_t size)
{
	while (size--) {
		char c = a[size];

		a[size] = b[size];
		b[size] = c;
	}
}

/* Element i moves down until both below it are smaller; n elements are in the heap. */
static void sift(const struct sort *s, size_t i, size_t n)
{
	size_t child;

	for (; (child = 2 * i + 1) < n; i = child) {
		char *at = s->base + child * s->size;

		if (child + 1 < n && s->compare(at, at + s->size, s->arg) < 0) {
			child++;
			at += s->size;
		}
		if (s->compare(s->base + i * s->size, at, s->arg) >= 0)
			return;
		swap(s->base + i * s->size, at, s->size);
	}
}

void qsort_r(void *base, size_t n, size_t size, int (*compare)(const void *, const void *, void *),
	     void *arg)
{
	struct sort s = { base, size, compare, arg };

	for (size_t i = n / 2; i > 0; i--)
		sift(&s, i - 1, n);
	for (; n > 1; n--) {
		swap(s.base, s.base + (n - 1) * size, size);
		sift(&s, 0, n - 1);
	}
}

/* The comparison of two arguments travels as the third of the other. */
static int compare_plain(const void *a, const void *b, void *arg)
{
	return (*(int (**)(const void *, const void *))arg)(a, b);
}

void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	qsort_r(base, n, size, compare_plain, &compare);
}
