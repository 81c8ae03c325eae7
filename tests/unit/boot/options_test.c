// sources: tests/unit/shim/slab.c
/*
 * The kernel's command line: what is the kernel's and what is init's. Each line is parsed from a fresh start.
 */
#include "test.h"

#include "kernel/debug/printk.h"
#include "kernel/debug/panic.h"
static int console_loglevel, panic_timeout;
#include "boot/options.c"

static char copy[4096];

static void parse(const char *line)
{
	kernel_options = (struct kernel_options){ .init_envp = { "HOME=/", "TERM=linux" }, .randomize = 2 };
	nr_consoles = 0;
	nr_args = 1;
	nr_env = 2;
	console_loglevel = 7;
	panic_timeout = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	options_parse(copy);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* list: words, each with a blank after it. */
static bool is_list(const char **words, const char *list)
{
	char text[4096] = "";

	for (; *words; words++) {
		strcat(text, *words);
		strcat(text, " ");
	}
	return !strcmp(text, list);
}

#define ARGS(list) is_list(kernel_options.init_argv + 1, list)
#define ENV(list)  is_list(kernel_options.init_envp + 2, list)

TEST(options_empty_line_changes_nothing)
{
	parse("");
	CHECK(ARGS("") && ENV("") && !kernel_options.init && kernel_options.randomize && !options_console(0));
	parse("  \t \n ");
	CHECK(ARGS("") && ENV("") && console_loglevel == 7);
}

TEST(options_of_the_kernel_are_taken)
{
	parse("BOOT_IMAGE=/boot/pipit ro quiet init=/bin/sh panic=-1 maxcpus=2 norandmaps ktest=all pidfs=anon");
	CHECK(same(kernel_options.init, "/bin/sh") && panic_timeout == -1 && kernel_options.max_cpus == 2);
	CHECK(same(kernel_options.pidfs, "anon"));
	CHECK(!kernel_options.randomize && same(kernel_options.ktest, "all") && console_loglevel == 4);
	CHECK(ARGS("") && ENV(""));
	parse("loglevel=3 rdinit=/x init=/y panic=30");
	CHECK(console_loglevel == 3 && same(kernel_options.init, "/y") && panic_timeout == 30);
}

TEST(options_consoles_keep_their_order)
{
	parse("console=ttyS0,115200 console=tty0 console=a console=b console=one_too_many");
	CHECK(same(options_console(0), "ttyS0,115200") && same(options_console(1), "tty0"));
	CHECK(same(options_console(3), "b") && !options_console(4) && !options_console(~0u));
}

TEST(options_unknown_words_go_to_init)
{
	parse("single FOO=bar quiet=yes init console 5 A= =x");
	CHECK(ARGS("single init console 5 "));
	CHECK(ENV("FOO=bar quiet=yes A= =x "));
}

TEST(options_of_modules_are_dropped)
{
	parse("usbcore.debug=1 a.b FOO=1.5 -- c.d");
	CHECK(ARGS("c.d ") && ENV("FOO=1.5 "));
}

TEST(options_after_two_dashes_are_arguments)
{
	parse("quiet -- quiet init=/x -- y");
	CHECK(ARGS("quiet init=/x -- y ") && ENV("") && !kernel_options.init && console_loglevel == 4);
	parse("--");
	CHECK(ARGS(""));
	parse("--x -- ");
	CHECK(ARGS("--x "));
}

TEST(options_quotes_keep_blanks)
{
	parse("A=\"b c\" \"D=e f\" init=\"/my init\" \"two words\" \"unclosed quote");
	CHECK(ENV("A=b c D=e f ") && same(kernel_options.init, "/my init") && ARGS("two words unclosed quote "));
	parse("\"\" x");
	CHECK(kernel_options.init_argv[2] && same(kernel_options.init_argv[2], "x"));
}

TEST(options_too_many_words_are_dropped)
{
	char line[4000] = "";
	int n = 0;

	for (int i = 0; i < 200; i++)
		sprintf(line + strlen(line), "w%d v%d=x ", i, i);
	parse(line);
	while (kernel_options.init_argv[n + 1])
		n++;
	CHECK(n >= OPTION_MAX_WORDS && !kernel_options.init_argv[ARRAY_SIZE(kernel_options.init_argv) - 1]);
	n = 0;
	while (kernel_options.init_envp[n])
		n++;
	CHECK(n >= OPTION_MAX_WORDS && !kernel_options.init_envp[ARRAY_SIZE(kernel_options.init_envp) - 1]);
	CHECK(same(kernel_options.init_argv[1], "w0") && same(kernel_options.init_envp[2], "v0=x"));
}

TEST(options_numbers_do_not_overflow)
{
	parse("panic=99999999999999999999 loglevel=-5 maxcpus=0");
	CHECK(panic_timeout > 0 && console_loglevel == -5 && kernel_options.max_cpus == 1);
	parse("panic= loglevel=x maxcpus=4cpus");
	CHECK(panic_timeout == 0 && console_loglevel == 0 && kernel_options.max_cpus == 4);
}

TEST(options_random_lines_are_survived)
{
	static const char letters[] = "ab=\"- .\tinitquieconsole";
	char line[300];

	for (int i = 0; i < 20000; i++) {
		size_t n = test_random() % 200;

		for (size_t j = 0; j < n; j++)
			line[j] = letters[test_random() % (sizeof(letters) - 1)];
		line[n] = 0;
		parse(line);
	}
	CHECK(true);
}
