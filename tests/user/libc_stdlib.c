/*
 * The C library: the heap, numbers, sorting, the environment, temporary names.
 */
#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tap.h"

static void the_heap_keeps_blocks_apart(void)
{
	enum { SLOTS = 500, ROUNDS = 20000 };
	static unsigned char *block[SLOTS];
	static size_t size[SLOTS];
	unsigned int seed = 1;

	for (int round = 0; round < ROUNDS; round++) {
		size_t i = (size_t)rand_r(&seed) % SLOTS;
		size_t n = (size_t)rand_r(&seed) % (rand_r(&seed) % 16 ? 300 : 100000);

		for (size_t k = 0; k < size[i]; k += 37)
			if (block[i][k] != (unsigned char)i) {
				EXPECT_EQ(block[i][k], i & 255);
				return;
			}
		if (rand_r(&seed) % 2) {
			block[i] = realloc(block[i], n + 1);
		} else {
			free(block[i]);
			block[i] = malloc(n + 1);
		}
		REQUIRE(block[i] && (uintptr_t)block[i] % 16 == 0);
		size[i] = n + 1;
		memset(block[i], (int)i, size[i]);
	}
	for (int i = 0; i < SLOTS; i++)
		free(block[i]);
}

static void realloc_keeps_the_content(void)
{
	size_t n = 1;
	unsigned char *block = malloc(1);

	block[0] = 0;
	for (; n < 1 << 20; n *= 2) {
		block = realloc(block, n * 2);
		REQUIRE(block);
		for (size_t i = 0; i < n; i += 13)
			REQUIRE(block[i] == (i & 255));
		for (size_t i = 0; i < n * 2; i++)
			block[i] = (unsigned char)i;
	}
	block = realloc(block, 100);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(block[i], i);
	free(block);
}

static void calloc_gives_zeroes(void)
{
	volatile size_t huge = SIZE_MAX / 2;

	for (size_t n = 1; n < 200000; n = n * 3 + 1) {
		unsigned char *block = malloc(n);

		memset(block, 0xff, n);
		free(block);
		block = calloc(n, 1);
		for (size_t i = 0; i < n; i++)
			REQUIRE(block[i] == 0);
		free(block);
	}
	errno = 0;
	EXPECT(!calloc(huge, 4) && errno == ENOMEM);
}

static void alignment_is_as_asked(void)
{
	for (size_t align = 16; align <= 1 << 16; align *= 2) {
		unsigned char *block = aligned_alloc(align, align * 2);

		REQUIRE(block && (uintptr_t)block % align == 0);
		memset(block, 1, align * 2);
		block = realloc(block, align * 4);
		EXPECT(block && block[align * 2 - 1] == 1);
		free(block);
	}
}

static void integers_are_read(void)
{
	char *end;

	EXPECT_EQ(strtol("  -42x", &end, 10), -42);
	EXPECT(*end == 'x');
	EXPECT_EQ(strtol("0x7f", NULL, 0), 127);
	EXPECT_EQ(strtol("0x7f", NULL, 16), 127);
	EXPECT_EQ(strtol("017", NULL, 0), 15);
	EXPECT_EQ(strtol("zz", NULL, 36), 35 * 37);
	EXPECT_EQ(strtol("0xg", &end, 16), 0);
	EXPECT(*end == 'x');
	EXPECT_EQ(strtol("+", &end, 10), 0);
	EXPECT(*end == '+');
	errno = 0;
	EXPECT(strtol("9223372036854775807", NULL, 10) == LONG_MAX && errno == 0);
	EXPECT(strtol("-9223372036854775808", NULL, 10) == LONG_MIN && errno == 0);
	EXPECT(strtol("9223372036854775808", NULL, 10) == LONG_MAX && errno == ERANGE);
	errno = 0;
	EXPECT(strtoul("18446744073709551615", NULL, 10) == ULONG_MAX && errno == 0);
	EXPECT(strtoul("18446744073709551616", NULL, 10) == ULONG_MAX && errno == ERANGE);
	EXPECT_EQ(strtoul("-1", NULL, 10), ULONG_MAX);
	EXPECT_EQ(atoi("12abc"), 12);
}

static void fractions_are_read(void)
{
	char *end;

	EXPECT(strtod("1.5", NULL) == 1.5 && strtod("-2e3", NULL) == -2000);
	EXPECT(strtod("0.1", NULL) == 0.1 && strtod(".25", NULL) == 0.25);
	EXPECT(strtod("3.25e-2xyz", &end) == 0.0325 && *end == 'x');
	EXPECT(strtod("5e", &end) == 5 && *end == 'e');
	EXPECT(strtod("none", &end) == 0 && *end == 'n');
	EXPECT(strtod("inf", NULL) > 1e308);
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void arrays_are_sorted_and_searched(void)
{
	enum { MAX = 2000 };
	static int numbers[MAX];
	unsigned int seed = 7;

	for (size_t n = 0; n <= MAX; n = n < 10 ? n + 1 : n * 2) {
		long sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += numbers[i] = rand_r(&seed) % 1000;
		qsort(numbers, n, sizeof(*numbers), compare_ints);
		for (size_t i = 0; i < n; i++) {
			int *found =
				bsearch(&numbers[i], numbers, n, sizeof(*numbers), compare_ints);

			REQUIRE(i == 0 || numbers[i - 1] <= numbers[i]);
			REQUIRE(found && *found == numbers[i]);
			sum -= numbers[i];
		}
		EXPECT_EQ(sum, 0);
	}
	EXPECT(!bsearch(&(int){ 5000 }, numbers, 10, sizeof(*numbers), compare_ints));
}

static void the_environment_changes(void)
{
	static char put[] = "LIBC_PUT=1";

	EXPECT(!getenv("LIBC_TEST"));
	EXPECT_EQ(setenv("LIBC_TEST", "a", 0), 0);
	EXPECT(getenv("LIBC_TEST") && !strcmp(getenv("LIBC_TEST"), "a"));
	setenv("LIBC_TEST", "b", 0);
	EXPECT(!strcmp(getenv("LIBC_TEST"), "a"));
	setenv("LIBC_TEST", "b", 1);
	EXPECT(!strcmp(getenv("LIBC_TEST"), "b"));
	EXPECT(!getenv("LIBC_TES") && !getenv("LIBC_TEST=b"));
	EXPECT_EQ(putenv(put), 0);
	EXPECT(getenv("LIBC_PUT") == put + 9);
	EXPECT_EQ(unsetenv("LIBC_TEST"), 0);
	EXPECT(!getenv("LIBC_TEST"));
	EXPECT_ERR(setenv("A=B", "", 1), EINVAL);
	unsetenv("LIBC_PUT");
}

static void temporary_names_are_fresh(void)
{
	char a[] = "/tmp/libc_XXXXXX", b[] = "/tmp/libc_XXXXXX", d[] = "/tmp/libc_XXXXXX";
	char bad[] = "/tmp/libc_XXXX";
	int x = mkstemp(a), y = mkstemp(b);
	struct stat st;

	EXPECT(x >= 0 && y >= 0 && strcmp(a, b));
	EXPECT(stat(a, &st) == 0 && (st.st_mode & 07777) == 0600);
	EXPECT(mkdtemp(d) == d && stat(d, &st) == 0 && S_ISDIR(st.st_mode));
	EXPECT_ERR(mkstemp(bad), EINVAL);
	close(x);
	close(y);
	unlink(a);
	unlink(b);
	rmdir(d);
}

static void real_paths_have_no_links(void)
{
	char link[] = "/tmp/libc_XXXXXX", *real;

	close(mkstemp(link));
	unlink(link);
	REQUIRE(symlink("/tmp/..", link) == 0);
	real = realpath(link, NULL);
	EXPECT(real && !strcmp(real, "/"));
	free(real);
	unlink(link);
	EXPECT(!realpath("/tmp/none/there", NULL) && errno == ENOENT);
}

static int exit_pipe;

static void say_a(void)
{
	EXPECT_EQ(write(exit_pipe, "a", 1), 1);
}

static void say_b(void)
{
	EXPECT_EQ(write(exit_pipe, "b", 1), 1);
	atexit(say_a);
}

static int child_exits_with_handlers(void *arg)
{
	for (int i = 0; i < 40; i++)
		atexit(say_a);
	atexit(say_b);
	exit(7);
}

static void exit_handlers_run_last_first(void)
{
	char buf[64];
	int fds[2];

	REQUIRE(pipe(fds) == 0);
	exit_pipe = fds[1];
	EXPECT_EQ(reap(spawn(child_exits_with_handlers, NULL)), 7 << 8);
	EXPECT_EQ(read(fds[0], buf, sizeof(buf)), 42);
	EXPECT(buf[0] == 'b' && buf[1] == 'a' && buf[41] == 'a');
	close(fds[0]);
	close(fds[1]);
}

static int child_aborts(void *arg)
{
	signal(SIGABRT, SIG_IGN);
	abort();
}

static void abort_cannot_be_ignored(void)
{
	int status = reap(spawn(child_aborts, NULL));

	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	RUN(the_heap_keeps_blocks_apart);
	RUN(realloc_keeps_the_content);
	RUN(calloc_gives_zeroes);
	RUN(alignment_is_as_asked);
	RUN(integers_are_read);
	RUN(fractions_are_read);
	RUN(arrays_are_sorted_and_searched);
	RUN(the_environment_changes);
	RUN(temporary_names_are_fresh);
	RUN(real_paths_have_no_links);
	RUN(exit_handlers_run_last_first);
	RUN(abort_cannot_be_ignored);
	return tap_done();
}
