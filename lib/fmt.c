/*
 * printf formatting; linked into the kernel and into the C library.
 *
 * A conversion is parsed into a struct spec, turned into up to three parts (prefix, zeroes, body),
 * and emit_field() puts them and the padding out in the right order.
 * Follows: C17 7.21.6.1
 */
#include "lib/fmt.h"

#include "lib/string.h"

#define FLAG_LEFT  1u
#define FLAG_PLUS  2u
#define FLAG_SPACE 4u
#define FLAG_ALT   8u
#define FLAG_ZERO  16u

struct spec {
	unsigned int flags;
	int width;
	int precision; /* -1: none given */
	int size; /* bytes of an integer argument */
	bool is_long_double;
};

struct output {
	fmt_sink sink;
	void *ctx;
	size_t total;
};

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

/* Writes backwards, ending before end; returns the first digit. */
static char *dec_backwards(char *end, u64 v)
{
	while (v >= 100) {
		const char *pair = digit_pairs + v % 100 * 2;

		v /= 100;
		*--end = pair[1];
		*--end = pair[0];
	}
	if (v >= 10) {
		*--end = digit_pairs[v * 2 + 1];
		*--end = digit_pairs[v * 2];
	} else {
		*--end = (char)('0' + v);
	}
	return end;
}

unsigned int fmt_dec(char *out, u64 v)
{
	char buf[20], *end = buf + sizeof(buf), *first = dec_backwards(end, v);
	unsigned int n = (unsigned int)(end - first);

	memcpy(out, first, n);
	return n;
}

static void emit(struct output *out, const char *text, size_t n)
{
	if (n) {
		out->sink(out->ctx, text, n);
		out->total += n;
	}
}

static void emit_repeat(struct output *out, char c, int n)
{
	char chunk[16];

	if (n <= 0)
		return;
	memset(chunk, c, sizeof(chunk));
	for (; n > (int)sizeof(chunk); n -= (int)sizeof(chunk))
		emit(out, chunk, sizeof(chunk));
	emit(out, chunk, (size_t)n);
}

/* [spaces] prefix [zeroes] body [spaces]; the zero flag turns the leading spaces into zeroes. */
static void emit_field(struct output *out, const struct spec *spec, const char *prefix, int zeroes,
		       const char *body, size_t body_len)
{
	size_t prefix_len = strlen(prefix);
	int padding = spec->width - (int)(prefix_len + body_len) - zeroes;

	if (spec->flags & FLAG_ZERO && !(spec->flags & FLAG_LEFT) && padding > 0) {
		zeroes += padding;
		padding = 0;
	}
	if (!(spec->flags & FLAG_LEFT))
		emit_repeat(out, ' ', padding);
	emit(out, prefix, prefix_len);
	emit_repeat(out, '0', zeroes);
	emit(out, body, body_len);
	if (spec->flags & FLAG_LEFT)
		emit_repeat(out, ' ', padding);
}

static const char *sign_prefix(const struct spec *spec, bool is_negative)
{
	if (is_negative)
		return "-";
	return spec->flags & FLAG_PLUS ? "+" : spec->flags & FLAG_SPACE ? " " : "";
}

/* A precision switches the zero flag off. */
static void emit_digits(struct output *out, struct spec *spec, const char *prefix,
			const char *digits, int n)
{
	if (spec->precision >= 0)
		spec->flags &= ~FLAG_ZERO;
	emit_field(out, spec, prefix, spec->precision > n ? spec->precision - n : 0, digits,
		   (size_t)n);
}

static void format_decimal(struct output *out, struct spec *spec, u64 v, const char *prefix)
{
	char buf[20], *end = buf + sizeof(buf), *first = end;

	if (v || spec->precision != 0)
		first = dec_backwards(end, v);
	emit_digits(out, spec, prefix, first, (int)(end - first));
}

/* Octal and hexadecimal: bits per digit 3 or 4. */
static void format_bits(struct output *out, struct spec *spec, u64 v, unsigned int bits,
			bool is_upper)
{
	const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const char *prefix = "";
	char buf[24], *end = buf + sizeof(buf), *at = end;
	u64 rest = v;

	for (; rest; rest >>= bits)
		*--at = digits[rest & ((1u << bits) - 1)];
	if (at == end && spec->precision != 0)
		*--at = '0';
	if (spec->flags & FLAG_ALT) {
		if (bits == 3 && (at == end || *at != '0') && spec->precision <= end - at)
			*--at = '0';
		else if (bits == 4 && v)
			prefix = is_upper ? "0X" : "0x";
	}
	emit_digits(out, spec, prefix, at, (int)(end - at));
}

static void format_string(struct output *out, struct spec *spec, const char *s)
{
	size_t n;

	if (!s)
		s = "(null)";
	n = spec->precision >= 0 ? strnlen(s, (size_t)spec->precision) : strlen(s);
	spec->flags &= ~FLAG_ZERO;
	emit_field(out, spec, "", 0, s, n);
}

#ifdef FMT_FLOAT

static void format_float(struct output *out, struct spec *spec, double v, char kind)
{
	char text[FMT_FLOAT_MAX];
	size_t n = fmt_float(text, v, kind, spec->precision, spec->flags & FLAG_ALT);

	if (text[0] > '9') /* inf, nan */
		spec->flags &= ~FLAG_ZERO;
	emit_field(out, spec, sign_prefix(spec, __builtin_signbit(v)), 0, text, n);
}

#endif

/* An argument list in a struct: a va_list passed by value is dead for the caller afterwards. */
struct arguments {
	va_list list;
};

static u64 next_unsigned(struct arguments *args, const struct spec *spec)
{
	u64 v = spec->size == 8 ? va_arg(args->list, u64) : va_arg(args->list, unsigned int);

	return spec->size < 4 ? v & ((1u << spec->size * 8) - 1) : v;
}

static s64 next_signed(struct arguments *args, const struct spec *spec)
{
	u64 v = next_unsigned(args, spec);
	unsigned int unused = 64 - (unsigned int)spec->size * 8;

	return (s64)(v << unused) >> unused;
}

static const char *parse_number(const char *fmt, struct arguments *args, int *out)
{
	if (*fmt == '*') {
		*out = va_arg(args->list, int);
		return fmt + 1;
	}
	*out = 0;
	while (*fmt >= '0' && *fmt <= '9') {
		int digit = *fmt++ - '0';

		*out = *out > 99999999 ? *out : *out * 10 + digit;
	}
	return fmt;
}

static const char *parse_size(const char *fmt, struct spec *spec)
{
	spec->size = 4;
	for (;; fmt++) {
		switch (*fmt) {
		case 'h':
			spec->size = MAX(spec->size / 2, 1);
			break;
		case 'l':
		case 'z':
		case 't':
		case 'j':
			spec->size = 8;
			break;
		case 'L':
			spec->is_long_double = true;
			break;
		default:
			return fmt;
		}
	}
}

/* Everything between the % and the conversion letter, which is returned. */
static const char *parse_spec(const char *fmt, struct arguments *args, struct spec *spec)
{
	static const char flags[] = "-+ #0"; /* in the order of FLAG_* */
	const char *found;

	*spec = (struct spec){ .precision = -1 };
	while (*fmt && (found = strchr(flags, *fmt))) {
		spec->flags |= 1u << (found - flags);
		fmt++;
	}
	fmt = parse_number(fmt, args, &spec->width);
	if (spec->width < 0) {
		spec->flags |= FLAG_LEFT;
		spec->width = spec->width == -__INT_MAX__ - 1 ? 0 : -spec->width;
	}
	if (*fmt == '.')
		fmt = parse_number(fmt + 1, args, &spec->precision);
	return parse_size(fmt, spec);
}

static void convert(struct output *out, struct spec *spec, char kind, struct arguments *args)
{
	s64 v;
	char c;

	switch (kind) {
	case 'd':
	case 'i':
		v = next_signed(args, spec);
		format_decimal(out, spec, v < 0 ? -(u64)v : (u64)v, sign_prefix(spec, v < 0));
		break;
	case 'u':
		format_decimal(out, spec, next_unsigned(args, spec), "");
		break;
	case 'x':
	case 'X':
		format_bits(out, spec, next_unsigned(args, spec), 4, kind == 'X');
		break;
	case 'o':
		format_bits(out, spec, next_unsigned(args, spec), 3, false);
		break;
	case 'p':
		spec->flags |= FLAG_ALT;
		format_bits(out, spec, (u64)(uintptr_t)va_arg(args->list, void *), 4, false);
		break;
	case 'c':
		c = (char)va_arg(args->list, int);
		spec->flags &= ~FLAG_ZERO;
		emit_field(out, spec, "", 0, &c, 1);
		break;
	case 's':
		format_string(out, spec, va_arg(args->list, const char *));
		break;
#ifdef FMT_FLOAT
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
		format_float(out, spec,
			     spec->is_long_double ? (double)va_arg(args->list, long double)
						  : va_arg(args->list, double),
			     kind);
		break;
#endif
	default: /* %% too; what is unknown shows itself */
		if (kind != '%')
			emit(out, "%", 1);
		emit(out, &kind, 1);
	}
}

size_t fmt_print(fmt_sink sink, void *ctx, const char *fmt, va_list ap)
{
	struct output out = { .sink = sink, .ctx = ctx };
	struct arguments args;
	struct spec spec;

	va_copy(args.list, ap);
	for (;;) {
		const char *text = fmt;

		while (*fmt && *fmt != '%')
			fmt++;
		emit(&out, text, (size_t)(fmt - text));
		if (!*fmt)
			break;
		fmt = parse_spec(fmt + 1, &args, &spec);
		if (!*fmt)
			break;
		convert(&out, &spec, *fmt++, &args);
	}
	va_end(args.list);
	return out.total;
}

struct bounded {
	char *buf;
	size_t len, cap; /* cap: without the closing zero */
};

static void bounded_sink(void *ctx, const char *text, size_t n)
{
	struct bounded *b = ctx;

	n = MIN(n, b->cap - b->len);
	memcpy(b->buf + b->len, text, n);
	b->len += n;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct bounded b = { .buf = buf, .cap = size ? size - 1 : 0 };
	size_t total = fmt_print(bounded_sink, &b, fmt, args);

	if (size)
		buf[b.len] = 0;
	return (int)total;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}
