/*
 * Bounded text buffers. Appending past the end keeps what fits and sets overflow, always.
 */
#include "lib/seqbuf.h"

#include "lib/fmt.h"
#include "lib/string.h"

void seqbuf_write(struct seqbuf *s, const char *text, size_t n)
{
	size_t space = s->cap - s->len;

	if (unlikely(n > space)) {
		s->overflow = true;
		n = space;
	}
	memcpy(s->buf + s->len, text, n);
	s->len += n;
}

void seqbuf_puts(struct seqbuf *s, const char *text)
{
	seqbuf_write(s, text, strlen(text));
}

static void seqbuf_sink(void *ctx, const char *text, size_t n)
{
	seqbuf_write(ctx, text, n);
}

void seqbuf_printf(struct seqbuf *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fmt_print(seqbuf_sink, s, fmt, args);
	va_end(args);
}

void seqbuf_put_dec(struct seqbuf *s, u64 v)
{
	char digits[20];

	seqbuf_write(s, digits, fmt_dec(digits, v));
}

void seqbuf_put_sdec(struct seqbuf *s, s64 v)
{
	if (v < 0)
		seqbuf_putc(s, '-');
	seqbuf_put_dec(s, v < 0 ? -(u64)v : (u64)v);
}

void seqbuf_put_escaped(struct seqbuf *s, const char *text, const char *special)
{
	for (; *text; text++) {
		u8 c = (u8)*text;

		if (c != '\\' && !strchr(special, c)) {
			seqbuf_putc(s, (char)c);
			continue;
		}
		seqbuf_putc(s, '\\');
		seqbuf_putc(s, (char)('0' + (c >> 6)));
		seqbuf_putc(s, (char)('0' + (c >> 3 & 7)));
		seqbuf_putc(s, (char)('0' + (c & 7)));
	}
}

void seqbuf_put_mask(struct seqbuf *s, u64 mask, unsigned n)
{
	int digits = (int)(n + 3) / 4;

	if (n > 32)
		seqbuf_printf(s, "%0*lx,%08lx", digits - 8, mask >> 32, mask & 0xffffffff);
	else
		seqbuf_printf(s, "%0*lx", digits, mask);
}

void seqbuf_put_ranges(struct seqbuf *s, u64 mask)
{
	bool is_first = true;

	for (u32 i = 0; i < 64; i++) {
		u32 first = i;

		if (!(mask >> i & 1))
			continue;
		while (i < 63 && mask >> (i + 1) & 1)
			i++;
		seqbuf_printf(s, is_first ? "%u" : ",%u", first);
		if (i > first)
			seqbuf_printf(s, "-%u", i);
		is_first = false;
	}
}

const char *seqbuf_str(struct seqbuf *s)
{
	if (!s->cap)
		return "";
	if (s->len == s->cap) {
		s->len--;
		s->overflow = true;
	}
	s->buf[s->len] = 0;
	return s->buf;
}
