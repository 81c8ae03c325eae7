/*
 * The log goes to standard error.
 */
#pragma once

#ifdef PRINTK_UNDER_TEST
#include "../../../../../kernel/debug/printk.h"
#else

#include <stdio.h>

#define pr_emerg(fmt, ...)  fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_err(fmt, ...)    fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_warn(fmt, ...)   fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_notice(fmt, ...) fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_info(fmt, ...)   fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_debug(fmt, ...)  fprintf(stderr, fmt "\n", ##__VA_ARGS__)

#endif
