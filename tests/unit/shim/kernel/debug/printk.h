/*
 * The log goes to standard error.
 */
#pragma once

#include <stdio.h>

#define pr_emerg(fmt, ...)  fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_err(fmt, ...)    fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_warn(fmt, ...)   fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_notice(fmt, ...) fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_info(fmt, ...)   fprintf(stderr, fmt "\n", ##__VA_ARGS__)
#define pr_debug(fmt, ...)  fprintf(stderr, fmt "\n", ##__VA_ARGS__)
