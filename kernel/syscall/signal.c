/*
 * System calls about signals, process groups and timers: decode, copy, one call into kernel/task.
 *
 * Follows: rt_sigaction(2), sigprocmask(2), kill(2), tkill(2), sigaltstack(2), setpgid(2),
 * getitimer(2), timer_create(2); the order of errors is Linux's.
 */
#include <linux/errno.h>
#include <linux/signal.h>
#include <linux/time.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/sigframe.h"
#include "arch/x86_64/uaccess.h"

#include "kernel/id/pidns.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall/user.h"
#include "kernel/task/session.h"
#include "kernel/task/signal.h"
#include "kernel/task/timers.h"

/* ---- actions and masks ---- */

SYSCALL(rt_sigaction, int sig, const struct kernel_sigaction __user *uact,
	struct kernel_sigaction __user *uold, size_t size)
{
	struct kernel_sigaction act, old;
	int err;

	if (size != sizeof(kernel_sigset_t))
		return -EINVAL;
	if (uact && copy_from_user(&act, uact, sizeof(act)))
		return -EFAULT;
	err = signal_action(sig, uact ? &act : NULL, uold ? &old : NULL);
	if (!err && uold && copy_to_user(uold, &old, sizeof(old)))
		return -EFAULT;
	return err;
}

SYSCALL(rt_sigprocmask, int how, const u64 __user *uset, u64 __user *uold, size_t size)
{
	u64 old = current->sig_blocked, set;

	if (size != sizeof(u64))
		return -EINVAL;
	if (uset) {
		if (get_user(set, uset))
			return -EFAULT;
		if (how == SIG_BLOCK)
			signal_set_blocked(old | set);
		else if (how == SIG_UNBLOCK)
			signal_set_blocked(old & ~set);
		else if (how == SIG_SETMASK)
			signal_set_blocked(set);
		else
			return -EINVAL;
	}
	return uold ? put_user(old, uold) : 0;
}

SYSCALL(rt_sigpending, void __user *uset, size_t size)
{
	u64 set = signal_pending_set() & current->sig_blocked;

	if (size > sizeof(set))
		return -EINVAL;
	return copy_to_user(uset, &set, size);
}

static long wait_for_signal(void)
{
	for (;;) {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (signal_pending_current())
			break;
		thread_block(WAIT_FOREVER);
	}
	thread_cancel_block();
	return -ERESTARTNOHAND;
}

SYSCALL(rt_sigsuspend, const u64 __user *umask, size_t size)
{
	u64 mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	signal_set_temporary_mask(mask);
	return wait_for_signal();
}

SYSCALL(pause, void)
{
	return wait_for_signal();
}

SYSCALL(rt_sigtimedwait, const u64 __user *uset, siginfo_t __user *uinfo,
	const struct timespec __user *utimeout, size_t size)
{
	u64 set, deadline_ns = WAIT_FOREVER;
	siginfo_t info __uninitialized;
	int sig;

	if (size != sizeof(set))
		return -EINVAL;
	if (get_user(set, uset))
		return -EFAULT;
	if (utimeout) {
		int err = deadline_from_user(utimeout, &deadline_ns);

		if (err)
			return err;
	}
	sig = signal_timedwait(set, deadline_ns, &info);
	if (sig > 0 && uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return sig;
}

/* ---- handlers' stacks and frames ---- */

static int stack_flags(u64 rsp)
{
	const stack_t *alt = &current->altstack;

	if (!alt->ss_size)
		return SS_DISABLE;
	return sigframe_on_altstack(alt, rsp) ? SS_ONSTACK : 0;
}

static int set_altstack(const stack_t *new, u64 rsp)
{
	u32 flags = new->ss_flags, mode = flags & ~SS_AUTODISARM;

	if (stack_flags(rsp) == SS_ONSTACK)
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (new->ss_sp == current->altstack.ss_sp &&new->ss_size == current->altstack.ss_size &&
	    flags == (u32)current->altstack.ss_flags)
		return 0;
	if (mode == SS_DISABLE) {
		current->altstack = (stack_t){ .ss_flags = flags & SS_AUTODISARM };
		return 0;
	}
	if (new->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	current->altstack = (stack_t){ new->ss_sp, flags &SS_AUTODISARM, new->ss_size };
	return 0;
}

SYSCALL(sigaltstack, const stack_t __user *unew, stack_t __user *uold)
{
	u64 rsp = thread_regs(current)->rsp;
	stack_t new, old = current->altstack;
	int err = 0;

	old.ss_flags |= stack_flags(rsp);
	if (unew) {
		if (copy_from_user(&new, unew, sizeof(new)))
			return -EFAULT;
		err = set_altstack(&new, rsp);
	}
	if (!err && uold)
		err = copy_to_user(uold, &old, sizeof(old));
	return err;
}

SYSCALL(rt_sigreturn, void)
{
	struct regs *regs = thread_regs(current);
	stack_t altstack;
	u64 mask;

	if (sigframe_restore(regs, &mask, &altstack)) {
		signal_force(SIGSEGV, SI_KERNEL, 0);
		return 0;
	}
	signal_set_blocked(mask);
	(void)set_altstack(&altstack, regs->rsp); /* what cannot be set stays as it is */
	return regs->rax;
}

SYSCALL(restart_syscall, void)
{
	long (*restart)(struct thread *) = current->restart;

	current->restart = NULL;
	return restart ? restart(current) : -EINTR;
}

/* ---- sending ---- */

static long kill_one(int nr, int sig, const siginfo_t *info)
{
	struct pid *pid = pid_find_get(pidns_current(), nr);
	long err;

	if (!pid)
		return -ESRCH;
	err = signal_kill_pid(pid, SCOPE_PROCESS, sig, info);
	pid_put(pid);
	return err;
}

/* pgid 0: the caller's own. */
static long kill_group(int pgid, int sig, const siginfo_t *info)
{
	struct pid *group;
	long err;

	if (pgid) {
		group = pid_find_get(pidns_current(), pgid);
	} else {
		rwspin_read_lock(&tasks_lock);
		group = pid_get(current->task->group);
		rwspin_read_unlock(&tasks_lock);
	}
	if (!group)
		return -ESRCH;
	err = signal_kill_group(group, sig, info);
	pid_put(group);
	return err;
}

SYSCALL(kill, int pid, int sig)
{
	siginfo_t info __uninitialized;

	siginfo_user(&info, sig, SI_USER);
	if (pid == info.si_pid)
		return signal_kill_self(sig, &info);
	if (pid > 0)
		return kill_one(pid, sig, &info);
	if (pid == -1)
		return signal_kill_all(sig, &info);
	if (pid == (int)0x80000000)
		return -ESRCH;
	return kill_group(-pid, sig, &info);
}

static long kill_thread(int tgid, int tid, int sig, const siginfo_t *info)
{
	struct pid *pid = pid_find_get(pidns_current(), tid);
	long err;

	if (!pid)
		return -ESRCH;
	err = signal_kill_thread(tgid, pid, sig, info);
	pid_put(pid);
	return err;
}

SYSCALL(tgkill, int tgid, int tid, int sig)
{
	siginfo_t info __uninitialized;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	siginfo_user(&info, sig, SI_TKILL);
	return kill_thread(tgid, tid, sig, &info);
}

SYSCALL(tkill, int tid, int sig)
{
	siginfo_t info __uninitialized;

	if (tid <= 0)
		return -EINVAL;
	siginfo_user(&info, sig, SI_TKILL);
	return kill_thread(0, tid, sig, &info);
}

/* Nobody but the kernel and the target itself may claim that the kernel or kill() sent it. */
static int queued_info(siginfo_t *info, const siginfo_t __user *uinfo, int sig, int target)
{
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	info->si_signo = sig;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && pid_vnr(current->pid) != target)
		return -EPERM;
	return 0;
}

SYSCALL(rt_sigqueueinfo, int pid, int sig, const siginfo_t __user *uinfo)
{
	siginfo_t info __uninitialized;
	int err = queued_info(&info, uinfo, sig, pid);

	return err ? err : kill_one(pid, sig, &info);
}

SYSCALL(rt_tgsigqueueinfo, int tgid, int tid, int sig, const siginfo_t __user *uinfo)
{
	siginfo_t info __uninitialized;
	int err;

	if (copy_from_user(&info, uinfo, sizeof(info)))
		return -EFAULT;
	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	err = queued_info(&info, uinfo, sig, tid);
	return err ? err : kill_thread(tgid, tid, sig, &info);
}

/* ---- process groups and sessions ---- */

SYSCALL(setpgid, int pid, int pgid)
{
	return group_set(pid, pgid);
}

SYSCALL(getpgid, int pid)
{
	return group_of(pid);
}

SYSCALL(getpgrp, void)
{
	return group_of(0);
}

SYSCALL(setsid, void)
{
	return session_new();
}

SYSCALL(getsid, int pid)
{
	return session_of(pid);
}
