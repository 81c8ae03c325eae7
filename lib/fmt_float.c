/*
 * Floating point as text, for the C library's printf; no part of the kernel.
 *
 * Exact: the value is expanded to all its decimal digits, of which a double has at most some 1400,
 * and these are rounded half to even.
 * Follows: C17 7.21.6.1, conversions e, f, g
 */
#include "lib/fmt.h"

#include "lib/string.h"

/* Limbs of nine decimal digits: 35 for the integer part of any double, 120 for the fraction. */
#define LIMB          1000000000u
#define INT_LIMBS     36
#define FRAC_LIMBS    122
#define MAX_DIGITS    ((INT_LIMBS + FRAC_LIMBS) * 9)
#define MAX_PRECISION 1100 /* every double ends before */
static_assert(FMT_FLOAT_MAX >= INT_LIMBS * 9 + MAX_PRECISION + 2, "room for %f");

/* digit[0].digit[1]digit[2]... * 10^exp, exact; zero is the single digit 0. */
struct decimal {
	int nr_digits;
	int exp;
	char digit[MAX_DIGITS + 1];
};

static void shift_left(u32 *limb, unsigned int bits)
{
	u64 carry = 0;

	for (int i = INT_LIMBS - 1; i >= 0; i--) {
		carry += (u64)limb[i] << bits;
		limb[i] = (u32)(carry % LIMB);
		carry /= LIMB;
	}
}

/* Exact for bits <= 9, because 2^9 divides LIMB. */
static void shift_right(u32 *limb, unsigned int bits)
{
	u32 rest = 0;

	for (int i = 0; i < INT_LIMBS + FRAC_LIMBS; i++) {
		u32 v = limb[i];

		limb[i] = (v >> bits) + rest * (LIMB >> bits);
		rest = v & ((1u << bits) - 1);
	}
}

/* mantissa * 2^exp2 */
static void expand(struct decimal *d, u64 mantissa, int exp2)
{
	u32 limb[INT_LIMBS + FRAC_LIMBS] = { 0 };
	int lead = 0, n = 0;

	limb[INT_LIMBS - 1] = (u32)(mantissa % LIMB);
	limb[INT_LIMBS - 2] = (u32)(mantissa / LIMB);
	for (; exp2 > 0; exp2 -= MIN(exp2, 29))
		shift_left(limb, (unsigned int)MIN(exp2, 29));
	for (; exp2 < 0; exp2 += MIN(-exp2, 9))
		shift_right(limb, (unsigned int)MIN(-exp2, 9));
	for (int i = 0; i < INT_LIMBS + FRAC_LIMBS; i++, n += 9)
		for (int k = 8; k >= 0; k--, limb[i] /= 10)
			d->digit[n + k] = (char)('0' + limb[i] % 10);
	while (lead < n - 1 && d->digit[lead] == '0')
		lead++;
	d->exp = mantissa ? INT_LIMBS * 9 - 1 - lead : 0;
	d->nr_digits = mantissa ? n - lead : 1;
	memmove(d->digit, d->digit + lead, (size_t)d->nr_digits);
}

/* Keeps n digits (n <= 0: maybe none), half to even; afterwards there are exactly n, or one more
 * where the carry made a new one in front of n <= 0. */
static void round_to(struct decimal *d, int n)
{
	bool round_up;
	int i;

	if (n >= d->nr_digits) {
		memset(d->digit + d->nr_digits, '0',
		       (size_t)MAX(MIN(n, MAX_DIGITS) - d->nr_digits, 0));
		d->nr_digits = MIN(n, MAX_DIGITS);
		return;
	}
	if (n < 0) {
		d->nr_digits = 0;
		return;
	}
	round_up = d->digit[n] >= '5';
	if (d->digit[n] == '5' && (n == 0 || (d->digit[n - 1] - '0') % 2 == 0)) {
		for (i = n + 1; i < d->nr_digits && d->digit[i] == '0'; i++)
			;
		round_up = i < d->nr_digits;
	}
	d->nr_digits = n;
	if (!round_up)
		return;
	for (i = n - 1; i >= 0 && d->digit[i] == '9'; i--)
		d->digit[i] = '0';
	if (i >= 0) {
		d->digit[i]++;
		return;
	}
	d->digit[0] = '1'; /* the other digits are zeroes already */
	d->exp++;
	if (n == 0)
		d->nr_digits = 1;
}

static char *put_exponent(char *out, int exp, bool is_upper)
{
	*out++ = is_upper ? 'E' : 'e';
	*out++ = exp < 0 ? '-' : '+';
	exp = exp < 0 ? -exp : exp;
	if (exp < 10)
		*out++ = '0';
	return out + fmt_dec(out, (u64)exp);
}

/* d rounded to d->exp + 1 + precision digits. */
static char *put_fixed(char *out, const struct decimal *d, int precision, bool has_point)
{
	for (int place = MAX(d->exp, 0); place >= -precision; place--) {
		int i = d->exp - place;

		if (place == -1)
			*out++ = '.';
		*out++ = i >= 0 && i < d->nr_digits ? d->digit[i] : '0';
	}
	if (precision == 0 && has_point)
		*out++ = '.';
	return out;
}

static char *put_scientific(char *out, const struct decimal *d, int precision, bool has_point)
{
	*out++ = d->digit[0];
	if (precision > 0 || has_point)
		*out++ = '.';
	for (int i = 1; i <= precision; i++)
		*out++ = i < d->nr_digits ? d->digit[i] : '0';
	return out;
}

static char *strip_zeroes(char *first, char *end)
{
	if (!memchr(first, '.', (size_t)(end - first)))
		return end;
	while (end[-1] == '0')
		end--;
	return end[-1] == '.' ? end - 1 : end;
}

/* %e, %f, %g of a finite, positive value; returns the end of the text. */
static char *put_float(char *out, struct decimal *d, char kind, int precision, bool has_point)
{
	bool is_general = (kind | 0x20) == 'g';
	char *first = out;

	precision = precision < 0 ? 6 : MIN(precision, MAX_PRECISION);
	if ((kind | 0x20) == 'f') {
		round_to(d, d->exp + 1 + precision);
		return put_fixed(out, d, precision, has_point);
	}
	if (is_general)
		precision = MAX(precision, 1) - 1;
	round_to(d, precision + 1);
	if (is_general && d->exp >= -4 && d->exp <= precision) {
		out = put_fixed(out, d, precision - d->exp, has_point);
		return has_point ? out : strip_zeroes(first, out);
	}
	out = put_scientific(out, d, precision, has_point);
	if (is_general && !has_point)
		out = strip_zeroes(first, out);
	return put_exponent(out, d->exp, kind < 'a');
}

size_t fmt_float(char *out, double v, char kind, int precision, bool has_point)
{
	struct decimal d;
	u64 bits, mantissa;
	int exp2;

	__builtin_memcpy(&bits, &v, sizeof(bits));
	mantissa = bits & ((1ull << 52) - 1);
	exp2 = (int)(bits >> 52 & 0x7ff);
	if (exp2 == 0x7ff) {
		memcpy(out, (mantissa ? "nanNAN" : "infINF") + (kind < 'a' ? 3 : 0), 3);
		return 3;
	}
	if (exp2)
		mantissa |= 1ull << 52;
	expand(&d, mantissa, MAX(exp2, 1) - 1075);
	return (size_t)(put_float(out, &d, kind, precision, has_point) - out);
}
