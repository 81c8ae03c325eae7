/*
 * /proc/objgraph: processes, their descriptors, and the objects behind them, as they stand.
 *
 * Lines: "N KIND ID key=value..." is an object, "E FROM TO name" a pointer from one to another. An
 * object that is reached twice is told twice. IDs of processes, struct pids and inodes are their
 * numbers; a file or dentry has none, so its is made from its address by a secret hash: the same
 * in the next reading, and no help to who looks for addresses.
 * refs are those of others: the reader's own for the moment are taken off.
 * Locks: none over the whole; every line was true when it was written.
 */
#include "kernel/id/pid.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "drivers/mem.h"
#include "lib/fmt.h"
#include "lib/hash.h"
#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/pidfs/pidfs.h"
#include "fs/procfs/internal.h"

static u64 id_secret; /* [I] */

static u32 id_of(const void *object)
{
	return (u32)(hash_combine(id_secret, (u64)object) >> 32);
}

/* held: references that the reader has for now. */
static void put_pid_node(struct seqbuf *out, const struct pid *pid, const struct pidns *viewer,
			 u32 held)
{
	static const char *const lives[] = { "new", "live", "zombie", "reaped" };

	seqbuf_printf(out, "N pid p%lu nr=%d life=%s refs=%u\n", pid->ino, pid_nr_in(pid, viewer),
		      lives[pid_life(pid)], refcount_read(&pid->refs) - held);
}

static void put_inode(struct seqbuf *out, struct inode *inode)
{
	seqbuf_printf(out, "N inode i%lu:%lu fs=%s refs=%u\n", inode->sb->dev, inode->ino,
		      inode->sb->type->name, refcount_read(&inode->refs));
}

static void put_dentry(struct seqbuf *out, const struct dentry *d)
{
	const struct inode *inode = dentry_inode(d);

	seqbuf_printf(out, "N dentry d%08x refs=%u\n", id_of(d), refcount_read(&d->refs));
	seqbuf_printf(out, "E d%08x i%lu:%lu inode\n", id_of(d), inode->sb->dev, inode->ino);
}

/* file: counted by the reader once. */
static void put_descriptor(struct seqbuf *out, int nr, int fd, const struct file *file,
			   const struct pidns *viewer)
{
	struct inode *inode = file->inode;
	const struct pid *pid = pidfs_pid(file);

	seqbuf_printf(out, "E t%d f%08x %d\n", nr, id_of(file), fd);
	seqbuf_printf(out, "N file f%08x refs=%u\n", id_of(file), refcount_read(&file->refs) - 1);
	seqbuf_printf(out, "E f%08x d%08x dentry\n", id_of(file), id_of(file->path.dentry));
	put_dentry(out, file->path.dentry);
	put_inode(out, inode);
	if (!pid)
		return;
	if (inode->private == pid)
		seqbuf_printf(out, "E i%lu:%lu p%lu private\n", inode->sb->dev, inode->ino,
			      pid->ino);
	else
		seqbuf_printf(out, "E f%08x p%lu private\n", id_of(file), pid->ino);
	put_pid_node(out, pid, viewer, 0);
}

static void put_task(struct seqbuf *out, const struct task *t, struct pid *pid, int nr,
		     const struct pidns *viewer)
{
	struct thread *thread = thread_of_pid_get(pid);
	struct files *files = thread ? thread_files_get(thread) : NULL;
	struct file *file;
	int fd = 0;

	put_pid_node(out, pid, viewer, 1);
	if (thread) {
		seqbuf_printf(out, "N task t%d threads=%u name=", nr, t->nr_threads);
		seqbuf_put_escaped(out, thread->comm, " \t\n\\");
		seqbuf_putc(out, '\n');
		seqbuf_printf(out, "E t%d p%lu pid\n", nr, pid->ino);
		seqbuf_printf(out, "E p%lu t%d task\n", pid->ino, nr);
		thread_put(thread);
	}
	while (files && (fd = fd_next(files, fd, &file)) >= 0) {
		put_descriptor(out, nr, fd++, file, viewer);
		file_put(file);
	}
	if (files)
		files_put(files);
}

int proc_show_objgraph(const struct tree_place *p, struct seqbuf *out)
{
	struct pidns *viewer = proc_pidns(p);
	struct pid *pid;

	for (int nr = 1; (pid = pid_next(viewer, nr, &nr)); nr++) {
		struct task *t = task_of_pid_get(pid);

		if (t) {
			put_task(out, t, pid, nr, viewer);
			task_put(t);
		}
		pid_put(pid);
		cond_resched();
	}
	return 0;
}

void proc_objgraph_init(void)
{
	random_bytes(&id_secret, sizeof(id_secret));
}
