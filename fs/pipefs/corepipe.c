/*
 * Core dumps to a helper: a program of root's that reads the dump from its standard input.
 *
 * The helper is a process of the initial namespaces, in process 1's root; nobody waits for it. The
 * dumping thread waits only until it is known whether the program could be executed, and, if
 * core_pipe_limit says so, until the helper has closed the pipe: till then it finds the process in
 * /proc. A helper that crashes is not dumped: its RLIMIT_CORE is 1.
 *
 * Follows: core(5), "Piping core dumps to a program"
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "kernel/mm/slab.h"
#include "kernel/task/coredump.h"
#include "fs/fdtable.h"
#include "fs/pidfs/pidfs.h"
#include "fs/pipefs/internal.h"

/* On the stack of who waits for is_done. */
struct helper {
	const char **argv;
	struct file *input, *pidfd; /* each consumed by helper_main(); pidfd: or NULL */
	int err;
	_Atomic bool is_done; /* nobody touches the struct afterwards */
};

static struct wait_queue helper_wait = WAIT_QUEUE_INIT(helper_wait);
static _Atomic int nr_helpers; /* that read dumps */

static int install(struct helper *h)
{
	struct files *files = files_current();
	int fd, err = fd_publish(files, h->input, 0); /* the first descriptor: 0 */

	if (err < 0 && h->pidfd)
		file_put(h->pidfd);
	if (err < 0 || !h->pidfd)
		return err;
	err = fd_reserve_from(files, CORE_PIDFD_NR, 0, &fd);
	if (err)
		file_put(h->pidfd);
	else
		fd_install(files, fd, h->pidfd);
	return err;
}

static int execute(const char **argv)
{
	static const char *const no_env[] = { NULL };
	struct exec_args args = { .filename = argv[0], .kargv = argv, .kenvp = no_env };
	int err = exec_open(AT_FDCWD, argv[0], 0, &args.file);

	if (err)
		return err;
	err = exec_run(&args);
	file_put(args.file);
	return err;
}

/* The first steps of the new process; its return is the step into user mode. */
static void helper_main(void *arg)
{
	struct helper *h = arg;
	int err = install(h);

	task_current()->rlimits[RLIMIT_CORE] = (struct rlimit64){ 1, 1 };
	if (err >= 0)
		err = execute(h->argv);
	h->err = err;
	atomic_store(&h->is_done, true);
	wake_all(&helper_wait);
	if (err)
		task_exit_group(0);
}

/* input is consumed. */
static int helper_start(const struct core_dump *d, struct file *input)
{
	struct helper h = { .argv = kcalloc(d->nr_words + 1, sizeof(*h.argv)), .input = input };
	const char *word = d->name;
	int err = h.argv ? 0 : -ENOMEM;

	if (!err && d->wants_pidfd)
		err = pidfs_open(current->task->pid, 0, &h.pidfd);
	for (u32 i = 0; !err && i < d->nr_words; i++) {
		h.argv[i] = word;
		while (*word++) {
		}
	}
	if (!err) {
		err = task_start_kernel("corehelper", helper_main, &h);
		if (err && h.pidfd)
			file_put(h.pidfd);
	}
	if (err) {
		file_put(input);
	} else {
		wait_event(&helper_wait, h.is_done);
		err = h.err;
	}
	kfree(h.argv);
	return err;
}

static int corepipe_open(struct core_dump *d)
{
	int count = atomic_fetch_add(&nr_helpers, 1) + 1;
	struct file *ends[2];
	int err = core_pipe_limit && count > core_pipe_limit ? -EAGAIN : pipe_open(0, ends);

	if (!err) {
		d->file = ends[1];
		err = helper_start(d, ends[0]);
		if (err)
			file_put(ends[1]);
	}
	if (err)
		atomic_fetch_sub(&nr_helpers, 1);
	return err;
}

/* The reader sees the end of the dump, and is waited for: for once a writer counts as a reader, so
 * that the pipe stays. */
static void wait_for_reader(struct pipe *p)
{
	mutex_lock(&p->lock);
	p->writers--;
	p->readers++;
	mutex_unlock(&p->lock);
	wake_all(&p->read_wait);
	(void)wait_event_interruptible(&p->write_wait, p->readers == 1);
	mutex_lock(&p->lock);
	p->readers--;
	p->writers++;
	mutex_unlock(&p->lock);
}

static void corepipe_finish(struct core_dump *d, bool is_complete)
{
	if (is_complete && (d->what & COREDUMP_WAIT))
		wait_for_reader(pipe_of(d->file));
	atomic_fetch_sub(&nr_helpers, 1);
}

void corepipe_init(void)
{
	static const struct core_stream stream = { corepipe_open, corepipe_finish };

	core_streams[CORE_PIPE] = &stream;
}
