/* What a failed assert() says. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void libc_assert_failed(const char *cond, const char *file, int line, const char *func)
{
	fprintf(stderr, "%s: %s:%d: %s: not so: %s\n", program_invocation_short_name, file, line,
		func, cond);
	abort();
}
