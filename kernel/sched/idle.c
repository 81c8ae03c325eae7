/*
 * The idle threads: what a CPU does that has nothing to do, and how it begins.
 *
 * Owns: sched_idle_cpus. A CPU that runs dry takes from the queues of others, and naps when they
 *   have nothing either. It says that it naps before it looks for the last time, and a waker queues
 *   before it looks for those who nap, so that one of them sees the other.
 * Locks: runq->lock.
 */
#include "arch/x86_64/atomic.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "kernel/sched/internal.h"

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
			runq_del(rq, t);
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
		runq_add(rq, stolen);
	next = runq_pick(rq);
	if (next == rq->idle) { /* somebody else took it */
		spin_unlock(&rq->lock);
		return;
	}
	dead = runq_switch(rq, rq->idle, next);
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
		atomic_fetch_or(&sched_idle_cpus,
				self); /* before the look: a waker queues, then looks at running */
		if (!READ_ONCE(rq->nr_queued))
			cpu_idle();
		atomic_fetch_and(&sched_idle_cpus, ~self);
	}
}

static void become_idle(unsigned int cpu)
{
	static struct thread idle_threads[MAX_CPUS];
	struct runq *rq = &runqs[cpu];
	struct thread *t = &idle_threads[cpu];

	spin_init(&rq->lock, RANK_RUNQ);
	list_init(&rq->queue);
	timer_setup(&rq->tick, sched_tick);
	__builtin_memcpy(t->comm, "idle", 5);
	refcount_init(&t->refs, 1);
	t->state = THREAD_RUNNABLE;
	t->on_cpu = true;
	t->cpu = cpu;
	t->head.stack_top = ALIGN_UP((u64)__builtin_frame_address(0), PAGE_SIZE);
	t->ran_since_ns = clock_ns();
	t->run_ns = -t->ran_since_ns; /* it runs */
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
