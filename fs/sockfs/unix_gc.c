/*
 * unix_gc: descriptors in flight, and sockets that only descriptors in flight lead to.
 *
 * Owns: the list of sockets that are in some packet, how often each, and who has how many
 *   descriptors under way.
 * How: a socket all of whose references come from packets may be unreachable. Of those candidates,
 *   the references that lie in queues of candidates are subtracted; who has some left is reached
 *   from outside, and gives back to those in its queue; the rest is garbage. Its queues are emptied
 *   of descriptors, and the sockets close by themselves.
 * Why that is safe while others run: packets get descriptors, and lose them to a receiver, only
 *   with flight_lock held for reading (flight_begin(), flight_end(), flight_barrier()). A
 *   candidate has no descriptor, so nobody can read its queue; what is added to it meanwhile counts
 *   as reached from outside. A packet that is in no queue yet, or no more, counts so too.
 * Locks: flight_lock (UNIX_GC), held for writing during a collection; counts_lock (FLIGHT) for the
 *   lists and counts, needed by readers only; one socket's lock at a time for its queue. Files are
 *   closed with none.
 * Follows: unix(7), SCM_RIGHTS, ETOOMANYREFS
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/resource.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/work.h"
#include "kernel/sync/rwsem.h"
#include "kernel/sync/spinlock.h"
#include "kernel/task/task.h"
#include "kernel/time/clock.h"
#include "kernel/time/timer.h"
#include "fs/file.h"
#include "fs/sockfs/socket.h"

#define COLLECT_MIN 256 /* sockets in flight that make a sender ask for a collection */

/* Descriptors in flight by user. */
struct payer {
	struct list link;
	u32 uid;
	u64 nr_files;
};

static struct rwsem flight_lock = RWSEM_INIT(RANK_UNIX_GC); /* a collection writes */
static struct spinlock counts_lock = SPINLOCK_INIT(RANK_FLIGHT);
static struct list payers = LIST_INIT(payers);
static struct list flying = LIST_INIT(flying); /* socket.flight_link */
static _Atomic u32 nr_flying;
static u32 collect_at = COLLECT_MIN;

static struct payer *payer_find(u32 uid)
{
	struct payer *payer;

	list_for_each(payer, &payers, link)
		if (payer->uid == uid)
			return payer;
	return NULL;
}

static int payer_charge(const struct scm_files *files)
{
	struct payer *payer = payer_find(files->uid);

	if (!payer) {
		payer = kzalloc(sizeof(*payer));
		if (!payer)
			return -ENOMEM;
		payer->uid = files->uid;
		list_add(&payer->link, &payers);
	}
	if (payer->nr_files > rlimit_get(RLIMIT_NOFILE) && !capable(CAP_SYS_RESOURCE) &&
	    !capable(CAP_SYS_ADMIN))
		return -ETOOMANYREFS;
	payer->nr_files += files->nr;
	return 0;
}

static void payer_uncharge(const struct scm_files *files)
{
	struct payer *payer = payer_find(files->uid);

	payer->nr_files -= files->nr;
	if (!payer->nr_files) {
		list_del(&payer->link);
		kfree(payer);
	}
}

static void collect(struct work *work);
static struct work collect_work = { .fn = collect };
static struct timer rest_timer;
static u64 rest_until_ns; /* the work thread's own: collections take a fifth of the time at most */

static void rest_over(struct timer *timer)
{
	work_queue(&collect_work);
}

void flight_init(void)
{
	timer_setup(&rest_timer, rest_over);
}

int flight_begin(struct scm_files *files)
{
	int err;

	rwsem_read_lock(&flight_lock);
	spin_lock(&counts_lock);
	err = payer_charge(files);
	for (u32 i = 0; !err && files->nr_sockets && i < files->nr; i++) {
		struct socket *sk = socket_of(files->file[i]);

		if (sk && !sk->nr_flights++) {
			list_add_tail(&sk->flight_link, &flying);
			nr_flying++;
		}
	}
	spin_unlock(&counts_lock);
	rwsem_read_unlock(&flight_lock);
	if (nr_flying > collect_at)
		work_queue(&collect_work);
	return err;
}

/* flight_lock is held. */
static void flight_end_locked(struct scm_files *files)
{
	spin_lock(&counts_lock);
	payer_uncharge(files);
	for (u32 i = 0; files->nr_sockets && i < files->nr; i++) {
		struct socket *sk = socket_of(files->file[i]);

		if (sk && !--sk->nr_flights) {
			list_del_init(&sk->flight_link);
			nr_flying--;
		}
	}
	spin_unlock(&counts_lock);
}

void flight_end(struct scm_files *files)
{
	rwsem_read_lock(&flight_lock);
	flight_end_locked(files);
	rwsem_read_unlock(&flight_lock);
}

void flight_barrier(void)
{
	rwsem_read_lock(&flight_lock);
	rwsem_read_unlock(&flight_lock);
}

void flight_collect_later(void)
{
	/* Of a chain of closings the outermost asks, once it is done. */
	if (nr_flying && !current->scm_drain)
		work_queue(&collect_work);
}

/* ---- the collection */

static bool is_candidate(const struct socket *sk)
{
	return sk->nr_unexplained != UINT32_MAX;
}

/* Calls fn for the packets in sk's queue and in those of connections that wait in it. */
static void queue_for_each(struct socket *sk, void (*fn)(struct packet *p, void *arg), void *arg)
{
	mutex_lock_nested(&sk->lock);
	for (struct packet *p = sk->first; p; p = p->next) {
		if (p->connection)
			queue_for_each(p->connection, fn, arg);
		else if (p->scm.files)
			fn(p, arg);
	}
	mutex_unlock(&sk->lock);
}

static void explain(struct packet *p, void *arg)
{
	for (u32 i = 0; i < p->scm.files->nr; i++) {
		struct socket *sk = socket_of(p->scm.files->file[i]);

		if (sk && is_candidate(sk))
			sk->nr_unexplained--;
	}
}

/* Those in the queue of a reached one are reached, and moved behind it. */
static void reach(struct packet *p, void *arg)
{
	for (u32 i = 0; i < p->scm.files->nr; i++) {
		struct socket *sk = socket_of(p->scm.files->file[i]);

		if (!sk || !is_candidate(sk))
			continue;
		sk->nr_unexplained = UINT32_MAX;
		list_del(&sk->flight_link);
		list_add_tail(&sk->flight_link, arg);
	}
}

static void take_files(struct packet *p, void *arg)
{
	struct scm_files **doomed = arg, *files = p->scm.files;

	flight_end_locked(files);
	files->next = *doomed;
	*doomed = files;
	p->scm.files = NULL;
}

/* Leaves the garbage in `flying`, and puts the others into `reached`. */
static void sort(struct list *reached)
{
	struct socket *sk, *next;

	list_for_each(sk, &flying, flight_link)
		sk->nr_unexplained = refcount_read(&sk->file->refs) == sk->nr_flights
					     ? sk->nr_flights
					     : UINT32_MAX;
	list_for_each(sk, &flying, flight_link)
		if (is_candidate(sk))
			queue_for_each(sk, explain, NULL);
	list_for_each_safe(sk, next, &flying, flight_link) {
		if (!sk->nr_unexplained)
			continue;
		sk->nr_unexplained = UINT32_MAX;
		list_del(&sk->flight_link);
		list_add_tail(&sk->flight_link, reached);
	}
	/* The list grows behind. */
	list_for_each(sk, reached, flight_link)
		queue_for_each(sk, reach, reached);
}

static void collect(struct work *work)
{
	struct list reached = LIST_INIT(reached);
	struct scm_files *doomed = NULL, *files;
	u64 start_ns = clock_ns();
	struct socket *sk;

	if (start_ns < rest_until_ns) {
		timer_arm(&rest_timer, rest_until_ns);
		return;
	}
	rwsem_write_lock(&flight_lock);
	sort(&reached);
	while (!list_empty(&flying)) {
		sk = list_first(&flying, struct socket, flight_link);
		/* Its own descriptors may be in its queue: off the list for good, or back with 0. */
		list_del_init(&sk->flight_link);
		list_add_tail(&sk->flight_link, &reached);
		queue_for_each(sk, take_files, &doomed);
	}
	list_splice_tail_init(&reached, &flying);
	collect_at = MAX(2 * nr_flying, (u32)COLLECT_MIN);
	rwsem_write_unlock(&flight_lock);
	while (doomed) {
		files = doomed;
		doomed = files->next;
		scm_files_drop(files);
	}
	rest_until_ns = clock_ns() + 4 * (clock_ns() - start_ns);
}
