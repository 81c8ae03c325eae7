/*
 * The C library: strings, characters and the texts of errors and signals.
 */
#include <ctype.h>
#include <libgen.h>
#include <strings.h>

#include "tap.h"

#define EXPECT_STR(got, want)                                                                      \
	do {                                                                                       \
		const char *got_ = (got);                                                          \
		if (!got_ || strcmp(got_, want)) {                                                 \
			tap_note("%s is \"%s\", want \"%s\"", #got, got_ ? got_ : "(null)", want); \
			tap_is_bad = 1;                                                            \
		}                                                                                  \
	} while (0)

static void blocks_are_copied_compared_and_searched(void)
{
	char buf[32] = "abcdefgh";

	memmove(buf + 2, buf, 6);
	EXPECT_STR(buf, "ababcdef");
	memmove(buf, buf + 2, 6);
	EXPECT_STR(buf, "abcdefef");
	EXPECT(memcmp("abc", "abd", 3) < 0 && memcmp("abd", "abc", 3) > 0);
	EXPECT(memcmp("\xff", "\x01", 1) > 0);
	EXPECT(memchr(buf, 'c', 8) == buf + 2 && !memchr(buf, 'z', 8));
	EXPECT(memrchr(buf, 'e', 8) == buf + 6 && !memrchr(buf, 'z', 8));
	EXPECT(memmem(buf, 8, "def", 3) == buf + 3 && !memmem(buf, 4, "def", 3));
	EXPECT(mempcpy(buf, "xy", 2) == buf + 2);
	EXPECT(memccpy(buf, "12;34", ';', 5) == buf + 3 && !memccpy(buf, "12", ';', 2));
}

static void every_alignment_and_size_is_copied(void)
{
	unsigned char from[160], to[160];

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (unsigned char)(i * 7 + 1);
	for (size_t at = 0; at < 16; at++)
		for (size_t n = 0; n < 128; n++) {
			memset(to, 0, sizeof(to));
			memcpy(to + at, from + 16 - at, n);
			if (memcmp(to + at, from + 16 - at, n) || to[at + n] ||
			    (at && to[at - 1])) {
				EXPECT_EQ(at * 1000 + n, -1);
				return;
			}
		}
}

static void strings_are_measured_and_searched(void)
{
	const char *s = "hello, world";

	EXPECT_EQ(strlen(s), 12);
	EXPECT_EQ(strnlen(s, 5), 5);
	EXPECT_EQ(strnlen(s, 50), 12);
	EXPECT_STR(strchr(s, 'o'), "o, world");
	EXPECT_STR(strrchr(s, 'o'), "orld");
	EXPECT(strchr(s, 0) == s + 12 && !strchr(s, 'z'));
	EXPECT_STR(strstr(s, "wor"), "world");
	EXPECT(strstr(s, "") == s && !strstr(s, "words"));
	EXPECT_STR(strcasestr(s, "WOR"), "world");
	EXPECT_STR(strpbrk(s, "xyw"), "world");
	EXPECT_EQ(strspn(s, "ehl"), 4);
	EXPECT_EQ(strcspn(s, ","), 5);
	EXPECT_STR(strchrnul(s, 'z'), "");
}

static void strings_are_compared(void)
{
	EXPECT(strcmp("a", "b") < 0 && strcmp("b", "a") > 0 && !strcmp("a", "a"));
	EXPECT(strcmp("a", "ab") < 0 && strcmp("\xff", "a") > 0);
	EXPECT(!strncmp("abc", "abd", 2) && strncmp("abc", "abd", 3) < 0);
	EXPECT(!strcasecmp("HeLLo", "hEllO") && strcasecmp("a", "B") < 0);
	EXPECT(!strncasecmp("ABx", "aby", 2));
}

static void strings_are_joined_and_copied(void)
{
	const char *volatile three = "three", *volatile six = "abcdef";
	char buf[16], *copy;

	strcpy(buf, "one");
	strcat(buf, "two");
	strncat(buf, three, 2);
	EXPECT_STR(buf, "onetwoth");
	memset(buf, 'x', sizeof(buf));
	strncpy(buf, "ab", 4);
	EXPECT(!memcmp(buf, "ab\0\0x", 5));
	strncpy(buf, six, 3);
	EXPECT(!memcmp(buf, "abc\0x", 5));
	EXPECT(stpcpy(buf, "end") == buf + 3);
	copy = strdup("copy");
	EXPECT_STR(copy, "copy");
	free(copy);
	copy = strndup("copy", 2);
	EXPECT_STR(copy, "co");
	free(copy);
}

static void words_are_cut(void)
{
	char text[] = "  a, bc ,,d", fields[] = "x::y", *rest, *field = fields;

	EXPECT_STR(strtok_r(text, " ,", &rest), "a");
	EXPECT_STR(strtok_r(NULL, " ,", &rest), "bc");
	EXPECT_STR(strtok_r(NULL, " ,", &rest), "d");
	EXPECT(!strtok_r(NULL, " ,", &rest) && !strtok_r(NULL, " ,", &rest));
	EXPECT_STR(strsep(&field, ":"), "x");
	EXPECT_STR(strsep(&field, ":"), "");
	EXPECT_STR(strsep(&field, ":"), "y");
	EXPECT(!strsep(&field, ":"));
}

static void paths_are_split(void)
{
	static const struct {
		const char *path, *dir, *base;
	} table[] = {
		{ "/usr/lib", "/usr", "lib" },
		{ "/usr/", "/", "usr" },
		{ "usr", ".", "usr" },
		{ "/", "/", "/" },
		{ ".", ".", "." },
		{ "a//b//", "a", "b" },
		{ "", ".", "." },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char buf[32];

		EXPECT_STR(dirname(strcpy(buf, table[i].path)), table[i].dir);
		EXPECT_STR(basename(strcpy(buf, table[i].path)), table[i].base);
	}
}

static void characters_have_their_classes(void)
{
	int counts[6] = { 0 };

	for (int c = -1; c < 256; c++) {
		counts[0] += !!isalnum(c);
		counts[1] += !!isspace(c);
		counts[2] += !!ispunct(c);
		counts[3] += !!isprint(c);
		counts[4] += !!iscntrl(c);
		counts[5] += !!isxdigit(c);
	}
	EXPECT_EQ(counts[0], 62);
	EXPECT_EQ(counts[1], 6);
	EXPECT_EQ(counts[2], 32);
	EXPECT_EQ(counts[3], 95);
	EXPECT_EQ(counts[4], 33);
	EXPECT_EQ(counts[5], 22);
	EXPECT(toupper('a') == 'A' && tolower('Z') == 'z' && toupper('1') == '1');
}

static void errors_and_signals_have_texts(void)
{
	EXPECT_STR(strerror(ENOENT), "No such file or directory");
	EXPECT(strstr(strerror(12345), "12345"));
	EXPECT(strlen(strsignal(SIGKILL)) > 0);
	EXPECT(strcmp(strsignal(SIGTERM), strsignal(SIGSEGV)));
}

int main(void)
{
	RUN(blocks_are_copied_compared_and_searched);
	RUN(every_alignment_and_size_is_copied);
	RUN(strings_are_measured_and_searched);
	RUN(strings_are_compared);
	RUN(strings_are_joined_and_copied);
	RUN(words_are_cut);
	RUN(paths_are_split);
	RUN(characters_have_their_classes);
	RUN(errors_and_signals_have_texts);
	return tap_done();
}
