/* The error of the last call that failed, one per thread. */
#pragma once

#include <linux/errno.h>

extern __thread int errno;

#define program_invocation_name       libc_program_name
#define program_invocation_short_name libc_program_short_name

extern char *libc_program_name;
extern char *libc_program_short_name;
