/*
 * /proc/PID/maps, map_files, cmdline, environ, auxv, mem: a process's memory.
 *
 * Life: an address space is counted only for the moment of a read. After the process has gone,
 *   what is open says ESRCH; a zombie has none, and then the text is empty.
 * Locks: as->lock for reading while the areas are listed; their files' names are written into the
 *   text buffer meanwhile, which needs no user memory. as_access() locks for itself.
 *                                   Follows: proc_pid_maps(5), Linux 7.3 fs/proc/{base,task_mmu}.c
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "fs/chrdev.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/path.h"
#include "fs/procfs/internal.h"

/* ---- maps */

#define MAPS_NAME_COLUMN 73

static void put_padded_hex(struct seqbuf *out, u64 value, int width)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		if (value >> shift || shift < width * 4)
			seqbuf_putc(out, "0123456789abcdef"[value >> shift & 15]);
}

static void put_area_name(struct seqbuf *out, const struct vma *vma, const struct path *root,
			  size_t line)
{
	if (!vma->file && !vma->name[0])
		return;
	seqbuf_putc(out, ' ');
	while (out->len - line < MAPS_NAME_COLUMN && !out->overflow)
		seqbuf_putc(out, ' ');
	if (vma->file)
		path_print(&vma->file->path, root, out);
	else if (vma->name[0] == '[')
		seqbuf_puts(out, vma->name);
	else
		seqbuf_printf(out, "[anon:%s]", vma->name);
}

void proc_put_area(struct seqbuf *out, const struct vma *vma, const struct path *root)
{
	const struct inode *inode = vma->file ? vma->file->inode : NULL;
	size_t line = out->len;

	put_padded_hex(out, vma->start, 8);
	seqbuf_putc(out, '-');
	put_padded_hex(out, vma->end, 8);
	seqbuf_putc(out, ' ');
	seqbuf_putc(out, vma->flags & VM_READ ? 'r' : '-');
	seqbuf_putc(out, vma->flags & VM_WRITE ? 'w' : '-');
	seqbuf_putc(out, vma->flags & VM_EXEC ? 'x' : '-');
	seqbuf_putc(out, vma->flags & VM_SHARED ? 's' : 'p');
	seqbuf_putc(out, ' ');
	put_padded_hex(out, inode ? vma->pgoff << PAGE_SHIFT : 0, 8);
	seqbuf_printf(out, " %02x:%02x %lu", inode ? DEV_MAJOR(inode->sb->dev) : 0,
		      inode ? DEV_MINOR(inode->sb->dev) : 0, inode ? inode->ino : 0);
	put_area_name(out, vma, root, line);
	seqbuf_putc(out, '\n');
}

int proc_show_maps(struct as *as, struct seqbuf *out)
{
	int err = rwsem_read_lock_killable(&as->lock);
	struct path root;

	if (err)
		return err;
	fs_ctx_root(fs_ctx_current(), &root);
	for (const struct vma *vma = vma_first(as); vma && !out->overflow; vma = vma_next(vma))
		proc_put_area(out, vma, &root);
	rwsem_read_unlock(&as->lock);
	path_put(&root);
	return 0;
}

/* ---- map_files: links to what is mapped; place->index is the start of the area */

/* The memory of who p is about, locked for reading, if the caller may look into it. */
static int lock_memory(const struct tree_place *p, struct as **out)
{
	struct thread *t;
	int err = proc_check_access(p, PTRACE_MODE_READ);

	if (!err)
		err = proc_thread_get(p, &t);
	if (err)
		return err;
	*out = thread_as_get(t);
	thread_put(t);
	if (*out)
		rwsem_read_lock(&(*out)->lock);
	return *out ? 0 : -ENOENT;
}

static void unlock_memory(struct as *as)
{
	rwsem_read_unlock(&as->lock);
	as_put(as);
}

static int map_path(const struct tree_place *p, struct path *out)
{
	const struct vma *vma;
	struct as *as;
	int err = lock_memory(p, &as);

	if (err)
		return err;
	vma = as_find(as, p->index);
	if (vma && vma->start == p->index && vma->file) {
		*out = vma->file->path;
		path_get(out);
	} else {
		err = -ENOENT;
	}
	unlock_memory(as);
	return err;
}

/* Anybody who may see the memory reads the link; following it goes around the path's permissions. */
static int map_follow(const struct tree_place *p, struct path *out)
{
	if (!capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	return map_path(p, out);
}

static long map_readlink(const struct tree_place *p, char *buf, size_t size)
{
	static const struct tree_entry plain = { .follow = map_path };
	struct tree_place place = *p;

	place.entry = &plain;
	return proc_path_readlink(&place, buf, size);
}

static const struct tree_entry map_links[2] = {
	{ .name = "", .mode = S_IFLNK | 0400, .readlink = map_readlink, .follow = map_follow },
	{ .name = "", .mode = S_IFLNK | 0600, .readlink = map_readlink, .follow = map_follow },
};

static void map_child(const struct vma *vma, char name[32], struct tree_child *out)
{
	snprintf(name, 32, "%lx-%lx", vma->start, vma->end);
	*out = (struct tree_child){ .entry = &map_links[!!(vma->file->mode & FILE_WRITE)],
				    .index = vma->start };
}

static bool map_next(const struct tree_place *dir, u64 *cookie, char name[32],
		     struct tree_child *out)
{
	const struct vma *vma;
	struct as *as;

	if (lock_memory(dir, &as))
		return false;
	for (vma = as_find(as, *cookie); vma && (!vma->file || vma->start < *cookie);)
		vma = vma_next(vma);
	if (vma) {
		*cookie = vma->start;
		map_child(vma, name, out);
	}
	unlock_memory(as);
	return vma != NULL;
}

static int map_lookup(const struct tree_place *dir, const char *name, u32 len,
		      struct tree_child *out)
{
	char text[32];
	u64 start = 0;

	for (u32 i = 0; i < len && i < 16 && name[i] != '-'; i++)
		start = start * 16 + (u64)(name[i] <= '9' ? name[i] - '0' : name[i] - 'a' + 10);
	if (!map_next(dir, &start, text, out) || strlen(text) != len || memcmp(text, name, len))
		return -ENOENT;
	out->object = pid_get(dir->object);
	return 0;
}

const struct tree_dynamic proc_map_files_children = { .lookup = map_lookup, .next = map_next };

int proc_map_files_permission(const struct tree_place *p, u32 mask)
{
	return proc_check_access(p, PTRACE_MODE_READ);
}

/* ---- What exec put on the stack */

/* Memory as text. Stops at what is not mapped. */
static void put_memory(struct seqbuf *out, struct as *as, u64 addr, u64 n)
{
	size_t room = out->cap - out->len;

	if (n > room) {
		out->overflow = true;
		n = room;
	}
	out->len += as_access(as, addr, out->buf + out->len, n, false);
}

/* A program that writes a title over its arguments may run on into the environment; then the title
 * ends with its zero byte (Linux's rule). */
static void put_arguments(struct seqbuf *out, struct as *as)
{
	size_t start = out->len;
	char *end;

	if (as->arg_end <= as->arg_start)
		return;
	put_memory(out, as, as->arg_start, as->arg_end - as->arg_start);
	if (out->overflow || out->len == start || !out->buf[out->len - 1] ||
	    as->env_start != as->arg_end)
		return;
	if (as->env_end > as->env_start)
		put_memory(out, as, as->env_start, as->env_end - as->env_start);
	end = memchr(out->buf + start, 0, out->len - start);
	if (end && !out->overflow)
		out->len = (size_t)(end - out->buf);
}

int proc_show_cmdline(struct as *as, struct seqbuf *out)
{
	put_arguments(out, as);
	return 0;
}

int proc_show_environ(struct as *as, struct seqbuf *out)
{
	if (as->env_end > as->env_start)
		put_memory(out, as, as->env_start, as->env_end - as->env_start);
	return 0;
}

int proc_show_auxv(struct as *as, struct seqbuf *out)
{
	seqbuf_write(out, (const char *)as->auxv, MIN(as->auxv_len, (u32)sizeof(as->auxv)));
	return 0;
}

/* ---- coredump_filter */

int proc_show_dump_filter(struct as *as, struct seqbuf *out)
{
	seqbuf_printf(out, "%08x\n", as->dump_filter);
	return 0;
}

int proc_write_dump_filter(struct thread *t, const char *text, size_t len)
{
	struct as *as;
	s64 value;
	int err = proc_parse_value(text, len, 0, UINT32_MAX, &value);

	if (err)
		return err;
	as = thread_as_get(t);
	if (!as)
		return -ESRCH;
	as->dump_filter = value & DUMP_FILTER_MASK;
	as_put(as);
	return 0;
}

/* ---- mem */

/* Permission is asked at each use, because exec may have made it a program that the opener may not
 * look into; exec_lock keeps answer and address space together. */
int proc_file_as_get(struct file *file, u32 mode, struct as **out)
{
	const struct tree_place *p = tree_place(file->inode);
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	/* Killable: an exec that holds it may be waiting for this very thread to end. */
	err = rwsem_read_lock_killable(&t->task->exec_lock);
	if (err) {
		thread_put(t);
		return err;
	}
	err = proc_check_access(p, mode);
	*out = err ? NULL : thread_as_get(t);
	rwsem_read_unlock(&t->task->exec_lock);
	thread_put(t);
	return err;
}

static int mem_open(struct inode *inode, struct file *file)
{
	struct as *as;
	int err = proc_file_as_get(file, PTRACE_MODE_ATTACH, &as);

	if (err)
		return err;
	if (!as)
		return -ESRCH;
	as_put(as);
	return 0;
}

/* A page at a time; bytes moved. */
static size_t mem_move(struct as *as, struct uio *uio, u64 addr, char *buf, bool is_write)
{
	size_t total = 0, n, done;

	while (uio->resid) {
		n = MIN(uio->resid, PAGE_SIZE - addr % PAGE_SIZE);
		if (is_write) {
			n = uio_copy_in(uio, buf, n);
			done = as_access(as, addr, buf, n, true);
			uio_revert(uio, n - done);
		} else {
			n = as_access(as, addr, buf, n, false);
			done = uio_copy_out(uio, buf, n);
		}
		total += done;
		addr += done;
		if (!n || done < n || fatal_signal_pending_current())
			break;
		cond_resched();
	}
	return total;
}

static long mem_transfer(struct file *file, struct uio *uio, u64 *pos, bool is_write)
{
	struct as *as;
	size_t done;
	char *buf;
	int err = proc_file_as_get(file, PTRACE_MODE_ATTACH, &as);

	if (err)
		return err;
	if (!as || !uio->resid) {
		if (as)
			as_put(as);
		return 0;
	}
	buf = kmalloc(PAGE_SIZE);
	if (!buf) {
		as_put(as);
		return -ENOMEM;
	}
	done = mem_move(as, uio, *pos, buf, is_write);
	*pos += done;
	kfree(buf);
	as_put(as);
	return done ? (long)done : -EIO;
}

static long mem_read(struct file *file, struct uio *uio, u64 *pos)
{
	return mem_transfer(file, uio, pos, false);
}

static long mem_write(struct file *file, struct uio *uio, u64 *pos)
{
	return mem_transfer(file, uio, pos, true);
}

static s64 mem_seek(struct file *file, s64 offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	if (whence == SEEK_CUR && __builtin_add_overflow((s64)file->pos, offset, &offset))
		return -EOVERFLOW;
	if (offset < 0)
		return -EINVAL;
	file->pos = (u64)offset;
	return offset;
}

const struct file_ops proc_mem_ops = {
	.open = mem_open,
	.read = mem_read,
	.write = mem_write,
	.seek = mem_seek,
};
