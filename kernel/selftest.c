/*
 * Self-tests that only the kernel can make: that its own guards are awake.
 *
 * Each is meant to be caught: the host's test run boots with ktest=NAME and expects the report.
 */
#include "kernel/selftest.h"

#include "lib/string.h"
#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/spinlock.h"

/* Takes PIDNS (170) before SIG (110): the lock checker must say so. */
static void lock_inversion(void)
{
	static struct spinlock inner = SPINLOCK_INIT(RANK_PIDNS), outer = SPINLOCK_INIT(RANK_SIG);

	spin_lock(&inner);
	spin_lock(&outer);
	spin_unlock(&outer);
	spin_unlock(&inner);
}

static void sleep_in_spinlock(void)
{
	static struct spinlock spin = SPINLOCK_INIT(RANK_PIDNS);
	static struct mutex mutex = MUTEX_INIT(RANK_PIPE);

	spin_lock(&spin);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	spin_unlock(&spin);
}

static void slab_double_free(void)
{
	char *p = kmalloc(64);

	kfree(p);
	kfree(p);
}

static void slab_overrun(void)
{
	volatile char *p = kmalloc(64);

	for (int i = 0; i < 72; i++)
		p[i] = 1;
	kfree((void *)p);
}

/* Deeper than any stack; the depth is told at run time, so that the compiler sees an end. */
__noinline static int recurse(int depth)
{
	volatile char frame[512];

	frame[0] = (char)depth;
	return depth ? recurse(depth - 1) + frame[0] : 0;
}

static void stack_overflow(void)
{
	volatile int depth = 1000;

	if (recurse(depth))
		pr_info("the stack was deep enough\n");
}

static void plain_panic(void)
{
	panic("as asked for");
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "lockorder", lock_inversion },     { "locksleep", sleep_in_spinlock },
	{ "doublefree", slab_double_free },  { "overrun", slab_overrun },
	{ "stackoverflow", stack_overflow }, { "panic", plain_panic },
};

void selftest_run(const char *name)
{
	if (!name)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		if (strcmp(tests[i].name, name))
			continue;
		tests[i].run();
		pr_err("ktest %s: nothing was caught\n", name);
		return;
	}
	pr_err("ktest: no test is called %s\n", name);
}
