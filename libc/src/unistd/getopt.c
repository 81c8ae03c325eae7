/*
 * Command line options.
 *
 * Options stand before the first operand; parsing stops there, as POSIX wants and glibc does under
 * POSIXLY_CORRECT. A word may hold several short options: "at" is the place within it.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt;

static const char *at = "";

static int complain(char *const argv[], const char *what, const char *name, size_t len)
{
	if (opterr)
		fprintf(stderr, "%s: %s -- '%.*s'\n", argv[0], what, (int)len, name);
	return '?';
}

/* The argument of an option: the rest of the word, or the next word. */
static int take_argument(int argc, char *const argv[], const char *options, const char *spec)
{
	optarg = NULL;
	if (*at) {
		optarg = (char *)at;
		optind++;
	} else if (spec[2] == ':') {
		return optopt;
	} else if (optind < argc) {
		optarg = argv[optind++];
	} else if (*options == ':') {
		return ':';
	} else {
		return complain(argv, "option requires an argument", (char[]){ (char)optopt }, 1);
	}
	at = "";
	return optopt;
}

static int next_short(int argc, char *const argv[], const char *options)
{
	const char *spec;

	optopt = (unsigned char)*at++;
	if (!*at)
		optind++;
	spec = optopt == ':' ? NULL : strchr(options, optopt);
	if (!spec)
		return *options == ':' ? '?' : complain(argv, "invalid option", at - 1, 1);
	if (spec[1] == ':')
		return take_argument(argc, argv, options, spec);
	return optopt;
}

/* True if the next word holds options; "--" and the first operand end them. */
static int has_options(int argc, char *const argv[])
{
	if (optind == 0) {
		optind = 1;
		at = "";
	}
	if (*at)
		return 1;
	if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
		return 0;
	if (!strcmp(argv[optind], "--")) {
		optind++;
		return 0;
	}
	return 1;
}

int getopt(int argc, char *const argv[], const char *options)
{
	if (!has_options(argc, argv))
		return -1;
	if (!*at)
		at = argv[optind] + 1;
	return next_short(argc, argv, options);
}

static int take_long(int argc, char *const argv[], const char *options, const struct option *found,
		     char *value)
{
	optind++;
	optarg = value;
	if (value && found->has_arg == no_argument)
		return complain(argv, "option takes no argument", found->name, strlen(found->name));
	if (!value && found->has_arg == required_argument) {
		if (optind >= argc)
			return *options == ':' ? ':'
					       : complain(argv, "option requires an argument",
							  found->name, strlen(found->name));
		optarg = argv[optind++];
	}
	if (!found->flag)
		return found->val;
	*found->flag = found->val;
	return 0;
}

int getopt_long(int argc, char *const argv[], const char *options, const struct option *longs,
		int *index)
{
	const char *name;
	size_t len;

	if (!has_options(argc, argv))
		return -1;
	if (*at || argv[optind][1] != '-')
		return getopt(argc, argv, options);
	name = argv[optind] + 2;
	len = strcspn(name, "=");
	for (int i = 0; longs[i].name; i++) {
		if (strncmp(longs[i].name, name, len) || longs[i].name[len])
			continue;
		if (index)
			*index = i;
		return take_long(argc, argv, options, &longs[i],
				 name[len] ? (char *)name + len + 1 : NULL);
	}
	optind++;
	return complain(argv, "unrecognized option", name, len);
}
