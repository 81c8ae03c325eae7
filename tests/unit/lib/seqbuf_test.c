// sources: lib/seqbuf.c lib/fmt.c
#include "test.h"

#include "lib/seqbuf.h"

TEST(appends)
{
	char text[128];
	struct seqbuf s;

	seqbuf_init(&s, text, sizeof(text));
	seqbuf_printf(&s, "pos:\t%i\n", 7);
	seqbuf_puts(&s, "ab");
	seqbuf_putc(&s, ' ');
	seqbuf_put_dec(&s, 18446744073709551615ull);
	seqbuf_putc(&s, ' ');
	seqbuf_put_sdec(&s, INT64_MIN);
	seqbuf_put_escaped(&s, " a b\\c\n", " \n");
	CHECK(!s.overflow);
	CHECK(!strcmp(seqbuf_str(&s), "pos:\t7\nab 18446744073709551615 -9223372036854775808"
				      "\\040a\\040b\\134c\\012"));
}

TEST(never_overruns)
{
	for (size_t cap = 0; cap < 20; cap++) {
		char *text = malloc(cap ? cap : 1);
		struct seqbuf s;

		seqbuf_init(&s, text, cap);
		seqbuf_printf(&s, "%s-%d", "hello", 12345);
		CHECK(s.overflow == (cap < 11) && s.len == (cap < 11 ? cap : 11));
		seqbuf_putc(&s, 'x');
		CHECK(s.overflow == (cap < 12));
		CHECK(strlen(seqbuf_str(&s)) == (cap ? (cap < 13 ? cap - 1 : 12) : 0));
		free(text);
	}
}
