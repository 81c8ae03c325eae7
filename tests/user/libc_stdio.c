/*
 * The C library: streams, formatted output and formatted input.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>

#include "tap.h"

static char path[] = "/tmp/libc_stdio_XXXXXX";

/* Whether snprintf makes "want" of the arguments, and says how long it is. */
static int prints(const char *want, const char *format, ...)
{
	char buf[256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	if (n == (int)strlen(want) && !strcmp(buf, want))
		return 1;
	tap_note("\"%s\" gave \"%s\" (%d), want \"%s\"", format, buf, n, want);
	return 0;
}

static void integers_are_formatted(void)
{
	EXPECT(prints("0 -1 2147483647 -2147483648", "%d %d %d %d", 0, -1, INT_MAX, INT_MIN));
	EXPECT(prints("-9223372036854775808 18446744073709551615", "%ld %lu", LONG_MIN, ULONG_MAX));
	EXPECT(prints("ff FF 0xff 377 0377", "%x %X %#x %o %#o", 255, 255, 255, 255, 255));
	EXPECT(prints("   42|42   |00042|+42| 42", "%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42));
	EXPECT(prints("  007|   -7|-0007", "%5.3d|%5d|%05d", 7, -7, -7));
	EXPECT(prints("   42|42   ", "%*d|%*d", 5, 42, -5, 42));
	EXPECT(prints("-1 255 65535", "%hhd %hhu %hu", 255, 255, 65535));
	EXPECT(prints("12 34 56", "%zu %jd %td", (size_t)12, (intmax_t)34, (ptrdiff_t)56));
	EXPECT(prints("deadbeefcafe", "%" PRIx64, (uint64_t)0xdeadbeefcafe));
	EXPECT(prints("0x1000", "%p", (void *)0x1000));
}

static void strings_are_formatted(void)
{
	EXPECT(prints("abc|  abc|abc  |ab", "%s|%5s|%-5s|%.2s", "abc", "abc", "abc", "abc"));
	EXPECT(prints("x|  y|100%", "%c|%3c|100%%", 'x', 'y'));
	EXPECT(prints("ab", "%.*s", 2, "abc"));
}

static void fractions_are_formatted(void)
{
	EXPECT(prints("1.500000 -0.25 3", "%f %.2f %.0f", 1.5, -0.25, 3.0));
	EXPECT(prints("  12.35|12.3  |1e+10", "%7.2f|%-6.1f|%g", 12.346, 12.3, 1e10));
}

static void output_is_cut_at_the_size(void)
{
	const char *volatile six = "abcdef";
	char buf[8] = "xxxxxxx";

	EXPECT_EQ(snprintf(buf, 4, "%s", six), 6);
	EXPECT(!strcmp(buf, "abc") && buf[4] == 'x');
	EXPECT_EQ(snprintf(NULL, 0, "%d", 12345), 5);
}

static void memory_is_allocated_for_the_text(void)
{
	char *text = NULL;

	EXPECT_EQ(asprintf(&text, "%s-%d", "abc", 7), 5);
	EXPECT(text && !strcmp(text, "abc-7"));
	free(text);
}

static void files_are_written_and_read(void)
{
	FILE *file = fopen(path, "w");
	char buf[64];

	REQUIRE(file);
	EXPECT(fputs("one\ntwo\n", file) >= 0);
	EXPECT_EQ(fprintf(file, "%d\n", 3), 2);
	EXPECT_EQ(fwrite("four", 2, 2, file), 2);
	EXPECT_EQ(fputc('!', file), '!');
	EXPECT_EQ(ftell(file), 15);
	EXPECT_EQ(fgetc(file), EOF);
	EXPECT(ferror(file));
	EXPECT_EQ(fclose(file), 0);
	file = fopen(path, "r");
	REQUIRE(file);
	EXPECT(fgets(buf, sizeof(buf), file) && !strcmp(buf, "one\n"));
	EXPECT(fgets(buf, 3, file) && !strcmp(buf, "tw"));
	EXPECT_EQ(ftell(file), 6);
	EXPECT_EQ(ungetc('W', file), 'W');
	EXPECT_EQ(ftell(file), 5);
	EXPECT_EQ(fgetc(file), 'W');
	EXPECT_EQ(fread(buf, 1, sizeof(buf), file), 9);
	EXPECT(!memcmp(buf, "o\n3\nfour!", 9) && feof(file) && !ferror(file));
	EXPECT_EQ(fgetc(file), EOF);
	EXPECT_EQ(fseek(file, -5, SEEK_END), 0);
	EXPECT(!feof(file) && fgetc(file) == 'f');
	rewind(file);
	EXPECT_EQ(fgetc(file), 'o');
	fclose(file);
}

static void appending_and_updating_keep_the_rest(void)
{
	char buf[64];
	FILE *file = fopen(path, "w");

	fputs("0123456789", file);
	fclose(file);
	file = fopen(path, "a");
	fputs("ab", file);
	EXPECT_EQ(ftell(file), 12);
	fclose(file);
	file = fopen(path, "r+");
	EXPECT_EQ(fgetc(file), '0');
	fseek(file, 0, SEEK_CUR);
	fputs("XY", file);
	fseek(file, 0, SEEK_CUR);
	EXPECT_EQ(fgetc(file), '3');
	fclose(file);
	EXPECT(!strcmp(slurp(path, buf, sizeof(buf)), "0XY3456789ab"));
}

static void long_lines_are_read(void)
{
	FILE *file = fopen(path, "w");
	char *line = NULL;
	size_t size = 0;

	for (int i = 0; i < 10000; i++)
		fputc('a' + i % 26, file);
	fputs("\n\nlast", file);
	fclose(file);
	file = fopen(path, "r");
	EXPECT_EQ(getline(&line, &size, file), 10001);
	EXPECT(line[0] == 'a' && line[10000] == '\n' && size > 10001);
	EXPECT_EQ(getline(&line, &size, file), 1);
	EXPECT_EQ(getline(&line, &size, file), 4);
	EXPECT(!strcmp(line, "last"));
	EXPECT_EQ(getline(&line, &size, file), -1);
	free(line);
	fclose(file);
}

static void large_blocks_pass_through(void)
{
	static char out[100000], in[100000];
	FILE *file = fopen(path, "w+");

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 31 >> 3);
	EXPECT_EQ(fwrite(out, 1, 10, file), 10);
	EXPECT_EQ(fwrite(out + 10, sizeof(out) - 10, 1, file), 1);
	rewind(file);
	EXPECT_EQ(fread(in, 1, 7, file), 7);
	EXPECT_EQ(fread(in + 7, 1, sizeof(in), file), sizeof(in) - 7);
	EXPECT(!memcmp(in, out, sizeof(in)));
	fclose(file);
}

static void buffering_is_as_asked(void)
{
	FILE *file = fopen(path, "w");
	char buf[64];

	setvbuf(file, NULL, _IOLBF, 0);
	fputs("half", file);
	EXPECT(!strcmp(slurp(path, buf, sizeof(buf)), ""));
	fputs(" line\n", file);
	EXPECT(!strcmp(slurp(path, buf, sizeof(buf)), "half line\n"));
	setvbuf(file, NULL, _IONBF, 0);
	fputs("x", file);
	EXPECT(!strcmp(slurp(path, buf, sizeof(buf)), "half line\nx"));
	fclose(file);
}

static void streams_are_made_of_descriptors(void)
{
	int fds[2];
	FILE *in, *out;
	char buf[16];

	REQUIRE(pipe(fds) == 0);
	out = fdopen(fds[1], "w");
	in = fdopen(fds[0], "r");
	REQUIRE(in && out);
	EXPECT_EQ(fileno(in), fds[0]);
	fputs("through\n", out);
	fflush(out);
	EXPECT(fgets(buf, sizeof(buf), in) && !strcmp(buf, "through\n"));
	dprintf(fds[1], "%d\n", 42);
	EXPECT(fgets(buf, sizeof(buf), in) && !strcmp(buf, "42\n"));
	fclose(out);
	EXPECT(!fgets(buf, sizeof(buf), in) && feof(in));
	fclose(in);
}

static void strings_are_scanned(void)
{
	int a = 0, b = 0, n = 0;
	unsigned int u = 0;
	long l = 0;
	short h[2] = { 1, 1 };
	char word[16], rest[16], c = 0;
	double d = 0;

	EXPECT_EQ(sscanf("12 -34 0x1f", "%d%d %x", &a, &b, &u), 3);
	EXPECT(a == 12 && b == -34 && u == 0x1f);
	EXPECT_EQ(sscanf("pid 77 (name) R", "pid %d (%15[^)]) %c", &a, word, &c), 3);
	EXPECT(a == 77 && !strcmp(word, "name") && c == 'R');
	EXPECT_EQ(sscanf("123456", "%3d%ld%n", &a, &l, &n), 2);
	EXPECT(a == 123 && l == 456 && n == 6);
	EXPECT_EQ(sscanf("9999999999 7", "%ld %hd", &l, &h[0]), 2);
	EXPECT(l == 9999999999 && h[0] == 7 && h[1] == 1);
	EXPECT_EQ(sscanf("word1 word2", "%*s %15s", rest), 1);
	EXPECT(!strcmp(rest, "word2"));
	EXPECT_EQ(sscanf("a-b", "%1[a-z]-%1[a-z]", word, rest), 2);
	EXPECT_EQ(sscanf("0x10 010 10", "%i %i %i", &a, &b, &n), 3);
	EXPECT(a == 16 && b == 8 && n == 10);
	EXPECT_EQ(sscanf("2.5e1", "%lf", &d), 1);
	EXPECT(d == 25);
	EXPECT_EQ(sscanf("x", "%d", &a), 0);
	EXPECT_EQ(sscanf("", "%d", &a), EOF);
	EXPECT_EQ(sscanf("5%", "%d%%", &a), 1);
}

static void files_are_scanned(void)
{
	FILE *file = fopen(path, "w+");
	int a, b;

	fputs("10 20\n30,", file);
	rewind(file);
	EXPECT_EQ(fscanf(file, "%d %d", &a, &b), 2);
	EXPECT(a == 10 && b == 20);
	EXPECT_EQ(fscanf(file, "%d", &a), 1);
	EXPECT_EQ(fgetc(file), ',');
	EXPECT_EQ(fscanf(file, "%d", &a), EOF);
	fclose(file);
}

static void commands_are_files(void)
{
	char buf[32] = "";
	FILE *file;

	if (access("/bin/sh", X_OK) < 0)
		SKIP("no shell");
	file = popen("echo from the shell; exit 3", "r");
	REQUIRE(file);
	EXPECT(fgets(buf, sizeof(buf), file) && !strcmp(buf, "from the shell\n"));
	EXPECT_EQ(pclose(file), 3 << 8);
}

/* The child's exit writes what is buffered, exactly once. */
static int child_writes(void *arg)
{
	FILE *file = fopen(path, "w");

	fputs("buffered", file);
	exit(0);
}

static void exit_writes_what_is_buffered(void)
{
	char buf[32];

	EXPECT_EQ(reap(spawn(child_writes, NULL)), 0);
	EXPECT(!strcmp(slurp(path, buf, sizeof(buf)), "buffered"));
}

int main(void)
{
	close(mkstemp(path));
	RUN(integers_are_formatted);
	RUN(strings_are_formatted);
	RUN(fractions_are_formatted);
	RUN(output_is_cut_at_the_size);
	RUN(memory_is_allocated_for_the_text);
	RUN(files_are_written_and_read);
	RUN(appending_and_updating_keep_the_rest);
	RUN(long_lines_are_read);
	RUN(large_blocks_pass_through);
	RUN(buffering_is_as_asked);
	RUN(streams_are_made_of_descriptors);
	RUN(strings_are_scanned);
	RUN(files_are_scanned);
	RUN(commands_are_files);
	RUN(exit_writes_what_is_buffered);
	unlink(path);
	return tap_done();
}
