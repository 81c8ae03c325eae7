/*
 * /proc/PID/stat, status and statm: what ps and top read.
 *
 * A text is made of a snapshot: values that belong together are copied under the locks that keep
 *   them together, tasks_lock for the links of the process tree and sig_lock for threads and
 *   signals, and the text is written when no lock is held.
 * A zombie has no memory, files or root any more; its lines about them are left out, or zero.
 *                         Follows: proc_pid_stat(5), proc_pid_status(5), Linux 7.3 fs/proc/array.c
 */
#include <linux/errno.h>

#include "lib/string.h"
#include "boot/options.h"
#include "kernel/id/userns.h"
#include "kernel/id/pid.h"
#include "kernel/id/pidns.h"
#include "kernel/mm/as.h"
#include "kernel/sched/sched.h"
#include "kernel/task/sigqueue.h"
#include "fs/fdtable.h"
#include "fs/path.h"
#include "fs/stat.h"
#include "fs/procfs/internal.h"
#include "drivers/tty/tty.h"

#define CLOCK_TICK_NS 10000000ull /* USER_HZ is 100 */

/* Task flags as Linux numbers them. */
#define PF_EXITING    0x4u
#define PF_FORKNOEXEC 0x40u
#define PF_RANDOMIZE  0x400000u

struct snapshot {
	char comm[COMM_LEN];
	char state;
	bool is_zombie;
	int pid, tgid, ppid, group, session;
	int tty_nr, tty_group;
	u32 flags, nr_threads, nr_queued;
	u64 pending, shared_pending, blocked, ignored, caught;
	u64 max_queued, max_rss;
	int exit_signal, exit_code;
	u64 voluntary, involuntary;
	u64 child_user_ns, child_system_ns, child_minor, child_major;
};

static char thread_state_letter(const struct thread *t)
{
	if (t->task->is_zombie || t->is_accounted)
		return 'Z';
	switch (atomic_load_explicit(&((struct thread *)t)->state, memory_order_relaxed)) {
	case THREAD_SLEEPING:
		return 'S';
	case THREAD_BLOCKED:
	case THREAD_KILLABLE:
		return 'D';
	case THREAD_STOPPED:
		return 'T';
	case THREAD_DEAD:
		return 'X';
	default:
		return 'R';
	}
}

/* sig_lock held. */
static void snap_signals(struct snapshot *s, struct thread *t)
{
	struct sighand *hand = t->task->sighand;

	s->pending = t->pending.set;
	s->shared_pending = t->task->pending.set;
	s->blocked = t->sig_blocked;
	for (int sig = 1; hand && sig <= NR_SIGNALS; sig++) {
		__sighandler_t handler = hand->actions->action[sig - 1].handler;

		if (handler == SIG_IGN)
			s->ignored |= SIGMASK(sig);
		else if (handler != SIG_DFL)
			s->caught |= SIGMASK(sig);
	}
}

/* sig_lock held. */
static void snap_thread(struct snapshot *s, struct thread *t)
{
	struct task *task = t->task;

	memcpy(s->comm, t->comm, COMM_LEN);
	s->comm[COMM_LEN - 1] = 0;
	s->state = thread_state_letter(t);
	s->nr_threads = task->nr_threads;
	s->nr_queued = task->nr_queued;
	s->max_queued = task->rlimits[RLIMIT_SIGPENDING].rlim_cur;
	s->max_rss = task->rlimits[RLIMIT_RSS].rlim_cur;
	s->voluntary = t->nr_voluntary;
	s->involuntary = t->nr_involuntary;
	s->child_user_ns = task->child_user_ns;
	s->child_system_ns = task->child_system_ns;
	s->child_minor = task->child_minor_faults;
	s->child_major = task->child_major_faults;
	s->exit_signal = t == task->leader ? task->exit_signal : -1;
	s->exit_code = t->exit_code;
	if (t->is_exiting || task->is_zombie)
		s->flags |= PF_EXITING;
	if (!task->did_exec)
		s->flags |= PF_FORKNOEXEC;
	if (kernel_options.randomize)
		s->flags |= PF_RANDOMIZE;
	snap_signals(s, t);
}

static void snap(struct snapshot *s, struct thread *t, const struct pidns *ns)
{
	struct task *task = t->task;
	u64 irqflags;

	*s = (struct snapshot){ .tty_group = -1 };
	rwspin_read_lock(&tasks_lock);
	s->pid = pid_nr_in(t->pid, ns);
	s->tgid = pid_nr_in(task->pid, ns);
	s->ppid = task->parent ? pid_nr_in(task->parent->pid, ns) : 0;
	s->group = pid_nr_in(task->group, ns);
	s->session = pid_nr_in(task->session, ns);
	s->is_zombie = task->is_zombie;
	if (task->tty) {
		s->tty_nr = (int)dev_to_user(task->tty->rdev);
		s->tty_group = pid_nr_in(task->tty->group, ns);
	}
	irqflags = sig_lock(task);
	snap_thread(s, t);
	sig_unlock(task, irqflags);
	if (s->is_zombie && t == task->leader)
		s->exit_code = task->pid->exit.code;
	rwspin_read_unlock(&tasks_lock);
}

/* ---- stat */

struct usage {
	u64 user_ns, system_ns, minor, major;
};

static void usage_of(struct thread *t, bool is_whole, struct usage *u)
{
	struct rusage r;

	if (!is_whole) {
		thread_times(t, &u->user_ns, &u->system_ns);
		u->minor = t->minor_faults;
		u->major = t->major_faults;
		return;
	}
	task_times(t->task, &u->user_ns, &u->system_ns);
	task_rusage(t->task, RUSAGE_SELF, &r);
	u->minor = (u64)r.ru_minflt;
	u->major = (u64)r.ru_majflt;
}

static void put_fields(struct seqbuf *out, const u64 *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		seqbuf_putc(out, ' ');
		seqbuf_put_dec(out, fields[i]);
	}
}

/* Fields 23 to 30: where the program is in memory; addresses only for who may trace it. */
static void put_memory(struct seqbuf *out, const struct as *as, u64 max_rss, bool is_allowed)
{
	u64 fields[] = {
		as ? as->nr_pages * PAGE_SIZE : 0,
		as ? as_resident_pages(as) : 0,
		max_rss,
		!as          ? 0
		: is_allowed ? as->code_start
			     : 1,
		!as          ? 0
		: is_allowed ? as->code_end
			     : 1,
		as && is_allowed ? as->stack_top : 0,
		0, /* esp and eip: never told of a live process */
		0,
	};

	put_fields(out, fields, ARRAY_SIZE(fields));
}

/* Fields 45 to 51. */
static void put_segments(struct seqbuf *out, const struct as *as, bool is_allowed)
{
	u64 fields[7] = { 0 };

	if (as && is_allowed) {
		const u64 known[7] = { as->data_start, as->data_end,  as->brk_start, as->arg_start,
				       as->arg_end,    as->env_start, as->env_end };

		memcpy(fields, known, sizeof(fields));
	}
	put_fields(out, fields, ARRAY_SIZE(fields));
}

static void put_stat(const struct tree_place *p, struct seqbuf *out, struct thread *t,
		     bool is_whole)
{
	const u64 signal_mask = 0x7fffffff; /* the fields are from before real-time signals */
	struct as *as = thread_as_get(t);
	struct snapshot s;
	struct usage u;
	bool is_allowed;

	snap(&s, t, proc_pidns(p));
	usage_of(t, is_whole, &u);
	is_allowed = t->task == task_current() ||
		     task_may_access(t->task, PTRACE_MODE_READ | PTRACE_MODE_FSCREDS);
	seqbuf_printf(out, "%d (%s) %c %d %d %d %d %d %u", s.pid, s.comm, s.state, s.ppid, s.group,
		      s.session, s.tty_nr, s.tty_group, s.flags);
	seqbuf_printf(out, " %lu %lu %lu %lu", u.minor, s.child_minor, u.major, s.child_major);
	seqbuf_printf(out, " %llu %llu %llu %llu", u.user_ns / CLOCK_TICK_NS,
		      u.system_ns / CLOCK_TICK_NS, s.child_user_ns / CLOCK_TICK_NS,
		      s.child_system_ns / CLOCK_TICK_NS);
	/* Real-time threads are below zero, 1..99 as -2..-100. */
	seqbuf_printf(out, " %d %d %u 0 %llu", t->rt_priority ? -1 - t->rt_priority : 20 + t->nice,
		      t->nice, s.nr_threads,
		      (is_whole ? t->task->start_ns : t->start_ns) / CLOCK_TICK_NS);
	put_memory(out, as, s.max_rss, is_allowed);
	seqbuf_printf(out, " %lu %lu %lu %lu", s.pending & signal_mask, s.blocked & signal_mask,
		      s.ignored & signal_mask, s.caught & signal_mask);
	/* wchan, two unused, exit signal, CPU, priority and policy, delays, guest time of itself
	 * and children */
	seqbuf_printf(out, " %d 0 0 %d %u %u %u 0 0 0", is_allowed && s.state != 'R', s.exit_signal,
		      t->cpu, t->rt_priority, t->policy);
	put_segments(out, as, is_allowed);
	seqbuf_printf(out, " %d\n", is_allowed ? s.exit_code : 0);
	if (as)
		as_put(as);
}

int proc_show_stat(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	put_stat(p, out, t, true);
	return 0;
}

int proc_show_thread_stat(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	put_stat(p, out, t, false);
	return 0;
}

/* ---- statm */

static u64 text_pages(const struct as *as)
{
	return (ALIGN_UP(as->code_end, PAGE_SIZE) - ALIGN_DOWN(as->code_start, PAGE_SIZE)) /
	       PAGE_SIZE;
}

int proc_show_statm(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	struct as *as = thread_as_get(t);

	if (as) {
		seqbuf_printf(out, "%lu %lu %lu %lu 0 %lu 0\n", as->nr_pages, as_resident_pages(as),
			      (u64)as->nr_file, text_pages(as), as->nr_data + as->nr_stack);
		as_put(as);
	} else {
		seqbuf_puts(out, "0 0 0 0 0 0 0\n");
	}
	return 0;
}

/* ---- status */

static const char *state_name(char letter)
{
	switch (letter) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	case 'T':
		return "T (stopped)";
	case 'Z':
		return "Z (zombie)";
	default:
		return "X (dead)";
	}
}

static void put_escaped_name(struct seqbuf *out, const char *comm)
{
	for (; *comm; comm++) {
		if (*comm == '\n')
			seqbuf_puts(out, "\\n");
		else if (*comm == '\\')
			seqbuf_puts(out, "\\\\");
		else
			seqbuf_putc(out, *comm);
	}
}

static void put_identity(struct seqbuf *out, struct thread *t, const struct snapshot *s)
{
	struct fs_ctx *fs = thread_fs_get(t);

	seqbuf_puts(out, "Name:\t");
	put_escaped_name(out, s->comm);
	seqbuf_putc(out, '\n');
	if (fs) {
		seqbuf_printf(out, "Umask:\t%#04o\n", fs_ctx_umask(fs));
		fs_ctx_put(fs);
	}
	seqbuf_printf(out, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		      state_name(s->state), s->tgid, s->pid, s->ppid);
}

static void put_credentials(struct seqbuf *out, struct thread *t)
{
	const struct cred *c = thread_cred_get(t);
	struct files *files = thread_files_get(t);

	seqbuf_printf(out, "Uid:\t%u\t%u\t%u\t%u\n", uid_to_user(c->uid), uid_to_user(c->euid),
		      uid_to_user(c->suid), uid_to_user(c->fsuid));
	seqbuf_printf(out, "Gid:\t%u\t%u\t%u\t%u\n", gid_to_user(c->gid), gid_to_user(c->egid),
		      gid_to_user(c->sgid), gid_to_user(c->fsgid));
	seqbuf_printf(out, "FDSize:\t%u\nGroups:\t", files ? files_max_fd(files) : 0);
	for (u32 i = 0; i < c->nr_groups; i++)
		seqbuf_printf(out, i ? " %u" : "%u", gid_to_user(c->groups[i]));
	seqbuf_puts(out, " \n");
	if (files)
		files_put(files);
	cred_put(c);
}

/* The numbers in the reader's namespace and each one below it that pid is in. tasks_lock held. */
static void put_numbers(struct seqbuf *out, const char *name, const struct pid *pid,
			const struct pidns *ns)
{
	seqbuf_puts(out, name);
	for (u32 level = ns->level; pid && level <= pid->level; level++)
		seqbuf_printf(out, "\t%d", pid->numbers[level].nr);
	seqbuf_putc(out, '\n');
}

static void put_all_numbers(struct seqbuf *out, struct thread *t, const struct pidns *ns)
{
	rwspin_read_lock(&tasks_lock);
	put_numbers(out, "NStgid:", t->task->pid, ns);
	put_numbers(out, "NSpid:", t->pid, ns);
	put_numbers(out, "NSpgid:", t->task->group, ns);
	put_numbers(out, "NSsid:", t->task->session, ns);
	rwspin_read_unlock(&tasks_lock);
	seqbuf_puts(out, "Kthread:\t0\n");
}

static void put_kb(struct seqbuf *out, const char *name, u64 pages)
{
	seqbuf_printf(out, "%s:\t%8lu kB\n", name, pages * (PAGE_SIZE / 1024));
}

static void put_memory_lines(struct seqbuf *out, struct thread *t)
{
	struct as *as = thread_as_get(t);
	u64 rss, exec;

	if (!as)
		return;
	rss = as_resident_pages(as);
	exec = MIN(text_pages(as), as->nr_exec);
	put_kb(out, "VmPeak", as->hiwater_pages);
	put_kb(out, "VmSize", as->nr_pages);
	put_kb(out, "VmLck", as->nr_locked);
	put_kb(out, "VmPin", 0);
	put_kb(out, "VmHWM", MAX(as->hiwater_rss, rss));
	put_kb(out, "VmRSS", rss);
	put_kb(out, "RssAnon", as->nr_anon);
	put_kb(out, "RssFile", as->nr_file);
	put_kb(out, "RssShmem", 0);
	put_kb(out, "VmData", as->nr_data);
	put_kb(out, "VmStk", as->nr_stack);
	put_kb(out, "VmExe", exec);
	put_kb(out, "VmLib", as->nr_exec - exec);
	put_kb(out, "VmPTE", as->pgtable.nr_tables);
	put_kb(out, "VmSwap", 0);
	put_kb(out, "HugetlbPages", 0);
	seqbuf_printf(out, "CoreDumping:\t%d\nTHP_enabled:\t0\n", READ_ONCE(t->task->dump) != NULL);
	as_put(as);
}

static void put_signals(struct seqbuf *out, const struct snapshot *s)
{
	seqbuf_printf(out, "Threads:\t%u\nSigQ:\t%u/%lu\n", s->nr_threads, s->nr_queued,
		      s->max_queued);
	seqbuf_printf(out, "SigPnd:\t%016lx\nShdPnd:\t%016lx\n", s->pending, s->shared_pending);
	seqbuf_printf(out, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n", s->blocked,
		      s->ignored, s->caught);
}

static void put_capabilities(struct seqbuf *out, struct thread *t)
{
	const struct cred *c = thread_cred_get(t);

	seqbuf_printf(out, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\n",
		      c->cap_inheritable, c->cap_permitted, c->cap_effective);
	seqbuf_printf(out, "CapBnd:\t%016lx\nCapAmb:\t%016lx\n", c->cap_bounding, c->cap_ambient);
	seqbuf_printf(out, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", c->no_new_privs);
	cred_put(c);
}

int proc_show_status(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	u64 cpus = t->affinity & (nr_cpus < 64 ? (1ull << nr_cpus) - 1 : ~0ull);
	struct snapshot s;

	snap(&s, t, proc_pidns(p));
	put_identity(out, t, &s);
	put_credentials(out, t);
	put_all_numbers(out, t, proc_pidns(p));
	put_memory_lines(out, t);
	put_signals(out, &s);
	put_capabilities(out, t);
	seqbuf_puts(out, "Cpus_allowed:\t");
	seqbuf_put_mask(out, cpus, nr_cpus);
	seqbuf_puts(out, "\nCpus_allowed_list:\t");
	seqbuf_put_ranges(out, cpus);
	seqbuf_puts(out, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
	seqbuf_printf(out, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		      s.voluntary, s.involuntary);
	return 0;
}
