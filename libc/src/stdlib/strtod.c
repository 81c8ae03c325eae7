/*
 * Decimal fractions from text, through long double: exact to the last bit for all that people
 * write, not for all that IEEE 754 asks.
 */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* Digits into *value; how many places behind the point they reached. */
static const char *read_digits(const char *s, long double *value, int *places, int *any)
{
	int is_behind = 0;

	for (;; s++) {
		if (*s == '.' && !is_behind) {
			is_behind = 1;
			continue;
		}
		if (!isdigit((unsigned char)*s))
			return s;
		*value = *value * 10 + (*s - '0');
		*places += is_behind;
		*any = 1;
	}
}

static long double power_of_ten(int n)
{
	long double result = 1, square = 10;

	for (; n; n >>= 1, square *= square)
		if (n & 1)
			result *= square;
	return result;
}

static const char *special(const char *s, long double *value)
{
	if (!strncasecmp(s, "infinity", 8) || !strncasecmp(s, "inf", 3)) {
		*value = __builtin_infl();
		return s + (strncasecmp(s, "infinity", 8) ? 3 : 8);
	}
	if (!strncasecmp(s, "nan", 3)) {
		*value = __builtin_nanl("");
		return s + 3;
	}
	return NULL;
}

double strtod(const char *text, char **end)
{
	const char *s = text, *next;
	long double value = 0;
	int is_negative = 0, places = 0, any = 0, exponent;
	char *exponent_end;

	while (isspace((unsigned char)*s))
		s++;
	if (*s == '-' || *s == '+')
		is_negative = *s++ == '-';
	next = special(s, &value);
	if (!next) {
		next = read_digits(s, &value, &places, &any);
		if (!any) {
			if (end)
				*end = (char *)text;
			return 0;
		}
		exponent = -places;
		if ((*next | 32) == 'e' && !isspace((unsigned char)next[1])) {
			exponent += (int)strtol(next + 1, &exponent_end, 10);
			if (exponent_end != next + 1)
				next = exponent_end;
		}
		if (exponent > 9999)
			exponent = 9999;
		if (exponent < -9999)
			exponent = -9999;
		if (value != 0)
			value = exponent < 0 ? value / power_of_ten(-exponent)
					     : value * power_of_ten(exponent);
	}
	if (end)
		*end = (char *)next;
	return (double)(is_negative ? -value : value);
}

double atof(const char *text)
{
	return strtod(text, NULL);
}
