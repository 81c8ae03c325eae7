/*
 * System calls that make or take pidfds. Composition only: a pidfd is made by fs/pidfs, a struct
 * pid found by kernel/id, a signal sent by kernel/task.
 *
 * Which descriptor names which process is decided once, in pidfs_pid(). The order of the checks is
 * the ABI: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/pidfd.h>
#include <linux/signal.h>

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"

#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/mm/mmap.h"
#include "kernel/syscall/user.h"
#include "kernel/task/signal.h"

#include "fs/fdtable.h"
#include "fs/pidfs/pidfs.h"
#include "fs/procfs/procfs.h"

/* ---- pidfd_open ---- */

/* Is there a thread (a process, unless threads will do) of this identity? Without tasks_lock, as
 * the answer may be out of date by the time it is given either way; but a process on its way in or
 * out must not be taken for a thread. */
static int check_role(const struct pid *pid, bool is_thread_fine)
{
	int err;

	if (!READ_ONCE(pid->thread))
		return -ESRCH;
	if (READ_ONCE(pid->task) || is_thread_fine)
		return 0;
	rwspin_read_lock(&tasks_lock);
	err = !pid->thread ? -ESRCH : pid->task ? 0 : -ENOENT;
	rwspin_read_unlock(&tasks_lock);
	return err;
}

/* LAB 2 5 BEGIN references */
static int open_pidfd(struct pid *pid, u32 flags)
{
	struct files *files = files_current();
	struct file *file;
	int fd, err;

	err = check_role(pid, flags & PIDFD_THREAD);
	if (err)
		return err;
	err = fd_reserve(files, O_CLOEXEC, &fd);
	if (err)
		return err;
	err = pidfs_open(pid, flags, &file);
	if (err) {
		fd_unreserve(files, fd);
		return err;
	}
	fd_install(files, fd, file);
	return fd;
}

SYSCALL(pidfd_open, int nr, unsigned int flags)
{
	struct pid *pid;
	int fd;

	if (flags & ~(u32)(PIDFD_NONBLOCK | PIDFD_THREAD))
		return -EINVAL;
	if (nr <= 0)
		return -EINVAL;
	pid = pid_find_get(pidns_current(), nr);
	if (!pid)
		return -ESRCH;
	fd = open_pidfd(pid, flags);
	pid_put(pid);
	return fd;
}
/* LAB 2 5 END */

/* ---- pidfd_send_signal ---- */

#define SCOPE_FLAGS (PIDFD_SIGNAL_THREAD | PIDFD_SIGNAL_THREAD_GROUP | PIDFD_SIGNAL_PROCESS_GROUP)

/* What pidfd and flags name. scope: one of SCOPE_FLAGS. */
struct target {
	struct pid *pid; /* borrowed from file, or the caller's own */
	u32 scope;
	struct fdref ref; /* file NULL for the sentinels */
};

/* LAB 2 BEGIN target */
static int target_get(int pidfd, struct target *out)
{
	struct pid *proc_pid;

	out->ref.file = NULL;
	switch (pidfd) {
	case PIDFD_SELF_THREAD:
		out->pid = current->pid;
		out->scope = PIDFD_SIGNAL_THREAD;
		return 0;
	case PIDFD_SELF_THREAD_GROUP:
		out->pid = current->task->pid;
		out->scope = PIDFD_SIGNAL_THREAD_GROUP;
		return 0;
	}
	out->ref = fdref_get(pidfd);
	if (!out->ref.file)
		return -EBADF;
	out->scope = PIDFD_SIGNAL_THREAD_GROUP;
	out->pid = pidfs_pid(out->ref.file);
	if (out->pid) {
		if (atomic_load_explicit(&out->ref.file->flags, memory_order_relaxed) &
		    PIDFD_THREAD)
			out->scope = PIDFD_SIGNAL_THREAD;
		return 0;
	}
	/* Before there were pidfds, an open /proc/PID directory served. */
	proc_pid = procfs_dir_pid(out->ref.file);
	if (proc_pid) {
		out->pid = proc_pid;
		return 0;
	}
	fdref_put(out->ref);
	return -EBADF;
}
/* LAB 2 END */

static void target_put(const struct target *target)
{
	if (target->ref.file)
		fdref_put(target->ref);
}

static int fill_info(const struct target *target, int sig, const siginfo_t __user *uinfo,
		     siginfo_t *info)
{
	if (!uinfo) {
		siginfo_user(info, sig, target->scope == PIDFD_SIGNAL_THREAD ? SI_TKILL : SI_USER);
		return 0;
	}
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	if (info->si_signo != sig)
		return -EINVAL;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) &&
	    (target->pid != current->pid || target->scope == PIDFD_SIGNAL_PROCESS_GROUP))
		return -EPERM;
	return 0;
}

/* LAB 2 BEGIN send */
static int send(const struct target *target, int sig, const siginfo_t __user *uinfo)
{
	siginfo_t info __uninitialized;
	int err;

	if (!pid_vnr(target->pid))
		return -EINVAL; /* not of this pid namespace */
	err = fill_info(target, sig, uinfo, &info);
	if (err)
		return err;
	switch (target->scope) {
	case PIDFD_SIGNAL_THREAD:
		return signal_kill_pid(target->pid, SCOPE_THREAD, sig, &info);
	case PIDFD_SIGNAL_PROCESS_GROUP:
		return signal_kill_group(target->pid, sig, &info);
	default:
		return signal_kill_pid(target->pid, SCOPE_PROCESS, sig, &info);
	}
}

SYSCALL(pidfd_send_signal, int pidfd, int sig, const siginfo_t __user *uinfo, unsigned int flags)
{
	struct target target __uninitialized;
	int err;

	if (flags & ~(u32)SCOPE_FLAGS)
		return -EINVAL;
	if (flags & (flags - 1))
		return -EINVAL;
	err = target_get(pidfd, &target);
	if (err)
		return err;
	if (flags)
		target.scope = flags;
	err = send(&target, sig, uinfo);
	target_put(&target);
	return err;
}
/* LAB 2 END */

/* ---- pidfd_getfd ---- */

/* The file behind fd in another thread's table, +1. The caller holds the target's exec lock, so
 * that permission and table belong to the same program. */
static int fetch_file(struct thread *t, int fd, struct file **out)
{
	struct files *files;

	if (!task_may_access(t->task, PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS))
		return -EPERM;
	files = thread_files_get(t);
	if (!files)
		return -ESRCH;
	*out = fd_get_any(files, fd);
	files_put(files);
	if (!*out)
		return t->is_exiting ? -ESRCH : -EBADF;
	return 0;
}

static int get_remote_file(struct pid *pid, int fd, struct file **out)
{
	struct thread *t = thread_of_pid_get(pid);
	int err;

	if (!t)
		return -ESRCH;
	if (!t->task) {
		thread_put(t);
		return -EBADF; /* a kernel thread has no files */
	}
	err = rwsem_read_lock_killable(&t->task->exec_lock);
	if (!err) {
		err = fetch_file(t, fd, out);
		rwsem_read_unlock(&t->task->exec_lock);
	}
	thread_put(t);
	return err;
}

SYSCALL(pidfd_getfd, int pidfd, int fd, unsigned int flags)
{
	struct fdref ref;
	struct file *file = NULL;
	struct pid *pid;
	int err;

	if (flags)
		return -EINVAL;
	ref = fdref_get(pidfd);
	if (!ref.file)
		return -EBADF;
	pid = pidfs_pid(ref.file);
	err = pid ? get_remote_file(pid, fd, &file) : -EBADF;
	fdref_put(ref);
	if (err)
		return err;
	return fd_publish(files_current(), file, O_CLOEXEC);
}

/* ---- process_madvise, process_mrelease */

/* The process that pidfd is of, +1; of a thread that is no leader: none. */
static int process_get(int pidfd, struct task **out)
{
	struct target target __uninitialized;
	int err = target_get(pidfd, &target);

	if (err)
		return err;
	if (!target.ref.file) { /* oneself */
		*out = task_current();
		task_get(*out);
		return 0;
	}
	if (pidfs_pid(target.ref.file)) {
		*out = task_of_pid_get(target.pid);
		err = *out ? 0 : -ESRCH;
	} else {
		err = -EBADF; /* /proc/PID will not do here */
	}
	target_put(&target);
	return err;
}

/* What one may advise for another: it only moves memory about. */
static bool is_remote_advice(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED ||
	       advice == MADV_COLLAPSE;
}

static long advise_ranges(struct as *as, const struct uio *ranges, int advice)
{
	size_t done = 0;
	int err = 0;

	for (u32 i = 0; i < ranges->nr && done < ranges->resid && !err; i++) {
		err = as_madvise(as, (u64)ranges->iov[i].iov_base, ranges->iov[i].iov_len, advice);
		if (!err)
			done += ranges->iov[i].iov_len;
	}
	return done ? (long)done : err;
}

static long advise(struct task *task, const struct uio *ranges, int advice)
{
	struct as *as = task_as_get(task);
	long ret;

	if (!as)
		return -ESRCH;
	if (!task_may_access(task, PTRACE_MODE_READ | PTRACE_MODE_FSCREDS))
		ret = -EACCES;
	else if (as != as_current() && !is_remote_advice(advice))
		ret = -EINVAL;
	else if (as != as_current() && !capable(CAP_SYS_NICE))
		ret = -EPERM;
	else
		ret = advise_ranges(as, ranges, advice);
	as_put(as);
	return ret;
}

SYSCALL(process_madvise, int pidfd, const struct iovec __user *uiov, u64 nr, int advice,
	unsigned int flags)
{
	struct iov_import ranges;
	struct task *task;
	long ret;

	if (flags)
		return -EINVAL;
	ret = iov_from_user(&ranges, uiov, (u32)nr);
	if (ret)
		return ret;
	ret = process_get(pidfd, &task);
	if (!ret) {
		ret = advise(task, &ranges.uio, advice);
		task_put(task);
	}
	iov_free(&ranges);
	return ret;
}

SYSCALL(process_mrelease, int pidfd, unsigned int flags)
{
	struct task *task;
	int err;

	if (flags)
		return -EINVAL;
	err = process_get(pidfd, &task);
	if (err)
		return err;
	err = oom_release(task);
	task_put(task);
	return err;
}
