/*
 * Kernel options: a table of names, and where everything else goes.
 *
 * Runs once, on the boot CPU, before there is anything to lock. The words stay in
 * bootinfo.cmdline's copy, which options_parse() cuts with zeroes.
 * Follows: bootparam(7), Linux Documentation/admin-guide/kernel-parameters
 */
#include "boot/options.h"

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"

#define LOGLEVEL_QUIET 4
#define MAX_CONSOLES   4

struct kernel_options kernel_options = {
	.init_envp = { "HOME=/", "TERM=linux" },
	.randomize = 2,
};

static const char *consoles[MAX_CONSOLES];
static unsigned nr_consoles, nr_args = 1, nr_env = 2;

static int parse_int(const char *s)
{
	bool is_negative = *s == '-';
	int n = 0;

	for (s += is_negative; *s >= '0' && *s <= '9' && n < 100000000; s++)
		n = n * 10 + (*s - '0');
	return is_negative ? -n : n;
}

static void set_console(const char *value)
{
	if (nr_consoles < MAX_CONSOLES)
		consoles[nr_consoles++] = value;
}

static void set_init(const char *value)
{
	kernel_options.init = value;
}

static void set_loglevel(const char *value)
{
	console_loglevel = parse_int(value);
}

static void set_quiet(const char *value)
{
	console_loglevel = LOGLEVEL_QUIET;
}

static void set_panic(const char *value)
{
	panic_timeout = parse_int(value);
}

static void set_maxcpus(const char *value)
{
	kernel_options.max_cpus = MAX(parse_int(value), 1);
}

static void set_ktest(const char *value)
{
	kernel_options.ktest = value;
}

static void set_pidfs(const char *value)
{
	kernel_options.pidfs = value;
}

static void set_norandmaps(const char *value)
{
	kernel_options.randomize = 0;
}

static void ignore(const char *value)
{
}

static const struct option {
	const char *name;
	void (*set)(const char *value);
	bool wants_value;
} options[] = {
	{ "console", set_console, true },
	{ "init", set_init, true },
	{ "rdinit", set_init, true },
	{ "quiet", set_quiet, false },
	{ "loglevel", set_loglevel, true },
	{ "panic", set_panic, true },
	{ "maxcpus", set_maxcpus, true },
	{ "ktest", set_ktest, true },
	{ "pidfs", set_pidfs, true },
	{ "norandmaps", set_norandmaps, false },
	{ "ro", ignore, false }, /* there is no disk root to mount either way */
	{ "rw", ignore, false },
	{ "BOOT_IMAGE", ignore, true }, /* loaders put it there */
};

static const struct option *find_option(const char *word, size_t name_len, bool has_value)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strlen(options[i].name) == name_len &&
		    !memcmp(options[i].name, word, name_len) && options[i].wants_value == has_value)
			return &options[i];
	return NULL;
}

static void pass_to_init(char *word, bool has_value)
{
	if (has_value && nr_env < ARRAY_SIZE(kernel_options.init_envp) - 1)
		kernel_options.init_envp[nr_env++] = word;
	else if (!has_value && nr_args < ARRAY_SIZE(kernel_options.init_argv) - 1)
		kernel_options.init_argv[nr_args++] = word;
}

static void take_word(char *word)
{
	char *value = word;
	const struct option *option;
	bool has_value;

	while (*value && *value != '=')
		value++;
	has_value = *value == '=';
	option = find_option(word, value - word, has_value);
	if (option)
		option->set(value + has_value);
	else if (!memchr(word, '.', value - word))
		pass_to_init(word, has_value);
}

/* The next word, its double quotes removed, cut off with a zero; *next is where to go on. NULL:
 * none. */
static char *cut_word(char *p, char **next)
{
	char *word, *to;
	bool is_quoted = false;

	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	if (!*p)
		return NULL;
	for (word = to = p; *p && (is_quoted || (*p != ' ' && *p != '\t' && *p != '\n')); p++) {
		if (*p == '"')
			is_quoted = !is_quoted;
		else
			*to++ = *p;
	}
	*next = *p ? p + 1 : p;
	*to = 0;
	return word;
}

void options_parse(char *line)
{
	bool is_for_init = false;
	char *word;

	while ((word = cut_word(line, &line))) {
		if (is_for_init)
			pass_to_init(word, false);
		else if (!strcmp(word, "--"))
			is_for_init = true;
		else
			take_word(word);
	}
}

const char *options_console(unsigned n)
{
	return n < nr_consoles ? consoles[n] : NULL;
}
