/*
 * Resource limits and resource usage of processes.
 *
 * Owns: task->rlimits, and the sums behind getrusage(2) and times(2).
 * Locks: sig_lock for writing limits and for summing up threads. A limit is two words read without
 *   lock where it is enforced: each word is whole, and a limit that changes meanwhile is a race
 * anyway. Here too: the upcalls through which mm and fs ask for the limits they enforce.
 */
#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/string.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/percpu.h"
#include "kernel/id/cred.h"
#include "kernel/mm/as.h"
#include "kernel/mm/mmap.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/task.h"
#include "kernel/time/clock.h"
#include "fs/fdtable.h"

#define NOFILE_MAX 1048576 /* /proc/sys/fs/nr_open */

/* Also the initial thread of boot, which has no process, asks: it has no limits. */
u64 rlimit_get(unsigned which)
{
	struct task *t = current ? task_current() : NULL;

	return t ? READ_ONCE(t->rlimits[which].rlim_cur) : RLIM64_INFINITY;
}

int rlimit_set(struct task *t, unsigned which, const struct rlimit64 *new, struct rlimit64 *old)
{
	bool may_raise = capable(CAP_SYS_RESOURCE);
	struct rlimit64 *limit;
	u64 irqflags;
	int err = 0;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (new &&new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new &&which == RLIMIT_NOFILE &&new->rlim_max > NOFILE_MAX)
		return -EPERM;
	limit = &t->rlimits[which];
	irqflags = sig_lock(t);
	if (old)
		*old = *limit;
	if (new &&new->rlim_max > limit->rlim_max && !may_raise)
		err = -EPERM;
	else if (new)
		*limit = *new;
	sig_unlock(t, irqflags);
	return err;
}

void rlimits_init(struct rlimit64 *l)
{
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		l[i] = (struct rlimit64){ RLIM64_INFINITY, RLIM64_INFINITY };
	l[RLIMIT_STACK].rlim_cur = 8 << 20;
	l[RLIMIT_CORE].rlim_cur = 0;
	l[RLIMIT_NPROC] = (struct rlimit64){ threads_max / 2, threads_max / 2 };
	l[RLIMIT_NOFILE] = (struct rlimit64){ 1024, 4096 };
	l[RLIMIT_MEMLOCK] = (struct rlimit64){ 8 << 20, 8 << 20 };
	l[RLIMIT_SIGPENDING] = (struct rlimit64){ threads_max / 2, threads_max / 2 };
	l[RLIMIT_MSGQUEUE] = (struct rlimit64){ 819200, 819200 };
	l[RLIMIT_NICE] = (struct rlimit64){ 0, 0 };
	l[RLIMIT_RTPRIO] = (struct rlimit64){ 0, 0 };
}

u64 upcall_rlimit_as(void)
{
	return rlimit_get(RLIMIT_AS);
}

u64 upcall_rlimit_data(void)
{
	return rlimit_get(RLIMIT_DATA);
}

u64 upcall_rlimit_stack(void)
{
	return rlimit_get(RLIMIT_STACK);
}

u64 upcall_rlimit_memlock(void)
{
	return capable(CAP_IPC_LOCK) ? RLIM64_INFINITY : rlimit_get(RLIMIT_MEMLOCK);
}

bool upcall_may_map_low(void)
{
	return capable(CAP_SYS_RAWIO);
}

u64 upcall_rlimit_nofile(void)
{
	return rlimit_get(RLIMIT_NOFILE);
}

/* ---- Usage */

/* What the threads of t used, those that are gone included. */
struct usage {
	u64 user_ns, system_ns;
	u64 minor_faults, major_faults;
	u64 nr_voluntary, nr_involuntary;
};

static void usage_sum(struct task *t, struct usage *out)
{
	u64 irqflags = sig_lock(t);
	u64 run = t->dead_run_ns, user = t->dead_user_ns, system = t->dead_system_ns;
	struct thread *thread;

	*out = (struct usage){ .minor_faults = t->minor_faults,
			       .major_faults = t->major_faults,
			       .nr_voluntary = t->nr_voluntary,
			       .nr_involuntary = t->nr_involuntary };
	/* A thread that has added its share to the dead ones' is off the list, or a zombie's
	 * leader. */
	if (t->nr_threads) {
		list_for_each(thread, &t->threads, task_link) {
			if (thread->is_accounted)
				continue;
			run += thread_run_ns(thread);
			user += thread->user_ns;
			system += thread->system_ns;
			out->minor_faults += thread->minor_faults;
			out->major_faults += thread->major_faults;
			out->nr_voluntary += thread->nr_voluntary;
			out->nr_involuntary += thread->nr_involuntary;
		}
	}
	sig_unlock(t, irqflags);
	cputime_split(run, user, system, &out->user_ns, &out->system_ns);
	cputime_show(&t->times, &out->user_ns, &out->system_ns);
}

void task_times(struct task *t, u64 *user_ns, u64 *system_ns)
{
	struct usage usage;

	usage_sum(t, &usage);
	*user_ns = usage.user_ns;
	*system_ns = usage.system_ns;
}

static struct timeval timeval_from_ns(u64 ns)
{
	return (struct timeval){ .tv_sec = ns / NS_PER_SEC, .tv_usec = ns % NS_PER_SEC / 1000 };
}

/* Without a reference, as tasks_lock may be held and the last one's end takes long. */
static u64 task_max_rss(struct task *t)
{
	u64 irqflags = sig_lock(t), pages = t->max_rss_pages;
	const struct as *as = t->leader->as;

	if (as) {
		pages = MAX(pages, as->hiwater_rss);
		pages = MAX(pages, as_resident_pages(as));
	}
	sig_unlock(t, irqflags);
	return pages;
}

static void rusage_thread(struct thread *self, struct usage *out)
{
	thread_times(self, &out->user_ns, &out->system_ns);
	out->minor_faults = self->minor_faults;
	out->major_faults = self->major_faults;
	out->nr_voluntary = self->nr_voluntary;
	out->nr_involuntary = self->nr_involuntary;
}

static void rusage_children(struct task *t, struct usage *out)
{
	u64 irqflags = sig_lock(t);

	out->user_ns += t->child_user_ns;
	out->system_ns += t->child_system_ns;
	out->minor_faults += t->child_minor_faults;
	out->major_faults += t->child_major_faults;
	out->nr_voluntary += t->child_voluntary;
	out->nr_involuntary += t->child_involuntary;
	sig_unlock(t, irqflags);
}

void task_rusage(struct task *t, int who, struct rusage *out)
{
	struct usage usage = { 0 };
	u64 rss_pages = 0;

	if (who == RUSAGE_THREAD)
		rusage_thread(current, &usage);
	if (who == RUSAGE_SELF || who == RUSAGE_BOTH)
		usage_sum(t, &usage);
	if (who == RUSAGE_CHILDREN || who == RUSAGE_BOTH) {
		rusage_children(t, &usage);
		rss_pages = t->child_max_rss_pages;
	}
	if (who != RUSAGE_CHILDREN)
		rss_pages = MAX(rss_pages, t->is_zombie ? t->max_rss_pages : task_max_rss(t));
	*out = (struct rusage){
		.ru_utime = timeval_from_ns(usage.user_ns),
		.ru_stime = timeval_from_ns(usage.system_ns),
		.ru_maxrss = rss_pages * (PAGE_SIZE / 1024),
		.ru_minflt = usage.minor_faults,
		.ru_majflt = usage.major_faults,
		.ru_nvcsw = usage.nr_voluntary,
		.ru_nivcsw = usage.nr_involuntary,
	};
}
