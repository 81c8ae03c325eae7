/*
 * poll, select and epoll: copies in and out around fs/poll.c and fs/anonfs/epoll.c.
 *
 * A time limit becomes a deadline at once, so that a restarted call does not wait anew.
 *                                          Follows: poll(2), select(2), epoll_ctl(2), epoll_wait(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "arch/x86_64/percpu.h"
#include "kernel/mm/slab.h"
#include "kernel/task/signal.h"
#include "fs/anonfs/epoll.h"
#include "fs/fdtable.h"
#include "fs/poll.h"

#define POLL_ON_STACK 16

int deadline_from_user(const struct timespec __user *utimeout, u64 *deadline_ns)
{
	u64 ns;
	int err;

	*deadline_ns = WAIT_FOREVER;
	if (!utimeout)
		return 0;
	err = timespec_from_user(utimeout, &ns);
	if (err)
		return err;
	*deadline_ns = ns ? clock_ns() + ns : 0;
	return 0;
}

void deadline_to_user(u64 deadline_ns, struct timespec __user *utimeout)
{
	u64 now = clock_ns();
	struct timespec ts = timespec_from_ns(deadline_ns > now ? deadline_ns - now : 0);

	if (utimeout && copy_to_user(utimeout, &ts, sizeof(ts)))
		return;
}

u64 deadline_from_ms(int ms)
{
	if (ms < 0)
		return WAIT_FOREVER;
	return ms ? clock_ns() + (u64)ms * 1000000 : 0;
}

int sigmask_begin(const u64 __user *umask, size_t size)
{
	u64 mask;

	if (!umask)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	current->saved_mask = current->sig_blocked;
	signal_set_blocked(mask);
	return 0;
}

void sigmask_finish(const u64 __user *umask, long err)
{
	if (!umask)
		return;
	if (err == -EINTR || err == -ERESTARTNOHAND || err == -ERESTARTSYS)
		atomic_fetch_or(&current->head.work_flags, WORK_SIGMASK);
	else
		signal_set_blocked(current->saved_mask);
}

/* The revents of each entry; only they are written back. */
static int poll_report(struct pollfd __user *ufds, const struct pollfd *fds, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (put_user(fds[i].revents, &ufds[i].revents))
			return -EFAULT;
	return 0;
}

static long poll_user(struct pollfd __user *ufds, u32 n, u64 deadline_ns)
{
	struct pollfd on_stack[POLL_ON_STACK] __uninitialized, *fds = on_stack;
	long ready;

	if (n > upcall_rlimit_nofile())
		return -EINVAL;
	if (n > POLL_ON_STACK) {
		fds = kcalloc(n, sizeof(*fds));
		if (!fds)
			return -ENOMEM;
	}
	ready = copy_from_user(fds, ufds, n * sizeof(*fds));
	if (!ready)
		ready = poll_files(fds, n, deadline_ns);
	if (ready >= 0 && poll_report(ufds, fds, n))
		ready = -EFAULT;
	if (fds != on_stack)
		kfree(fds);
	return ready;
}

static long poll_restart(struct thread *t)
{
	long ready = poll_user((struct pollfd __user *)t->restart_args[0], t->restart_args[1],
			       t->restart_args[2]);

	return ready == -EINTR ? -ERESTART_RESTARTBLOCK : ready;
}

SYSCALL(poll, struct pollfd __user *ufds, u32 n, int timeout_ms)
{
	u64 deadline = deadline_from_ms(timeout_ms);
	long ready = poll_user(ufds, n, deadline);

	if (ready != -EINTR)
		return ready;
	current->restart = poll_restart;
	current->restart_args[0] = (u64)ufds;
	current->restart_args[1] = n;
	current->restart_args[2] = deadline;
	return -ERESTART_RESTARTBLOCK;
}

SYSCALL(ppoll, struct pollfd __user *ufds, u32 n, struct timespec __user *utimeout,
	const u64 __user *umask, size_t mask_size)
{
	u64 deadline;
	long ready;
	int err = deadline_from_user(utimeout, &deadline);

	if (err)
		return err;
	err = sigmask_begin(umask, mask_size);
	if (err)
		return err;
	ready = poll_user(ufds, n, deadline);
	if (ready == -EINTR)
		ready = -ERESTARTNOHAND;
	sigmask_finish(umask, ready);
	deadline_to_user(deadline, utimeout);
	return ready;
}

/* ---- select: three bit sets become one array of pollfd, and back. */

#define SELECT_IN  (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define SELECT_OUT (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
#define SELECT_EX  POLLPRI

struct select_sets {
	u64 __user *user[3];
	u64 *bits; /* 3 * words */
	u32 words;
};

static const u32 select_wants[3] = { SELECT_IN & ~(u32)(POLLHUP | POLLERR),
				     SELECT_OUT & ~(u32)POLLERR, SELECT_EX };
static const u32 select_means[3] = { SELECT_IN, SELECT_OUT, SELECT_EX };

static u32 select_events(const struct select_sets *s, u32 fd, const u32 by_set[3])
{
	u32 events = 0;

	for (int set = 0; set < 3; set++)
		if (s->bits[set * s->words + fd / 64] >> (fd % 64) & 1)
			events |= by_set[set];
	return events;
}

static long select_run(struct select_sets *s, int n, struct pollfd *fds, u64 deadline_ns)
{
	long count = 0;
	u32 used = 0;
	int err;

	for (int fd = 0; fd < n; fd++)
		if (select_events(s, fd, (const u32[3]){ 1, 1, 1 }))
			fds[used++] =
				(struct pollfd){ .fd = fd,
						 .events = select_events(s, fd, select_wants) };
	err = poll_files(fds, used, deadline_ns);
	if (err < 0)
		return err;
	for (u32 i = 0; i < used; i++) {
		u32 fd = fds[i].fd;

		if (fds[i].revents & POLLNVAL)
			return -EBADF;
		for (int set = 0; set < 3; set++) {
			u64 *word = &s->bits[set * s->words + fd / 64], bit = 1ull << (fd % 64);

			if (!(*word & bit))
				continue;
			if (fds[i].revents & select_means[set])
				count++;
			else
				*word &= ~bit;
		}
	}
	return count;
}

static size_t select_bytes(int n)
{
	return DIV_ROUND_UP((size_t)n, 64) * 8;
}

static int select_load(struct select_sets *s, int n)
{
	for (int set = 0; set < 3; set++)
		if (s->user[set] &&
		    copy_from_user(s->bits + set * s->words, s->user[set], select_bytes(n)))
			return -EFAULT;
	return 0;
}

static int select_store(const struct select_sets *s, int n)
{
	for (int set = 0; set < 3; set++)
		if (s->user[set] &&
		    copy_to_user(s->user[set], s->bits + set * s->words, select_bytes(n)))
			return -EFAULT;
	return 0;
}

static long select_user(int n, u64 __user *in, u64 __user *out, u64 __user *ex, u64 deadline_ns)
{
	struct select_sets s = { .user = { in, out, ex } };
	struct pollfd *fds;
	long ready;

	if (n < 0)
		return -EINVAL;
	n = MIN(n, (int)files_max_fd(files_current()));
	s.words = MAX(DIV_ROUND_UP(n, 64), 1);
	s.bits = kzalloc(3 * s.words * 8 + (size_t)n * sizeof(*fds));
	if (!s.bits)
		return -ENOMEM;
	fds = (struct pollfd *)(s.bits + 3 * s.words);
	ready = select_load(&s, n);
	if (!ready)
		ready = select_run(&s, n, fds, deadline_ns);
	if (ready == 0)
		for (u32 i = 0; i < 3 * s.words; i++)
			s.bits[i] = 0;
	if (ready >= 0 && select_store(&s, n))
		ready = -EFAULT;
	kfree(s.bits);
	return ready == -EINTR ? -ERESTARTNOHAND : ready;
}

SYSCALL(select, int n, u64 __user *in, u64 __user *out, u64 __user *ex, struct timeval __user *utv)
{
	struct timeval tv;
	u64 deadline = WAIT_FOREVER, now, left;
	long ready;

	if (utv) {
		if (copy_from_user(&tv, utv, sizeof(tv)))
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		left = MIN((u64)tv.tv_sec, WAIT_FOREVER / 4 / NS_PER_SEC) * NS_PER_SEC +
		       MIN((u64)tv.tv_usec, NS_PER_SEC) * 1000;
		deadline = left ? clock_ns() + left : 0;
	}
	ready = select_user(n, in, out, ex, deadline);
	if (utv) {
		now = clock_ns();
		left = deadline > now ? deadline - now : 0;
		tv.tv_sec = left / NS_PER_SEC;
		tv.tv_usec = left % NS_PER_SEC / 1000;
		if (copy_to_user(utv, &tv, sizeof(tv)))
			return ready;
	}
	return ready;
}

struct pselect_mask {
	const u64 __user *mask;
	size_t size;
};

SYSCALL(pselect6, int n, u64 __user *in, u64 __user *out, u64 __user *ex,
	struct timespec __user *utimeout, const struct pselect_mask __user *umask)
{
	struct pselect_mask mask = { NULL, 0 };
	u64 deadline;
	long ready;
	int err = deadline_from_user(utimeout, &deadline);

	if (!err && umask && copy_from_user(&mask, umask, sizeof(mask)))
		err = -EFAULT;
	if (!err)
		err = sigmask_begin(mask.mask, mask.size);
	if (err)
		return err;
	ready = select_user(n, in, out, ex, deadline);
	sigmask_finish(mask.mask, ready);
	deadline_to_user(deadline, utimeout);
	return ready;
}

/* ---- epoll */

SYSCALL(epoll_create1, u32 flags)
{
	struct file *file;
	int err;

	if (flags & ~(u32)EPOLL_CLOEXEC)
		return -EINVAL;
	err = epoll_open(&file);
	return err ? err : fd_publish(files_current(), file, flags);
}

SYSCALL(epoll_create, int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

SYSCALL(epoll_ctl, int epfd, int op, int fd, const struct epoll_event __user *uevent)
{
	struct epoll_event event = { 0 };
	struct fdref ep, target;
	long err = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_from_user(&event, uevent, sizeof(event)))
		return -EFAULT;
	ep = fdref_get(epfd);
	if (!ep.file)
		return -EBADF;
	target = fdref_get(fd);
	if (target.file) {
		err = epoll_control(ep.file, op, fd, target.file, &event);
		fdref_put(target);
	}
	fdref_put(ep);
	return err;
}

static long epoll_wait_user(int epfd, struct epoll_event __user *events, int max, u64 deadline_ns)
{
	struct fdref ep;
	long n;

	if (max <= 0 || max > INT32_MAX / (int)sizeof(struct epoll_event))
		return -EINVAL;
	if (!user_range_ok(events, (size_t)max * sizeof(*events)))
		return -EFAULT;
	ep = fdref_get(epfd);
	if (!ep.file)
		return -EBADF;
	n = epoll_collect(ep.file, events, max, deadline_ns);
	fdref_put(ep);
	return n;
}

SYSCALL(epoll_wait, int epfd, struct epoll_event __user *events, int max, int timeout_ms)
{
	return epoll_wait_user(epfd, events, max, deadline_from_ms(timeout_ms));
}

SYSCALL(epoll_pwait, int epfd, struct epoll_event __user *events, int max, int timeout_ms,
	const u64 __user *umask, size_t mask_size)
{
	long n = sigmask_begin(umask, mask_size);

	if (n)
		return n;
	n = epoll_wait_user(epfd, events, max, deadline_from_ms(timeout_ms));
	sigmask_finish(umask, n);
	return n;
}

SYSCALL(epoll_pwait2, int epfd, struct epoll_event __user *events, int max,
	const struct timespec __user *utimeout, const u64 __user *umask, size_t mask_size)
{
	u64 deadline;
	long n = deadline_from_user(utimeout, &deadline);

	if (!n)
		n = sigmask_begin(umask, mask_size);
	if (n)
		return n;
	n = epoll_wait_user(epfd, events, max, deadline);
	sigmask_finish(umask, n);
	return n;
}
