/*
 * The lock checker.
 *
 * Owns: per CPU, the spin locks it holds; what each rank has been used for. The sleeping locks a
 *   thread holds are kept in struct thread, reached through lockcheck_current().
 * Why two stacks: the kernel is not preemptible, so a spin lock belongs to a CPU (the run queue's
 *   is even released by another thread than the one that took it), a sleeping lock to a thread.
 *   A new lock must rank above everything on both.
 * Interrupts: a handler pushes and pops on the stack of the CPU it interrupted; each change is made
 *   with interrupts off, and a handler leaves the stack as it found it.
 * Irq safety: a rank taken by a handler may never be held with interrupts on, or the handler could
 *   wait for the code it interrupted. Learned, not declared: usage[] remembers where each was seen.
 * After a violation the checker is off for that CPU while it prints, so that printing may lock.
 * Callers: the lock implementations, with interrupts in any state. Empty in release kernels.
 */
#include "kernel/sync/lockcheck.h"

#ifdef CONFIG_DEBUG

#include <stdatomic.h>

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/percpu.h"

#include "kernel/debug/ksyms.h"
#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"

_Atomic u32 lockcheck_reports;
bool lockcheck_is_fatal = true;

static struct lockcheck_thread cpu_held[MAX_CPUS];
static struct lockcheck_thread boot_held[MAX_CPUS]; /* sleeping locks before there are threads */
static bool is_reporting[MAX_CPUS];

/* Where a rank was seen taken in a handler, and with interrupts on; 0: never. */
static struct {
	_Atomic u64 in_irq_ip, irqs_on_ip;
} usage[RANK_COUNT];

static const char *const rank_names[RANK_COUNT] = {
#define X(number, name, kind, protects, tie_break) [number] = #name,
	LOCK_RANKS(X)
#undef X
};

enum lock_kind { KIND_SLEEP, KIND_SPIN, KIND_SPIN_IRQ, KIND_RAW };

static const u8 rank_kinds[RANK_COUNT] = {
#define X(number, name, kind, protects, tie_break) [number] = KIND_##kind,
	LOCK_RANKS(X)
#undef X
};

static const char *rank_name(unsigned int rank)
{
	return rank < RANK_COUNT && rank_names[rank] ? rank_names[rank] : "(no rank)";
}

static struct lockcheck_thread *thread_held(void)
{
	struct lockcheck_thread *t = lockcheck_current();

	return t ? t : &boot_held[cpu_id()];
}

static bool is_off(void)
{
	return is_reporting[cpu_id()] || panic_in_progress;
}

static void print_held(const char *whose, const struct lockcheck_thread *t)
{
	char lock[64], place[64];

	for (u32 i = t->depth; i-- > 0;)
		pr_emerg("  held by %s: %s (%s) taken at %s", whose, rank_name(t->held[i].rank),
			 ksyms_describe((u64)t->held[i].lock, lock, sizeof(lock)),
			 ksyms_describe(t->held[i].ip, place, sizeof(place)));
}

/* rank 0: the violation is not about one lock. */
static __noinline void report(const char *what, unsigned int rank, const void *lock, u64 ip)
{
	u64 irqflags = irq_save();
	char lock_name[64], place[64];

	is_reporting[cpu_id()] = true;
	atomic_fetch_add(&lockcheck_reports, 1);
	pr_emerg("lockcheck: %s", what);
	if (lock)
		pr_emerg("  lock %s (%s) at %s", rank_name(rank),
			 ksyms_describe((u64)lock, lock_name, sizeof(lock_name)),
			 ksyms_describe(ip, place, sizeof(place)));
	print_held("this CPU", &cpu_held[cpu_id()]);
	print_held("this thread", thread_held());
	if (lockcheck_is_fatal)
		panic("lockcheck: %s", what);
	print_backtrace(0);
	is_reporting[cpu_id()] = false;
	irq_restore(irqflags);
}

/*
 * A lock in t that stands in the way, or NULL. A handler need not care for what the code it
 * interrupted holds with interrupts on: no handler takes that. For the same reason nobody may wait
 * for such a lock while holding one that handlers take: its holder, interrupted, would wait for us.
 */
static const struct lockcheck_held *
find_obstacle(const struct lockcheck_thread *t, const struct lockcheck_lock *check, bool is_nested)
{
	u8 kind = rank_kinds[check->rank % RANK_COUNT];

	for (u32 i = 0; i < t->depth; i++) {
		const struct lockcheck_held *h = &t->held[i];

		if (in_interrupt() && rank_kinds[h->rank % RANK_COUNT] == KIND_SPIN)
			continue;
		if (kind == KIND_SPIN && rank_kinds[h->rank % RANK_COUNT] == KIND_SPIN_IRQ)
			return h;
		if (h->rank > check->rank || (h->rank == check->rank && !is_nested))
			return h;
	}
	return NULL;
}

static void check_order(const struct lockcheck_lock *check, const void *lock, unsigned int flags,
			u64 ip)
{
	bool is_nested = flags & LOCKCHECK_NESTED;
	const struct lockcheck_held *h;

	if (check->rank >= RANK_COUNT || !rank_names[check->rank])
		report("a lock without a rank: not initialised?", check->rank, lock, ip);
	if (flags & LOCKCHECK_TRY)
		return;
	h = find_obstacle(&cpu_held[cpu_id()], check, is_nested);
	if (!h && !in_interrupt())
		h = find_obstacle(thread_held(), check, is_nested);
	if (!h)
		return;
	if (h->lock == lock)
		report("taking a lock that is already held", check->rank, lock, ip);
	else if (h->rank == check->rank)
		report("two locks of one rank without a _nested form", check->rank, lock, ip);
	else
		report("lock order: taken below a held one", check->rank, lock, ip);
}

static void check_irq_use(const struct lockcheck_lock *check, const void *lock, u64 ip,
			  bool irqs_were_on)
{
	unsigned int rank = check->rank & (RANK_COUNT - 1);
	u64 other;
	char place[64];

	if (in_interrupt()) {
		if (!atomic_load_explicit(&usage[rank].in_irq_ip, memory_order_relaxed))
			atomic_store(&usage[rank].in_irq_ip, ip);
		other = atomic_load(&usage[rank].irqs_on_ip);
	} else if (irqs_were_on) {
		if (!atomic_load_explicit(&usage[rank].irqs_on_ip, memory_order_relaxed))
			atomic_store(&usage[rank].irqs_on_ip, ip);
		other = atomic_load(&usage[rank].in_irq_ip);
	} else {
		return;
	}
	if (!other)
		return;
	pr_emerg("lockcheck: the other use is at %s", ksyms_describe(other, place, sizeof(place)));
	report("a lock taken in interrupts and with interrupts on", check->rank, lock, ip);
}

static void push(struct lockcheck_thread *t, const struct lockcheck_lock *check, const void *lock,
		 u64 ip)
{
	if (t->depth == LOCKCHECK_DEPTH) {
		report("too many locks held", check->rank, lock, ip);
		return;
	}
	t->held[t->depth++] = (struct lockcheck_held){ lock, ip, check->rank };
}

/* False: it was not there. */
static bool pop(struct lockcheck_thread *t, const void *lock)
{
	for (u32 i = t->depth; i-- > 0;) {
		if (t->held[i].lock != lock)
			continue;
		for (t->depth--; i < t->depth; i++)
			t->held[i] = t->held[i + 1];
		return true;
	}
	return false;
}

static bool is_in(const struct lockcheck_thread *t, const void *lock)
{
	for (u32 i = 0; i < t->depth; i++)
		if (t->held[i].lock == lock)
			return true;
	return false;
}

void lockcheck_spin_acquire(struct lockcheck_lock *check, const void *lock, unsigned int flags,
			    u64 ip)
{
	bool irqs_were_on = irqs_enabled();
	u64 irqflags = irq_save();

	if (!is_off()) {
		check_order(check, lock, flags, ip);
		check_irq_use(check, lock, ip, irqs_were_on);
		push(&cpu_held[cpu_id()], check, lock, ip);
	}
	irq_restore(irqflags);
}

void lockcheck_spin_release(struct lockcheck_lock *check, const void *lock)
{
	u64 irqflags = irq_save();

	if (!is_off() && !pop(&cpu_held[cpu_id()], lock))
		report("unlock of a spin lock this CPU does not hold", check->rank, lock,
		       (u64)__builtin_return_address(0));
	irq_restore(irqflags);
}

void lockcheck_sleep_acquire(struct lockcheck_lock *check, const void *lock, unsigned int flags,
			     u64 ip)
{
	if (is_off())
		return;
	if (!(flags & LOCKCHECK_TRY))
		lockcheck_might_sleep();
	check_order(check, lock, flags, ip);
	push(thread_held(), check, lock, ip);
}

void lockcheck_sleep_release(struct lockcheck_lock *check, const void *lock)
{
	if (!is_off() && !pop(thread_held(), lock))
		report("unlock of a lock this thread does not hold", check->rank, lock,
		       (u64)__builtin_return_address(0));
}

bool lockcheck_spin_is_held(const void *lock)
{
	return is_off() || is_in(&cpu_held[cpu_id()], lock);
}

bool lockcheck_sleep_is_held(const void *lock)
{
	return is_off() || is_in(thread_held(), lock);
}

void lockcheck_assert_held(bool is_held, const void *lock, u64 ip)
{
	if (unlikely(!is_held))
		report("a lock that should be held is not", 0, lock, ip);
}

void lockcheck_might_sleep(void)
{
	if (is_off())
		return;
	if (in_interrupt())
		report("sleeping in an interrupt handler", 0, NULL, 0);
	else if (cpu_held[cpu_id()].depth)
		report("sleeping with a spin lock held", 0, NULL, 0);
	else if (!irqs_enabled() && lockcheck_current())
		report("sleeping with interrupts off", 0, NULL, 0);
}

void lockcheck_user_copy(void)
{
	const struct lockcheck_thread *t = thread_held();

	if (is_off())
		return;
	lockcheck_might_sleep();
	for (u32 i = 0; i < t->depth; i++)
		if (t->held[i].rank >= RANK_MM)
			report("user memory touched with a lock of rank MM or above", 0, NULL, 0);
}

void lockcheck_return_to_user(void)
{
	if (!is_off() && (cpu_held[cpu_id()].depth || thread_held()->depth))
		report("a lock held on return to user mode", 0, NULL, 0);
}

#endif
