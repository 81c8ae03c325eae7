/*
 * execve: another program in the same process.
 *
 * The new image is built completely beside the old one: arguments are collected, scripts resolved
 * to their interpreter, credentials computed, an address space filled (elf.c). Until then every
 * failure returns to the caller, who is as he was. Then comes the point of no return: the other
 * threads are ended, and the process changes over, step by step, none of which can fail in a way
 * the caller could still be told of.
 *
 * Locks: task->exec_lock for writing around the change, so that whoever checks permission on a
 *   process and then takes something from it does both on the same side of an exec. The program's
 *   file cannot be opened for writing while it runs (ETXTBSY): the open file denies it as long as
 *   it lives, and as->exe holds it.
 * Follows: execve(2), Linux fs/exec.c
 */
#include "kernel/task/exec.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/personality.h>
#include <linux/prctl.h>

#include "lib/string.h"

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"
#include "boot/options.h"
#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "kernel/mm/kmap.h"
#include "kernel/sched/sched.h"
#include "kernel/task/coredump.h"
#include "kernel/task/sigqueue.h"
#include "kernel/task/timers.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/rw.h"

#define ARG_STRLEN_MAX 131072 /* one string, with its NUL */
#define ARG_TOTAL_MAX  (6ull << 20)
#define SCRIPT_DEPTH   5
#define TEXT_INITIAL   2048

/* ---- Opening programs */

int exec_open(int dirfd, const char *name, u32 at_flags, struct file **out)
{
	u32 lookup = (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
		     (at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct path path;
	int err = path_lookup(dirfd, name, lookup, &path);

	if (err)
		return err;
	err = file_open_exec(&path, out);
	path_put(&path);
	return err;
}

void exec_put_exe(struct file *file)
{
	file_put(file);
}

void exec_share_exe(struct as *from, struct as *to)
{
	to->exe = from->exe ? file_get(from->exe) : NULL;
}

/* ---- Arguments */

static int strings_init(struct exec_strings *s)
{
	u64 limit = rlimit_get(RLIMIT_STACK) / 4;

	limit = MIN(limit, ARG_TOTAL_MAX);
	*s = (struct exec_strings){ .capacity = TEXT_INITIAL, .limit = MAX(limit, (u64)ARG_MAX) };
	s->text = kvmalloc(s->capacity);
	return s->text ? 0 : -ENOMEM;
}

/* Room for at least extra more bytes, if the limit allows. */
static int strings_grow(struct exec_strings *s, size_t extra)
{
	size_t capacity = s->capacity;
	char *text;

	while (capacity - s->len < extra)
		capacity *= 2;
	if (capacity == s->capacity)
		return 0;
	if (capacity > 2 * s->limit + TEXT_INITIAL)
		return -E2BIG;
	text = kvmalloc(capacity);
	if (!text)
		return -ENOMEM;
	memcpy(text, s->text, s->len);
	kvfree(s->text);
	s->text = text;
	s->capacity = capacity;
	return 0;
}

/* Pointers count as well. */
static int strings_check(const struct exec_strings *s)
{
	return s->len + ((u64)s->argc + s->envc) * sizeof(u64) > s->limit ? -E2BIG : 0;
}

static int append_user(struct exec_strings *s, const char __user *ustr)
{
	for (;;) {
		size_t room = MIN(s->capacity - s->len, (size_t)ARG_STRLEN_MAX);
		long n = strncpy_from_user(s->text + s->len, ustr, room);
		int err;

		if (n < 0)
			return n;
		if ((size_t)n < room) {
			s->len += n + 1;
			return 0;
		}
		if (room == ARG_STRLEN_MAX)
			return -E2BIG;
		err = strings_grow(s, s->capacity - s->len + 1);
		if (err)
			return err;
	}
}

static int append_kernel(struct exec_strings *s, const char *str)
{
	size_t size = strlen(str) + 1;
	int err = strings_grow(s, size);

	if (err)
		return err;
	memcpy(s->text + s->len, str, size);
	s->len += size;
	return 0;
}

/* A whole vector, from user or kernel memory; either may be NULL: empty. */
static int append_vector(struct exec_strings *s, const char __user *const __user *uvec,
			 const char *const *kvec, u32 *count)
{
	const char __user *ustr;
	int err;

	for (u32 i = 0; kvec && kvec[i]; i++) {
		err = append_kernel(s, kvec[i]);
		if (err)
			return err;
		++*count;
	}
	if (kvec || !uvec)
		return 0;
	for (u32 i = 0;; i++) {
		if (get_user(ustr, uvec + i))
			return -EFAULT;
		if (!ustr)
			return 0;
		err = append_user(s, ustr);
		++*count;
		if (!err)
			err = strings_check(s);
		if (err)
			return err;
		cond_resched();
	}
}

static int strings_collect(struct exec_strings *s, const struct exec_args *args)
{
	int err = append_vector(s, args->argv, args->kargv, &s->argc);

	if (!err && !s->argc) { /* programs rely on argv[0] */
		err = append_kernel(s, "");
		s->argc = 1;
	}
	s->env_offset = s->len;
	if (!err && args->kargv)
		err = args->kenvp ? append_vector(s, NULL, args->kenvp, &s->envc) : 0;
	else if (!err)
		err = append_vector(s, args->envp, NULL, &s->envc);
	return err ? err : strings_check(s);
}

/* ---- Scripts */

static void drop_first(struct exec_strings *s)
{
	size_t size = strlen(s->text) + 1;

	memmove(s->text, s->text + size, s->len - size);
	s->len -= size;
	s->env_offset -= size;
	s->argc--;
}

static int prepend(struct exec_strings *s, const char *str, size_t len)
{
	int err = strings_grow(s, len + 1);

	if (err)
		return err;
	memmove(s->text + len + 1, s->text, s->len);
	memcpy(s->text, str, len);
	s->text[len] = '\0';
	s->len += len + 1;
	s->env_offset += len + 1;
	s->argc++;
	return strings_check(s);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* "#! interpreter [argument]": the argument is the rest of the line, whatever is in it. */
struct script_line {
	const char *interp, *arg;
	size_t interp_len, arg_len; /* arg_len 0: none */
};

static int parse_script(const u8 *head, struct script_line *line)
{
	const char *p = (const char *)head + 2, *end = (const char *)head + EXEC_HEAD_SIZE;
	const char *eol = memchr(p, '\n', end - p);
	const char *word;

	if (!eol) {
		eol = memchr(p, '\0', end - p); /* a file that ends without newline */
		if (!eol)
			eol = end;
	}
	while (p < eol && is_blank(*p))
		p++;
	for (word = p; p < eol && !is_blank(*p); p++) {
	}
	if (p == word || p == end) /* none, or perhaps cut off */
		return -ENOEXEC;
	line->interp = word;
	line->interp_len = p - word;
	while (p < eol && is_blank(*p))
		p++;
	while (eol > p && is_blank(eol[-1]))
		eol--;
	line->arg = p;
	line->arg_len = eol - p;
	return 0;
}

/* The program being looked for: what is open, and how a script's interpreter would be told of it.
 */
struct candidate {
	struct file *file; /* counted */
	char *name; /* kvmalloc'ed, or args->filename */
	u8 head[EXEC_HEAD_SIZE];
};

static int candidate_read(struct candidate *c)
{
	long n;

	memset(c->head, 0, sizeof(c->head));
	n = file_read_kernel(c->file, c->head, sizeof(c->head), 0);
	return n < 0 ? n : 0;
}

static void candidate_replace(struct candidate *c, const struct exec_args *args, struct file *file,
			      char *name)
{
	file_put(c->file);
	if (c->name != args->filename)
		kvfree(c->name);
	c->file = file;
	c->name = name;
}

/* From a script to its interpreter. */
static int script_step(struct candidate *c, struct exec_strings *s, const struct exec_args *args)
{
	struct script_line line;
	struct file *file;
	char *interp;
	int err = parse_script(c->head, &line);

	if (err)
		return err;
	if (args->is_fd_cloexec)
		return -ENOENT; /* the interpreter could not open it */
	interp = kvmalloc(line.interp_len + 1);
	if (!interp)
		return -ENOMEM;
	memcpy(interp, line.interp, line.interp_len);
	interp[line.interp_len] = '\0';
	drop_first(s);
	err = prepend(s, c->name, strlen(c->name));
	if (!err && line.arg_len)
		err = prepend(s, line.arg, line.arg_len);
	if (!err)
		err = prepend(s, interp, line.interp_len);
	if (!err)
		err = exec_open(AT_FDCWD, interp, 0, &file);
	if (err) {
		kvfree(interp);
		return err;
	}
	candidate_replace(c, args, file, interp);
	return 0;
}

static int resolve_scripts(struct candidate *c, struct exec_strings *s,
			   const struct exec_args *args)
{
	int err = candidate_read(c);

	for (int depth = 0; !err && c->head[0] == '#' && c->head[1] == '!'; depth++) {
		if (depth == SCRIPT_DEPTH)
			return -ELOOP;
		err = script_step(c, s, args);
		if (!err)
			err = candidate_read(c);
	}
	return err;
}

/* ---- Credentials */

static bool cred_same(const struct cred *a, const struct cred *b)
{
	return a->euid == b->euid && a->suid == b->suid && a->fsuid == b->fsuid &&
	       a->egid == b->egid && a->sgid == b->sgid && a->fsgid == b->fsgid &&
	       a->cap_effective == b->cap_effective && a->cap_permitted == b->cap_permitted &&
	       a->cap_ambient == b->cap_ambient && a->securebits == b->securebits;
}

static int has_fs(struct task *t, void *fs)
{
	u64 irqflags = sig_lock(t);
	struct thread *other;
	int found = 0;

	list_for_each(other, &t->threads, task_link)
		found |= t != task_current() && other->fs == fs;
	sig_unlock(t, irqflags);
	return found;
}

/* Whether another process shares its root and working directory. */
static bool is_fs_shared(void)
{
	bool is;

	rwspin_read_lock(&tasks_lock);
	is = task_for_each(has_fs, current->fs);
	rwspin_read_unlock(&tasks_lock);
	return is;
}

/* What the file's mode says of its owner and group, which chown(2) changes together. */
static void get_set_ids(const struct file *file, const struct cred *old, u32 *suid, u32 *sgid)
{
	struct inode *inode = file->inode;
	u32 set_gid = S_ISGID | S_IXGRP;

	if (!(inode->mode & (S_ISUID | S_ISGID)) || (file->path.mnt->flags & MNT_FLAG_NOSUID))
		return;
	rwsem_read_lock(&inode->lock);
	/* What another user namespace's administrator calls set-user-id means nothing here. */
	if (userns_is_within(old->userns, inode->sb->userns) &&
	    id_has_name(old->userns, ID_USER, inode->uid) &&
	    id_has_name(old->userns, ID_GROUP, inode->gid) &&
	    !inode_permission(inode, MAY_EXEC)) { /* still */
		if (inode->mode & S_ISUID)
			*suid = inode->uid;
		if ((inode->mode & set_gid) == set_gid)
			*sgid = inode->gid;
	}
	rwsem_read_unlock(&inode->lock);
}

/* image->cred: a reference to the credentials of the new program, mostly the present ones. */
static int prepare_cred(struct exec_image *image)
{
	const struct cred *old = cred_current();
	u32 suid = ~0u, sgid = ~0u;
	struct cred trial = *old, *new;

	get_set_ids(image->file, old, &suid, &sgid);
	image->is_secure = cred_exec(&trial, old, suid, sgid, false);
	if (cred_same(&trial, old)) {
		image->cred = cred_get(old);
		return 0;
	}
	new = cred_copy(old);
	if (!new)
		return -ENOMEM;
	image->is_fs_shared = is_fs_shared();
	image->is_secure = cred_exec(new, old, suid, sgid, image->is_fs_shared);
	image->cred = new;
	return 0;
}

/* ---- The change */

static void change_as(struct thread *self, struct as *new)
{
	struct as *old = self->as;
	u64 irqflags;

	task_leave_as();
	irqflags = sig_lock(self->task);
	self->as = new;
	if (old && old->hiwater_rss > self->task->max_rss_pages)
		self->task->max_rss_pages = old->hiwater_rss;
	sig_unlock(self->task, irqflags);
	sched_use_as(new);
	if (old)
		as_put(old);
}

/* Descriptors and handlers that another process shares become its own, and handlers default. */
static int unshare(struct thread *self)
{
	struct files *files;
	int err;

	if (files_is_shared(self->files)) {
		err = files_copy(self->files, &files);
		if (err)
			return err;
		thread_set_files(files);
	}
	return sighand_exec(self->task);
}

static void change_name(struct thread *self, const char *filename)
{
	const char *base = strrchr(filename, '/');
	u64 irqflags = sig_lock(self->task);

	strlcpy(self->comm, base ? base + 1 : filename, sizeof(self->comm));
	sig_unlock(self->task, irqflags);
}

static void change_identity(struct thread *self, const struct exec_image *image)
{
	struct task *t = self->task;

	rwspin_write_lock(&tasks_lock);
	t->did_exec = true;
	t->exit_signal = SIGCHLD;
	rwspin_write_unlock(&tasks_lock);
	if (image->is_secure) {
		t->pdeath_signal = 0;
		t->personality &= ~(u64)(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE |
					 ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO);
	}
	if (image->cred != self->cred)
		thread_set_cred(cred_get(image->cred));
}

static void reset_thread(struct thread *self)
{
	u64 irqflags = sig_lock(self->task);

	self->altstack = (stack_t){ 0 };
	sig_unlock(self->task, irqflags);
	self->set_child_tid = NULL;
	self->robust_list = NULL;
	self->rseq = NULL;
	self->restart = NULL;
}

/* Takes over image->as on success. An error: nothing has happened. */
static int change_over(struct exec_image *image, const struct exec_args *args)
{
	struct thread *self = current;
	struct task *t = self->task;
	int err;

	if (rwsem_write_lock_killable(&t->exec_lock))
		return -EINTR;
	err = task_dethread();
	if (err) {
		rwsem_write_unlock(&t->exec_lock);
		return err;
	}
	/* The point of no return, also for who gains something and was shared by another thread since. */
	if (unshare(self) ||
	    (image->cred != self->cred && !image->is_fs_shared && is_fs_shared())) {
		rwsem_write_unlock(&t->exec_lock);
		task_exit_group(SIGKILL);
	}
	change_name(self, args->filename); /* before anybody can see the new arguments */
	change_as(self, image->as);
	image->as = NULL;
	files_close_on_exec(self->files);
	timers_exec(t);
	reset_thread(self);
	change_identity(self, image);
	arch_thread_exec(image->entry, image->sp);
	rwsem_write_unlock(&t->exec_lock);
	return 0;
}

/* ---- execve */

/* Others may look into it unless it can do more than its caller, or the caller could not even read
 * it. */
static bool is_dumpable(const struct exec_image *image)
{
	return !image->is_secure && !inode_permission(image->file->inode, MAY_READ);
}

static int build_image(struct exec_image *image, const struct exec_strings *s,
		       const struct exec_args *args)
{
	int err = as_new(&image->as);

	if (err)
		return err;
	image->as->exe = file_get(image->file);
	image->as->dumpable = is_dumpable(image) ? DUMP_USER : suid_dumpable;
	if (current->as)
		image->as->dump_filter = current->as->dump_filter;
	if (current->as && !(current->as->deny_exec & PR_MDWE_NO_INHERIT))
		image->as->deny_exec = current->as->deny_exec;
	image->is_random =
		kernel_options.randomize && !(task_current()->personality & ADDR_NO_RANDOMIZE);
	err = elf_load(image);
	return err ? err : elf_build_stack(image, s, args->filename);
}

static int run_program(struct candidate *c, struct exec_strings *s, const struct exec_args *args)
{
	struct exec_image image = { .file = c->file, .head = c->head };
	int err = prepare_cred(&image);

	if (err)
		return err;
	err = build_image(&image, s, args);
	if (!err)
		err = change_over(&image, args);
	if (image.as)
		as_put(image.as);
	cred_put(image.cred);
	return err;
}

int exec_run(const struct exec_args *args)
{
	struct candidate c = { .file = file_get(args->file), .name = (char *)args->filename };
	struct exec_strings s;
	int err = strings_init(&s);

	if (!err)
		err = strings_collect(&s, args);
	if (!err)
		err = resolve_scripts(&c, &s, args);
	if (!err)
		err = run_program(&c, &s, args);
	kvfree(s.text);
	candidate_replace(&c, args, NULL, NULL);
	return err;
}
