/*
 * Numbers from text.
 *
 * One parser reads the digits of all of them into an unsigned long, and notes overflow; the callers
 * differ in what they take for out of range.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

struct number {
	unsigned long magnitude;
	int is_negative;
	int is_too_big;
};

static int digit_of(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isalpha((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return 99;
}

/* A base of 0 means what the prefix says. "0x" counts only if a digit follows. */
static const char *skip_prefix(const char *s, int *base)
{
	if ((*base == 0 || *base == 16) && s[0] == '0' && (s[1] | 32) == 'x' &&
	    isxdigit((unsigned char)s[2])) {
		*base = 16;
		return s + 2;
	}
	if (*base == 0)
		*base = s[0] == '0' ? 8 : 10;
	return s;
}

static struct number parse(const char *text, char **end, int base)
{
	struct number n = { 0 };
	const char *s = text, *digits;

	if (end)
		*end = (char *)text;
	if (base < 0 || base == 1 || base > 36) {
		errno = EINVAL;
		return n;
	}
	while (isspace((unsigned char)*s))
		s++;
	if (*s == '-' || *s == '+')
		n.is_negative = *s++ == '-';
	digits = s = skip_prefix(s, &base);
	for (; digit_of(*s) < base; s++) {
		n.is_too_big |=
			__builtin_mul_overflow(n.magnitude, (unsigned long)base, &n.magnitude);
		n.is_too_big |= __builtin_add_overflow(n.magnitude, (unsigned long)digit_of(*s),
						       &n.magnitude);
	}
	if (end && s != digits)
		*end = (char *)s;
	return n;
}

long strtol(const char *text, char **end, int base)
{
	struct number n = parse(text, end, base);

	if (n.is_too_big || n.magnitude > (unsigned long)LONG_MAX + (unsigned long)n.is_negative) {
		errno = ERANGE;
		return n.is_negative ? LONG_MIN : LONG_MAX;
	}
	return (long)(n.is_negative ? -n.magnitude : n.magnitude);
}

unsigned long strtoul(const char *text, char **end, int base)
{
	struct number n = parse(text, end, base);

	if (n.is_too_big) {
		errno = ERANGE;
		return ULONG_MAX;
	}
	return n.is_negative ? -n.magnitude : n.magnitude;
}

long long strtoll(const char *text, char **end, int base)
{
	return strtol(text, end, base);
}

unsigned long long strtoull(const char *text, char **end, int base)
{
	return strtoul(text, end, base);
}

intmax_t strtoimax(const char *text, char **end, int base)
{
	return strtol(text, end, base);
}

uintmax_t strtoumax(const char *text, char **end, int base)
{
	return strtoul(text, end, base);
}

int atoi(const char *text)
{
	return strtol(text, NULL, 10);
}

long atol(const char *text)
{
	return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
	return strtol(text, NULL, 10);
}
