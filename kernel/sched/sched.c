/*
 * The scheduler: who runs where, and for how long.
 *
 * Each CPU has a queue of runnable threads, served in order of arrival; real-time threads, whose
 * prio is not 0, stand before all others, by prio. A thread runs until it blocks, yields, has used
 * its slice while others wait, or a more urgent one comes; the kernel itself is not preempted. A
 * woken thread goes to the CPU it last ran on if that is idle, else to an idle one, else back to
 * its own queue; a CPU that runs dry takes from the others' queues.
 *
 * Owns: struct runq, thread->state and the other scheduling fields of struct thread.
 * The tick (every 10 ms, only while a CPU is busy) ends slices and samples user against system
 * time. It is left armed when a CPU goes idle and lapses then, so short naps cost no timer work.
 * Locks: runq->lock, interrupts off, never held across a switch. The lock of runqs[t->cpu] guards
 *   t's change from blocked to runnable, t->cpu itself, and whether t is on that queue.
 * DOC: wake-race. A thread that marked itself blocked still runs until thread_block() takes the
 * lock. runq->running tells a waker which of two cases it met: still equal to the thread: making it
 *   runnable is enough, thread_block() will see it. Already another: the thread has committed to
 *   leave, and must be queued; its stack may be in use for some instructions more (on_cpu). Its own
 *   CPU cannot pick it before it has left; for any other CPU the waker waits for !on_cpu.
 * Address spaces: a page table is loaded only if it differs from the loaded one; kernel threads run
 *   on whatever is loaded.
 * Not here: idling and stealing (idle.c), who may be how urgent and run where (policy.c), load
 *   averages and times (load.c), wait queues (kernel/sync/wait.c).
 */
#include "kernel/sched/trace.h"
#include "kernel/sched/sched.h"

#include <linux/errno.h>
#include <linux/sched.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/tlb.h"
#include "arch/x86_64/uaccess.h"
#include "arch/x86_64/upcalls.h"
#include "kernel/debug/panic.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/sched/internal.h"
#include "kernel/time/clock.h"

struct runq runqs[MAX_CPUS];
_Atomic u64 online_cpus;
void (*sched_tick_hook)(bool is_user);

_Atomic u64 sched_idle_cpus;

#define STATES_WAKE                                                                                \
	((1u << THREAD_BLOCKED) | (1u << THREAD_KILLABLE) | (1u << THREAD_SLEEPING) |              \
	 (1u << THREAD_STOPPED))
#define STATES_SIGNAL (1u << THREAD_SLEEPING)
#define STATES_FATAL  ((1u << THREAD_SLEEPING) | (1u << THREAD_KILLABLE) | (1u << THREAD_STOPPED))

#ifdef CONFIG_DEBUG
struct lockcheck_thread *lockcheck_current(void)
{
	return current ? &current->locks : NULL;
}
#endif

/* ---- Queues */

/* Behind those of the same priority, or before them (a real-time thread that was preempted). */
static void add_realtime(struct runq *rq, struct thread *t, bool is_preempted)
{
	struct list *at = &rq->queue;
	struct thread *other;

	list_for_each(other, &rq->queue, run_link) {
		if (is_preempted ? other->prio <= t->prio : other->prio < t->prio)
			break;
		at = &other->run_link;
	}
	list_add(&t->run_link, at);
}

static void add_at(struct runq *rq, struct thread *t, bool is_preempted)
{
	if (likely(!t->prio))
		list_add_tail(&t->run_link, &rq->queue);
	else
		add_realtime(rq, t, is_preempted);
	WRITE_ONCE(rq->nr_queued, rq->nr_queued + 1);
	if (unlikely(t->prio > rq->running_prio))
		sched_preempt(rq);
}

void runq_add(struct runq *rq, struct thread *t)
{
	add_at(rq, t, false);
}

void runq_del(struct runq *rq, struct thread *t)
{
	list_del_init(&t->run_link);
	WRITE_ONCE(rq->nr_queued, rq->nr_queued - 1);
}

/* After queueing something for rq: a napping CPU is woken. */
static void kick_if_idle(struct runq *rq)
{
	unsigned int cpu = rq - runqs;

	if (READ_ONCE(rq->running) == rq->idle && cpu != cpu_id())
		apic_ipi(cpu, VECTOR_RESCHED);
}

void sched_preempt(struct runq *rq)
{
	unsigned int cpu = rq - runqs;

	if (rq->running == rq->idle)
		return;
	atomic_fetch_or(&rq->running->head.work_flags, WORK_RESCHED);
	if (cpu != cpu_id())
		apic_ipi(cpu, VECTOR_RESCHED);
}

/* For a real-time thread and no idle CPU: where the least urgent one runs, if possible here. */
static unsigned int least_urgent(const struct thread *t, u64 allowed)
{
	unsigned int best = allowed >> t->cpu & 1 ? t->cpu : (u32)__builtin_ctzll(allowed);

	for (; allowed; allowed &= allowed - 1) {
		unsigned int cpu = __builtin_ctzll(allowed);

		if (READ_ONCE(runqs[cpu].running_prio) < READ_ONCE(runqs[best].running_prio))
			best = cpu;
	}
	return best;
}

/* Where t should run next. A guess: nothing is locked but, maybe, its old queue. */
unsigned int sched_choose_cpu(const struct thread *t)
{
	u64 allowed = load_relaxed(&online_cpus) & t->affinity;
	u64 idle;

	if (unlikely(!allowed))
		allowed = load_relaxed(&online_cpus);
	if (likely((allowed & (allowed - 1)) == 0)) /* only one */
		return __builtin_ctzll(allowed);
	idle = load_relaxed(&sched_idle_cpus) & allowed;
	if (unlikely(t->prio && !idle))
		return least_urgent(t, allowed);
	if (allowed >> t->cpu & 1) {
		if (!idle || (idle >> t->cpu & 1))
			return t->cpu;
	} else if (!idle) {
		return __builtin_ctzll(allowed);
	}
	return __builtin_ctzll(idle);
}

/* Queues a runnable thread that is on no queue and leaves, or has left, its CPU: for t->cpu. */
void runq_place(struct thread *t)
{
	struct runq *rq = &runqs[t->cpu];

	while (atomic_load_explicit(&t->on_cpu, memory_order_acquire))
		cpu_relax();
	spin_lock(&rq->lock);
	runq_add(rq, t);
	spin_unlock(&rq->lock);
	kick_if_idle(rq);
}

struct runq *runq_lock_of(const struct thread *t)
{
	for (;;) {
		struct runq *rq = &runqs[READ_ONCE(t->cpu)];

		spin_lock(&rq->lock);
		if (likely(rq == &runqs[t->cpu]))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* ---- Waking */

/* Interrupts off. The state is one of states: makes t runnable. See DOC: wake-race. */
static bool wake_locked(struct thread *t, u32 states)
{
	struct runq *rq = runq_lock_of(t);

	if (!(states >> load_relaxed(&t->state) & 1)) {
		spin_unlock(&rq->lock);
		return false;
	}
	store_relaxed(&t->state, THREAD_RUNNABLE);
	if (rq->running == t) {
		spin_unlock(&rq->lock);
		return true;
	}
	t->cpu = sched_choose_cpu(t);
	if (likely(&runqs[t->cpu] == rq)) {
		runq_add(rq, t);
		spin_unlock(&rq->lock);
		kick_if_idle(rq);
		return true;
	}
	spin_unlock(&rq->lock);
	runq_place(t);
	return true;
}

static bool wake_if(struct thread *t, u32 states)
{
	u64 irqflags;
	bool woken;

	if (!(states >> load_relaxed(&t->state) & 1))
		return false;
	irqflags = irq_save();
	woken = wake_locked(t, states);
	irq_restore(irqflags);
	return woken;
}

bool thread_wake(struct thread *t)
{
	bool was_blocked = wake_if(t, STATES_WAKE);

	if (was_blocked)
		trace_wake(t);
	return was_blocked;
}

void thread_signal_wake(struct thread *t, bool fatal)
{
	atomic_thread_fence(
		memory_order_seq_cst); /* DOC: wait-ordering: the signal before the state */
	if (wake_if(t, fatal ? STATES_FATAL : STATES_SIGNAL))
		return;
	if (load_relaxed(&t->on_cpu) && t->cpu != cpu_id())
		apic_ipi(t->cpu, VECTOR_RESCHED);
}

void sched_start(struct thread *t)
{
	u64 irqflags = irq_save();

	assert(t->state == THREAD_NEW);
	thread_get(t);
	t->cpu = cpu_id();
	t->cpu = sched_choose_cpu(t);
	store_release(&t->state, THREAD_RUNNABLE);
	runq_place(t);
	irq_restore(irqflags);
}

/* ---- The tick */

/* Any thread's, at any time, as one word holds it. Nobody has used more than the clock shows, so
 * what is less the clock looks negative. */
u64 thread_run_ns(const struct thread *t)
{
	u64 run = load_relaxed(&t->run_ns);

	return (s64)run < 0 ? run + clock_ns() : run;
}

static void run_begin(struct thread *t, u64 now)
{
	store_relaxed(&t->run_ns, load_relaxed(&t->run_ns) - now);
	t->ran_since_ns = now;
	t->slice_start_ns = now;
}

static void run_end(struct thread *t, u64 now)
{
	store_relaxed(&t->run_ns, load_relaxed(&t->run_ns) + now);
}

/* t has run on rq's CPU since it was looked at last. Real-time threads leave others a twentieth of
 * the time, as on Linux: realtime_ns fills with what they use, and what others use empties it. */
static void account(struct runq *rq, struct thread *t, u64 now)
{
	u64 ns = now - t->ran_since_ns;

	t->ran_since_ns = now;
	if (unlikely(t->prio))
		rq->realtime_ns += ns;
	else if (unlikely(rq->realtime_ns))
		rq->realtime_ns -= MIN(rq->realtime_ns, ns * 19);
}

/* At a tick. True: whoever runs should look whether he still may. */
static bool throttle(struct runq *rq, u64 now)
{
	bool was_throttled = rq->is_throttled;

	if (was_throttled && now >= rq->throttled_until_ns)
		rq->is_throttled = false;
	if (unlikely(rq->realtime_ns >= NS_PER_SEC * 19 / 20)) {
		rq->realtime_ns = 0;
		rq->is_throttled = true;
		rq->throttled_until_ns = now + NS_PER_SEC / 20;
	}
	return rq->is_throttled != was_throttled;
}

/* Half of what a thread may use, as ticks come on average in the middle of a slice. */
static u64 slice_floor(const struct thread *t)
{
	if (unlikely(t->prio))
		return t->policy == SCHED_RR ? RR_SLICE_NS : WAIT_FOREVER;
	return t->nice > 0 ? 0 : TICK_NS / 2 + (u64)-t->nice * TICK_NS / 4;
}

static void sample(struct runq *rq, struct thread *t)
{
	bool is_user = regs_user_mode(this_cpu()->irq_regs);
	_Atomic u64 *of_thread = is_user ? &t->user_ns : &t->system_ns;
	_Atomic u64 *of_cpu = is_user ? &rq->user_ns : &rq->system_ns;

	store_relaxed(of_thread, load_relaxed(of_thread) + TICK_NS);
	store_relaxed(of_cpu, load_relaxed(of_cpu) + TICK_NS);
	if (sched_tick_hook)
		sched_tick_hook(is_user);
}

void sched_tick(struct timer *timer)
{
	struct runq *rq = container_of(timer, struct runq, tick);
	struct thread *t = current;
	u64 now = clock_ns(), idle;
	bool is_due;

	if (t == rq->idle) {
		rq->is_ticking = false;
		return;
	}
	account(rq, t, now);
	sample(rq, t);
	load_tick(now);
	is_due = throttle(rq, now);
	if (rq->nr_queued) {
		if (is_due || now - t->slice_start_ns >= slice_floor(t))
			atomic_fetch_or_explicit(&t->head.work_flags, WORK_RESCHED,
						 memory_order_relaxed);
		idle = load_relaxed(&sched_idle_cpus);
		if (idle)
			apic_ipi(__builtin_ctzll(idle), VECTOR_RESCHED);
	}
	timer_arm(timer, now + TICK_NS);
}

void upcall_timer(void)
{
	timer_interrupt();
}

/* ---- Switching */

struct as *as_current(void)
{
	return current->as;
}

void sched_use_as(struct as *as)
{
	u64 irqflags = irq_save();

	if (as)
		pgtable_load(&as->pgtable);
	else
		pgtable_load_kernel();
	irq_restore(irqflags);
}

/* On the new stack, interrupts still off. Returns a dead thread that the caller puts with
 * interrupts on. */
static struct thread *finish_switch(void)
{
	struct runq *rq = this_runq();
	struct thread *prev = rq->previous;
	bool is_dead = load_relaxed(&prev->state) == THREAD_DEAD;

	store_release(&prev->on_cpu, false); /* pairs with runq_place() */
	if (unlikely(rq->is_migrating)) {
		rq->is_migrating = false;
		spin_lock(&rq->lock);
		prev->cpu = sched_choose_cpu(prev);
		spin_unlock(&rq->lock);
		runq_place(prev);
	}
	return is_dead ? prev : NULL;
}

/* rq->lock is held, interrupts are off; both threads differ. Releases the lock. */
struct thread *runq_switch(struct runq *rq, struct thread *prev, struct thread *next)
{
	u64 now = clock_ns();

	WRITE_ONCE(rq->running, next);
	rq->running_prio = next->prio;
	store_relaxed(&next->on_cpu, true);
	spin_unlock(&rq->lock);
	account(rq, prev, now);
	run_end(prev, now);
	run_begin(next, now);
	rq->previous = prev;
	rq->switches++;
	if (next->rseq && (next->rseq_cpu != cpu_id() || (s64)thread_regs(next)->orig_rax < 0))
		atomic_fetch_or(&next->head.work_flags, WORK_RSEQ);
	if (next->as && !pgtable_is_loaded(&next->as->pgtable))
		pgtable_load(&next->as->pgtable);
	if (unlikely(!rq->is_ticking) && next != rq->idle) {
		rq->is_ticking = true;
		timer_arm(&rq->tick, now + TICK_NS);
	}
	arch_switch(&prev->head, &next->head);
	return finish_switch();
}

struct thread *runq_pick(struct runq *rq)
{
	struct thread *next, *other;

	if (list_empty(&rq->queue))
		return rq->idle;
	next = list_first(&rq->queue, struct thread, run_link);
	if (unlikely(next->prio && rq->is_throttled))
		list_for_each(other, &rq->queue, run_link)
			if (!other->prio) {
				next = other;
				break;
			}
	runq_del(rq, next);
	return next;
}

void thread_prepare_to_block(enum block_state state)
{
	static_assert(THREAD_BLOCKED + BLOCK_KILLABLE == THREAD_KILLABLE &&
			      THREAD_BLOCKED + BLOCK_INTERRUPTIBLE == THREAD_SLEEPING,
		      "block_state maps to thread_state by adding");
	atomic_store(&current->state, THREAD_BLOCKED + (u32)state); /* DOC: wait-ordering */
}

void thread_cancel_block(void)
{
	store_relaxed(&current->state, THREAD_RUNNABLE);
}

/* Leaves the CPU unless the state says runnable. Interrupts on. */
static void block(void)
{
	struct thread *self = current, *dead = NULL, *next;
	struct runq *rq;

	irq_disable();
	rq = this_runq();
	assert(self != rq->idle);
	spin_lock(&rq->lock);
	if (load_relaxed(&self->state) == THREAD_RUNNABLE) {
		spin_unlock(&rq->lock);
	} else {
		self->nr_voluntary++;
		next = runq_pick(rq);
		dead = runq_switch(rq, self, next);
	}
	irq_enable();
	if (unlikely(dead))
		thread_put(dead);
}

void thread_block(u64 deadline_ns)
{
	struct thread *self = current;

	lockcheck_might_sleep();
	if (likely(deadline_ns == WAIT_FOREVER)) {
		block();
		return;
	}
	timer_arm(&self->block_timer, deadline_ns);
	block();
	if (!timer_cancel(&self->block_timer)) /* it fired: let it finish before the next use */
		timer_cancel_sync(&self->block_timer);
}

void thread_exit(void)
{
	lockcheck_might_sleep();
	store_relaxed(&current->state, THREAD_DEAD);
	block();
	BUG();
}

/* A real-time thread goes on unless a more urgent one waits, or one as urgent and it is its turn. */
static bool stays(const struct runq *rq, const struct thread *self, bool is_yield)
{
	u8 first = list_first(&rq->queue, struct thread, run_link)->prio;

	if (rq->is_throttled || first > self->prio)
		return false;
	return first < self->prio ||
	       (!is_yield && clock_ns() - self->slice_start_ns < slice_floor(self));
}

/* Lets the others of this queue run first, or goes to another CPU. */
static void requeue(bool to_other_cpu, bool is_yield)
{
	struct thread *self = current, *dead = NULL, *next;
	struct runq *rq;

	irq_disable();
	rq = this_runq();
	spin_lock(&rq->lock);
	if (!to_other_cpu &&
	    (list_empty(&rq->queue) || (unlikely(self->prio) && stays(rq, self, is_yield)))) {
		spin_unlock(&rq->lock);
	} else {
		next = runq_pick(rq);
		if (to_other_cpu)
			rq->is_migrating = true;
		else
			add_at(rq, self, !is_yield && next->prio > self->prio);
		dead = runq_switch(rq, self, next);
	}
	irq_enable();
	if (unlikely(dead))
		thread_put(dead);
}

void sched_yield_current(void)
{
	if (!READ_ONCE(this_runq()->nr_queued))
		return;
	current->nr_voluntary++;
	requeue(false, true);
}

void sched_resched(void)
{
	struct thread *self = current;

	lockcheck_might_sleep();
	atomic_fetch_and_explicit(&self->head.work_flags, ~WORK_RESCHED, memory_order_relaxed);
	if (unlikely(!(self->affinity >> cpu_id() & 1)) &&
	    (self->affinity & load_relaxed(&online_cpus))) {
		requeue(true, false);
	} else if (READ_ONCE(this_runq()->nr_queued)) {
		self->nr_involuntary++;
		requeue(false, false);
	}
}

void cond_resched(void)
{
	if (unlikely(load_relaxed(&current->head.work_flags) & WORK_RESCHED))
		sched_resched();
}

void upcall_thread_start(void)
{
	struct thread *self = current, *dead = finish_switch();

	irq_enable();
	if (unlikely(dead))
		thread_put(dead);
	if (self->set_child_tid && put_user(pid_vnr(self->pid), self->set_child_tid))
		self->set_child_tid = NULL; /* as Linux: a bad address goes unnoticed */
}

int thread_sleep_until(u64 deadline_ns)
{
	for (;;) {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (clock_ns() >= deadline_ns) {
			thread_cancel_block();
			return 0;
		}
		if (signal_pending_current()) {
			thread_cancel_block();
			return -ERESTARTSYS;
		}
		thread_block(deadline_ns);
	}
}
