/* The end of the process. Status is the low byte. */
#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>

#include "libc/src/libc.h"

/* Where the linker gathers functions marked as destructors. */
extern void (*__fini_array_start[])(void) __attribute__((weak, visibility("hidden")));
extern void (*__fini_array_end[])(void) __attribute__((weak, visibility("hidden")));

void exit(int status)
{
	libc_run_atexit();
	for (size_t i = (size_t)(__fini_array_end - __fini_array_start); i > 0; i--)
		__fini_array_start[i - 1]();
	fflush(NULL);
	_exit(status);
}

void _exit(int status)
{
	for (;;)
		RAW(__NR_exit_group, status);
}

void _Exit(int status)
{
	_exit(status);
}
