/*
 * Core dumps: when there is one, and where it goes.
 *
 * The thread whose signal it is stops the others: each gets a SIGKILL and comes to coredump_park() on
 * its way out, before it gives anything back, so that registers and memory stay as they were. Then
 * the pattern is expanded and its target opened; elfcore.c writes. At the end all go on to exit.
 * From the beginning the process is_exiting: no more signals for it, but SIGKILL, which ends the
 * dump because all waiting here is interruptible, and then is what the process died of.
 *
 * A dump in root's name (DUMP_ROOT: the process changed ids, and suid_dumpable is 2) is opened with
 * root's fsuid and in process 1's root directory, only by an absolute path, and never in place of
 * another file.
 *
 * Locks: sig_lock for task->dump and the counts; pattern_lock for the pattern.
 * Not here: helpers (fs/pipefs/corepipe.c) and servers (fs/sockfs/coresocket.c).
 * Follows: core(5), Linux 7.3 fs/coredump.c
 */
#include "kernel/task/coredump.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/pidfd.h>
#include <linux/un.h>

#include "lib/string.h"

#include "arch/x86_64/fpu.h"
#include "kernel/debug/printk.h"
#include "kernel/id/cred.h"
#include "kernel/id/uts.h"
#include "kernel/mm/as.h"
#include "kernel/mm/kmap.h"
#include "kernel/sync/mutex.h"
#include "kernel/task/sigqueue.h"
#include "kernel/time/clock.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/namei.h"
#include "fs/path.h"

#define NAME_ROOM   (2 * 4096)
#define HELPER_FLAG 1 /* a helper's RLIMIT_CORE: what crashes in one is not dumped */

const struct core_stream *core_streams[CORE_SOCKET + 1];
int core_uses_pid, core_pipe_limit, suid_dumpable;

static char core_pattern[CORE_PATTERN_MAX] = "core";
static struct mutex pattern_lock = MUTEX_INIT(RANK_SOCK);

/* ---- The pattern */

void core_pattern_get(char text[CORE_PATTERN_MAX])
{
	mutex_lock(&pattern_lock);
	memcpy(text, core_pattern, CORE_PATTERN_MAX);
	mutex_unlock(&pattern_lock);
}

/* An absolute path without "..", set by somebody who means the initial mount namespace. */
static bool is_socket_name(const char *name)
{
	if (name[0] != '/' || strlen(name) >= UNIX_PATH_MAX ||
	    nsproxy_current()->ns[NS_MNT] != nsproxy_initial.ns[NS_MNT])
		return false;
	for (const char *p = strstr(name, "/.."); p; p = strstr(p + 1, "/.."))
		if (!p[3] || p[3] == '/')
			return false;
	return true;
}

static const char *socket_name(const char *pattern)
{
	return pattern + (pattern[1] == '@' ? 2 : 1);
}

int core_pattern_set(const char *text, size_t len)
{
	char new[CORE_PATTERN_MAX] = "";
	const char *end = memchr(text, '\n', len);

	len = end ? (size_t)(end - text) : len;
	memcpy(new, text, MIN(len, sizeof(new) - 1));
	if (new[0] == '@' && !is_socket_name(socket_name(new)))
		return -EINVAL;
	mutex_lock(&pattern_lock);
	memcpy(core_pattern, new, sizeof(new));
	mutex_unlock(&pattern_lock);
	return 0;
}

/* What was put at start becomes one component of a path, neither empty nor "." nor "..". */
static void make_component(struct seqbuf *out, size_t start)
{
	char *text = out->buf + start;
	size_t len = out->len - start;

	if (!len)
		seqbuf_putc(out, '!');
	else if (text[0] == '.' && (len == 1 || (len == 2 && text[1] == '.')))
		text[0] = '!';
	for (; len; len--, text++)
		if (*text == '/')
			*text = '!';
}

static void put_component(struct seqbuf *out, const char *text)
{
	size_t start = out->len;

	seqbuf_puts(out, text);
	make_component(out, start);
}

/* The program's path, or its last component. */
static void put_exe(struct seqbuf *out, bool is_whole)
{
	const struct file *exe = current->as->exe;
	size_t start = out->len, base = start;

	if (exe)
		path_print(&exe->path, NULL, out);
	else
		seqbuf_printf(out, "%s (path unknown)", current->comm);
	for (size_t i = start; i < out->len && !is_whole; i++)
		if (out->buf[i] == '/')
			base = i + 1;
	memmove(out->buf + start, out->buf + base, out->len - base);
	out->len -= base - start;
	make_component(out, start);
}

static void put_hostname(struct seqbuf *out)
{
	struct utsname name;

	uts_get(&name);
	put_component(out, name.nodename);
}

/* One %-letter; unknown ones are nothing. */
static void expand(struct core_dump *d, char letter, struct seqbuf *out)
{
	const struct thread *self = current;
	const struct pid *pid = self->task->pid;

	switch (letter) {
	case '%':
		return seqbuf_putc(out, '%');
	case 'p':
		return seqbuf_put_sdec(out, pid_vnr(pid));
	case 'P':
		return seqbuf_put_sdec(out, pid->numbers[0].nr);
	case 'i':
		return seqbuf_put_sdec(out, pid_vnr(self->pid));
	case 'I':
		return seqbuf_put_sdec(out, self->pid->numbers[0].nr);
	case 'u':
		return seqbuf_put_dec(out, self->cred->uid);
	case 'g':
		return seqbuf_put_dec(out, self->cred->gid);
	case 'd':
		return seqbuf_put_dec(out, self->as->dumpable);
	case 's':
		return seqbuf_put_dec(out, (u64)d->info.si_signo);
	case 't':
		return seqbuf_put_dec(out, clock_realtime_ns() / NS_PER_SEC);
	case 'h':
		return put_hostname(out);
	case 'e':
		return put_component(out, self->comm);
	case 'f':
		return put_exe(out, false);
	case 'E':
		return put_exe(out, true);
	case 'c':
		return seqbuf_put_dec(out, rlimit_get(RLIMIT_CORE));
	case 'C':
		return seqbuf_put_dec(out, cpu_id());
	case 'F':
		if (d->kind == CORE_PIPE) {
			d->wants_pidfd = true;
			seqbuf_put_dec(out, CORE_PIDFD_NR);
		}
	}
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A helper's words are told apart before anything is put into them. */
static void expand_all(struct core_dump *d, const char *p, struct seqbuf *out)
{
	bool has_pid = false, was_blank = false;

	d->nr_words = 1;
	for (; *p; p++) {
		if (d->kind == CORE_PIPE && is_blank(*p)) {
			was_blank = out->len != 0;
			continue;
		}
		if (was_blank) {
			seqbuf_putc(out, '\0');
			d->nr_words++;
			was_blank = false;
		}
		if (*p != '%') {
			seqbuf_putc(out, *p);
		} else {
			if (!*++p)
				break;
			has_pid |= *p == 'p';
			expand(d, *p, out);
		}
	}
	if (!has_pid && core_uses_pid && d->kind == CORE_FILE)
		seqbuf_printf(out, ".%d", pid_vnr(current->task->pid));
	seqbuf_putc(out, '\0');
}

/* Sets kind and name. */
static int choose_target(struct core_dump *d)
{
	char pattern[CORE_PATTERN_MAX];
	struct seqbuf out;

	d->name = kvmalloc(NAME_ROOM);
	if (!d->name)
		return -ENOMEM;
	seqbuf_init(&out, d->name, NAME_ROOM);
	core_pattern_get(pattern);
	if (pattern[0] == '@') {
		d->kind = CORE_SOCKET;
		d->is_asking = pattern[1] == '@';
		seqbuf_puts(&out, socket_name(pattern));
		seqbuf_putc(&out, '\0');
		return 0;
	}
	d->kind = pattern[0] == '|' ? CORE_PIPE : CORE_FILE;
	expand_all(d, pattern + (d->kind == CORE_PIPE), &out);
	return out.overflow ? -ENAMETOOLONG : 0;
}

/* ---- Files */

void core_swap_identity(const struct cred **cred, struct fs_ctx **fs)
{
	struct thread *self = current;
	u64 irqflags = sig_lock(self->task);
	const struct cred *old_cred = self->cred;
	struct fs_ctx *old_fs = self->fs;

	self->cred = *cred;
	self->fs = *fs;
	*cred = old_cred;
	*fs = old_fs;
	sig_unlock(self->task, irqflags);
}

static int open_new(const char *name, struct file **out)
{
	const struct inode *inode;
	int err = file_open_kernel(name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0600, out);

	if (err)
		return err;
	inode = (*out)->inode;
	if (S_ISREG(inode->mode) && inode->nlink == 1 && inode->uid == current->cred->fsuid &&
	    (inode->mode & 0677) == 0600)
		return 0;
	file_put(*out);
	return -EPERM;
}

static int open_as_root(struct core_dump *d)
{
	struct cred *root = cred_copy(current->cred);
	const struct cred *cred = root;
	struct fs_ctx *fs;
	int err;

	if (!root)
		return -ENOMEM;
	root->fsuid = 0;
	err = task_init_fs(&fs);
	if (!err) {
		core_swap_identity(&cred, &fs);
		err = open_new(d->name, &d->file);
		core_swap_identity(&cred, &fs);
		fs_ctx_put(fs);
	}
	cred_put(cred);
	return err;
}

static int open_file(struct core_dump *d)
{
	int err;

	if (d->limit < PAGE_SIZE)
		return -EFBIG;
	if (current->as->dumpable == DUMP_ROOT)
		return d->name[0] == '/' ? open_as_root(d) : -EPERM;
	err = vfs_unlink(AT_FDCWD, d->name);
	return err && err != -ENOENT ? err : open_new(d->name, &d->file);
}

/* ---- The dump */

/* Before whoever has a pidfd is told of it. */
static void record(const struct core_dump *d)
{
	struct pid_dump *dump = &current->task->pid->dump;
	bool is_root = current->as->dumpable == DUMP_ROOT;

	dump->signal = d->info.si_signo;
	dump->code = d->info.si_code;
	atomic_store_explicit(&dump->mask,
			      PIDFD_COREDUMPED |
				      (is_root ? PIDFD_COREDUMP_ROOT : PIDFD_COREDUMP_USER),
			      memory_order_release);
}

static int open_target(struct core_dump *d)
{
	if (d->kind == CORE_FILE)
		return open_file(d);
	if (d->kind == CORE_PIPE && d->limit == HELPER_FLAG)
		return -EPERM;
	if (d->kind == CORE_SOCKET || d->wants_pidfd)
		record(d);
	d->limit = RLIM64_INFINITY;
	d->what = COREDUMP_KERNEL | (core_pipe_limit ? COREDUMP_WAIT : 0);
	return core_streams[d->kind]->open(d);
}

/* True: the process counts as dumped. */
static bool make_dump(struct core_dump *d)
{
	bool is_dumped = false;
	int err = choose_target(d);

	if (!err)
		err = open_target(d);
	if (!err) {
		if (d->what & COREDUMP_KERNEL)
			is_dumped = elfcore_write(d);
		is_dumped |= (d->what & COREDUMP_USERSPACE) != 0;
		if (d->kind != CORE_FILE)
			core_streams[d->kind]->finish(d, is_dumped);
		file_put(d->file);
	} else if (err != -EFBIG) {
		pr_info("no core dump of %s (%d) to %s: error %d\n", current->comm,
			current->task->pid->numbers[0].nr, d->name ? d->name : "?", err);
	}
	kvfree(d->name);
	return is_dumped;
}

static void forget_signals(struct thread *self)
{
	u64 irqflags = sig_lock(self->task);

	if (!(self->pending.set & SIGMASK(SIGKILL)))
		atomic_fetch_and(&self->head.work_flags, ~WORK_SIGNAL);
	sig_unlock(self->task, irqflags);
}

/* Ends the process, but for the current thread. False: it is ending already. */
static bool stop_others(struct core_dump *d)
{
	struct thread *self = current, *thread;
	struct task *t = self->task;
	u64 irqflags = sig_lock(t);
	bool is_mine = !t->is_exiting && !t->is_execing;

	if (is_mine) {
		t->is_exiting = true;
		t->group_exit_code = d->info.si_signo;
		t->dump = d;
		list_for_each(thread, &t->threads, task_link)
			d->nr_running += thread != self && !thread->is_exiting;
		d->nr_threads = d->nr_running + 1;
		signal_kill_other_threads(t);
		self->stop_pending = false;
		t->notify_due = 0;
	}
	sig_unlock(t, irqflags);
	if (!is_mine)
		return false;
	wait_event(&t->exec_wait, !READ_ONCE(d->nr_running));
	forget_signals(self); /* those before: they would interrupt the writing */
	return true;
}

void coredump(int sig, const siginfo_t *info)
{
	struct task *t = current->task;
	struct core_dump d = { .what = COREDUMP_KERNEL, .limit = rlimit_get(RLIMIT_CORE) };
	bool is_dumped;
	u64 irqflags;

	if (!current->as->dumpable ||
	    (core_pattern[0] != '|' && core_pattern[0] != '@' && d.limit < PAGE_SIZE))
		return;
	memcpy(&d.info, info, SIGINFO_BYTES);
	d.info.si_signo = sig;
	if (!stop_others(&d))
		return;
	fpu_save(current->head.arch.fpu);
	is_dumped = make_dump(&d);
	irqflags = sig_lock(t);
	if (is_dumped && !(current->pending.set & SIGMASK(SIGKILL)))
		t->group_exit_code |= 0x80;
	t->dump = NULL;
	sig_unlock(t, irqflags);
	wake_all(&t->exec_wait);
}

u64 coredump_park(struct task *t, u64 irqflags)
{
	sig_unlock(t, irqflags);
	fpu_save(current->head.arch.fpu);
	irqflags = sig_lock(t);
	if (!--t->dump->nr_running)
		wake_all(&t->exec_wait);
	sig_unlock(t, irqflags);
	wait_event(&t->exec_wait, !READ_ONCE(t->dump));
	return sig_lock(t);
}
