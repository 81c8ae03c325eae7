/*
 * What others decide about a thread's scheduling: where it may run, and how urgent it is.
 *
 * A thread's prio is the larger of what its policy gives it and what it inherits from those who
 * wait for a lock it holds (kernel/sched/futex_pi.c); 0 is an ordinary thread.
 * Locks: runq->lock of the thread's CPU.           Follows: sched(7), sched_setaffinity(2)
 */
#include <linux/errno.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/atomic.h"
#include "kernel/sched/internal.h"

int sched_set_affinity(struct thread *t, u64 mask)
{
	struct runq *rq;
	u64 irqflags;
	bool must_move;

	if (!(mask & load_relaxed(&online_cpus)))
		return -EINVAL;
	irqflags = irq_save();
	rq = runq_lock_of(t);
	t->affinity = mask;
	must_move = !(mask >> t->cpu & 1);
	if (must_move && !list_empty(&t->run_link)) {
		runq_del(rq, t);
		t->cpu = sched_choose_cpu(t);
		spin_unlock(&rq->lock);
		runq_place(t);
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

/* The lock of rq is held; policy, rt_priority or inherited may have changed. */
static void update_prio(struct runq *rq, struct thread *t)
{
	u8 prio = MAX(t->rt_priority, t->inherited);
	bool is_queued = !list_empty(&t->run_link);

	if (prio == t->prio)
		return;
	if (is_queued)
		runq_del(rq, t);
	t->prio = prio;
	if (is_queued) {
		runq_add(rq, t);
	} else if (rq->running == t) {
		rq->running_prio = prio;
		if (rq->nr_queued)
			sched_preempt(rq);
	}
}

void sched_set_policy(struct thread *t, u8 policy, u8 rt_priority, bool resets_on_fork)
{
	u64 irqflags = irq_save();
	struct runq *rq = runq_lock_of(t);

	t->policy = policy;
	t->rt_priority = rt_priority;
	t->resets_on_fork = resets_on_fork;
	update_prio(rq, t);
	spin_unlock(&rq->lock);
	irq_restore(irqflags);
	if (t == current)
		cond_resched();
}

void sched_inherit(struct thread *t, u8 prio)
{
	u64 irqflags = irq_save();
	struct runq *rq = runq_lock_of(t);

	t->inherited = prio;
	update_prio(rq, t);
	spin_unlock(&rq->lock);
	irq_restore(irqflags);
}

void sched_restart_sequences(const struct as *as, int cpu)
{
	for_each_cpu(i) {
		struct runq *rq = &runqs[i];
		u64 irqflags;

		if (cpu >= 0 && (u32)cpu != i)
			continue;
		irqflags = spin_lock_irqsave(&rq->lock);
		if (rq->running->as == as)
			atomic_fetch_or(&rq->running->head.work_flags, WORK_RSEQ);
		spin_unlock_irqrestore(&rq->lock, irqflags);
	}
}
