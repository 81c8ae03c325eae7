/*
 * nsfs: namespaces as files.
 *
 * Owns: the one inode a namespace can have, and what can be asked of it.
 * Life: as in pidfs: the first open makes the inode, which holds the namespace (inode->private); the
 *   last close evicts it. So a namespace lives on without processes while somebody has its file.
 * Invariant: inode->ino == ns->ino, which is never given out again: two files are the same
 *   namespace if and only if st_dev and st_ino agree.
 * Locks: none of its own.
 * Callers: /proc/PID/ns, ioctls of pidfds, and its own, which lead from one namespace to another.
 *                                                     Follows: ioctl_nsfs(2), Linux 7.3 fs/nsfs.c
 */
#include "fs/nsfs/nsfs.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>

#include "arch/x86_64/uaccess.h"
#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/libfs.h"
#include "fs/mnt_ns.h"

#define MNT_GET_INFO_NR _IOC_NR(NS_MNT_GET_INFO)
#define MNT_GET_PREV_NR _IOC_NR(NS_MNT_GET_PREV)

static struct pseudo_fs nsfs;

static void nsfs_evict(struct inode *inode)
{
	ns_put(inode->private);
}

static void nsfs_dname(const struct dentry *dentry, struct seqbuf *out)
{
	const struct ns_common *ns = dentry_inode(dentry)->private;

	seqbuf_printf(out, "%s:[%lu]", ns->type->name, ns->ino);
}

/* ---- From one namespace to another */

/* Only what is within the caller's own user or pid namespace may be reached. */
static int get_owner(struct ns_common *ns, struct ns_common **out)
{
	if (!userns_is_within(ns->owner, userns_current()))
		return -EPERM;
	*out = &ns->owner->ns;
	return 0;
}

static int get_parent(struct ns_common *ns, struct ns_common **out)
{
	const struct pidns *parent;

	if (ns->type->flag == CLONE_NEWUSER)
		return get_owner(ns, out);
	if (ns->type->flag != CLONE_NEWPID)
		return -EINVAL;
	parent = pidns_of(ns)->parent;
	if (!parent || !pidns_is_within(parent, pidns_current()))
		return -EPERM;
	*out = &pidns_of(ns)->parent->ns;
	return 0;
}

static long open_fd(struct ns_common *ns)
{
	struct file *file;
	int err = nsfs_open(ns, &file);

	return err ? err : fd_publish(files_current(), file, O_CLOEXEC);
}

static long open_related(struct ns_common *ns, u32 cmd)
{
	struct ns_common *other;
	int err = cmd == NS_GET_PARENT ? get_parent(ns, &other) : get_owner(ns, &other);

	return err ? err : open_fd(other);
}

/* ---- Numbers */

static long translate_pid(struct ns_common *ns, u32 cmd, int nr)
{
	bool is_into = cmd == NS_GET_PID_IN_PIDNS || cmd == NS_GET_TGID_IN_PIDNS;
	bool is_thread = cmd == NS_GET_PID_IN_PIDNS || cmd == NS_GET_PID_FROM_PIDNS;
	struct pidns *own = pidns_current(), *other = pidns_of(ns);
	struct pid *pid;
	int found = 0;

	if (ns->type->flag != CLONE_NEWPID)
		return -EINVAL;
	pid = pid_find_get(is_into ? own : other, nr);
	if (!pid)
		return -ESRCH;
	rwspin_read_lock(&tasks_lock);
	if (pid->thread && pid->thread->task)
		found = pid_nr_in(is_thread ? pid : pid->thread->task->pid, is_into ? other : own);
	rwspin_read_unlock(&tasks_lock);
	pid_put(pid);
	return found ? found : -ESRCH;
}

static long get_owner_uid(struct ns_common *ns, u64 arg)
{
	if (ns->type->flag != CLONE_NEWUSER)
		return -EINVAL;
	return put_user(uid_to_user(userns_of(ns)->uid), (u32 __user *)arg);
}

/* ---- Mount namespaces */

/* uinfo NULL is fine where the size is right. */
static long put_mnt_info(struct ns_common *ns, u32 size, void __user *uinfo)
{
	struct mnt_ns_info info = { .size = sizeof(info),
				    .nr_mounts = mnt_ns_of(ns)->nr_mounts,
				    .mnt_ns_id = ns_id(ns) };

	return copy_to_user(uinfo, &info, MIN(size, (u32)sizeof(info)));
}

static long open_mnt_neighbour(struct ns_common *ns, u32 cmd, void __user *uinfo)
{
	struct mnt_ns *next = mnt_ns_next_get(mnt_ns_of(ns), _IOC_NR(cmd) == MNT_GET_PREV_NR);
	long fd, err = 0;

	if (!next)
		return -ENOENT;
	if (uinfo)
		err = put_mnt_info(&next->ns, _IOC_SIZE(cmd), uinfo);
	fd = err ? err : open_fd(&next->ns);
	ns_put(&next->ns);
	return fd;
}

/* The struct may grow: the number of the command counts, and how much the caller knows. */
static long mnt_ioctl(struct ns_common *ns, u32 cmd, void __user *uinfo)
{
	u32 nr = _IOC_NR(cmd);

	if (_IOC_TYPE(cmd) != NSIO || _IOC_DIR(cmd) != _IOC_READ || nr < MNT_GET_INFO_NR ||
	    nr > MNT_GET_PREV_NR)
		return -ENOTTY;
	if (ns->type->flag != CLONE_NEWNS || _IOC_SIZE(cmd) < MNT_NS_INFO_SIZE_VER0)
		return -EINVAL;
	if (nr != MNT_GET_INFO_NR)
		return open_mnt_neighbour(ns, cmd, uinfo);
	return uinfo ? put_mnt_info(ns, _IOC_SIZE(cmd), uinfo) : -EINVAL;
}

static long nsfs_ioctl(struct file *file, u32 cmd, u64 arg)
{
	struct ns_common *ns = nsfs_ns(file);

	switch (cmd) {
	case NS_GET_USERNS:
	case NS_GET_PARENT:
		return open_related(ns, cmd);
	case NS_GET_NSTYPE:
		return ns->type->flag;
	case NS_GET_OWNER_UID:
		return get_owner_uid(ns, arg);
	case NS_GET_PID_FROM_PIDNS:
	case NS_GET_TGID_FROM_PIDNS:
	case NS_GET_PID_IN_PIDNS:
	case NS_GET_TGID_IN_PIDNS:
		return translate_pid(ns, cmd, (int)arg);
	case NS_GET_MNTNS_ID:
		if (ns->type->flag != CLONE_NEWNS)
			return -EINVAL;
		fallthrough;
	case NS_GET_ID:
		return put_user(ns_id(ns), (u64 __user *)arg);
	}
	return mnt_ioctl(ns, cmd, (void __user *)arg);
}

static const struct super_ops nsfs_super_ops = {
	.evict = nsfs_evict,
	.dname = nsfs_dname,
};

static const struct inode_ops nsfs_inode_ops = {
	.setattr = setattr_unsupported,
};

static const struct file_ops nsfs_file_ops = {
	.ioctl = nsfs_ioctl,
};

static void nsfs_hold(void *ns)
{
	ns_get(ns);
}

static const struct node_template nsfs_node = {
	.fs = &nsfs,
	.mode = S_IFREG | 0444,
	.iops = &nsfs_inode_ops,
	.fops = &nsfs_file_ops,
	.private_get = nsfs_hold,
};

int nsfs_open(struct ns_common *ns, struct file **out)
{
	return libfs_open(&nsfs_node, ns->ino, ns, O_RDONLY, out);
}

int nsfs_path(struct ns_common *ns, struct path *out)
{
	return libfs_path(&nsfs_node, ns->ino, ns, out);
}

struct ns_common *nsfs_ns(const struct file *file)
{
	return file->ops == &nsfs_file_ops ? file->inode->private : NULL;
}

void nsfs_init(void)
{
	pseudo_fs_init(&nsfs, "nsfs", NSFS_MAGIC, &nsfs_super_ops);
	nsfs.sb->flags &= ~SB_NOUSER; /* a namespace may be kept by mounting its file */
}
