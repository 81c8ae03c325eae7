/*
 * The short texts of /proc/PID: names, limits, scores, counters.
 *
 * Locks: sig_lock, or tasks_lock for reading, for the moment that values are copied out or added
 *   up.
 *                                          Follows: proc(5), getrlimit(2), Linux 7.3 fs/proc/base.c
 */
#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/string.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/task/ptimer.h"
#include "kernel/task/sigqueue.h"
#include "fs/procfs/internal.h"

int proc_show_comm(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_write(out, t->comm, strnlen(t->comm, COMM_LEN));
	seqbuf_putc(out, '\n');
	return 0;
}

/* Only the process's own threads may rename it, as on Linux. */
int proc_write_comm(struct thread *t, const char *text, size_t len)
{
	u64 irqflags;

	if (t->task != task_current())
		return -EINVAL;
	irqflags = sig_lock(t->task);
	memset(t->comm, 0, COMM_LEN);
	memcpy(t->comm, text, MIN(len, (size_t)COMM_LEN - 1));
	sig_unlock(t->task, irqflags);
	return 0;
}

/* ---- limits */

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

int proc_show_limits(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	struct rlimit64 limits[RLIM_NLIMITS];
	u64 irqflags = sig_lock(t->task);

	memcpy(limits, t->task->rlimits, sizeof(limits));
	sig_unlock(t->task, irqflags);
	seqbuf_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit",
		      "Units");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		seqbuf_printf(out, "%-25s ", limit_names[i].name);
		put_limit(out, limits[i].rlim_cur);
		put_limit(out, limits[i].rlim_max);
		seqbuf_printf(out, "%-10s\n", limit_names[i].unit);
	}
	return 0;
}

/* ---- Who is killed when memory runs out */

/* oom_adj is the older scale of the same setting. */
#define OOM_ADJ_MIN (-17)
#define OOM_ADJ_MAX 15
#define OOM_SCORE   1000

int proc_show_oom_score_adj(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_printf(out, "%d\n", t->task->oom_score_adj);
	return 0;
}

int proc_show_oom_adj(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	int score = t->task->oom_score_adj;

	seqbuf_printf(out, "%d\n",
		      score == OOM_SCORE ? OOM_ADJ_MAX : score * -OOM_ADJ_MIN / OOM_SCORE);
	return 0;
}

/* proc(5): going below what somebody with the right has set last needs the right. */
int proc_write_oom_score_adj(struct thread *t, const char *text, size_t len)
{
	struct task *task = t->task;
	s64 value;
	int err = proc_parse_value(text, len, -OOM_SCORE, OOM_SCORE, &value);

	if (err)
		return err;
	if (value < task->oom_score_adj_min && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	task->oom_score_adj = (int)value;
	if (capable(CAP_SYS_RESOURCE))
		task->oom_score_adj_min = (int)value;
	return 0;
}

int proc_write_oom_adj(struct thread *t, const char *text, size_t len)
{
	s64 value;
	int err = proc_parse_value(text, len, OOM_ADJ_MIN, OOM_ADJ_MAX, &value);

	if (err)
		return err;
	value = value == OOM_ADJ_MAX ? OOM_SCORE : value * OOM_SCORE / -OOM_ADJ_MIN;
	if (value < t->task->oom_score_adj && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	t->task->oom_score_adj = (int)value;
	return 0;
}

/* Linux's scale: 0 to 1333, where 666 is no memory and no adjustment. */
int proc_show_oom_score(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	struct as *as = thread_as_get(t);
	struct mem_stats mem;
	s64 points = 0;

	mem_stats(&mem);
	if (as) {
		points = OOM_SCORE + t->task->oom_score_adj +
			 (s64)(as_resident_pages(as) * OOM_SCORE / MAX(mem.total_pages, 1ul));
		points = t->task->oom_score_adj == -OOM_SCORE ? 0 : points * 2 / 3;
		as_put(as);
	}
	seqbuf_printf(out, "%ld\n", MAX(points, (s64)0));
	return 0;
}

/* ---- Scheduling */

static int check_slack(const struct thread *t)
{
	return t != current && !capable(CAP_SYS_NICE) ? -EPERM : 0;
}

int proc_show_timerslack(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	int err = check_slack(t);

	if (!err)
		seqbuf_printf(out, "%lu\n", t->timer_slack_ns);
	return err;
}

/* 0: back to what it had when it began. */
int proc_write_timerslack(struct thread *t, const char *text, size_t len)
{
	s64 value;
	int err = proc_parse_value(text, len, 0, INT64_MAX, &value);

	if (!err)
		err = check_slack(t);
	if (!err)
		t->timer_slack_ns = value ? (u64)value : t->default_slack_ns;
	return err;
}

int proc_show_timers(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	ptimers_show(t->task, proc_pidns(p), out);
	return 0;
}

int proc_show_personality(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_printf(out, "%08x\n", (u32)t->task->personality);
	return 0;
}

int proc_show_schedstat(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_printf(out, "%lu 0 %lu\n", thread_run_ns(t), t->nr_voluntary + t->nr_involuntary);
	return 0;
}

static void put_ms(struct seqbuf *out, const char *name, u64 ns)
{
	seqbuf_printf(out, "%-45s:%14lu.%06lu\n", name, ns / 1000000, ns % 1000000);
}

static void put_count(struct seqbuf *out, const char *name, u64 n)
{
	seqbuf_printf(out, "%-45s:%21lu\n", name, n);
}

int proc_show_sched(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_printf(out, "%s (%d, #threads: %u)\n", t->comm, pid_nr_in(t->pid, proc_pidns(p)),
		      t->task->nr_threads);
	seqbuf_puts(out, "-------------------------------------------------------------------\n");
	put_ms(out, "se.exec_start", t->slice_start_ns);
	put_ms(out, "se.sum_exec_runtime", thread_run_ns(t));
	put_count(out, "nr_switches", t->nr_voluntary + t->nr_involuntary);
	put_count(out, "nr_voluntary_switches", t->nr_voluntary);
	put_count(out, "nr_involuntary_switches", t->nr_involuntary);
	put_count(out, "policy", t->policy);
	put_count(out, "prio", (u64)(120 + t->nice));
	return 0;
}

/* ---- Family */

/* Whose parent is this thread, in the order in which they were made. The one that forked it is the
 * parent; after its end, as for those that were adopted, it is the leader. tasks_lock held. */
static bool is_child_of(const struct task *child, const struct thread *t)
{
	const struct thread *other;

	if (child->creator_ino == t->pid->ino)
		return true;
	if (t != t->task->leader)
		return false;
	list_for_each(other, &t->task->threads, task_link)
		if (child->creator_ino == other->pid->ino)
			return false;
	return true;
}

int proc_show_children(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	const struct pidns *ns = proc_pidns(p);
	struct list *const lists[] = { &t->task->children, &t->task->zombies };
	struct task *child;
	u64 irqflags;

	rwspin_read_lock(&tasks_lock);
	irqflags = sig_lock(t->task);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		list_for_each(child, lists[i], child_link)
			if (is_child_of(child, t) && pid_nr_in(child->pid, ns))
				seqbuf_printf(out, "%d ", pid_nr_in(child->pid, ns));
	sig_unlock(t->task, irqflags);
	rwspin_read_unlock(&tasks_lock);
	return 0;
}

/* ---- Input and output */

/* Nothing comes from a disk or goes to one. */
static int put_io(struct seqbuf *out, const struct io_usage *io)
{
	seqbuf_printf(out, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n", io->rchar, io->wchar,
		      io->syscr, io->syscw);
	seqbuf_puts(out, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
	return 0;
}

int proc_show_thread_io(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return put_io(out, &t->io);
}

int proc_show_io(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	u64 irqflags = sig_lock(t->task);
	struct io_usage sum = t->task->dead_io;
	const struct thread *other;

	list_for_each(other, &t->task->threads, task_link)
		if (!other->is_accounted)
			io_usage_add(&sum, &other->io);
	sig_unlock(t->task, irqflags);
	return put_io(out, &sum);
}

/* Nobody has logged in, says auditing, which there is none of. */
int proc_show_audit_unset(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_puts(out, "4294967295");
	return 0;
}

/* All are in the one that there is. */
int proc_show_cgroup(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_puts(out, "0::/\n");
	return 0;
}
