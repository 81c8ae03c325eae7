/*
 * The scheduler: who runs where, and for how long.
 *
 * Each CPU has a queue of runnable threads, served in order of arrival. A thread runs until it
 * blocks, yields, or has used its slice while others wait; the kernel itself is not preempted. A
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
 * Not here: load averages and times (load.c), wait queues (kernel/sync/wait.c).
 */
#include "kernel/sched/sched.h"

#include <linux/errno.h>

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

struct runq runqs[MAX_CPUS];
_Atomic u64 online_cpus;
void (*sched_tick_hook)(bool is_user);

static _Atomic u64 idle_cpus; /* bit per CPU that naps or is about to */

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

static void enqueue(struct runq *rq, struct thread *t)
{
	list_add_tail(&t->run_link, &rq->queue);
	WRITE_ONCE(rq->nr_queued, rq->nr_queued + 1);
}

static void dequeue(struct runq *rq, struct thread *t)
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

/* Where t should run next. A guess: nothing is locked but, maybe, its old queue. */
static unsigned int choose_cpu(const struct thread *t)
{
	u64 allowed = load_relaxed(&online_cpus) & t->affinity;
	u64 idle;

	if (unlikely(!allowed))
		allowed = load_relaxed(&online_cpus);
	if (likely((allowed & (allowed - 1)) == 0)) /* only one */
		return __builtin_ctzll(allowed);
	idle = load_relaxed(&idle_cpus) & allowed;
	if (allowed >> t->cpu & 1) {
		if (!idle || (idle >> t->cpu & 1))
			return t->cpu;
	} else if (!idle) {
		return __builtin_ctzll(allowed);
	}
	return __builtin_ctzll(idle);
}

/* Queues a runnable thread that is on no queue and leaves, or has left, its CPU: for t->cpu. */
static void place(struct thread *t)
{
	struct runq *rq = &runqs[t->cpu];

	while (atomic_load_explicit(&t->on_cpu, memory_order_acquire))
		cpu_relax();
	spin_lock(&rq->lock);
	enqueue(rq, t);
	spin_unlock(&rq->lock);
	kick_if_idle(rq);
}

static struct runq *lock_runq_of(const struct thread *t)
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
	struct runq *rq = lock_runq_of(t);

	if (!(states >> load_relaxed(&t->state) & 1)) {
		spin_unlock(&rq->lock);
		return false;
	}
	store_relaxed(&t->state, THREAD_RUNNABLE);
	if (rq->running == t) {
		spin_unlock(&rq->lock);
		return true;
	}
	t->cpu = choose_cpu(t);
	if (likely(&runqs[t->cpu] == rq)) {
		enqueue(rq, t);
		spin_unlock(&rq->lock);
		kick_if_idle(rq);
		return true;
	}
	spin_unlock(&rq->lock);
	place(t);
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
	return wake_if(t, STATES_WAKE);
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
	t->cpu = choose_cpu(t);
	store_release(&t->state, THREAD_RUNNABLE);
	place(t);
	irq_restore(irqflags);
}

/* ---- The tick */

u64 thread_run_ns(const struct thread *t)
{
	u64 run = load_relaxed(&t->run_ns);

	return t == current ? run + (clock_ns() - t->ran_since_ns) : run;
}

static void account(struct thread *t, u64 now)
{
	store_relaxed(&t->run_ns, load_relaxed(&t->run_ns) + (now - t->ran_since_ns));
	t->ran_since_ns = now;
}

/* Half of what a thread may use, as ticks come on average in the middle of a slice. */
static u64 slice_floor(const struct thread *t)
{
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

static void tick(struct timer *timer)
{
	struct runq *rq = container_of(timer, struct runq, tick);
	struct thread *t = current;
	u64 now = clock_ns(), idle;

	if (t == rq->idle) {
		rq->is_ticking = false;
		return;
	}
	account(t, now);
	sample(rq, t);
	load_tick(now);
	if (rq->nr_queued) {
		if (now - t->slice_start_ns >= slice_floor(t))
			atomic_fetch_or_explicit(&t->head.work_flags, WORK_RESCHED,
						 memory_order_relaxed);
		idle = load_relaxed(&idle_cpus);
		if (idle)
			apic_ipi(__builtin_ctzll(idle), VECTOR_RESCHED);
	}
	timer_arm(timer, now + TICK_NS);
}

void upcall_timer(void)
{
	timer_interrupt();
}

void upcall_ipi_resched(void)
{
	/* That it came is all: it ends a nap, and on the way out work_flags are looked at. */
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

	store_release(&prev->on_cpu, false); /* pairs with place() */
	if (unlikely(rq->is_migrating)) {
		rq->is_migrating = false;
		spin_lock(&rq->lock);
		prev->cpu = choose_cpu(prev);
		spin_unlock(&rq->lock);
		place(prev);
	}
	return is_dead ? prev : NULL;
}

/* rq->lock is held, interrupts are off; both threads differ. Releases the lock. */
static struct thread *switch_to(struct runq *rq, struct thread *prev, struct thread *next)
{
	u64 now = clock_ns();

	WRITE_ONCE(rq->running, next);
	store_relaxed(&next->on_cpu, true);
	spin_unlock(&rq->lock);
	account(prev, now);
	next->ran_since_ns = now;
	next->slice_start_ns = now;
	rq->previous = prev;
	rq->switches++;
	if (next->as && !pgtable_is_loaded(&next->as->pgtable))
		pgtable_load(&next->as->pgtable);
	if (unlikely(!rq->is_ticking) && next != rq->idle) {
		rq->is_ticking = true;
		timer_arm(&rq->tick, now + TICK_NS);
	}
	arch_switch(&prev->head, &next->head);
	return finish_switch();
}

static struct thread *pick_next(struct runq *rq)
{
	struct thread *next;

	if (list_empty(&rq->queue))
		return rq->idle;
	next = list_first(&rq->queue, struct thread, run_link);
	dequeue(rq, next);
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
		next = pick_next(rq);
		dead = switch_to(rq, self, next);
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

/* Lets the others of this queue run first, or goes to another CPU. */
static void requeue(bool to_other_cpu)
{
	struct thread *self = current, *dead = NULL, *next;
	struct runq *rq;

	irq_disable();
	rq = this_runq();
	spin_lock(&rq->lock);
	next = pick_next(rq);
	if (next == rq->idle && !to_other_cpu) {
		spin_unlock(&rq->lock);
	} else {
		if (to_other_cpu)
			rq->is_migrating = true;
		else
			enqueue(rq, self);
		dead = switch_to(rq, self, next);
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
	requeue(false);
}

void sched_resched(void)
{
	struct thread *self = current;

	lockcheck_might_sleep();
	atomic_fetch_and_explicit(&self->head.work_flags, ~WORK_RESCHED, memory_order_relaxed);
	if (unlikely(!(self->affinity >> cpu_id() & 1)) &&
	    (self->affinity & load_relaxed(&online_cpus))) {
		requeue(true);
	} else if (READ_ONCE(this_runq()->nr_queued)) {
		self->nr_involuntary++;
		requeue(false);
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

int sched_set_affinity(struct thread *t, u64 mask)
{
	struct runq *rq;
	u64 irqflags;
	bool must_move;

	if (!(mask & load_relaxed(&online_cpus)))
		return -EINVAL;
	irqflags = irq_save();
	rq = lock_runq_of(t);
	t->affinity = mask;
	must_move = !(mask >> t->cpu & 1);
	if (must_move && !list_empty(&t->run_link)) {
		dequeue(rq, t);
		t->cpu = choose_cpu(t);
		spin_unlock(&rq->lock);
		place(t);
	} else {
		if (must_move) /* it moves when it next looks at its work flags */
			atomic_fetch_or(&t->head.work_flags, WORK_RESCHED);
		if (rq->running == t && t != current)
			apic_ipi(t->cpu, VECTOR_RESCHED);
		spin_unlock(&rq->lock);
	}
	irq_restore(irqflags);
	if (t == current)
		cond_resched();
	return 0;
}

/* ---- Idle */

/* A runnable thread from some other queue, or NULL. Interrupts off, nothing locked. */
static struct thread *steal(unsigned int self)
{
	struct thread *t;

	for_each_cpu(cpu) {
		struct runq *rq = &runqs[cpu];

		if (cpu == self || !READ_ONCE(rq->nr_queued))
			continue;
		spin_lock(&rq->lock);
		list_for_each(t, &rq->queue, run_link) {
			if (!(t->affinity >> self & 1) ||
			    atomic_load_explicit(&t->on_cpu, memory_order_acquire))
				continue;
			dequeue(rq, t);
			t->cpu = self;
			spin_unlock(&rq->lock);
			return t;
		}
		spin_unlock(&rq->lock);
	}
	return NULL;
}

/* Interrupts off, and again on return. */
static void idle_run(struct runq *rq)
{
	struct thread *stolen = NULL, *dead, *next;

	if (!READ_ONCE(rq->nr_queued)) {
		stolen = steal(rq - runqs);
		if (!stolen)
			return;
	}
	spin_lock(&rq->lock);
	if (stolen)
		enqueue(rq, stolen);
	next = pick_next(rq);
	if (next == rq->idle) { /* somebody else took it */
		spin_unlock(&rq->lock);
		return;
	}
	dead = switch_to(rq, rq->idle, next);
	if (dead) {
		irq_enable();
		thread_put(dead);
		irq_disable();
	}
}

void sched_idle(void)
{
	struct runq *rq = this_runq();
	u64 self = 1ull << cpu_id();

	for (;;) {
		irq_disable();
		idle_run(rq);
		atomic_fetch_or(&idle_cpus,
				self); /* before the look: a waker queues, then looks at running */
		if (!READ_ONCE(rq->nr_queued))
			cpu_idle();
		atomic_fetch_and(&idle_cpus, ~self);
	}
}

static void become_idle(unsigned int cpu)
{
	static struct thread idle_threads[MAX_CPUS];
	struct runq *rq = &runqs[cpu];
	struct thread *t = &idle_threads[cpu];

	spin_init(&rq->lock, RANK_RUNQ);
	list_init(&rq->queue);
	timer_setup(&rq->tick, tick);
	__builtin_memcpy(t->comm, "idle", 5);
	refcount_init(&t->refs, 1);
	t->state = THREAD_RUNNABLE;
	t->on_cpu = true;
	t->cpu = cpu;
	t->head.stack_top = ALIGN_UP((u64)__builtin_frame_address(0), PAGE_SIZE);
	t->ran_since_ns = clock_ns();
	rq->idle = t;
	rq->running = t;
	arch_thread_adopt(&t->head);
	atomic_fetch_or(&online_cpus, 1ull << cpu);
}

void sched_init(void)
{
	become_idle(0);
}

void sched_ap_main(unsigned int cpu)
{
	become_idle(cpu);
	sched_idle();
}
