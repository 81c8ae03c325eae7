/*
 * Wall time: the monotonic clock plus an offset.
 *
 * One atomic word, so readers need no lock and never see half an update. The offset starts from the
 * battery clock, which counts whole seconds in UTC.
 */
#include "kernel/time/clock.h"

#include <stdatomic.h>

#include "arch/x86_64/rtc.h"

static _Atomic u64 wall_offset_ns;
void (*clock_hook_step)(u64 delta_ns);

u64 clock_realtime_ns(void)
{
	return clock_ns() + atomic_load_explicit(&wall_offset_ns, memory_order_relaxed);
}

void clock_set_realtime(u64 ns)
{
	u64 offset = ns - clock_ns();
	u64 old = atomic_exchange_explicit(&wall_offset_ns, offset, memory_order_relaxed);

	if (clock_hook_step)
		clock_hook_step(offset - old);
}

void clock_init(void)
{
	clock_set_realtime(rtc_seconds() * NS_PER_SEC);
}
