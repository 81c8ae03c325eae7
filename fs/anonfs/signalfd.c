/*
 * signalfd: read takes signals of the current thread and its process; the file knows only a mask.
 *
 * Sleepers of all processes share the queue signalfd_wait (kernel/task/signal.h), which sending
 * pokes: a queue in each process would have to outlive it for epoll's sake, and few programs use
 * this.
 * Locks: none held here; signal_take() takes sig_lock itself.
 * Follows: signalfd(2)
 */
#include "fs/anonfs/signalfd.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/signalfd.h>

#include "kernel/mm/slab.h"
#include "kernel/task/signal.h"
#include "fs/anonfs/anonfs.h"
#include "fs/poll.h"
#include "fs/rw.h"

struct signalfd {
	_Atomic u64 mask;
};

static bool signalfd_is_ready(const struct signalfd *s)
{
	return (current->pending.set | current->task->pending.set) & s->mask;
}

static int signalfd_take(const struct signalfd *s, siginfo_t *info)
{
	return signal_take(s->mask, info);
}

static void signalfd_convert(const siginfo_t *info, struct signalfd_siginfo *out)
{
	*out = (struct signalfd_siginfo){
		.ssi_signo = info->si_signo,
		.ssi_errno = info->si_errno,
		.ssi_code = info->si_code,
	};
	if (info->si_code > 0 && (SIGMASK(info->si_signo) & (SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) |
							     SIGMASK(SIGFPE) | SIGMASK(SIGILL)))) {
		out->ssi_addr = (u64)info->si_addr;
		return;
	}
	out->ssi_pid = info->si_pid;
	out->ssi_uid = info->si_uid;
	if (info->si_signo == SIGCHLD) {
		out->ssi_status = info->si_status;
		out->ssi_utime = info->si_utime;
		out->ssi_stime = info->si_stime;
	} else {
		out->ssi_int = info->si_int;
		out->ssi_ptr = (u64)info->si_ptr;
		if (info->si_code == SI_TIMER) {
			out->ssi_tid = info->si_timerid;
			out->ssi_overrun = info->si_overrun;
		}
	}
}

static long signalfd_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct signalfd *s = file->private;
	struct signalfd_siginfo out;
	siginfo_t info;
	long done = 0;
	int err;

	if (uio->resid < sizeof(out))
		return -EINVAL;
	while (uio->resid >= sizeof(out)) {
		if (signalfd_take(s, &info)) {
			signalfd_convert(&info, &out);
			if (uio_copy_out(uio, &out, sizeof(out)) != sizeof(out))
				return done ? done : -EFAULT;
			done += sizeof(out);
			continue;
		}
		if (done)
			break;
		if (file_nowait(file, uio))
			return -EAGAIN;
		err = wait_event_interruptible(&signalfd_wait, signalfd_is_ready(s));
		if (err)
			return err;
	}
	return done;
}

static u32 signalfd_poll(struct file *file, struct poll_table *pt)
{
	poll_wait(pt, file, &signalfd_wait);
	return signalfd_is_ready(file->private) ? POLLIN : 0;
}

static void signalfd_release(struct file *file)
{
	kfree(file->private);
}

static void signalfd_fdinfo(struct file *file, const struct pidns *viewer, struct seqbuf *out)
{
	struct signalfd *s = file->private;

	seqbuf_printf(out, "sigmask:\t%016llx\n", (unsigned long long)s->mask);
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.seek = file_seek_nowhere,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.show_fdinfo = signalfd_fdinfo,
};

int signalfd_set_mask(struct file *file, u64 mask)
{
	struct signalfd *s = file->private;

	if (file->ops != &signalfd_ops)
		return -EINVAL;
	atomic_store(&s->mask, mask & ~SIG_KERNEL_ONLY);
	wake_all(&signalfd_wait);
	return 0;
}

int signalfd_open(u64 mask, u32 flags, struct file **out)
{
	struct signalfd *s = kmalloc(sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	atomic_init(&s->mask, mask & ~SIG_KERNEL_ONLY);
	err = anonfs_open("[signalfd]", &signalfd_ops, s, O_RDWR | (flags & O_NONBLOCK), out);
	if (err)
		kfree(s);
	return err;
}
