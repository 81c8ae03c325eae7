/*
 * /proc/PID/fd, fdinfo, exe, cwd, root: what a process has open and where it is.
 *
 * fd/N and its neighbours are magic links: following one leads to the open file's place itself,
 *   even if it has no name; the text is only what is shown. Permission is the ptrace rule, asked
 *   whenever one is followed.
 * Life: a link is about a pid and a number. It is looked up anew each time unless somebody holds
 *   it; then proc_fd_is_valid() says whether the number still is a descriptor with the same access
 *   mode, which the link's permission bits tell.
 * Locks: only what fd_get_any() and the thread_*_get() take for themselves.
 *                              Follows: proc_pid_fd(5), proc_pid_fdinfo(5), Linux 7.3 fs/proc/fd.c
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "fs/chrdev.h"
#include "fs/fdtable.h"
#include "fs/flock.h"
#include "fs/procfs/internal.h"

#define LINK_SIZE 64 /* what lstat(2) says of fd/N */

/* The table of the process p is about, +1; NULL: it is gone, or has none any more. */
static struct files *place_files_get(const struct tree_place *p)
{
	struct files *files;
	struct thread *t;

	if (likely(current->pid == p->object)) {
		files = files_current();
		files_get(files);
		return files;
	}
	t = thread_of_pid_get(p->object);
	if (!t)
		return NULL;
	files = thread_files_get(t);
	thread_put(t);
	return files;
}

/* The file behind fd/N, +1, or NULL. */
static struct file *place_file_get(const struct tree_place *p)
{
	struct files *files = place_files_get(p);
	struct file *file;

	if (!files)
		return NULL;
	file = fd_get_any(files, (int)p->index);
	files_put(files);
	return file;
}

/* ---- Links */

static int fd_follow(const struct tree_place *p, struct path *out)
{
	struct file *file;
	int err = proc_check_access(p, PTRACE_MODE_READ);

	if (err)
		return -EACCES;
	file = place_file_get(p);
	if (!file)
		return -ENOENT;
	*out = file->path;
	path_get(out);
	file_put(file);
	return 0;
}

int proc_exe_follow(const struct tree_place *p, struct path *out)
{
	struct thread *t;
	struct as *as;
	int err = proc_check_access(p, PTRACE_MODE_READ);

	if (err || proc_thread_get(p, &t))
		return -EACCES;
	as = thread_as_get(t);
	thread_put(t);
	if (!as)
		return -ENOENT;
	rwsem_read_lock(&as->lock);
	if (as->exe) {
		*out = as->exe->path;
		path_get(out);
	} else {
		err = -ENOENT;
	}
	rwsem_read_unlock(&as->lock);
	as_put(as);
	return err;
}

static int fs_follow(const struct tree_place *p, struct path *out,
		     void (*get)(struct fs_ctx *, struct path *))
{
	struct fs_ctx *fs;
	struct thread *t;
	int err = proc_check_access(p, PTRACE_MODE_READ);

	if (err || proc_thread_get(p, &t))
		return -EACCES;
	fs = thread_fs_get(t);
	thread_put(t);
	if (!fs)
		return -ENOENT;
	get(fs, out);
	fs_ctx_put(fs);
	return out->dentry ? 0 : -ENOENT;
}

int proc_cwd_follow(const struct tree_place *p, struct path *out)
{
	return fs_follow(p, out, fs_ctx_cwd);
}

int proc_root_follow(const struct tree_place *p, struct path *out)
{
	return fs_follow(p, out, fs_ctx_root);
}

/* A name that does not fit the caller's buffer is cut there: print it whole first. */
static long print_long(const struct path *path, char *buf, size_t size)
{
	char *whole = kmalloc(PATH_MAX);
	struct seqbuf text;
	long n = -ENAMETOOLONG;

	if (!whole)
		return -ENOMEM;
	seqbuf_init(&text, whole, PATH_MAX);
	if (path_print(path, NULL, &text)) {
		n = (long)MIN(text.len, size);
		memcpy(buf, whole, (size_t)n);
	}
	kfree(whole);
	return n;
}

long proc_path_readlink(const struct tree_place *p, char *buf, size_t size)
{
	struct seqbuf text;
	struct path path;
	long n = p->entry->follow(p, &path);

	if (n)
		return n;
	seqbuf_init(&text, buf, size);
	n = path_print(&path, NULL, &text) ? (long)text.len : print_long(&path, buf, size);
	path_put(&path);
	return n;
}

static void link_getattr(const struct tree_place *p, struct kstat *st)
{
	st->size = LINK_SIZE;
}

#define LINK_ENTRY(bits)                                                                           \
	{                                                                                          \
		.name = "", .mode = S_IFLNK | (bits), .readlink = proc_path_readlink,              \
		.follow = fd_follow, .getattr = link_getattr                                       \
	}
/* By FILE_READ and FILE_WRITE of the file; x is always there. */
static const struct tree_entry fd_links[4] = {
	LINK_ENTRY(0100),
	LINK_ENTRY(0500),
	LINK_ENTRY(0300),
	LINK_ENTRY(0700),
};
static_assert(FILE_READ == 1 && FILE_WRITE == 2, "they are the index of fd_links");

/* ---- fdinfo/N */

struct lock_lines {
	struct seqbuf *out;
	const struct pidns *ns;
	const struct file *file; /* only what this description holds; NULL: all */
	const struct pid *pid; /* or the process whose descriptor it is */
	int nr;
};

static void put_lock(const struct flock_view *v, void *arg)
{
	struct lock_lines *l = arg;

	if (l->file && (v->file ? v->file != l->file : v->pid != l->pid))
		return;
	seqbuf_printf(l->out, "%s%d: %-6s ADVISORY  %-5s %d %02x:%02x:%lu %lu ",
		      l->file ? "lock:\t" : "", ++l->nr, v->type, v->is_write ? "WRITE" : "READ",
		      v->pid ? pid_nr_in(v->pid, l->ns) : -1, DEV_MAJOR(v->inode->sb->dev),
		      DEV_MINOR(v->inode->sb->dev), v->inode->ino, v->start);
	if (v->end == ~0ull)
		seqbuf_puts(l->out, "EOF\n");
	else
		seqbuf_printf(l->out, "%lu\n", v->end);
}

int proc_show_locks(const struct tree_place *p, struct seqbuf *out)
{
	struct lock_lines lines = { .out = out, .ns = proc_pidns(p) };

	flock_for_each(NULL, put_lock, &lines);
	return 0;
}

/* +1, or NULL. */
static struct pid *place_process_get(const struct tree_place *p)
{
	struct pid *pid = NULL;
	struct thread *t;

	if (!proc_thread_get(p, &t)) {
		pid = pid_get(t->task->pid);
		thread_put(t);
	}
	return pid;
}

static void put_octal(struct seqbuf *out, u32 v)
{
	char digits[11];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + (v & 7));
		v >>= 3;
	} while (v);
	seqbuf_write(out, digits + at, sizeof(digits) - at);
}

static void put_fdinfo(const struct tree_place *p, struct seqbuf *out, struct file *file,
		       bool is_cloexec)
{
	u32 flags = atomic_load_explicit(&file->flags, memory_order_relaxed) & ~(u32)O_CLOEXEC;

	seqbuf_puts(out, "pos:\t");
	seqbuf_put_sdec(out, (s64)file->pos);
	seqbuf_puts(out, "\nflags:\t0");
	put_octal(out, flags | (is_cloexec ? O_CLOEXEC : 0));
	seqbuf_puts(out, "\nmnt_id:\t");
	seqbuf_put_dec(out, (u64)file->path.mnt->id);
	seqbuf_puts(out, "\nino:\t");
	seqbuf_put_dec(out, file->inode->ino);
	seqbuf_putc(out, '\n');
	if (unlikely(file->inode->locks)) {
		struct pid *pid = place_process_get(p);
		struct lock_lines lines = {
			.out = out, .ns = proc_pidns(p), .file = file, .pid = pid
		};

		flock_for_each(file->inode, put_lock, &lines);
		pid_put(pid);
	}
	if (file->ops->show_fdinfo)
		file->ops->show_fdinfo(file, proc_pidns(p), out);
}

/* The bit and the file are read one after the other: a descriptor reused in between shows the older
 * bit. */
static int show_fdinfo(const struct tree_place *p, struct seqbuf *out)
{
	struct files *files = place_files_get(p);
	struct file *file;
	int cloexec;

	if (!files)
		return -ENOENT;
	cloexec = fd_get_cloexec(files, (int)p->index);
	file = fd_get_any(files, (int)p->index);
	files_put(files);
	if (!file)
		return -ENOENT;
	put_fdinfo(p, out, file, cloexec > 0);
	file_put(file);
	return 0;
}

static const struct tree_entry fdinfo_file = { .name = "",
					       .mode = S_IFREG | 0444,
					       .show = show_fdinfo };

/* ---- The directories */

static int fd_lookup(const struct tree_place *dir, const char *name, u32 len,
		     struct tree_child *out, bool is_info)
{
	int fd = proc_parse_number(name, len);
	struct tree_place place = { .object = dir->object, .index = (u64)fd };
	struct file *file = fd < 0 ? NULL : place_file_get(&place);

	if (!file)
		return -ENOENT;
	*out = (struct tree_child){
		.entry = is_info ? &fdinfo_file : &fd_links[file->mode & (FILE_READ | FILE_WRITE)],
		.object = pid_get(dir->object),
		.index = (u64)fd,
	};
	file_put(file);
	return 0;
}

static bool fd_child_next(const struct tree_place *dir, u64 *cookie, char name[32],
			  struct tree_child *out, bool is_info)
{
	struct files *files;
	struct file *file;
	int fd;

	if (*cookie > INT32_MAX)
		return false;
	files = place_files_get(dir);
	if (!files)
		return false;
	fd = fd_next(files, (int)*cookie, &file);
	files_put(files);
	if (fd < 0)
		return false;
	*out = (struct tree_child){
		.entry = is_info ? &fdinfo_file : &fd_links[file->mode & (FILE_READ | FILE_WRITE)],
		.index = (u64)fd,
	};
	file_put(file);
	*cookie = (u64)fd;
	name[fmt_dec(name, (u64)fd)] = 0;
	return true;
}

static int fd_dir_lookup(const struct tree_place *dir, const char *name, u32 len,
			 struct tree_child *out)
{
	return fd_lookup(dir, name, len, out, false);
}

static bool fd_dir_next(const struct tree_place *dir, u64 *cookie, char name[32],
			struct tree_child *out)
{
	return fd_child_next(dir, cookie, name, out, false);
}

static int fdinfo_dir_lookup(const struct tree_place *dir, const char *name, u32 len,
			     struct tree_child *out)
{
	return fd_lookup(dir, name, len, out, true);
}

static bool fdinfo_dir_next(const struct tree_place *dir, u64 *cookie, char name[32],
			    struct tree_child *out)
{
	return fd_child_next(dir, cookie, name, out, true);
}

const struct tree_dynamic proc_fd_children = { .lookup = fd_dir_lookup, .next = fd_dir_next };
const struct tree_dynamic proc_fdinfo_children = { .lookup = fdinfo_dir_lookup,
						   .next = fdinfo_dir_next };

bool proc_fd_is_valid(const struct tree_place *p)
{
	bool is_link = p->entry >= fd_links && p->entry < fd_links + ARRAY_SIZE(fd_links);
	struct file *file;
	bool is_valid;

	if (!is_link && p->entry != &fdinfo_file)
		return true;
	file = place_file_get(p);
	if (!file)
		return false;
	is_valid = !is_link || p->entry == &fd_links[file->mode & (FILE_READ | FILE_WRITE)];
	file_put(file);
	return is_valid;
}

/* A process may look at its own even when its files are root's, because it is not dumpable. */
static bool is_own(const struct tree_place *p)
{
	struct thread *t;
	bool is_same;

	if (current->pid == p->object)
		return true;
	if (proc_thread_get(p, &t))
		return false;
	is_same = t->task == task_current();
	thread_put(t);
	return is_same;
}

int proc_fd_permission(const struct tree_place *p, u32 mask)
{
	u32 uid, gid;

	if (is_own(p) || capable(CAP_DAC_OVERRIDE))
		return 0;
	if (!(mask & MAY_WRITE)) {
		proc_owner(p, &uid, &gid);
		if (cred_current()->fsuid == uid || capable(CAP_DAC_READ_SEARCH))
			return 0;
	}
	return -EACCES;
}

int proc_fdinfo_permission(const struct tree_place *p, u32 mask)
{
	if (!is_own(p) && proc_check_access(p, PTRACE_MODE_READ))
		return -EACCES;
	return (mask & MAY_WRITE) && !capable(CAP_DAC_OVERRIDE) ? -EACCES : 0;
}

/* Since Linux 6.2 the size of fd/ is the number of descriptors. */
void proc_fd_getattr(const struct tree_place *p, struct kstat *st)
{
	struct files *files = place_files_get(p);
	struct file *file;
	u64 n = 0;

	if (!files)
		return;
	for (int fd = -1; (fd = fd_next(files, fd + 1, &file)) >= 0; n++) {
		file_put(file);
		cond_resched();
	}
	files_put(files);
	st->size = n;
}
