/*
 * Timers: one tree per CPU, ordered by expiry; the hardware is armed for the first.
 *
 * Invariant: timer->cpu says in whose tree it is, and changes only under that tree's lock; it goes
 *   from -1 to this CPU by compare-and-swap, so two that arm the same timer at once leave it in
 *   one tree. The hardware may be armed earlier than needed (the first timer was cancelled), never
 *   later. Running: base->running is set before cpu becomes -1 and cleared after the callback,
 *   which is all that timer_cancel_sync() needs to know; the timer is not touched after its
 *   callback, which may free it.
 * Locks: base->lock (TIMER, irq); callbacks run without it.
 */
#include "kernel/time/timer.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"

#include "kernel/debug/panic.h"

static struct timer_base {
	struct spinlock lock;
	struct rb_root tree;
	u64 hardware_ns; /* what clock_arm() was told last; WAIT_FOREVER: nothing */
	struct timer *_Atomic running;
} __aligned(64) bases[MAX_CPUS];

void timer_setup(struct timer *t, void (*fn)(struct timer *))
{
	t->fn = fn;
	t->expires_ns = 0;
	store_relaxed(&t->cpu, -1);
}

/* REQUIRES(base->lock); it is this CPU's. */
static void arm_hardware(struct timer_base *base, u64 expires_ns)
{
	if (expires_ns >= base->hardware_ns)
		return;
	base->hardware_ns = expires_ns;
	clock_arm(expires_ns);
}

/* REQUIRES(base->lock) */
static void insert(struct timer_base *base, struct timer *t)
{
	struct rb_node **link = &base->tree.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = t->expires_ns < rb_entry(parent, struct timer, node)->expires_ns
			       ? &parent->left
			       : &parent->right;
	}
	rb_insert_at(&base->tree, &t->node, parent, link);
}

/* Takes t out of whatever tree it is in. Interrupts off. */
static bool disarm(struct timer *t)
{
	for (;;) {
		int cpu = load_acquire(&t->cpu);
		struct timer_base *base;
		bool is_there;
		u64 irqflags;

		if (cpu < 0)
			return false;
		base = &bases[cpu];
		irqflags = spin_lock_irqsave(&base->lock);
		is_there = load_relaxed(&t->cpu) == cpu;
		if (is_there) {
			rb_erase(&base->tree, &t->node);
			store_release(&t->cpu, -1);
		}
		spin_unlock_irqrestore(&base->lock, irqflags);
		if (is_there)
			return true;
	}
}

void timer_arm(struct timer *t, u64 expires_ns)
{
	u64 irqflags = irq_save();
	int cpu = (int)cpu_id();
	struct timer_base *base = &bases[cpu];

	for (;;) {
		int none = -1;
		u64 flags;

		disarm(t);
		flags = spin_lock_irqsave(&base->lock);
		if (atomic_compare_exchange_strong(&t->cpu, &none, cpu)) {
			t->expires_ns = expires_ns;
			insert(base, t);
			arm_hardware(base, expires_ns);
			spin_unlock_irqrestore(&base->lock, flags);
			break;
		}
		spin_unlock_irqrestore(&base->lock, flags);
	}
	irq_restore(irqflags);
}

bool timer_cancel(struct timer *t)
{
	return disarm(t);
}

static bool is_running(const struct timer *t)
{
	for_each_cpu(i)
		if (load_acquire(&bases[i].running) == t)
			return true;
	return false;
}

void timer_cancel_sync(struct timer *t)
{
	do {
		disarm(t);
		while (is_running(t))
			cpu_relax();
	} while (load_acquire(&t->cpu) >= 0); /* the callback armed it again */
}

static struct timer *take_due(struct timer_base *base, u64 now_ns)
{
	struct timer *t = rb_entry_safe(rb_first(&base->tree), struct timer, node);

	if (!t || t->expires_ns > now_ns)
		return NULL;
	rb_erase(&base->tree, &t->node);
	store_relaxed(&base->running, t);
	store_release(&t->cpu, -1);
	return t;
}

void timer_interrupt(void)
{
	struct timer_base *base = &bases[cpu_id()];
	u64 irqflags = spin_lock_irqsave(&base->lock);
	u64 now_ns = clock_ns();
	struct timer *t;

	base->hardware_ns = 0; /* callbacks that arm timers need not reach for the hardware */
	while ((t = take_due(base, now_ns))) {
		spin_unlock(&base->lock);
		t->fn(t);
		spin_lock(&base->lock);
		store_release(&base->running, NULL);
	}
	base->hardware_ns = WAIT_FOREVER;
	t = rb_entry_safe(rb_first(&base->tree), struct timer, node);
	if (t)
		arm_hardware(base, t->expires_ns);
	spin_unlock_irqrestore(&base->lock, irqflags);
}

void timer_init(void)
{
	for (unsigned int i = 0; i < MAX_CPUS; i++) {
		spin_init(&bases[i].lock, RANK_TIMER);
		rb_init(&bases[i].tree);
		bases[i].hardware_ns = WAIT_FOREVER;
	}
}
