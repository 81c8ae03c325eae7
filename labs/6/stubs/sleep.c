#include "kernel/time/clock.h"

/* It looks every 10 ms: it works, it costs, and it is never on time. Whoever has something to
 * report wakes the parent's child_wait, after the change. */
static int sleep_until_found(struct search *s)
{
	while (!search(s)) {
		if (signal_pending_current())
			return -ERESTARTSYS;
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		thread_block(clock_ns() + 10000000);
	}
	return 0;
}
