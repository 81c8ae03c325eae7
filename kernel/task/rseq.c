/*
 * Restartable sequences: a thread's word on which CPU it runs, and code that must not be torn.
 *
 * The thread registers a struct rseq. Before it runs user code on another CPU than last time, that
 * tells it so; and if it was interrupted inside a critical section (struct rseq_cs) and somebody
 * else ran meanwhile, or a signal handler is to run, it goes on at the section's abort handler. The
 * scheduler sets WORK_RSEQ where this may be due, so the ways into and out of system calls know
 * nothing of it.
 * Context: the current thread, on its way to user mode; may sleep.
 * Follows: Linux include/uapi/linux/rseq.h, rseq(2) of librseq
 */
#include "kernel/task/rseq.h"

#include <linux/errno.h>
#include <linux/rseq.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/task/signal.h"

static int tell_cpu(struct thread *self)
{
	struct rseq __user *urseq = self->rseq;
	u32 cpu = cpu_id();

	self->rseq_cpu = cpu;
	if (put_user(cpu, &urseq->cpu_id_start) || put_user(cpu, &urseq->cpu_id) ||
	    put_user(0u, &urseq->node_id) || put_user(cpu, &urseq->mm_cid))
		return -EFAULT;
	return 0;
}

static bool is_section(const struct rseq_cs *cs, u32 sig)
{
	u32 seen;

	if (cs->start_ip >= USER_TOP || cs->post_commit_offset >= USER_TOP - cs->start_ip ||
	    cs->abort_ip >= USER_TOP || cs->version || cs->flags ||
	    cs->abort_ip - cs->start_ip < cs->post_commit_offset)
		return false;
	return !get_user(seen, (u32 __user *)(cs->abort_ip - sizeof(seen))) && seen == sig;
}

static int leave_section(struct thread *self, struct regs *regs)
{
	struct rseq __user *urseq = self->rseq;
	struct rseq_cs cs;
	u64 ucs;

	if (get_user(ucs, &urseq->rseq_cs))
		return -EFAULT;
	if (!ucs)
		return 0;
	if (copy_from_user(&cs, (void __user *)ucs, sizeof(cs)) || !is_section(&cs, self->rseq_sig))
		return -EFAULT;
	if (put_user((u64)0, &urseq->rseq_cs))
		return -EFAULT;
	if (regs->rip - cs.start_ip < cs.post_commit_offset)
		regs->rip = cs.abort_ip;
	return 0;
}

void rseq_return_to_user(struct regs *regs)
{
	struct thread *self = current;

	atomic_fetch_and(&self->head.work_flags, ~WORK_RSEQ);
	if (self->rseq && (tell_cpu(self) || leave_section(self, regs)))
		signal_force(SIGSEGV, SI_KERNEL, 0);
}

static int forget(struct thread *self)
{
	struct rseq __user *urseq = self->rseq;

	if (put_user(0u, &urseq->cpu_id_start) ||
	    put_user((u32)RSEQ_CPU_ID_UNINITIALIZED, &urseq->cpu_id) ||
	    put_user(0u, &urseq->node_id) || put_user(0u, &urseq->mm_cid))
		return -EFAULT;
	self->rseq = NULL;
	return 0;
}

int rseq_register(struct rseq __user *urseq, u32 len, u32 flags, u32 sig)
{
	struct thread *self = current;
	bool is_other = self->rseq != urseq || self->rseq_len != len;

	if (flags & ~(u32)RSEQ_FLAG_UNREGISTER)
		return -EINVAL;
	if (self->rseq || flags) {
		if (is_other || !self->rseq)
			return -EINVAL;
		if (self->rseq_sig != sig)
			return -EPERM;
		return flags ? forget(self) : -EBUSY;
	}
	if (len < sizeof(*urseq) || (u64)urseq % __alignof__(*urseq))
		return -EINVAL;
	if (!user_range_ok(urseq, len) || put_user((u64)0, &urseq->rseq_cs))
		return -EFAULT;
	self->rseq = urseq;
	self->rseq_len = len;
	self->rseq_sig = sig;
	return tell_cpu(self);
}
