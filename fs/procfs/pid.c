/*
 * /proc/PID and /proc/PID/task/TID: their tables, and who may look.
 *
 * Permission comes in two layers, as on Linux: mode bits, with the process as owner, and for what
 *   shows its memory or what it has open the rule of ptrace(2), asked when the file is opened or
 *   the link followed.
 * Locks: tasks_lock for reading, or sig_lock, for the moment that values are copied out; the text
 *   is written afterwards or into the buffer, which never allocates.
 */
#include <linux/errno.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/task/sigqueue.h"
#include "fs/procfs/internal.h"

int proc_thread_get(const struct tree_place *p, struct thread **out)
{
	*out = thread_of_pid_get(p->object);
	return *out ? 0 : -ESRCH;
}

int proc_check_access(const struct tree_place *p, u32 mode)
{
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	if (t->task != task_current() && !task_may_access(t->task, mode | PTRACE_MODE_FSCREDS))
		err = -EACCES;
	thread_put(t);
	return err;
}

int proc_open_memory(const struct tree_place *p, struct file *file)
{
	struct thread *t;
	struct as *as;
	int err = proc_check_access(p, PTRACE_MODE_READ);

	if (!err)
		err = proc_thread_get(p, &t);
	if (err)
		return err;
	as = thread_as_get(t);
	if (as)
		as_put(as);
	else
		err = -ESRCH;
	thread_put(t);
	return err;
}

bool proc_is_valid(const struct tree_place *p)
{
	if (!p->object)
		return true;
	return pid_life(p->object) != PID_REAPED && proc_fd_is_valid(p);
}

/* Linux's rule: what is not dumpable is root's, but for the directories that anybody may list. */
static void owner_from(const struct tree_place *p, const struct cred *cred, const struct as *as,
		       u32 *uid, u32 *gid)
{
	if (as && as->dumpable != DUMP_USER && p->entry->mode != (S_IFDIR | 0555))
		return;
	*uid = cred->euid;
	*gid = cred->egid;
}

void proc_owner(const struct tree_place *p, u32 *uid, u32 *gid)
{
	const struct cred *cred;
	struct thread *t;
	struct as *as;

	*uid = 0;
	*gid = 0;
	if (!p->object)
		return;
	if (likely(current->pid == p->object)) { /* ours: nobody else can change it meanwhile */
		owner_from(p, cred_current(), current->as, uid, gid);
		return;
	}
	t = thread_of_pid_get(p->object);
	if (!t)
		return;
	cred = thread_cred_get(t);
	as = thread_as_get(t);
	owner_from(p, cred, as, uid, gid);
	if (as)
		as_put(as);
	cred_put(cred);
	thread_put(t);
}

/* ---- Threads of a process */

static int threads_lookup(const struct tree_place *dir, const char *name, u32 len,
			  struct tree_child *out)
{
	int nr = proc_parse_number(name, len), err;
	struct thread *owner, *t;
	struct pid *pid;

	err = proc_thread_get(dir, &owner);
	if (err)
		return -ENOENT;
	pid = nr > 0 ? pid_find_get(proc_pidns(dir), nr) : NULL;
	t = pid ? thread_of_pid_get(pid) : NULL;
	if (t && t->task == owner->task && pid_life(pid) != PID_REAPED) {
		*out = (struct tree_child){ .entry = &proc_tid_dir,
					    .object = pid_get(pid),
					    .index = (u64)nr };
	} else {
		err = -ENOENT;
	}
	if (t)
		thread_put(t);
	pid_put(pid);
	thread_put(owner);
	return err;
}

/* The lowest number >= from; 0: none. Those that just begin or end may be missed. */
static int threads_lowest(struct task *task, const struct pidns *ns, int from)
{
	struct thread *t;
	u64 irqflags;
	int lowest = 0;

	rwspin_read_lock(&tasks_lock);
	irqflags = sig_lock(task);
	list_for_each(t, &task->threads, task_link) {
		int nr = pid_nr_in(t->pid, ns);

		if (nr >= from && nr > 0 && (!lowest || nr < lowest))
			lowest = nr;
	}
	sig_unlock(task, irqflags);
	rwspin_read_unlock(&tasks_lock);
	return lowest;
}

static bool threads_next(const struct tree_place *dir, u64 *cookie, char name[32],
			 struct tree_child *out)
{
	struct thread *owner;
	int nr;

	if (*cookie > INT32_MAX || proc_thread_get(dir, &owner))
		return false;
	nr = threads_lowest(owner->task, proc_pidns(dir), (int)*cookie);
	thread_put(owner);
	if (!nr)
		return false;
	*cookie = (u64)nr;
	snprintf(name, 32, "%d", nr);
	*out = (struct tree_child){ .entry = &proc_tid_dir, .index = (u64)nr };
	return true;
}

/* Programs count the threads by the links. */
static void threads_getattr(const struct tree_place *p, struct kstat *st)
{
	struct thread *t;

	if (proc_thread_get(p, &t))
		return;
	st->nlink = 2 + t->task->nr_threads;
	thread_put(t);
}

static const struct tree_dynamic threads = { .lookup = threads_lookup, .next = threads_next };

/* ---- Texts */

int proc_show_text(const struct tree_place *p, struct seqbuf *out)
{
	const struct proc_text *text = p->entry->data;
	struct thread *t;
	struct as *as;
	int err = text->access ? proc_check_access(p, text->access) : 0;

	if (!err)
		err = proc_thread_get(p, &t);
	if (err)
		return err;
	if (text->show) {
		err = text->show(p, t, out);
	} else if ((as = thread_as_get(t))) {
		err = text->show_as(as, out);
		as_put(as);
	}
	thread_put(t);
	return err;
}

int proc_write_text(const struct tree_place *p, const char *text, size_t len)
{
	const struct proc_text *how = p->entry->data;
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	err = how->write(t, text, len);
	thread_put(t);
	return err;
}

/* ---- Tables */

#define LINK_ENTRY(file, how)                                                                      \
	{                                                                                          \
		.name = file, .mode = S_IFLNK | 0777, .readlink = proc_path_readlink,              \
		.follow = (how)                                                                    \
	}
/* A text; behind it what of struct proc_text it needs. */
#define TEXT_ENTRY(file, access, ...)                                                              \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (access),                                          \
		.show = (access)&0444 ? proc_show_text : NULL,                                     \
		.write = (access)&0222 ? proc_write_text : NULL, .data = &(const struct proc_text) \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
/* One of memory, for which permission is asked when it is opened. */
#define MEMORY_ENTRY(file, access, how)                                                            \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (access), .show = proc_show_text,                  \
		.open = proc_open_memory, .data = &(const struct proc_text)                        \
		{                                                                                  \
			.show_as = (how)                                                           \
		}                                                                                  \
	}

static const struct tree_entry net_table[] = {
	TEXT_ENTRY("dev", 0444, .show = proc_show_net_dev),
	TEXT_ENTRY("unix", 0444, .show = proc_show_net_unix),
	{ .name = NULL },
};

/* What is there for a process and for each of its threads; first what is asked for most. */
#define COMMON_ENTRIES                                                                             \
	{ .name = "fdinfo",                                                                        \
	  .mode = S_IFDIR | 0555,                                                                  \
	  .dynamic = &proc_fdinfo_children,                                                        \
	  .permission = proc_fdinfo_permission },                                                  \
		{ .name = "fd",                                                                    \
		  .mode = S_IFDIR | 0500,                                                          \
		  .dynamic = &proc_fd_children,                                                    \
		  .permission = proc_fd_permission,                                                \
		  .getattr = proc_fd_getattr },                                                    \
		TEXT_ENTRY("status", 0444, .show = proc_show_status),                              \
		TEXT_ENTRY("statm", 0444, .show = proc_show_statm),                                \
		TEXT_ENTRY("cmdline", 0444, .show_as = proc_show_cmdline),                         \
		TEXT_ENTRY("comm", 0644, .show = proc_show_comm, .write = proc_write_comm),        \
		MEMORY_ENTRY("maps", 0444, proc_show_maps),                                        \
		MEMORY_ENTRY("smaps", 0444, proc_show_smaps),                                      \
		MEMORY_ENTRY("smaps_rollup", 0444, proc_show_smaps_rollup),                        \
		MEMORY_ENTRY("environ", 0400, proc_show_environ),                                  \
		MEMORY_ENTRY("auxv", 0400, proc_show_auxv),                                        \
		{ .name = "mem", .mode = S_IFREG | 0600, .fops = &proc_mem_ops },                  \
		{ .name = "pagemap", .mode = S_IFREG | 0400, .fops = &proc_pagemap_ops },          \
		{ .name = "ns", .mode = S_IFDIR | 0511, .dynamic = &proc_ns_children },            \
		{ .name = "net", .mode = S_IFDIR | 0555, .children = net_table },                  \
		TEXT_ENTRY("uid_map", 0644, .show = proc_show_uid_map,                             \
			   .write = proc_write_uid_map),                                           \
		TEXT_ENTRY("gid_map", 0644, .show = proc_show_gid_map,                             \
			   .write = proc_write_gid_map),                                           \
		TEXT_ENTRY("setgroups", 0644, .show = proc_show_setgroups,                         \
			   .write = proc_write_setgroups),                                         \
		TEXT_ENTRY("clear_refs", 0200, .write = proc_write_clear_refs),                    \
		TEXT_ENTRY("cgroup", 0444, .show = proc_show_cgroup),                              \
		LINK_ENTRY("cwd", proc_cwd_follow), LINK_ENTRY("exe", proc_exe_follow),            \
		LINK_ENTRY("root", proc_root_follow),                                              \
		TEXT_ENTRY("limits", 0444, .show = proc_show_limits),                              \
		TEXT_ENTRY("loginuid", 0444, .show = proc_show_audit_unset),                       \
		TEXT_ENTRY("mountinfo", 0444, .show = proc_show_mountinfo),                        \
		TEXT_ENTRY("mounts", 0444, .show = proc_show_mounts),                              \
		TEXT_ENTRY("oom_adj", 0644, .show = proc_show_oom_adj,                             \
			   .write = proc_write_oom_adj),                                           \
		TEXT_ENTRY("oom_score", 0444, .show = proc_show_oom_score),                        \
		TEXT_ENTRY("oom_score_adj", 0644, .show = proc_show_oom_score_adj,                 \
			   .write = proc_write_oom_score_adj),                                     \
		TEXT_ENTRY("personality", 0400, .show = proc_show_personality,                     \
			   .access = PTRACE_MODE_ATTACH),                                          \
		TEXT_ENTRY("sched", 0444, .show = proc_show_sched),                                \
		TEXT_ENTRY("schedstat", 0444, .show = proc_show_schedstat),                        \
		TEXT_ENTRY("sessionid", 0444, .show = proc_show_audit_unset),                      \
		TEXT_ENTRY("stack", 0400, .show = proc_show_stack, .access = PTRACE_MODE_ATTACH),  \
		TEXT_ENTRY("syscall", 0400, .show = proc_show_syscall,                             \
			   .access = PTRACE_MODE_ATTACH),                                          \
		TEXT_ENTRY("wchan", 0444, .show = proc_show_wchan)

static const struct tree_entry tid_table[] = {
	COMMON_ENTRIES,
	TEXT_ENTRY("children", 0444, .show = proc_show_children),
	TEXT_ENTRY("io", 0400, .show = proc_show_thread_io, .access = PTRACE_MODE_READ),
	TEXT_ENTRY("stat", 0444, .show = proc_show_thread_stat),
	{ .name = NULL },
};

static const struct tree_entry pid_table[] = {
	COMMON_ENTRIES,
	TEXT_ENTRY("coredump_filter", 0644, .show_as = proc_show_dump_filter,
		   .write = proc_write_dump_filter),
	TEXT_ENTRY("io", 0400, .show = proc_show_io, .access = PTRACE_MODE_READ),
	{ .name = "map_files",
	  .mode = S_IFDIR | 0500,
	  .dynamic = &proc_map_files_children,
	  .permission = proc_map_files_permission },
	TEXT_ENTRY("mountstats", 0400, .show = proc_show_mountstats),
	TEXT_ENTRY("stat", 0444, .show = proc_show_stat),
	{ .name = "task", .mode = S_IFDIR | 0555, .dynamic = &threads, .getattr = threads_getattr },
	TEXT_ENTRY("timers", 0444, .show = proc_show_timers),
	TEXT_ENTRY("timerslack_ns", 0666, .show = proc_show_timerslack,
		   .write = proc_write_timerslack),
	{ .name = NULL },
};

const struct tree_entry proc_pid_dir = { .name = "",
					 .mode = S_IFDIR | 0555,
					 .children = pid_table };
const struct tree_entry proc_tid_dir = { .name = "",
					 .mode = S_IFDIR | 0555,
					 .children = tid_table };
