/*
 * Queues of pending signals, below the rules of who gets what (signal.c). All need sig_lock held.
 */
#pragma once

#include "kernel/task/signal.h"

#define SIG_STOP_MASK (SIGMASK(SIGSTOP) | SIGMASK(SIGTSTP) | SIGMASK(SIGTTIN) | SIGMASK(SIGTTOU))
#define SIG_DUMP_MASK                                                                              \
	(SIG_SYNC_MASK | SIGMASK(SIGQUIT) | SIGMASK(SIGABRT) | SIGMASK(SIGXCPU) | SIGMASK(SIGXFSZ))
#define SIG_DEFAULT_IGNORED                                                                        \
	(SIGMASK(SIGCONT) | SIGMASK(SIGCHLD) | SIGMASK(SIGWINCH) | SIGMASK(SIGURG))
#define SIG_SYNC_MASK                                                                              \
	(SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) | SIGMASK(SIGILL) | SIGMASK(SIGTRAP) |                 \
	 SIGMASK(SIGFPE) | SIGMASK(SIGSYS))

/* An entry from the heap; not in interrupts. NULL: out of memory. */
struct sigqueue *sigqueue_new(void) __must_check;
void sigqueue_free(struct sigqueue *q); /* NULL is fine; no spin lock held, interrupts on */

/* Counts n more entries, or takes the count back, for t and its user. */
void sigqueue_charge(struct task *t, int n);
bool sigqueue_is_full(struct task *t); /* RLIMIT_SIGPENDING */
/* The signals of t, which were one user's, are another's. */
void sigqueue_move_charge(struct task *t, struct uid_usage *from, struct uid_usage *to);

/* Makes sig pending with what info says; info NULL: the kernel's. A free entry must be there (slot
 * or q), or info is lost. Returns true if it took q. */
bool sigpending_add(struct task *t, struct sigpending *p, int sig, const siginfo_t *info,
		    struct sigqueue *q);
/* The same with a filled entry of kind TIMER. */
void sigpending_add_timer(struct sigpending *p, struct sigqueue *q);

/* Takes an entry back before it was delivered. */
void sigpending_remove(struct sigpending *p, struct sigqueue *q);

/* Whether sigpending_add() would lose info without a heap entry. */
static inline bool sigpending_needs_entry(const struct sigpending *p)
{
	return p->slot.link.next != &p->slot.link;
}

/* Forgets standard signals; their entries stay for reuse. Any context. */
static inline void sigpending_forget(struct sigpending *p, u64 set)
{
	p->set &= ~set;
}

/* Takes the first signal in set, the thread's own before its process's; *garbage gets an entry for
 * sigqueue_free(), or is left alone. 0: none. */
int signal_take_locked(u64 set, siginfo_t *info, struct sigqueue **garbage);

/* Others must hear of those in set that are pending for the process, as the current thread, which
 * was woken for them, no longer takes them. */
void signal_retarget(struct task *t, u64 set);

/* Sets WORK_SIGNAL, wakes or kicks. Any context. */
void signal_wake(struct thread *t, bool fatal);

/* signal_send with an entry of kind TIMER. False: it is ignored, and was not queued. Any context.
 */
bool signal_send_timer(struct task *t, struct thread *target, enum signal_scope scope,
		       struct sigqueue *q);

/* Ends t, whatever it does about signals, with that wait-status code. */
void signal_condemn(struct task *t, int code);

static inline u64 sig_lock(struct task *t)
{
	return spin_lock_irqsave(&t->sig_lock);
}
static inline void sig_unlock(struct task *t, u64 irqflags)
{
	spin_unlock_irqrestore(&t->sig_lock, irqflags);
}
