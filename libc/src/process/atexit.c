/* Functions to call at exit, last registered first. One may register more while they run. */
#include <stdlib.h>

#include "libc/src/libc.h"

struct exit_functions {
	struct exit_functions *next;
	void (*func[32])(void);
};

static struct exit_functions first, *block = &first;
static size_t used;
static int lock;

int atexit(void (*func)(void))
{
	int result = 0;

	libc_lock(&lock);
	if (used == sizeof(block->func) / sizeof(block->func[0])) {
		struct exit_functions *fresh = malloc(sizeof(*fresh));

		if (fresh) {
			fresh->next = block;
			block = fresh;
			used = 0;
		} else {
			result = -1;
		}
	}
	if (!result)
		block->func[used++] = func;
	libc_unlock(&lock);
	return result;
}

void libc_run_atexit(void)
{
	for (;;) {
		void (*func)(void) = NULL;

		libc_lock(&lock);
		if (!used && block->next) {
			block = block->next;
			used = sizeof(block->func) / sizeof(block->func[0]);
		}
		if (used)
			func = block->func[--used];
		libc_unlock(&lock);
		if (!func)
			return;
		func();
	}
}
