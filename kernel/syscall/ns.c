/*
 * Leaving and entering namespaces: unshare, setns.
 *
 * Both are all or nothing: everything that can fail is done to private copies, a nsproxy and maybe
 * credentials, fs_ctx and descriptors; then they are put in place. What is checked, and in which
 * order, is the ABI.
 *                        Follows: unshare(2), setns(2), namespaces(7), pid_namespaces(7),
 *                                 user_namespaces(7)
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/sched.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/mm/as.h"
#include "kernel/syscall/user.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/mnt_ns.h"
#include "fs/nsfs/nsfs.h"
#include "fs/pidfs/pidfs.h"

#define NS_FLAGS (CLONE_NAMESPACES | CLONE_NEWUSER)

/* What is to be put in place; NULL: stays as it is. */
struct change {
	u64 flags;
	struct nsproxy *nsproxy;
	struct cred *cred;
	struct fs_ctx *fs;
	struct files *files;
	struct path root; /* also the working directory */
};

static void change_drop(struct change *c)
{
	nsproxy_put(c->nsproxy);
	if (c->cred)
		cred_put(c->cred);
	if (c->fs)
		fs_ctx_put(c->fs);
	if (c->files)
		files_put(c->files);
	path_put(&c->root);
}

static void change_commit(struct change *c)
{
	if (c->files)
		thread_set_files(c->files);
	if (c->fs)
		thread_set_fs(c->fs);
	if (c->root.mnt) {
		fs_ctx_set_root(fs_ctx_current(), &c->root);
		fs_ctx_set_cwd(fs_ctx_current(), &c->root);
		path_put(&c->root);
	}
	if (c->cred)
		thread_change_cred(c->cred);
	if (c->nsproxy)
		thread_set_nsproxy(c->nsproxy);
}

static bool is_multithreaded(void)
{
	return task_current()->nr_threads > 1;
}

/* ---- unshare */

#define UNSHARE_FLAGS                                                                              \
	(NS_FLAGS | CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES |             \
	 CLONE_SYSVSEM)

/* What is asked for, with all that goes with it; or an error. */
static int unshare_flags(u64 *flags)
{
	u64 f = *flags;

	if (f & ~(u64)UNSHARE_FLAGS)
		return -EINVAL;
	if (f & CLONE_NEWUSER)
		f |= CLONE_THREAD | CLONE_FS;
	if (f & CLONE_VM)
		f |= CLONE_SIGHAND;
	if (f & CLONE_SIGHAND)
		f |= CLONE_THREAD;
	if (f & CLONE_NEWNS)
		f |= CLONE_FS;
	*flags = f;
	/* Threads cannot part; but to be alone already is fine. */
	if ((f & CLONE_THREAD) && is_multithreaded())
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && refcount_read(&task_current()->sighand->refs) > 1)
		return -EINVAL;
	return (f & CLONE_VM) && refcount_read(&current->as->users) > 1 ? -EINVAL : 0;
}

static int prepare_userns(struct change *c)
{
	if (fs_ctx_is_chrooted(fs_ctx_current()))
		return -EPERM;
	c->cred = cred_copy(cred_current());
	return c->cred ? userns_new(c->cred) : -ENOMEM;
}

static int prepare_unshare(struct change *c, u64 flags)
{
	struct userns *owner;
	int err = 0;

	if ((flags & CLONE_FS) && fs_ctx_is_shared(current->fs))
		err = fs_ctx_copy(current->fs, &c->fs);
	if (!err && (flags & CLONE_FILES) && files_is_shared(current->files))
		err = files_copy(current->files, &c->files);
	if (!err && (flags & CLONE_NEWUSER))
		err = prepare_userns(c);
	if (err || !(flags & CLONE_NAMESPACES))
		return err;
	owner = c->cred ? c->cred->userns : userns_current();
	return nsproxy_copy(current->nsproxy, flags, owner, c->fs ? c->fs : current->fs,
			    &c->nsproxy);
}

SYSCALL(unshare, u64 flags)
{
	struct change c = { 0 };
	int err = unshare_flags(&flags);

	if (err)
		return err;
	err = prepare_unshare(&c, flags);
	if (err)
		change_drop(&c);
	else
		change_commit(&c);
	return err;
}

/* ---- setns */

/* Over the namespace, and in the user namespace that the caller is in, or about to enter. */
static int check_entry(const struct change *c, const struct ns_common *ns)
{
	const struct userns *own = c->cred ? c->cred->userns : userns_current();

	return ns_capable(ns->owner, CAP_SYS_ADMIN) && ns_capable(own, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static int enter_user(struct change *c, struct ns_common *ns)
{
	if (userns_of(ns) == userns_current() || is_multithreaded() ||
	    fs_ctx_is_shared(current->fs))
		return -EINVAL;
	if (!ns_capable(userns_of(ns), CAP_SYS_ADMIN))
		return -EPERM;
	c->cred = cred_copy(cred_current());
	if (!c->cred)
		return -ENOMEM;
	userns_enter(c->cred, userns_of(ns));
	return 0;
}

static int enter_mnt(struct change *c, struct ns_common *ns)
{
	const struct userns *own = c->cred ? c->cred->userns : userns_current();

	if (check_entry(c, ns) || !ns_capable(own, CAP_SYS_CHROOT))
		return -EPERM;
	if (fs_ctx_is_shared(current->fs))
		return -EINVAL;
	mnt_ns_root_get(mnt_ns_of(ns), &c->root);
	nsproxy_set(c->nsproxy, NS_MNT, ns);
	return 0;
}

static int enter(struct change *c, enum ns_kind kind, struct ns_common *ns)
{
	int err;

	if (kind == NS_USER)
		return enter_user(c, ns);
	if (kind == NS_MNT)
		return enter_mnt(c, ns);
	if (kind == NS_TIME && is_multithreaded())
		return -EUSERS;
	err = check_entry(c, ns);
	if (err)
		return err;
	if (kind == NS_PID_FOR_CHILDREN && !pidns_is_within(pidns_of(ns), pidns_current()))
		return -EINVAL; /* the way up is closed */
	nsproxy_set(c->nsproxy, kind, ns);
	if (kind == NS_TIME)
		nsproxy_set(c->nsproxy, NS_TIME_FOR_CHILDREN, ns);
	return 0;
}

/* The order in which namespaces are entered, and what each is taken from. */
static const struct {
	u32 flag;
	u8 kind; /* where it goes */
	u8 source; /* of the thread it is taken from */
} entries[] = {
	{ CLONE_NEWUSER, NS_USER, NS_USER },
	{ CLONE_NEWNS, NS_MNT, NS_MNT },
	{ CLONE_NEWUTS, NS_UTS, NS_UTS },
	{ CLONE_NEWIPC, NS_IPC, NS_IPC },
	{ CLONE_NEWPID, NS_PID_FOR_CHILDREN, NS_PID },
	{ CLONE_NEWCGROUP, NS_CGROUP, NS_CGROUP },
	{ CLONE_NEWNET, NS_NET, NS_NET },
	{ CLONE_NEWTIME, NS_TIME, NS_TIME },
};

/* The namespaces in flags of a thread, or, without one, the one given. */
static int enter_all(struct change *c, u64 flags, struct thread *from, struct ns_common *one)
{
	int err = nsproxy_copy(current->nsproxy, 0, NULL, NULL, &c->nsproxy);

	for (size_t i = 0; !err && i < ARRAY_SIZE(entries); i++) {
		struct ns_common *ns;

		if (!(flags & entries[i].flag))
			continue;
		ns = from ? thread_ns_get(from, entries[i].source) : ns_get(one);
		err = ns ? enter(c, entries[i].kind, ns) : -ESRCH;
		ns_put(ns);
	}
	return err;
}

static int enter_those_of(struct change *c, u64 flags, struct pid *pid)
{
	struct thread *t = thread_of_pid_get(pid);
	struct ns_common *any;
	int err = -ESRCH;

	if (!t)
		return -ESRCH;
	any = t->task ? thread_ns_get(t, NS_UTS) : NULL;
	if (t->task && !task_may_access(t->task, PTRACE_MODE_READ | PTRACE_MODE_REALCREDS))
		err = -EPERM;
	else if (any)
		err = enter_all(c, flags, t, NULL);
	ns_put(any);
	thread_put(t);
	return err;
}

static int prepare_setns(struct change *c, const struct file *file, u64 flags)
{
	struct ns_common *ns = nsfs_ns(file);
	struct pid *pid = pidfs_pid(file);

	if (ns)
		return flags && flags != ns->type->flag ? -EINVAL
							: enter_all(c, ns->type->flag, NULL, ns);
	if (!pid || !flags || (flags & ~(u64)NS_FLAGS))
		return -EINVAL;
	return enter_those_of(c, flags, pid);
}

SYSCALL(setns, int fd, int flags)
{
	struct fdref ref = fdref_get(fd);
	struct change c = { 0 };
	int err;

	if (!ref.file)
		return -EBADF;
	err = prepare_setns(&c, ref.file, (u32)flags);
	if (err)
		change_drop(&c);
	else
		change_commit(&c);
	fdref_put(ref);
	return err;
}
