/*
 * Process life: fork and its kin, exec, exit, wait, and who am I.
 *
 * clone is composed here: kernel/task makes the thread in three steps, and between the first two
 * the pidfd of CLONE_PIDFD is made, so that a failure of either leaves no trace of both.
 *
 *                    Follows: clone(2), execve(2), execveat(2), _exit(2), wait4(2), waitid(2),
 * gettid(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/pidfd.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "lib/seqbuf.h"
#include "lib/string.h"

#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/sched/sched.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/pidfs/pidfs.h"

#define SET_TID_MAX 32 /* levels of pid namespaces */

/* ---- fork, vfork, clone, clone3 */

struct clone_request {
	struct fork_args fork;
	int __user *pidfd; /* CLONE_PIDFD: where its number goes */
	int set_tid[SET_TID_MAX];
};

#define CLONE3_KNOWN                                                                               \
	(0xffffffffull | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP | CLONE_AUTOREAP | CLONE_NNP |    \
	 CLONE_PIDFD_AUTOKILL | CLONE_EMPTY_MNTNS)

/* Combinations that mean nothing, in Linux's order. */
static int clone_check_flags(const struct fork_args *a)
{
	const struct task *self = task_current();
	u64 f = a->flags;

	if ((f & (CLONE_NEWNS | CLONE_NEWUSER)) && (f & CLONE_FS))
		return -EINVAL;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return -EINVAL;
	if ((f & CLONE_PARENT) && task_is_ns_init(self))
		return -EINVAL;
	if ((f & CLONE_THREAD) &&
	    ((f & (CLONE_NEWUSER | CLONE_NEWPID)) ||
	     &pidns_current()->ns != current->nsproxy->ns[NS_PID_FOR_CHILDREN]))
		return -EINVAL;
	/* LAB 8 BEGIN rules */
	if ((f & CLONE_AUTOREAP) && ((f & (CLONE_THREAD | CLONE_PARENT)) || a->exit_signal))
		return -EINVAL;
	if ((f & CLONE_PARENT) && self->autoreap)
		return -EINVAL;
	/* LAB 8 END */
	if ((f & CLONE_NNP) && (f & CLONE_THREAD))
		return -EINVAL;
	if ((f & CLONE_NEWIPC) && (f & CLONE_SYSVSEM))
		return -EINVAL;
	return f & (CLONE_INTO_CGROUP | CLONE_EMPTY_MNTNS) ? -EINVAL : 0;
}

/* A pidfd whose last close kills: not over a program that could gain privilege, unless the caller
 * is privileged. */
static int clone_check_autokill(u64 flags)
{
	/* LAB 8 BEGIN kill-rules */
	if (!(flags & CLONE_PIDFD_AUTOKILL))
		return 0;
	if (!(flags & CLONE_PIDFD) || !(flags & CLONE_AUTOREAP) || (flags & CLONE_THREAD))
		return -EINVAL;
	return (flags & CLONE_NNP) || capable_own(CAP_SYS_ADMIN) ? 0 : -EPERM;
	/* LAB 8 END */
}

/* A reserved descriptor and the file to put there; its number is with the user already. */
static int clone_make_pidfd(const struct clone_request *req, struct pid *pid, int *fd,
			    struct file **file)
{
	u32 flags = (req->fork.flags & CLONE_THREAD ? PIDFD_THREAD : 0) |
		    (req->fork.flags & CLONE_PIDFD_AUTOKILL ? PIDFD_AUTOKILL : 0);
	int err = fd_reserve(current->files, O_CLOEXEC, fd);

	if (err)
		return err;
	err = pidfs_open(pid, flags, file);
	if (err)
		goto out_unreserve;
	err = put_user(*fd, req->pidfd);
	if (err)
		goto out_file;
	return 0;
out_file:
	file_put(*file);
out_unreserve:
	fd_unreserve(current->files, *fd);
	return err;
}

static long clone_run(const struct clone_request *req)
{
	const struct fork_args *args = &req->fork;
	struct file *pidfd_file = NULL;
	struct thread *t;
	int err, fd = -1, nr;

	err = clone_check_flags(args);
	if (!err)
		err = clone_check_autokill(args->flags);
	if (!err)
		err = fork_create(args, &t);
	if (err)
		return err;
	if (args->flags & CLONE_PIDFD)
		err = clone_make_pidfd(req, t->pid, &fd, &pidfd_file);
	if (err)
		goto out_discard;
	err = fork_publish(t, args);
	if (err)
		goto out_pidfd;
	if (pidfd_file)
		fd_install(current->files, fd, pidfd_file);
	nr = pid_vnr(t->pid);
	if ((args->flags & CLONE_PARENT_SETTID) && put_user(nr, args->parent_tid))
		nr = pid_vnr(t->pid); /* a bad address is the caller's own affair */
	fork_start(t, args);
	return nr;
out_pidfd:
	if (pidfd_file) {
		file_put(pidfd_file);
		fd_unreserve(current->files, fd);
	}
out_discard:
	fork_discard(t);
	return err;
}

SYSCALL(fork, void)
{
	struct clone_request req = { .fork = { .exit_signal = SIGCHLD } };

	return clone_run(&req);
}

SYSCALL(vfork, void)
{
	struct clone_request req = {
		.fork = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD },
	};

	return clone_run(&req);
}

SYSCALL(clone, u64 flags, u64 stack, int __user *parent_tid, int __user *child_tid, u64 tls)
{
	u32 sig = flags & CSIGNAL;
	struct clone_request req = {
		.fork = { .flags = (u32)flags & ~(u32)CSIGNAL,
			  .exit_signal = sig <= NR_SIGNALS ? sig : 0,
			  .stack = stack,
			  .tls = tls,
			  .parent_tid = parent_tid,
			  .child_tid = child_tid },
		.pidfd = parent_tid,
	};

	if ((flags & CLONE_PIDFD) && (flags & (CLONE_PARENT_SETTID | CLONE_DETACHED)))
		return -EINVAL;
	return clone_run(&req);
}

static int clone3_copy(struct clone_args *args, const char __user *uargs, size_t size)
{
	return size < CLONE_ARGS_SIZE_VER0 ? -EINVAL
					   : struct_from_user(args, sizeof(*args), uargs, size);
}

static int clone3_check(const struct clone_args *a, size_t size)
{
	if (a->set_tid_size > SET_TID_MAX || !a->set_tid != !a->set_tid_size)
		return -EINVAL;
	if ((a->exit_signal & ~(u64)CSIGNAL) || a->exit_signal > NR_SIGNALS)
		return -EINVAL;
	if ((a->flags & CLONE_INTO_CGROUP) &&
	    (a->cgroup > 0x7fffffff || size < CLONE_ARGS_SIZE_VER2))
		return -EINVAL;
	return 0;
}

static int clone3_check_flags(const struct clone_args *a)
{
	if (a->flags & ~CLONE3_KNOWN)
		return -EINVAL;
	if (a->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
		return -EINVAL;
	if ((a->flags & CLONE_SIGHAND) && (a->flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal)
		return -EINVAL;
	if (!a->stack != !a->stack_size || !user_range_ok((void __user *)a->stack, a->stack_size))
		return -EINVAL;
	if ((a->flags & CLONE_PIDFD) && (a->flags & CLONE_PARENT_SETTID) &&
	    a->pidfd == a->parent_tid)
		return -EINVAL;
	return 0;
}

SYSCALL(clone3, const char __user *uargs, size_t size)
{
	struct clone_request req = { 0 };
	struct clone_args a;
	int err = clone3_copy(&a, uargs, size);

	if (!err)
		err = clone3_check(&a, size);
	if (!err && a.set_tid_size)
		err = copy_from_user(req.set_tid, (void __user *)a.set_tid,
				     a.set_tid_size * sizeof(int));
	if (!err)
		err = clone3_check_flags(&a);
	if (err)
		return err;
	req.fork = (struct fork_args){
		.flags = a.flags,
		.exit_signal = a.exit_signal,
		.stack = a.stack ? a.stack + a.stack_size : 0,
		.tls = a.tls,
		.parent_tid = (int __user *)a.parent_tid,
		.child_tid = (int __user *)a.child_tid,
		.set_tid = req.set_tid,
		.nr_set_tid = a.set_tid_size,
	};
	req.pidfd = (int __user *)a.pidfd;
	return clone_run(&req);
}

/* ---- execve, execveat */

SYSCALL(execve, const char __user *uname, const char __user *const __user *argv,
	const char __user *const __user *envp)
{
	struct exec_args args = { .argv = argv, .envp = envp };
	char *name;
	int err = path_name_from_user(uname, false, &name);

	if (err)
		return err;
	err = exec_open(AT_FDCWD, name, 0, &args.file);
	if (!err) {
		args.filename = name;
		err = exec_run(&args);
		file_put(args.file);
	}
	path_name_free(name);
	return err;
}

#define EXECVEAT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EXECVE_CHECK)

/* What a script's interpreter and AT_EXECFN are told: a name that leads to the file through the
 * descriptor. */
static const char *execveat_name(int fd, const char *name, char *buf, size_t size)
{
	struct seqbuf s;

	if (fd == AT_FDCWD || name[0] == '/')
		return name;
	seqbuf_init(&s, buf, size);
	seqbuf_printf(&s, name[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d%s", fd, name);
	return seqbuf_str(&s);
}

SYSCALL(execveat, int fd, const char __user *uname, const char __user *const __user *argv,
	const char __user *const __user *envp, int flags)
{
	struct exec_args args = { .argv = argv, .envp = envp };
	char *name, buf[128];
	int err;

	if (flags & ~EXECVEAT_FLAGS)
		return -EINVAL;
	err = path_name_from_user(uname, flags & AT_EMPTY_PATH, &name);
	if (err)
		return err;
	err = exec_open(fd, name, flags & ~AT_EXECVE_CHECK, &args.file);
	if (!err) {
		args.filename = execveat_name(fd, name, buf, sizeof(buf));
		args.is_fd_cloexec =
			args.filename != name && fd_get_cloexec(current->files, fd) == 1;
		err = flags & AT_EXECVE_CHECK ? 0 : exec_run(&args);
		file_put(args.file);
	}
	path_name_free(name);
	return err;
}

/* ---- exit */

SYSCALL(exit, int code)
{
	task_exit_thread((code & 0xff) << 8);
}

SYSCALL(exit_group, int code)
{
	task_exit_group((code & 0xff) << 8);
}

/* ---- wait4, waitid */

#define WAIT_KINDS   (WEXITED | WSTOPPED | WCONTINUED)
#define WAIT_COMMON  (WNOHANG | __WNOTHREAD | __WCLONE | __WALL)
#define WAITID_FLAGS (WAIT_COMMON | WAIT_KINDS | WNOWAIT)
#define WAIT4_FLAGS  (WAIT_COMMON | WUNTRACED | WCONTINUED)

static struct pid *own_group_get(void)
{
	struct pid *group;

	rwspin_read_lock(&tasks_lock);
	group = pid_get(task_current()->group);
	rwspin_read_unlock(&tasks_lock);
	return group;
}

/* req->pid has a reference on success; a number nobody has is -ECHILD. */
static int wait_find(struct wait_request *req, int which, int nr)
{
	req->which = which;
	if (which == P_ALL)
		return 0;
	req->pid = which == P_PGID && nr == 0 ? own_group_get() : pid_find_get(pidns_current(), nr);
	return req->pid ? 0 : -ECHILD;
}

SYSCALL(wait4, int nr, int __user *ustatus, int options, struct rusage __user *urusage)
{
	struct wait_request req = { .options = (u32)options | WEXITED, .wants_rusage = urusage };
	struct wait_result result;
	int err;

	if ((u32)options & ~(u32)WAIT4_FLAGS)
		return -EINVAL;
	if (nr == INT32_MIN)
		return -ESRCH;
	err = wait_find(&req, nr == -1 ? P_ALL : nr > 0 ? P_PID : P_PGID, nr < 0 ? -nr : nr);
	if (err)
		return err;
	err = wait_child(&req, &result);
	pid_put(req.pid);
	if (err || !result.pid)
		return err;
	if (ustatus && put_user(result.wait_status, ustatus))
		return -EFAULT;
	if (urusage && copy_to_user(urusage, &result.rusage, sizeof(result.rusage)))
		return -EFAULT;
	return result.pid;
}

/* LAB 6 BEGIN wait-by-pidfd */
static int waitid_find_pidfd(struct wait_request *req, int fd)
{
	struct fdref ref;
	struct pid *pid;

	if (fd < 0)
		return -EINVAL;
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	pid = pidfs_pid(ref.file);
	if (pid) {
		req->which = P_PID;
		req->pid = pid_get(pid);
		req->nonblock_eagain = ref.file->flags & O_NONBLOCK;
	}
	fdref_put(ref);
	return pid ? 0 : -EBADF;
}
/* LAB 6 END */

static int waitid_find(struct wait_request *req, int which, int id)
{
	switch (which) {
	case P_ALL:
		return wait_find(req, P_ALL, 0);
	case P_PID:
		return id > 0 ? wait_find(req, P_PID, id) : -EINVAL;
	case P_PGID:
		return id >= 0 ? wait_find(req, P_PGID, id) : -EINVAL;
	case P_PIDFD:
		return waitid_find_pidfd(req, id);
	}
	return -EINVAL;
}

static int waitid_run(struct wait_request *req, int which, int id, struct wait_result *result)
{
	int err;

	if ((req->options & ~(u32)WAITID_FLAGS) || !(req->options & WAIT_KINDS))
		return -EINVAL;
	err = waitid_find(req, which, id);
	if (err)
		return err;
	err = wait_child(req, result);
	pid_put(req->pid);
	return err;
}

SYSCALL(waitid, int which, int id, siginfo_t __user *uinfo, int options,
	struct rusage __user *urusage)
{
	struct wait_request req = { .options = (u32)options, .wants_rusage = urusage };
	struct wait_result result = { 0 };
	int err = waitid_run(&req, which, id, &result);

	if (!err && result.pid && urusage &&
	    copy_to_user(urusage, &result.rusage, sizeof(result.rusage)))
		return -EFAULT;
	if (!uinfo)
		return err;
	/* As in Linux also when nothing was found: zeroes. */
	if (put_user(result.pid ? SIGCHLD : 0, &uinfo->si_signo) || put_user(0, &uinfo->si_errno) ||
	    put_user(result.cause, &uinfo->si_code) || put_user(result.pid, &uinfo->si_pid) ||
	    put_user(result.uid, &uinfo->si_uid) || put_user(result.status, &uinfo->si_status))
		return -EFAULT;
	return err;
}

/* ---- Who am I */

SYSCALL(getpid, void)
{
	return pid_vnr(task_current()->pid);
}

SYSCALL(gettid, void)
{
	return pid_vnr(current->pid);
}

SYSCALL(getppid, void)
{
	struct task *parent;
	int nr;

	rwspin_read_lock(&tasks_lock);
	parent = task_current()->parent;
	nr = parent ? pid_vnr(parent->pid) : 0;
	rwspin_read_unlock(&tasks_lock);
	return nr;
}

SYSCALL(set_tid_address, int __user *tid)
{
	current->clear_child_tid = tid;
	return pid_vnr(current->pid);
}
