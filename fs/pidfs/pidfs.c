/*
 * pidfs: processes as files.
 *
 * Owns: the one inode a struct pid can have, and the meaning of looking at it.
 * Life: the inode is made by the first open and holds one reference on its pid (inode->private);
 *   each pidfd is a file on a nameless dentry of its own; the last close evicts the inode, which
 *   drops the pid. Nothing is cached. file->private is free for options of one open.
 * Invariant: inode->ino == pid->ino, and a pid's ino is never given out again. So two pidfds are
 *   the same process if and only if st_dev and st_ino agree, for as long as the system runs.
 * Locks: none of its own. Two openers meet in inode_get_or_add(). What is read of a process is
 *   either constant in struct pid, or ordered by pid->life (DOC: exit-order). No lock across a
 *   user copy.
 * Callers: the system call layer, and sockets. Never called from exit, nor in interrupts.
 * Not here: signals (kernel/task), what does not need the inode (pidfd.c), older kinds of pidfd
 *   (fallback.c).
 * Follows: Linux 7.3 fs/pidfs.c
 */
#include "fs/pidfs/internal.h"

#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <pipit/pidfd.h>

#include "arch/x86_64/uaccess.h"
#include "kernel/debug/panic.h"
#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/mm/as.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/libfs.h"
#include "fs/nsfs/nsfs.h"

/* What this kernel can fill in; there are no cgroups here. */
#define SUPPORTED_INFO                                                                             \
	(PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_EXIT | PIDFD_INFO_COREDUMP |               \
	 PIDFD_INFO_COREDUMP_SIGNAL | PIDFD_INFO_COREDUMP_CODE | PIDFD_INFO_SUPPORTED_MASK |       \
	 PIDFD_INFO_KILL_ON_CLOSE)

static bool is_marked(const struct inode *inode)
{
	return atomic_load_explicit(&inode->state, memory_order_relaxed) & INODE_MARKED;
}

/* LAB 2 3 BEGIN looks */
/* Programs that list open files stumbled over a regular file here, so the type bits are not shown.
 */
static int pidfs_getattr(struct inode *inode, struct kstat *st)
{
	st->mode &= ~(u32)S_IFMT;
	return 0;
}

static void pidfs_evict(struct inode *inode)
{
	if (unlikely(is_marked(inode)))
		pidfs_kill_on_last_close(inode->private);
	/* LAB 5 BEGIN evict */
	pid_put(inode->private);
	/* LAB 5 END */
}

static void pidfs_dname(const struct dentry *dentry, struct seqbuf *out)
{
	seqbuf_puts(out, "anon_inode:[pidfd]");
}
/* LAB 2 3 END */

static void info_fill_creds(struct pidfd_info *info, const struct cred *cred)
{
	info->ruid = uid_to_user(cred->uid);
	info->rgid = gid_to_user(cred->gid);
	info->euid = uid_to_user(cred->euid);
	info->egid = gid_to_user(cred->egid);
	info->suid = uid_to_user(cred->suid);
	info->sgid = gid_to_user(cred->sgid);
	info->fsuid = uid_to_user(cred->fsuid);
	info->fsgid = gid_to_user(cred->fsgid);
	info->mask |= PIDFD_INFO_CREDS;
}

/* False: there was no dump. */
static bool info_fill_dump(struct pidfd_info *info, const struct pid *pid)
{
	u32 mask = atomic_load_explicit(&pid->dump.mask, memory_order_acquire);

	if (!mask)
		return false;
	info->coredump_mask = mask;
	info->coredump_signal = (u32)pid->dump.signal;
	info->coredump_code = (u32)pid->dump.code;
	info->mask |= PIDFD_INFO_COREDUMP | PIDFD_INFO_COREDUMP_SIGNAL | PIDFD_INFO_COREDUMP_CODE;
	return true;
}

/* Who would get a core dump of it; nobody asks a zombie, which has no memory. */
static void info_fill_dumpable(struct pidfd_info *info, struct thread *thread)
{
	static const u8 masks[] = { PIDFD_COREDUMP_SKIP, PIDFD_COREDUMP_USER, PIDFD_COREDUMP_ROOT };
	struct as *as = thread_as_get(thread);

	if (!as)
		return;
	info->coredump_mask = masks[as->dumpable];
	info->mask |= PIDFD_INFO_COREDUMP;
	as_put(as);
}

static int info_fill_live(struct pidfd_info *info, struct thread *thread, u64 asked)
{
	const struct cred *cred = thread_cred_get(thread);
	const struct pidns *ns = pidns_current();
	struct task *task = thread->task;

	info_fill_creds(info, cred);
	cred_put(cred);
	rwspin_read_lock(&tasks_lock);
	info->pid = pid_nr_in(thread->pid, ns);
	info->tgid = pid_nr_in(task->pid, ns);
	info->ppid = task->parent ? pid_nr_in(task->parent->pid, ns) : 0;
	rwspin_read_unlock(&tasks_lock);
	info->mask |= PIDFD_INFO_PID;
	if ((asked & PIDFD_INFO_COREDUMP) && !info_fill_dump(info, thread->pid))
		info_fill_dumpable(info, thread);
	return info->pid && info->tgid ? 0 : -ESRCH;
}

static int info_fill(struct pidfd_info *info, struct pid *pid, u64 asked)
{
	struct thread *thread = thread_of_pid_get(pid);
	int err = 0;

	if (thread) {
		err = info_fill_live(info, thread, asked);
		thread_put(thread);
	}
	/* LAB 8 BEGIN exit-info */
	/* Reaped before the look-up, or during it: then only the exit record is left to tell. */
	if (pid_life(pid) == PID_REAPED) {
		if (!(asked & PIDFD_INFO_EXIT))
			return -ESRCH;
		if (!thread || err)
			*info = (struct pidfd_info){ 0 };
		if (asked & PIDFD_INFO_COREDUMP)
			info_fill_dump(info, pid);
		info->exit_code = pid->exit.code;
		info->mask |= PIDFD_INFO_EXIT;
		err = 0;
	} else if (!thread) {
		err = -ESRCH;
	}
	/* LAB 8 END */
	if (asked & PIDFD_INFO_SUPPORTED_MASK) {
		info->supported_mask = SUPPORTED_INFO;
		info->mask |= PIDFD_INFO_SUPPORTED_MASK;
	}
	return err;
}

/* The struct may grow: the number carries the caller's size, and what only one side knows is zero.
 */
static long pidfs_get_info(const struct inode *inode, u32 cmd, u64 arg)
{
	struct pid *pid = inode->private;
	char __user *uinfo = (char __user *)arg;
	struct pidfd_info info = { 0 };
	size_t size = _IOC_SIZE(cmd);
	u64 asked;
	int err;

	if (_IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE) || size < PIDFD_INFO_SIZE_VER0)
		return -ENOTTY;
	if (!arg)
		return -EINVAL;
	if (get_user(asked, (const u64 __user *)arg))
		return -EFAULT;
	if (pid_life(pid) != PID_REAPED && !pid_vnr(pid))
		return -EREMOTE;
	err = info_fill(&info, pid, asked);
	if (err)
		return err;
	if ((asked & PIDFD_INFO_KILL_ON_CLOSE) && is_marked(inode))
		info.mask |= PIDFD_INFO_KILL_ON_CLOSE;
	if (copy_to_user(uinfo, &info, MIN(size, sizeof(info))))
		return -EFAULT;
	return size > sizeof(info) ? clear_user(uinfo + sizeof(info), size - sizeof(info)) : 0;
}

/* By number of the command, from PIDFD_GET_CGROUP_NAMESPACE on. */
static const u8 namespace_kinds[] = { NS_CGROUP, NS_IPC,
				      NS_MNT,    NS_NET,
				      NS_PID,    NS_PID_FOR_CHILDREN,
				      NS_TIME,   NS_TIME_FOR_CHILDREN,
				      NS_USER,   NS_UTS };

/* The target's exec lock is held, so that permission and namespace belong to the same program. */
static long fetch_namespace(struct thread *t, enum ns_kind kind, struct ns_common **out)
{
	struct ns_common *any;

	if (!task_may_access(t->task, PTRACE_MODE_READ | PTRACE_MODE_FSCREDS))
		return -EACCES;
	any = thread_ns_get(t, NS_UTS); /* who begins to end has none of any kind */
	*out = any ? thread_ns_get(t, kind) : NULL;
	ns_put(any);
	return *out ? 0 : -ESRCH;
}

static long pidfs_get_namespace(struct pid *pid, enum ns_kind kind, u64 arg)
{
	struct thread *t = thread_of_pid_get(pid);
	struct ns_common *ns;
	struct file *file;
	long err = -ESRCH;

	if (!t)
		return -ESRCH;
	if (arg)
		err = -EINVAL;
	else if (t->task)
		err = rwsem_read_lock_killable(&t->task->exec_lock);
	if (!err) {
		err = fetch_namespace(t, kind, &ns);
		rwsem_read_unlock(&t->task->exec_lock);
	}
	thread_put(t);
	if (err)
		return err;
	err = nsfs_open(ns, &file);
	ns_put(ns);
	return err ? err : fd_publish(files_current(), file, O_CLOEXEC);
}

static long pidfs_ioctl(struct file *file, u32 cmd, u64 arg)
{
	struct pid *pid = pidfs_pid(file);

	if (cmd ==
	    FS_IOC_GETVERSION) /* the generation: numbers are not reused, so it is always 0 */
		return arg ? put_user(0u, (u32 __user *)arg) : -EINVAL;
	if (_IOC_TYPE(cmd) != PIDFS_IOCTL_MAGIC)
		return -ENOTTY;
	if (_IOC_NR(cmd) == _IOC_NR(PIDFD_GET_INFO))
		return pidfs_get_info(file->inode, cmd, arg);
	if (cmd == PIDFD_SET_KILL_ON_CLOSE)
		return pidfs_set_kill_on_close(file->inode, arg);
	if (cmd >= PIDFD_GET_CGROUP_NAMESPACE && cmd <= PIDFD_GET_UTS_NAMESPACE)
		return pidfs_get_namespace(pid, namespace_kinds[cmd - PIDFD_GET_CGROUP_NAMESPACE],
					   arg);
	return -ENOTTY;
}

/* LAB 2 3 BEGIN pidfs */
static struct pseudo_fs pidfs;

static const struct super_ops pidfs_super_ops = {
	.evict = pidfs_evict,
	.dname = pidfs_dname,
};

static const struct inode_ops pidfs_inode_ops = {
	.getattr = pidfs_getattr,
	.setattr = setattr_unsupported,
	.xattr_get = pidfs_xattr_get,
	.xattr_set = pidfs_xattr_set,
	.xattr_remove = pidfs_xattr_remove,
	.xattr_list = pidfs_xattr_list,
};

static const struct file_ops pidfd_file_ops = {
	.poll = pidfd_poll,
	.ioctl = pidfs_ioctl,
	.release = pidfd_release,
	.show_fdinfo = pidfd_show_fdinfo,
};

static void pidfs_hold(void *private)
{
	struct pid *pid = private;

	pid_get(pid);
	pid->had_pidfd = true;
}

static const struct node_template pidfs_node = {
	.fs = &pidfs,
	.mode = S_IFREG | 0700,
	.iops = &pidfs_inode_ops,
	.fops = &pidfd_file_ops,
	.private_get = pidfs_hold,
};

int pidfs_open(struct pid *pid, u32 flags, struct file **out)
{
	assert(!(flags & ~(u32)(O_ACCMODE | O_NONBLOCK | PIDFD_THREAD | PIDFD_AUTOKILL)));
	/* LAB 4 BEGIN open */
	return pidfd_make(&pidfs_node, pid->ino, pid, O_RDWR | flags, out); /* libfs_open() */
	/* LAB 4 END */
}

struct pid *pidfs_pid(const struct file *file)
{
	return file->ops == &pidfd_file_ops ? file->inode->private : fallback_pid(file);
}
/* LAB 2 3 END */

void pidfs_init(void)
{
	pidfs_attr_init();
	pidfd_choose();
	/* LAB 2 3 BEGIN init */
	pseudo_fs_init(&pidfs, "pidfs", PID_FS_MAGIC, &pidfs_super_ops);
	/* LAB 2 3 END */
}
