/*
 * /proc/PID and /proc/PID/task/TID: their tables, who may look, and the short files.
 *
 * Permission comes in two layers, as on Linux: mode bits, with the process as owner, and for what
 *   shows its memory or what it has open the rule of ptrace(2), asked when the file is opened or
 *   the link followed.
 * Locks: tasks_lock for reading, or sig_lock, for the moment that values are copied out; the text
 *   is written afterwards or into the buffer, which never allocates.
 */
#include <linux/capability.h>
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

static int open_private(const struct tree_place *p, struct file *file)
{
	return proc_check_access(p, PTRACE_MODE_READ);
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
	if (as && !as->is_dumpable && p->entry->mode != (S_IFDIR | 0555))
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

/* ---- Short files */

static int show_comm(const struct tree_place *p, struct seqbuf *out)
{
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	seqbuf_write(out, t->comm, strnlen(t->comm, COMM_LEN));
	seqbuf_putc(out, '\n');
	thread_put(t);
	return 0;
}

/* Only the process's own threads may rename it, as on Linux. */
static int write_comm(const struct tree_place *p, const char *text, size_t len)
{
	struct thread *t;
	u64 irqflags;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	if (t->task == task_current()) {
		irqflags = sig_lock(t->task);
		memset(t->comm, 0, COMM_LEN);
		memcpy(t->comm, text, MIN(len, (size_t)COMM_LEN - 1));
		sig_unlock(t->task, irqflags);
	} else {
		err = -EINVAL;
	}
	thread_put(t);
	return err;
}

static const struct {
	const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = { "Max cpu time", "seconds" },
	[RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[RLIMIT_DATA] = { "Max data size", "bytes" },
	[RLIMIT_STACK] = { "Max stack size", "bytes" },
	[RLIMIT_CORE] = { "Max core file size", "bytes" },
	[RLIMIT_RSS] = { "Max resident set", "bytes" },
	[RLIMIT_NPROC] = { "Max processes", "processes" },
	[RLIMIT_NOFILE] = { "Max open files", "files" },
	[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
	[RLIMIT_AS] = { "Max address space", "bytes" },
	[RLIMIT_LOCKS] = { "Max file locks", "locks" },
	[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
	[RLIMIT_NICE] = { "Max nice priority", "" },
	[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
	[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void put_limit(struct seqbuf *out, u64 limit)
{
	if (limit == RLIM64_INFINITY)
		seqbuf_printf(out, "%-20s ", "unlimited");
	else
		seqbuf_printf(out, "%-20lu ", limit);
}

static int show_limits(const struct tree_place *p, struct seqbuf *out)
{
	struct rlimit64 limits[RLIM_NLIMITS];
	struct thread *t;
	u64 irqflags;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	irqflags = sig_lock(t->task);
	memcpy(limits, t->task->rlimits, sizeof(limits));
	sig_unlock(t->task, irqflags);
	thread_put(t);
	seqbuf_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit",
		      "Units");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		seqbuf_printf(out, "%-25s ", limit_names[i].name);
		put_limit(out, limits[i].rlim_cur);
		put_limit(out, limits[i].rlim_max);
		if (limit_names[i].unit[0])
			seqbuf_printf(out, "%-10s", limit_names[i].unit);
		seqbuf_putc(out, '\n');
	}
	return 0;
}

static int show_oom_score_adj(const struct tree_place *p, struct seqbuf *out)
{
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	seqbuf_printf(out, "%d\n", t->task->oom_score_adj);
	thread_put(t);
	return 0;
}

/* proc(5): who makes it less likely to be killed needs privilege. */
static int write_oom_score_adj(const struct tree_place *p, const char *text, size_t len)
{
	struct thread *t;
	s64 value;
	int err = proc_parse_value(text, len, -1000, 1000, &value);

	if (!err)
		err = proc_thread_get(p, &t);
	if (err)
		return err;
	if (value < t->task->oom_score_adj && !capable(CAP_SYS_RESOURCE))
		err = -EACCES;
	else
		t->task->oom_score_adj = (int)value;
	thread_put(t);
	return err;
}

/* Linux's scale: 0 to 1333, where 666 is no memory and no adjustment. */
static int show_oom_score(const struct tree_place *p, struct seqbuf *out)
{
	struct mem_stats mem;
	struct thread *t;
	struct as *as;
	s64 points = 0;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	as = thread_as_get(t);
	mem_stats(&mem);
	if (as) {
		points = 1000 + t->task->oom_score_adj +
			 (s64)(as_resident_pages(as) * 1000 / MAX(mem.total_pages, 1ul));
		points = t->task->oom_score_adj == -1000 ? 0 : points * 2 / 3;
		as_put(as);
	}
	seqbuf_printf(out, "%ld\n", MAX(points, (s64)0));
	thread_put(t);
	return 0;
}

static int show_personality(const struct tree_place *p, struct seqbuf *out)
{
	struct thread *t;
	int err = proc_check_access(p, PTRACE_MODE_ATTACH);

	if (!err)
		err = proc_thread_get(p, &t);
	if (err)
		return err;
	seqbuf_printf(out, "%08x\n", (u32)t->task->personality);
	thread_put(t);
	return 0;
}

static int show_schedstat(const struct tree_place *p, struct seqbuf *out)
{
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	seqbuf_printf(out, "%lu 0 %lu\n", thread_run_ns(t), t->nr_voluntary + t->nr_involuntary);
	thread_put(t);
	return 0;
}

/* Bytes are not counted: there is no disk they could come from. */
static int show_io(const struct tree_place *p, struct seqbuf *out)
{
	static const char *const names[] = { "rchar",
					     "wchar",
					     "syscr",
					     "syscw",
					     "read_bytes",
					     "write_bytes",
					     "cancelled_write_bytes" };
	int err = proc_check_access(p, PTRACE_MODE_READ);

	for (size_t i = 0; !err && i < ARRAY_SIZE(names); i++)
		seqbuf_printf(out, "%s: 0\n", names[i]);
	return err;
}

/* What is the same for every process that there is. */
static int show_text(const struct tree_place *p, struct seqbuf *out, const char *text)
{
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	thread_put(t);
	seqbuf_puts(out, text);
	return 0;
}

static int show_cgroup(const struct tree_place *p, struct seqbuf *out)
{
	return show_text(p, out, "0::/\n");
}

static int show_wchan(const struct tree_place *p, struct seqbuf *out)
{
	return show_text(p, out, "0");
}

static int show_audit_unset(const struct tree_place *p, struct seqbuf *out)
{
	return show_text(p, out, "4294967295");
}

/* ---- Tables */

#define FILE_ENTRY(file, access, how)                                                              \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (access), .show = (how)                            \
	}
#define WRITE_ENTRY(file, how, how_to_write)                                                       \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0644, .show = (how), .write = (how_to_write)       \
	}
#define MEMORY_ENTRY(file, access, how)                                                            \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (access), .show = (how), .open = proc_open_memory  \
	}
#define LINK_ENTRY(file, how)                                                                      \
	{                                                                                          \
		.name = file, .mode = S_IFLNK | 0777, .readlink = proc_path_readlink,              \
		.follow = (how)                                                                    \
	}

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
		FILE_ENTRY("status", 0444, proc_show_status),                                      \
		FILE_ENTRY("statm", 0444, proc_show_statm),                                        \
		FILE_ENTRY("cmdline", 0444, proc_show_cmdline),                                    \
		{ .name = "comm",                                                                  \
		  .mode = S_IFREG | 0644,                                                          \
		  .show = show_comm,                                                               \
		  .write = write_comm },                                                           \
		MEMORY_ENTRY("maps", 0444, proc_show_maps),                                        \
		MEMORY_ENTRY("environ", 0400, proc_show_environ),                                  \
		MEMORY_ENTRY("auxv", 0400, proc_show_auxv),                                        \
		{ .name = "mem", .mode = S_IFREG | 0600, .fops = &proc_mem_ops },                  \
		{ .name = "ns", .mode = S_IFDIR | 0511, .dynamic = &proc_ns_children },            \
		WRITE_ENTRY("uid_map", proc_show_uid_map, proc_write_uid_map),                     \
		WRITE_ENTRY("gid_map", proc_show_gid_map, proc_write_gid_map),                     \
		WRITE_ENTRY("setgroups", proc_show_setgroups, proc_write_setgroups),               \
		LINK_ENTRY("cwd", proc_cwd_follow), LINK_ENTRY("exe", proc_exe_follow),            \
		LINK_ENTRY("root", proc_root_follow), FILE_ENTRY("cgroup", 0444, show_cgroup),     \
		{ .name = "io", .mode = S_IFREG | 0400, .show = show_io, .open = open_private },   \
		FILE_ENTRY("limits", 0444, show_limits),                                           \
		FILE_ENTRY("loginuid", 0444, show_audit_unset),                                    \
		FILE_ENTRY("mountinfo", 0444, proc_show_mountinfo),                                \
		FILE_ENTRY("mounts", 0444, proc_show_mounts),                                      \
		FILE_ENTRY("oom_score", 0444, show_oom_score),                                     \
		{ .name = "oom_score_adj",                                                         \
		  .mode = S_IFREG | 0644,                                                          \
		  .show = show_oom_score_adj,                                                      \
		  .write = write_oom_score_adj },                                                  \
		FILE_ENTRY("personality", 0400, show_personality),                                 \
		FILE_ENTRY("schedstat", 0444, show_schedstat),                                     \
		FILE_ENTRY("sessionid", 0444, show_audit_unset),                                   \
		FILE_ENTRY("wchan", 0444, show_wchan)

static const struct tree_entry tid_table[] = {
	COMMON_ENTRIES,
	FILE_ENTRY("stat", 0444, proc_show_thread_stat),
	{ .name = NULL },
};

static const struct tree_entry pid_table[] = {
	COMMON_ENTRIES,
	FILE_ENTRY("stat", 0444, proc_show_stat),
	{ .name = "task", .mode = S_IFDIR | 0555, .dynamic = &threads, .getattr = threads_getattr },
	{ .name = NULL },
};

const struct tree_entry proc_pid_dir = { .name = "",
					 .mode = S_IFDIR | 0555,
					 .children = pid_table };
const struct tree_entry proc_tid_dir = { .name = "",
					 .mode = S_IFDIR | 0555,
					 .children = tid_table };
