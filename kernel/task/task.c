/*
 * The process table: who there is, and how to find and hold them.
 *
 * Owns: struct task, the list of all tasks, the links from struct pid to thread and task.
 * Life: task_new() for a first thread, task_publish() makes it visible, exit.c a zombie of it,
 *   task_reap() takes it out of the table.
 * Who holds whom: each thread holds its task. The task owns the memory of its leader thread: the
 * last put of a leader's thread only lets go of the task, and the task's last put frees both. So
 * either can be reached from a reference to the other. The process table's own reference is one on
 * the leader, from publish to reap. Locks: tasks_lock for the tree and the links; sig_lock for what
 * threads of the process share. Not here: fork.c, exit.c, wait.c, exec.c; signals and sessions.
 */
#include "kernel/task/task.h"

#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/string.h"

#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/id/userns.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/coredump.h"
#include "kernel/task/exec.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/timers.h"
#include "fs/fdtable.h"
#include "fs/path.h"

struct list all_tasks = LIST_INIT(all_tasks);
int threads_max;

static struct slab_cache *task_cache;
static _Atomic u64 nr_created, nr_gone; /* threads of processes */

/* ---- Life */

struct task *task_new(struct thread *leader)
{
	struct task *t = cache_zalloc(task_cache);

	if (!t)
		return NULL;
	refcount_init(&t->refs, 1); /* the leader's */
	list_init(&t->group_link);
	list_init(&t->session_link);
	list_init(&t->children);
	list_init(&t->zombies);
	list_init(&t->child_link);
	list_init(&t->all_link);
	wait_queue_init(&t->child_wait);
	spin_init(&t->sig_lock, RANK_SIG);
	list_init(&t->threads);
	wait_queue_init(&t->exec_wait);
	sigpending_init(&t->pending);
	rwsem_init(&t->exec_lock, RANK_EXEC);
	timers_init_task(t);
	t->start_ns = leader->start_ns;
	t->leader = leader;
	t->nr_threads = 1;
	t->nr_live = 1;
	list_add(&leader->task_link, &t->threads);
	leader->task = t;
	return t;
}

void task_publish(struct task *t, struct task *parent, struct pid *group, struct pid *session)
{
	struct pid *pid = t->leader->pid;

	rwspin_assert_write_held(&tasks_lock);
	t->pid = pid_get(pid);
	t->group = pid_get(group);
	t->session = pid_get(session);
	list_add_tail(&t->group_link, &group->group_members);
	list_add_tail(&t->session_link, &session->session_members);
	t->parent = parent;
	if (parent)
		list_add_tail(&t->child_link, &parent->children);
	list_add_tail(&t->all_link, &all_tasks);
	thread_get(t->leader); /* the process table's */
	pid->task = t;
	pid->thread = t->leader;
	if (unlikely(task_is_ns_init(t)))
		pid->numbers[pid->level].ns->init = t;
	pid_advance(pid, PID_LIVE);
	threads_count_new();
}

static void add_times_to_parent(struct task *t, struct task *parent)
{
	u64 user_ns, system_ns, irqflags, rss = MAX(t->max_rss_pages, t->child_max_rss_pages);

	cputime_split(t->dead_run_ns, t->dead_user_ns, t->dead_system_ns, &user_ns, &system_ns);
	irqflags = sig_lock(parent);
	parent->child_user_ns += user_ns + t->child_user_ns;
	parent->child_system_ns += system_ns + t->child_system_ns;
	parent->child_voluntary += t->nr_voluntary + t->child_voluntary;
	parent->child_involuntary += t->nr_involuntary + t->child_involuntary;
	parent->child_minor_faults += t->minor_faults + t->child_minor_faults;
	parent->child_major_faults += t->major_faults + t->child_major_faults;
	parent->child_max_rss_pages = MAX(parent->child_max_rss_pages, rss);
	sig_unlock(parent, irqflags);
}

void task_reap(struct task *t)
{
	struct pid *pid = t->pid;

	rwspin_assert_write_held(&tasks_lock);
	assert(t->is_zombie && !t->is_reaped);
	if (t->parent)
		add_times_to_parent(t, t->parent);
	t->is_reaped = true;
	list_del_init(&t->child_link);
	list_del_init(&t->all_link);
	list_del_init(&t->group_link);
	list_del_init(&t->session_link);
	pid->task = NULL;
	pid->thread = NULL;
	if (unlikely(task_is_ns_init(t)))
		pid->numbers[pid->level].ns->init = NULL;
	pid_drop_if_unused(pid);
	pid_drop_if_unused(t->group);
	pid_drop_if_unused(t->session);
	pid_advance(pid, PID_REAPED);
}

static void task_free(struct task *t)
{
	assert(list_empty(&t->children) && list_empty(&t->zombies));
	pid_put(t->pid);
	pid_put(t->group);
	pid_put(t->session);
	thread_free(t->leader);
	cache_free(task_cache, t);
}

void task_put(struct task *t)
{
	if (refcount_put(&t->refs))
		task_free(t);
}

static void last_put_of_thread(struct thread *thread)
{
	struct task *t = thread->task;

	if (thread != t->leader)
		thread_free(thread);
	task_put(t);
}

/* ---- Finding */

struct task *task_of_pid_get(struct pid *pid)
{
	struct task *t;

	rwspin_read_lock(&tasks_lock);
	t = pid->task;
	if (t)
		task_get(t);
	rwspin_read_unlock(&tasks_lock);
	return t;
}

struct task *task_find_get(int nr)
{
	struct pid *pid = pid_find_get(pidns_current(), nr);
	struct task *t;

	if (!pid)
		return NULL;
	t = task_of_pid_get(pid);
	pid_put(pid);
	return t;
}

struct thread *thread_of_pid_get(struct pid *pid)
{
	struct thread *t;

	rwspin_read_lock(&tasks_lock);
	t = pid->thread;
	if (t)
		thread_get(t);
	rwspin_read_unlock(&tasks_lock);
	return t;
}

int task_for_each(int (*fn)(struct task *, void *), void *arg)
{
	struct task *t;
	int result = 0;

	rwspin_assert_held(&tasks_lock);
	list_for_each(t, &all_tasks, all_link) {
		result = fn(t, arg);
		if (result)
			break;
	}
	return result;
}

unsigned thread_count(void)
{
	u64 gone = atomic_load_explicit(&nr_gone, memory_order_relaxed);

	return (unsigned)(threads_created() - gone);
}

u64 threads_created(void)
{
	return atomic_load_explicit(&nr_created, memory_order_relaxed);
}

void threads_count_new(void)
{
	atomic_fetch_add_explicit(&nr_created, 1, memory_order_relaxed);
}

void threads_count_gone(void)
{
	atomic_fetch_add_explicit(&nr_gone, 1, memory_order_relaxed);
}

/* ---- What threads share, seen from others */

struct as *thread_as_get(struct thread *t)
{
	u64 irqflags = sig_lock(t->task);
	struct as *as = t->as;

	if (as)
		as_get(as);
	sig_unlock(t->task, irqflags);
	return as;
}

struct files *thread_files_get(struct thread *t)
{
	u64 irqflags = sig_lock(t->task);
	struct files *files = t->files;

	if (files)
		files_get(files);
	sig_unlock(t->task, irqflags);
	return files;
}

struct fs_ctx *thread_fs_get(struct thread *t)
{
	u64 irqflags = sig_lock(t->task);
	struct fs_ctx *fs = t->fs;

	if (fs)
		fs_ctx_get(fs);
	sig_unlock(t->task, irqflags);
	return fs;
}

const struct cred *thread_cred_get(struct thread *t)
{
	const struct cred *cred;
	u64 irqflags;

	if (!t->task)
		return cred_get(&cred_root);
	irqflags = sig_lock(t->task);
	cred = cred_get(t->cred);
	sig_unlock(t->task, irqflags);
	return cred;
}

struct ns_common *thread_ns_get(struct thread *t, enum ns_kind kind)
{
	struct ns_common *ns = NULL;
	u64 irqflags;

	rwspin_read_lock(&tasks_lock);
	irqflags = sig_lock(t->task);
	if (kind == NS_USER)
		ns = &t->cred->userns->ns;
	else if (kind == NS_PID)
		ns = &t->pid->numbers[t->pid->level].ns->ns;
	else if (t->nsproxy)
		ns = t->nsproxy->ns[kind];
	if (ns)
		ns_get(ns);
	sig_unlock(t->task, irqflags);
	rwspin_read_unlock(&tasks_lock);
	return ns;
}

/* The leader's, who changes when another thread execs: he is looked up under the lock. */
const struct cred *task_cred_get(struct task *t)
{
	u64 irqflags = sig_lock(t);
	const struct cred *cred = cred_get(t->leader->cred);

	sig_unlock(t, irqflags);
	return cred;
}

u32 task_uid(struct task *t)
{
	u64 irqflags = sig_lock(t);
	u32 uid = t->leader->cred->uid;

	sig_unlock(t, irqflags);
	return uid;
}

struct as *task_as_get(struct task *t)
{
	u64 irqflags = sig_lock(t);
	struct as *as = t->leader->as;

	if (as)
		as_get(as);
	sig_unlock(t, irqflags);
	return as;
}

void thread_set_cred(const struct cred *new)
{
	struct thread *self = current;
	const struct cred *old = self->cred;
	struct uid_usage *old_usage = self->uid_usage, *usage;
	u64 irqflags;

	usage = old->uid != new->uid ? uid_usage_of(new->uid) : uid_usage_get(old_usage);
	uid_usage_join(usage);
	irqflags = sig_lock(self->task);
	if (self == self->task->leader)
		sigqueue_move_charge(self->task, old_usage, usage);
	self->uid_usage = usage;
	self->cred = new;
	if (old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
	    old->fsgid != new->fsgid)
		self->task->pdeath_signal = 0; /* PR_SET_PDEATHSIG(2const) */
	sig_unlock(self->task, irqflags);
	uid_usage_leave(old_usage);
	cred_put(old);
}

void thread_set_fs(struct fs_ctx *fs)
{
	struct thread *self = current;
	struct fs_ctx *old = self->fs;
	u64 irqflags = sig_lock(self->task);

	self->fs = fs;
	sig_unlock(self->task, irqflags);
	fs_ctx_put(old);
}

/* Whether new may do nothing that old could not: then a tracer of old may be one of new. */
static bool cred_covers(const struct cred *old, const struct cred *new)
{
	const struct userns *ns = new->userns;

	if (old->userns == ns)
		return !(new->cap_permitted & ~old->cap_permitted);
	for (; userns_parent(ns); ns = userns_parent(ns))
		if (userns_parent(ns) == old->userns && ns->uid == old->euid)
			return true;
	return false;
}

void thread_change_cred(const struct cred *new)
{
	const struct cred *old = cred_current();

	if ((old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
	     !cred_covers(old, new)) &&
	    current->as)
		current->as->dumpable = suid_dumpable;
	thread_set_cred(new);
}

void thread_set_nsproxy(struct nsproxy *p)
{
	struct thread *self = current;
	struct nsproxy *old = self->nsproxy;
	u64 irqflags = sig_lock(self->task);

	self->nsproxy = p;
	sig_unlock(self->task, irqflags);
	nsproxy_put(old);
}

void thread_set_files(struct files *files)
{
	struct thread *self = current;
	struct files *old = self->files;
	u64 irqflags = sig_lock(self->task);

	self->files = files;
	sig_unlock(self->task, irqflags);
	files_put(old);
}

/* ptrace(2), "Ptrace access mode checking". */
static bool cred_may_access(const struct cred *self, const struct cred *other, u32 mode,
			    bool is_dumpable)
{
	bool is_fs = mode & PTRACE_MODE_FSCREDS;
	u32 uid = is_fs ? self->fsuid : self->uid, gid = is_fs ? self->fsgid : self->gid;
	u64 caps = is_fs ? self->cap_effective : self->cap_permitted;

	if (cred_capable(self, other->userns, CAP_SYS_PTRACE))
		return true;
	if (uid != other->euid || uid != other->suid || uid != other->uid || gid != other->egid ||
	    gid != other->sgid || gid != other->gid)
		return false;
	/* Capabilities can be compared only where they mean the same. */
	return is_dumpable && self->userns == other->userns && !(other->cap_permitted & ~caps);
}

bool task_may_access(struct task *t, u32 mode)
{
	const struct cred *other;
	bool is_dumpable, is_allowed;
	struct as *as;

	if (t == task_current())
		return true;
	other = task_cred_get(t);
	as = task_as_get(t);
	is_dumpable = !as || as->dumpable == DUMP_USER;
	is_allowed = cred_may_access(cred_current(), other, mode, is_dumpable);
	if (as)
		as_put(as);
	cred_put(other);
	return is_allowed;
}

/* What a small process takes: so many fill the memory. */
#define PAGES_PER_THREAD 25

void task_init(void)
{
	struct mem_stats mem;

	mem_stats(&mem);
	threads_max = MIN(mem.total_pages / PAGES_PER_THREAD, 4194304u);
	task_cache = cache_create("task", sizeof(struct task), 64);
	thread_last_put = last_put_of_thread;
	as_put_exe = exec_put_exe;
}
