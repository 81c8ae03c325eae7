// sources: kernel/time/timer.c lib/rbtree.c tests/unit/shim/thread.c
/*
 * Timers, with the hardware replaced by a note of what it was told.
 */
#include "test.h"

#include "arch/x86_64/clock.h"

#include "kernel/time/timer.h"

#define SOON  1ull /* long past on the host's clock */
#define LATER (1ull << 62)

static u64 armed_ns;
static int calls;
static struct timer *order[8];

void clock_arm(u64 deadline_ns)
{
	armed_ns = deadline_ns;
}

static void note(struct timer *t)
{
	if (calls < 8)
		order[calls] = t;
	calls++;
}

static void note_and_go_on(struct timer *t)
{
	note(t);
	timer_arm(t, LATER);
}

static void reset(void)
{
	timer_init();
	armed_ns = WAIT_FOREVER;
	calls = 0;
}

TEST(due_timers_run_in_order_and_once)
{
	struct timer a, b, c;

	reset();
	timer_setup(&a, note);
	timer_setup(&b, note);
	timer_setup(&c, note);
	timer_arm(&b, SOON + 2);
	timer_arm(&a, SOON + 1);
	timer_arm(&c, LATER);
	timer_interrupt();
	CHECK(calls == 2 && order[0] == &a && order[1] == &b);
	CHECK(armed_ns == LATER);
	timer_interrupt();
	CHECK(calls == 2);
	CHECK(timer_cancel(&c));
}

TEST(hardware_is_armed_for_the_first_only)
{
	struct timer a, b;

	reset();
	timer_setup(&a, note);
	timer_setup(&b, note);
	timer_arm(&a, LATER);
	CHECK(armed_ns == LATER);
	timer_arm(&b, LATER + 1);
	CHECK(armed_ns == LATER);
	timer_arm(&b, LATER - 1);
	CHECK(armed_ns == LATER - 1);
	CHECK(timer_cancel(&a) && timer_cancel(&b));
}

TEST(arming_again_moves_the_timer)
{
	struct timer a;

	reset();
	timer_setup(&a, note);
	timer_arm(&a, LATER);
	timer_arm(&a, SOON);
	timer_interrupt();
	timer_interrupt();
	CHECK(calls == 1);
	CHECK(!timer_cancel(&a));
}

TEST(a_cancelled_timer_does_not_run)
{
	struct timer a;

	reset();
	timer_setup(&a, note);
	CHECK(!timer_cancel(&a));
	timer_arm(&a, SOON);
	CHECK(timer_cancel(&a));
	CHECK(!timer_cancel(&a));
	timer_interrupt();
	CHECK(calls == 0);
}

TEST(a_callback_may_arm_its_timer_again)
{
	struct timer a;

	reset();
	timer_setup(&a, note_and_go_on);
	timer_arm(&a, SOON);
	timer_interrupt();
	CHECK(calls == 1);
	CHECK(armed_ns == LATER);
	timer_cancel_sync(&a);
	CHECK(!timer_cancel(&a));
}
