/*
 * The kernel's command line, with Linux's names: what is the kernel's, and what is init's.
 */
#pragma once

#include "lib/base.h"

#define OPTION_MAX_WORDS 64

struct kernel_options {
	const char *init; /* rdinit= or init=; NULL: the usual places */
	const char *init_argv[OPTION_MAX_WORDS + 2]; /* [0] is filled in when init is known */
	const char *init_envp[OPTION_MAX_WORDS + 4];
	u32 max_cpus; /* maxcpus=; 0: all there are */
	const char *pidfs; /* pidfs=: the kind of pidfds (fs/pidfs/fallback.c), or NULL */
	const char *ktest; /* ktest=: a self-test to run before init, or NULL */
	int randomize; /* kernel.randomize_va_space: 0 ("norandmaps"), 1 all but the heap, 2 */
};
extern struct kernel_options kernel_options;

/**
 * options_parse - cut line up, set what is the kernel's (also console_loglevel, panic_timeout).
 * @line: kept and written to. As on Linux: an unknown name=value goes to init's environment, an
 * unknown word to its arguments, all that follows "--" too; words with a dot in the name are for
 * modules, and dropped. Context: boot.
 */
void options_parse(char *line);

/* The n-th console= value (0 first), or NULL. The last one is what /dev/console means. */
const char *options_console(unsigned n);
