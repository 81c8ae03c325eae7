/*
 * Pending signals: which ones, and what is known of each.
 *
 * A struct sigpending is a set and a queue. The set decides; the queue only holds the siginfo_t of
 * those members that have one. A real-time signal has an entry for each time it was sent, a
 * standard one at most one. Each sigpending holds room for one entry itself (slot), so sending
 * allocates only while another signal waits.
 *
 * An entry whose signal is not in the set is stale: sigpending_forget() makes such entries, because
 * it runs where nothing may be freed (a timer may send SIGCONT). Adding that signal again reuses
 * the entry.
 *
 * Locks: sig_lock of the task throughout. Nothing here allocates or frees under it.
 */
#include "kernel/task/sigqueue.h"

#include <linux/errno.h>

#include "lib/string.h"

#include "arch/x86_64/percpu.h"

#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/wait.h"
#include "kernel/sched/sched.h"
#include "kernel/task/timers.h"

static struct slab_cache *sigqueue_cache, *sighand_cache, *sigactions_cache;

static_assert(SIGINFO_BYTES % 8 == 0 && SIGINFO_BYTES >= offsetof(siginfo_t, si_upper) + 8,
	      "an entry keeps every field of siginfo_t");

struct sigqueue *sigqueue_new(void)
{
	struct sigqueue *q = cache_alloc(sigqueue_cache);

	if (q) {
		list_init(&q->link);
		q->kind = SIGQUEUE_HEAP;
	}
	return q;
}

void sigqueue_free(struct sigqueue *q)
{
	if (q)
		cache_free(sigqueue_cache, q);
}

void sigqueue_free_list(struct list *garbage)
{
	struct sigqueue *q, *n;

	list_for_each_safe(q, n, garbage, link)
		cache_free(sigqueue_cache, q);
	list_init(garbage);
}

void sigpending_init(struct sigpending *p)
{
	p->set = 0;
	list_init(&p->queue);
	list_init(&p->slot.link);
	p->slot.kind = SIGQUEUE_SLOT;
}

void sigqueue_charge(struct task *t, int n)
{
	t->nr_queued += (u32)n;
	uid_usage_add(t->leader->uid_usage, USAGE_SIGNALS, n);
}

bool sigqueue_is_full(struct task *t)
{
	return uid_usage_add(t->leader->uid_usage, USAGE_SIGNALS, 0) >=
	       t->rlimits[RLIMIT_SIGPENDING].rlim_cur;
}

void sigqueue_move_charge(struct task *t, struct uid_usage *from, struct uid_usage *to)
{
	uid_usage_add(from, USAGE_SIGNALS, -(s64)t->nr_queued);
	uid_usage_add(to, USAGE_SIGNALS, t->nr_queued);
}

static void fill(struct sigqueue *q, int sig, const siginfo_t *info)
{
	if (info) {
		__builtin_memcpy(q->words, info, SIGINFO_BYTES);
		return;
	}
	__builtin_memset(q->words, 0, SIGINFO_BYTES);
	q->signo = sig;
	q->code = SI_KERNEL;
}

/* The entry to reuse: sig is not in the set, so any entry of it is stale. */
static struct sigqueue *find_stale(struct sigpending *p, int sig)
{
	struct sigqueue *q;

	if (sig < SIGRTMIN)
		list_for_each(q, &p->queue, link)
			if (q->signo == sig && q->kind != SIGQUEUE_TIMER)
				return q;
	return NULL;
}

bool sigpending_add(struct task *t, struct sigpending *p, int sig, const siginfo_t *info,
		    struct sigqueue *q)
{
	struct sigqueue *entry = find_stale(p, sig);

	p->set |= SIGMASK(sig);
	if (entry) {
		list_del(&entry->link);
	} else {
		entry = sigpending_needs_entry(p) ? q : &p->slot;
		if (!entry)
			return false;
		sigqueue_charge(t, 1);
	}
	fill(entry, sig, info);
	list_add_tail(&entry->link, &p->queue);
	return entry == q;
}

void sigpending_add_timer(struct sigpending *p, struct sigqueue *q)
{
	p->set |= SIGMASK(q->signo);
	list_add_tail(&q->link, &p->queue);
}

void sigpending_remove(struct sigpending *p, struct sigqueue *q)
{
	struct sigqueue *other;

	list_del_init(&q->link);
	list_for_each(other, &p->queue, link)
		if (other->signo == q->signo)
			return;
	p->set &= ~SIGMASK(q->signo);
}

void sigpending_flush(struct task *t, struct sigpending *p, u64 set, struct list *garbage)
{
	struct sigqueue *q, *n;

	p->set &= ~set;
	list_for_each_safe(q, n, &p->queue, link) {
		if (!(SIGMASK(q->signo) & set))
			continue;
		list_del_init(&q->link);
		if (q->kind == SIGQUEUE_TIMER) {
			timers_signal_taken(q, NULL);
			continue;
		}
		sigqueue_charge(t, -1);
		if (q->kind == SIGQUEUE_HEAP)
			list_add_tail(&q->link, garbage);
	}
}

/* The first entry of sig, or NULL; *is_last: there is no second. Mostly there is one entry in all.
 */
static struct sigqueue *find_entry(struct sigpending *p, int sig, bool *is_last)
{
	struct sigqueue *q = list_first(&p->queue, struct sigqueue, link), *found = NULL;

	*is_last = true;
	if (likely(q->link.next == &p->queue && !list_empty(&p->queue)))
		return q->signo == sig ? q : NULL;
	list_for_each(q, &p->queue, link) {
		if (q->signo != sig)
			continue;
		if (found) {
			*is_last = false;
			break;
		}
		found = q;
	}
	return found;
}

static struct sigqueue *take_one(struct task *t, struct sigpending *p, int sig, siginfo_t *info)
{
	bool is_last;
	struct sigqueue *q = find_entry(p, sig, &is_last);

	if (is_last)
		p->set &= ~SIGMASK(sig);
	__builtin_memset((char *)info + SIGINFO_BYTES, 0, sizeof(*info) - SIGINFO_BYTES);
	if (!q) {
		__builtin_memset(info, 0, SIGINFO_BYTES);
		info->si_signo = sig;
		return NULL;
	}
	list_del_init(&q->link);
	__builtin_memcpy(info, q->words, SIGINFO_BYTES);
	if (unlikely(q->kind == SIGQUEUE_TIMER)) {
		timers_signal_taken(q, info);
		return NULL;
	}
	sigqueue_charge(t, -1);
	return q->kind == SIGQUEUE_HEAP ? q : NULL;
}

/* p has some of set pending. */
static int take(struct task *t, struct sigpending *p, u64 set, siginfo_t *info,
		struct sigqueue **garbage)
{
	u64 candidates = p->set & set;
	struct sigqueue *q;
	int sig;

	if (candidates & SIG_SYNC_MASK)
		candidates &= SIG_SYNC_MASK;
	sig = __builtin_ctzll(candidates) + 1;
	q = take_one(t, p, sig, info);
	if (unlikely(q))
		*garbage = q;
	return sig;
}

int signal_take_locked(u64 set, siginfo_t *info, struct sigqueue **garbage)
{
	struct thread *self = current;
	struct task *t = self->task;
	bool is_own = self->pending.set & set;
	int sig;

	if (!is_own && !(t->pending.set & set))
		return 0;
	sig = take(t, is_own ? &self->pending : &t->pending, set, info, garbage);
	if (unlikely(sig == SIGALRM) && !is_own)
		timers_alarm_taken(t);
	return sig;
}

int signal_take(u64 set, siginfo_t *info)
{
	struct thread *self = current;
	struct task *t = self->task;
	struct sigqueue *garbage = NULL;
	u64 irqflags = sig_lock(t), awaited = self->sig_waiting;
	int sig = signal_take_locked(set & ~SIG_KERNEL_ONLY, info, &garbage);

	self->sig_waiting = 0;
	if (sig)
		signal_recalc(self);
	if (awaited) /* a second one may have come while this thread was on its way here */
		signal_retarget(t, awaited & self->sig_blocked);
	sig_unlock(t, irqflags);
	sigqueue_free(garbage);
	return sig;
}

u64 signal_pending_set(void)
{
	return current->pending.set | current->task->pending.set;
}

static bool has_awaited(u64 set)
{
	return signal_pending_set() & set;
}

static void set_waiting(u64 set)
{
	u64 irqflags = sig_lock(current->task);

	current->sig_waiting = set;
	sig_unlock(current->task, irqflags);
}

int signal_timedwait(u64 set, u64 deadline_ns, siginfo_t *info)
{
	int sig, err = 0;

	set &= ~SIG_KERNEL_ONLY;
	sig = signal_take(set, info);
	if (sig || deadline_ns == 0)
		return sig ? sig : -EAGAIN;
	/* While it waits, the set counts as unblocked: whoever sends one wakes this thread. */
	set_waiting(set);
	for (;;) {
		thread_prepare_to_block(BLOCK_INTERRUPTIBLE);
		if (has_awaited(set))
			break;
		err = wait_block(BLOCK_INTERRUPTIBLE, deadline_ns);
		if (err)
			break;
	}
	thread_cancel_block();
	sig = signal_take(set, info);
	if (sig)
		return sig;
	return err == -ETIME ? -EAGAIN : -EINTR;
}

/* ---- handlers ---- */

static struct sigactions default_actions = { .refs = REFCOUNT_INIT(1) };

static struct sighand *sighand_with(struct sigactions *actions)
{
	struct sighand *s = cache_alloc(sighand_cache);

	if (s) {
		refcount_init(&s->refs, 1);
		spin_init(&s->lock, RANK_SIGHAND);
		s->actions = actions;
	}
	return s;
}

static void sigactions_put(struct sigactions *actions)
{
	if (actions && refcount_put(&actions->refs))
		cache_free(sigactions_cache, actions);
}

struct sighand *sighand_new(void)
{
	struct sighand *s = sighand_with(&default_actions);

	if (s)
		refcount_get(&default_actions.refs);
	return s;
}

static struct sigactions *sigactions_new(void)
{
	struct sigactions *actions = cache_alloc(sigactions_cache);

	if (actions)
		refcount_init(&actions->refs, 1);
	return actions;
}

static void sigactions_copy(struct sigactions *to, const struct sigactions *from)
{
	to->handled = from->handled;
	to->has_oneshot = from->has_oneshot;
	memcpy(to->action, from->action, sizeof(to->action));
}

/* Takes sig_lock, with the table of t its own. *garbage is to be put afterwards unless NULL.
 * -ENOMEM: not locked. */
static int lock_and_own(struct task *t, u64 *irqflags, struct sigactions **garbage)
{
	struct sigactions *spare = NULL, *old;

	for (;;) {
		*irqflags = sig_lock(t);
		old = t->sighand->actions;
		*garbage = spare;
		if (refcount_read(&old->refs) == 1)
			return 0;
		if (spare) {
			sigactions_copy(spare, old);
			t->sighand->actions = spare;
			*garbage = old;
			return 0;
		}
		sig_unlock(t, *irqflags);
		spare = sigactions_new();
		if (!spare)
			return -ENOMEM;
	}
}

struct sighand *sighand_share(struct task *t)
{
	struct sigactions *garbage;
	struct sighand *s;
	u64 irqflags;

	if (lock_and_own(t, &irqflags, &garbage))
		return NULL;
	s = t->sighand;
	refcount_get(&s->refs);
	sig_unlock(t, irqflags);
	sigactions_put(garbage);
	return s;
}

/* May another sighand use the same table? */
static bool can_share_table(const struct sighand *s)
{
	return refcount_read(&s->refs) == 1 && !s->actions->has_oneshot;
}

struct sighand *sighand_copy(struct task *t)
{
	struct sigactions *own = NULL, *from;
	struct sighand *s;
	u64 irqflags;

	for (;;) {
		irqflags = sig_lock(t);
		from = t->sighand->actions;
		if (own) {
			spin_lock(&t->sighand->lock);
			sigactions_copy(own, from);
			spin_unlock(&t->sighand->lock);
		} else if (can_share_table(t->sighand))
			refcount_get(&from->refs);
		else
			from = NULL;
		sig_unlock(t, irqflags);
		if (from)
			break;
		own = sigactions_new();
		if (!own)
			return NULL;
	}
	from = own ? own : from;
	s = sighand_with(from);
	if (!s)
		sigactions_put(from);
	return s;
}

int sighand_exec(struct task *t)
{
	struct sigactions *actions, *garbage;
	struct sighand *own, *shared = t->sighand;
	u64 irqflags;

	if (refcount_read(&shared->refs) > 1) {
		own = sighand_copy(t);
		if (!own)
			return -ENOMEM;
		irqflags = sig_lock(t);
		t->sighand = own;
		sig_unlock(t, irqflags);
		sighand_put(shared);
	}
	if (!t->sighand->actions->handled)
		return 0;
	if (lock_and_own(t, &irqflags, &garbage))
		return -ENOMEM;
	actions = t->sighand->actions;
	for (u64 rest = actions->handled; rest; rest &= rest - 1) {
		struct kernel_sigaction *a = &actions->action[__builtin_ctzll(rest)];

		*a = (struct kernel_sigaction){ .handler =
							a->handler == SIG_IGN ? SIG_IGN : SIG_DFL };
	}
	actions->handled = 0;
	actions->has_oneshot = false;
	sig_unlock(t, irqflags);
	sigactions_put(garbage);
	return 0;
}

void sighand_put(struct sighand *s)
{
	if (!s || !refcount_put(&s->refs))
		return;
	sigactions_put(s->actions);
	cache_free(sighand_cache, s);
}

#define SA_KNOWN                                                                                   \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | SA_RESTORER | SA_ONSTACK | \
	 SA_RESTART | SA_NODEFER | SA_RESETHAND)

/* A signal that has become ignored is not pending either: sigaction(2). */
static void drop_ignored(struct task *t, int sig, struct list *garbage)
{
	struct thread *thread;

	if (!signal_is_ignored(t, sig))
		return;
	sigpending_flush(t, &t->pending, SIGMASK(sig), garbage);
	list_for_each(thread, &t->threads, task_link)
		sigpending_flush(t, &thread->pending, SIGMASK(sig), garbage);
}

static void note_action(struct sigactions *actions, int sig)
{
	const struct kernel_sigaction *a = &actions->action[sig - 1];

	if (a->flags || a->mask || a->restorer || (a->handler != SIG_DFL && a->handler != SIG_IGN))
		actions->handled |= SIGMASK(sig);
	if (a->flags & SA_RESETHAND)
		actions->has_oneshot = true;
}

int signal_action(int sig, const struct kernel_sigaction *act, struct kernel_sigaction *old)
{
	struct task *t = current->task;
	struct list garbage = LIST_INIT(garbage);
	struct sigactions *old_table = NULL;
	struct kernel_sigaction *action;
	u64 irqflags;

	if (sig < 1 || sig > NR_SIGNALS || (act && (SIGMASK(sig) & SIG_KERNEL_ONLY)))
		return -EINVAL;
	if (!act)
		irqflags = sig_lock(t);
	else if (lock_and_own(t, &irqflags, &old_table))
		return -ENOMEM;
	action = &t->sighand->actions->action[sig - 1];
	spin_lock(&t->sighand->lock);
	if (old)
		*old = *action;
	if (act) {
		*action = *act;
		action->mask &= ~SIG_KERNEL_ONLY;
		action->flags &= SA_KNOWN;
		note_action(t->sighand->actions, sig);
	}
	spin_unlock(&t->sighand->lock);
	if (act)
		drop_ignored(t, sig, &garbage);
	sig_unlock(t, irqflags);
	sigactions_put(old_table);
	sigqueue_free_list(&garbage);
	return 0;
}

void signal_init(void)
{
	sigqueue_cache = cache_create("sigqueue", sizeof(struct sigqueue), 0);
	sighand_cache = cache_create("sighand", sizeof(struct sighand), 0);
	sigactions_cache = cache_create("sigactions", sizeof(struct sigactions), 0);
}
