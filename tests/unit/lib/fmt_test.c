// sources:
#include "test.h"

#include <limits.h>
#include <math.h>

/* Formats the kernel's way here, the C library's way beside it. */
#undef HOST_TEST
#define vsnprintf pipit_vsnprintf
#define snprintf  pipit_snprintf
#include "lib/fmt.c"
#include "lib/fmt_float.c"
#undef vsnprintf
#undef snprintf

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"

#define SAME(fmt, ...)                                                              \
	do {                                                                        \
		char ours_[2000], theirs_[2000];                                    \
		int a_ = pipit_snprintf(ours_, sizeof(ours_), fmt, ##__VA_ARGS__);  \
		int b_ = snprintf(theirs_, sizeof(theirs_), fmt, ##__VA_ARGS__);    \
		if (!CHECK(a_ == b_ && !strcmp(ours_, theirs_)))                    \
			printf("# format '%s': '%s', should be '%s'\n", fmt, ours_, theirs_); \
	} while (0)

static void random_spec(char *out, const char *size, const char *kinds)
{
	*out++ = '%';
	for (int i = 0; i < 5; i++)
		if (test_random() % 3 == 0)
			*out++ = "-+ #0"[i];
	if (test_random() & 1)
		out += sprintf(out, "%u", test_random() % 30);
	if (test_random() % 3 == 0)
		out += sprintf(out, ".%u", test_random() % 25);
	sprintf(out, "%s%c", size, kinds[test_random() % strlen(kinds)]);
}

TEST(integers)
{
	static const long long values[] = { 0,	 1,   -1,  9,	     10,	99,	   100,
					    127, 128, 255, INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN };
	static const char *const sizes[] = { "hh", "h", "", "l", "ll", "z", "j", "t" };
	char spec[64];

	for (int i = 0; i < 30000; i++) {
		long long v = values[test_random() % ARRAY_SIZE(values)];

		if (test_random() & 1)
			v = (long long)((unsigned long long)test_random() << test_random() % 40);
		random_spec(spec, sizes[test_random() % ARRAY_SIZE(sizes)], "diuxXo");
		SAME(spec, v);
	}
}

TEST(strings_characters_pointers)
{
	char spec[64];

	for (int i = 0; i < 3000; i++) {
		random_spec(spec, "", "s");
		SAME(spec, "a string");
		SAME(spec, "");
		random_spec(spec, "", "c");
		SAME(spec, 'x');
	}
	SAME("%p", (void *)0xffffffff80001000ul);
	SAME("%20p|%-20p|", (void *)16, (void *)17);
	SAME("%.3s", "abc\377 not read");
}

TEST(stars_and_literals)
{
	SAME("%*d|%-*d|%.*d|%*.*x", 8, 1, 8, 2, 5, 3, -9, 4, 0xbeef);
	SAME("%*d", -6, 42);
	SAME("%.*d", -1, 42);
	SAME("100%% of %s\n", "it");
	SAME("no conversion");
	SAME("%d%d%d %s %ld %u", 1, -2, 3, "x", 1l << 40, 4000000000u);
}

TEST(floating_point)
{
	static const double values[] = { 0.0,	-0.0,	 1.0,	  0.5,	   1.5,	   2.5,	     0.1,
					 9.9995, 99.95,	 1e10,	  1e22,	   1e23,   123456.0, 1234567.0,
					 1e-4,	9.99e-5, 1e300,	  1e-300,  5e-324, 1.7976931348623157e308,
					 0.25,	1.0 / 3, 1e15,	  2e-308,  -7.0,   0.05,     999999.5 };
	char spec[64];

	for (int i = 0; i < 30000; i++) {
		double v = values[test_random() % ARRAY_SIZE(values)];

		if (test_random() & 1)
			v = ldexp(test_random(), (int)(test_random() % 200) - 120);
		random_spec(spec, "", "eEfFgG");
		/* glibc drops the zeroes of %#g when rounding makes a new digit: not its model. */
		if (!strchr(spec, '#') || !strpbrk(spec, "gG"))
			SAME(spec, v);
	}
	SAME("%#g %#.3g %#.1g %#g %#g", 1.0, 100.0, 2.0, 123456.0, 0.0);
	SAME("%f %e %g %F %E %G", INFINITY, -INFINITY, NAN, INFINITY, INFINITY, NAN);
	SAME("%010f|%-10f|%+f", INFINITY, INFINITY, INFINITY);
	SAME("%.1000f", 5e-324);
	SAME("%.300f", 1.7976931348623157e308);
	SAME("%Lf", 1.25L);
}

TEST(cuts_at_the_size)
{
	for (size_t size = 0; size < 12; size++) {
		char *buf = malloc(size + 1);

		buf[size] = 'X';
		CHECK(pipit_snprintf(buf, size, "%s%d", "hello", 42) == 7);
		CHECK(buf[size] == 'X');
		if (size)
			CHECK(strlen(buf) == (size > 7 ? 7 : size - 1));
		free(buf);
	}
}

TEST(broken_formats_do_no_harm)
{
	const char *volatile nothing = NULL;
	char buf[64];

	CHECK(pipit_snprintf(buf, sizeof(buf), "%") == 0);
	CHECK(pipit_snprintf(buf, sizeof(buf), "a%-5") == 1);
	pipit_snprintf(buf, sizeof(buf), "%y|%lly", 1);
	CHECK(!strcmp(buf, "%y|%y"));
	pipit_snprintf(buf, sizeof(buf), "%s", nothing);
	CHECK(!strcmp(buf, "(null)"));
}

TEST(decimal_digits)
{
	u64 v = 0;

	for (int i = 0; i < 22; i++, v = v * 10 + 7) {
		char ours[20], theirs[32];
		unsigned int n = fmt_dec(ours, v);

		snprintf(theirs, sizeof(theirs), "%llu", (unsigned long long)v);
		CHECK(n == strlen(theirs) && !memcmp(ours, theirs, n));
	}
}
