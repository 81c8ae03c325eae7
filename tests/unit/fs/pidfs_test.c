// sources: fs/inode.c fs/protect.c fs/dentry.c fs/super.c fs/libfs.c fs/file.c fs/fdtable.c fs/path.c fs/dpath.c fs/mount.c fs/propagate.c fs/mountops.c fs/mnt_ns.c fs/fs_ctx.c fs/open.c fs/namei.c fs/stat.c fs/rw.c fs/readdir.c fs/uio.c fs/xattr.c lib/rbtree.c fs/pagecache.c fs/chrdev.c fs/pidfs/pidfs.c fs/nsfs/nsfs.c fs/pidfs/pidfd.c fs/pidfs/attr.c fs/pidfs/lastclose.c fs/pidfs/fallback.c fs/anonfs/anonfs.c kernel/id/pid.c kernel/id/cred.c kernel/id/userns.c kernel/id/ns.c kernel/id/nscount.c kernel/id/uts.c kernel/id/pidns.c kernel/sync/wait.c kernel/sync/mutex.c kernel/sync/rwsem.c kernel/sync/refcount.c lib/bitmap.c lib/seqbuf.c lib/fmt.c tests/unit/shim/slab.c tests/unit/shim/page.c tests/unit/shim/thread.c tests/unit/shim/vfs.c
// tsan
/*
 * pidfs, and with it fs/libfs.c: identity, references, what is left when the last descriptor goes.
 */
#include "test.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <pipit/pidfd.h>
#include <linux/stat.h>
#include <pthread.h>

#include "thread.h"
#include "slab.h"
#include "vfs.h"

#include "arch/x86_64/percpu.h"
#include "boot/options.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/mm/slab.h"
#include "kernel/task/signal.h"
#include "fs/anonfs/anonfs.h"
#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/libfs.h"
#include "fs/pidfs/internal.h"
#include "fs/poll.h"
#include "fs/stat.h"

/* ---- one process, as far as pidfs asks */

static struct thread *the_thread;
static struct task the_task;
static int nr_killed, nr_task_refs;
static struct as the_as = { .dumpable = DUMP_USER };

struct thread *thread_of_pid_get(struct pid *pid)
{
	if (!pid->thread)
		return NULL;
	nr_task_refs++;
	return pid->thread;
}

void thread_put(struct thread *t)
{
	nr_task_refs--;
}

struct task *task_of_pid_get(struct pid *pid)
{
	if (!pid->task)
		return NULL;
	nr_task_refs++;
	return pid->task;
}

void task_put(struct task *t)
{
	nr_task_refs--;
}

struct as *thread_as_get(struct thread *t)
{
	return &the_as;
}

struct ns_common *thread_ns_get(struct thread *t, enum ns_kind kind)
{
	return NULL;
}

const struct cred *thread_cred_get(struct thread *t)
{
	return cred_get(t->cred ? t->cred : &cred_root);
}

bool task_may_access(struct task *t, u32 mode)
{
	return true;
}

int signal_send_task(struct task *t, int sig, const siginfo_t *info)
{
	CHECK(t == &the_task && sig == SIGKILL && !info);
	nr_killed++;
	return 0;
}

static bool is_init, is_mine = true;

bool task_is_ns_init(const struct task *t)
{
	return is_init;
}

bool signal_may_kill(const struct cred *cred, struct task *t)
{
	return is_mine;
}

struct kernel_options kernel_options;
static struct pid *pid;
static long live;
static u64 dentries, inodes, files;

static void setup(void)
{
	static bool is_done;

	host_vfs_init();
	if (!is_done)
		pidfs_init();
	is_done = true;
	CHECK(pid_new(&pidns_initial, &pid) == 0);
	/* The table of inodes is made on first use and stays. */
	struct file *file;

	CHECK(pidfs_open(pid, 0, &file) == 0);
	file_put(file);
	live = host_live();
	dentries = dentry_count();
	inodes = inode_count();
	files = file_count();
}

static void check_balance(void)
{
	CHECK(host_live() == live && dentry_count() == dentries && inode_count() == inodes && file_count() == files);
	CHECK(refcount_read(&pid->refs) == 1);
}

static void teardown(void)
{
	check_balance();
	pid->thread = NULL;
	pid->task = NULL;
	pid_release_numbers(pid);
	pid_put(pid);
}

static void make_alive(void)
{
	the_thread = current;
	the_thread->pid = pid;
	the_thread->task = &the_task;
	the_task.pid = pid;
	pid->thread = the_thread;
	pid->task = &the_task;
	pid_advance(pid, PID_LIVE);
}

static void reap(void)
{
	pid->thread = NULL;
	pid->task = NULL;
	current->pid = NULL;
	current->task = NULL;
	pid->exit.code = 7 << 8;
	if (pid_life(pid) < PID_EXITED)
		pid_advance(pid, PID_EXITED);
	pid_advance(pid, PID_REAPED);
}

TEST(pidfd_opens_of_one_process_share_an_inode)
{
	struct file *a, *b, *c;
	struct kstat st;
	struct pid *other;

	setup();
	CHECK(pidfs_open(pid, 0, &a) == 0 && pidfs_open(pid, O_NONBLOCK, &b) == 0);
	CHECK(a != b && a->inode == b->inode && a->path.dentry != b->path.dentry);
	CHECK(a->inode->ino == pid->ino && refcount_read(&pid->refs) == 2);
	CHECK(pidfs_pid(a) == pid && pidfs_pid(b) == pid);
	CHECK(dentry_count() == dentries + 2 && inode_count() == inodes + 1 && file_count() == files + 2);
	CHECK(a->flags == O_RDWR && b->flags == (O_RDWR | O_NONBLOCK));
	CHECK(vfs_getattr(&a->path, &st) == 0 && st.mode == 0700 && st.ino == pid->ino && st.nlink == 1);
	CHECK(vfs_chmod(&a->path, 0777) == -EOPNOTSUPP);

	CHECK(pid_new(&pidns_initial, &other) == 0 && pidfs_open(other, 0, &c) == 0);
	CHECK(c->inode != a->inode && c->inode->ino != a->inode->ino);
	file_put(c);
	pid_release_numbers(other);
	pid_put(other);

	file_put(a);
	CHECK(refcount_read(&pid->refs) == 2);
	file_put(b);
	teardown();
}

/* Each allocation of the first open fails once; then a and b are open. */
static void open_two(const char *kind, struct file **a, struct file **b)
{
	int err = -ENOMEM;

	kernel_options.pidfs = kind;
	pidfd_choose();
	for (int n = 1; err && n < 20; n++) {
		check_balance();
		slab_fail_nth(n);
		err = pidfs_open(pid, 0, a);
		slab_fail_nth(0);
	}
	CHECK(!err && pidfs_open(pid, O_NONBLOCK, b) == 0);
	CHECK(pidfs_pid(*a) == pid && pidfs_pid(*b) == pid && (*a)->private == pid);
	CHECK((*b)->flags == (O_RDWR | O_NONBLOCK) && refcount_read(&pid->refs) == 3);
}

TEST(pidfd_kinds_before_pidfs_hold_the_process_and_do_not_tell)
{
	struct file *a, *b, *c;

	setup();
	anonfs_init();
	live = host_live();
	dentries = dentry_count();
	inodes = inode_count();
	open_two("anon", &a, &b);
	CHECK(a->inode == b->inode && inode_count() == inodes);
	file_put(a);
	file_put(b);
	open_two("fresh", &a, &b);
	CHECK(a->inode != b->inode && a->inode->ino != b->inode->ino && inode_count() == inodes + 2);
	pidfd_make = libfs_open; /* as at boot */
	kernel_options.pidfs = "inode";
	pidfd_choose(); /* complains */
	CHECK(pidfs_open(pid, 0, &c) == 0 && c->inode->ino == pid->ino);
	file_put(c);
	file_put(a);
	file_put(b);
	kernel_options.pidfs = NULL;
	teardown();
}

TEST(pidfd_keeps_the_identity_after_the_reap)
{
	struct file *file;
	struct pid *found;
	int nr;

	setup();
	nr = pid_nr_in(pid, &pidns_initial);
	CHECK(pidfs_open(pid, 0, &file) == 0);
	pid_release_numbers(pid);
	pid_put(pid);
	CHECK(refcount_read(&pid->refs) == 1 && pidfs_pid(file) == pid);
	found = pid_find_get(&pidns_initial, nr);
	CHECK(!found);
	file_put(file); /* frees pid: the address sanitizer watches */
	CHECK(inode_count() == inodes && dentry_count() == dentries);
}

TEST(pidfd_polls_as_life_goes_on)
{
	struct file *file;

	setup();
	make_alive();
	CHECK(pidfs_open(pid, 0, &file) == 0);
	CHECK(file->ops->poll(file, NULL) == 0);
	pid_advance(pid, PID_EXITED);
	CHECK(file->ops->poll(file, NULL) == (POLLIN | POLLRDNORM));
	reap();
	CHECK(file->ops->poll(file, NULL) == (POLLIN | POLLRDNORM | POLLHUP));
	file_put(file);
	teardown();
}

TEST(pidfd_fdinfo_shows_the_number)
{
	char text[200], want[200];
	struct seqbuf out;
	struct file *file;
	int nr;

	setup();
	make_alive();
	nr = pid_nr_in(pid, &pidns_initial);
	CHECK(pidfs_open(pid, 0, &file) == 0);
	seqbuf_init(&out, text, sizeof(text));
	file->ops->show_fdinfo(file, &pidns_initial, &out);
	snprintf(want, sizeof(want), "Pid:\t%d\nNSpid:\t%d\n", nr, nr);
	CHECK(!strcmp(seqbuf_str(&out), want));
	reap();
	seqbuf_init(&out, text, sizeof(text));
	file->ops->show_fdinfo(file, &pidns_initial, &out);
	CHECK(!strcmp(seqbuf_str(&out), "Pid:\t-1\nNSpid:\t-1\n"));
	seqbuf_init(&out, text, sizeof(text));
	CHECK(path_print(&file->path, NULL, &out) && !strcmp(seqbuf_str(&out), "anon_inode:[pidfd]"));
	file_put(file);
	teardown();
}

TEST(pidfd_info_tells_of_the_living_and_the_dead)
{
	struct pidfd_info info = { .mask = PIDFD_INFO_EXIT };
	struct file *file;
	int nr;

	setup();
	make_alive();
	nr = pid_nr_in(pid, &pidns_initial);
	CHECK(pidfs_open(pid, 0, &file) == 0);
	CHECK(file->ops->ioctl(file, PIDFD_GET_INFO, (u64)&info) == 0);
	CHECK((info.mask & PIDFD_INFO_PID) && (info.mask & PIDFD_INFO_CREDS) && !(info.mask & PIDFD_INFO_EXIT));
	CHECK(info.pid == (u32)nr && info.tgid == (u32)nr && info.ruid == 0);
	CHECK(file->ops->ioctl(file, PIDFD_GET_INFO, 0) == -EINVAL);
	CHECK(file->ops->ioctl(file, PIDFD_GET_INFO, 16) == -EFAULT);
	CHECK(file->ops->ioctl(file, 0x5401, (u64)&info) == -ENOTTY);
	reap();
	info = (struct pidfd_info){ .mask = PIDFD_INFO_PID };
	CHECK(file->ops->ioctl(file, PIDFD_GET_INFO, (u64)&info) == -ESRCH);
	info.mask = PIDFD_INFO_EXIT;
	CHECK(file->ops->ioctl(file, PIDFD_GET_INFO, (u64)&info) == 0);
	CHECK((info.mask & PIDFD_INFO_EXIT) && !(info.mask & PIDFD_INFO_PID) && info.exit_code == 7 << 8);
	CHECK(info.pid == 0);
	CHECK(nr_task_refs == 0);
	file_put(file);
	teardown();
}

TEST(pidfd_info_takes_every_size)
{
	unsigned char buf[400];
	struct file *file;

	setup();
	make_alive();
	CHECK(pidfs_open(pid, 0, &file) == 0);
	for (u32 size = 8; size < 400; size++) {
		u32 cmd = _IOC(_IOC_READ | _IOC_WRITE, PIDFS_IOCTL_MAGIC, _IOC_NR(PIDFD_GET_INFO), size);
		long want = size < PIDFD_INFO_SIZE_VER0 ? -ENOTTY : 0;

		memset(buf, 0xee, sizeof(buf));
		memset(buf, 0, 8);
		CHECK(file->ops->ioctl(file, cmd, (u64)buf) == want);
		for (u32 i = 0; i < sizeof(buf); i++) {
			if (i >= size)
				CHECK(buf[i] == 0xee); /* not beyond what the caller has */
			else if (!want && i >= sizeof(struct pidfd_info))
				CHECK(buf[i] == 0);
		}
	}
	file_put(file);
	reap();
	teardown();
}

TEST(pidfd_autokill_kills_with_its_last_reference)
{
	struct file *file;

	setup();
	make_alive();
	nr_killed = 0;
	CHECK(pidfs_open(pid, PIDFD_AUTOKILL, &file) == 0);
	file_get(file);
	file_put(file);
	CHECK(nr_killed == 0);
	file_put(file);
	CHECK(nr_killed == 1 && nr_task_refs == 0);
	CHECK(pidfs_open(pid, 0, &file) == 0);
	file_put(file);
	CHECK(nr_killed == 1);
	reap();
	CHECK(pidfs_open(pid, PIDFD_AUTOKILL, &file) == 0);
	file_put(file);
	CHECK(nr_killed == 1);
	teardown();
}

TEST(pidfd_marked_inode_takes_its_process_along)
{
	struct file *a, *b;

	setup();
	make_alive();
	nr_killed = 0;
	CHECK(pidfs_open(pid, 0, &a) == 0 && pidfs_open(pid, 0, &b) == 0);
	CHECK(a->ops->ioctl(a, PIDFD_SET_KILL_ON_CLOSE, 2) == -EINVAL);
	is_mine = false;
	CHECK(a->ops->ioctl(a, PIDFD_SET_KILL_ON_CLOSE, 1) == -EPERM);
	is_mine = is_init = true;
	CHECK(a->ops->ioctl(a, PIDFD_SET_KILL_ON_CLOSE, 1) == -EPERM);
	is_init = false;
	CHECK(a->ops->ioctl(a, PIDFD_SET_KILL_ON_CLOSE, 1) == 0);
	CHECK(a->ops->ioctl(b, PIDFD_SET_KILL_ON_CLOSE, 0) == 0);
	file_put(a);
	file_put(b);
	CHECK(nr_killed == 0); /* cleared */
	CHECK(pidfs_open(pid, 0, &a) == 0 && pidfs_open(pid, 0, &b) == 0);
	CHECK(a->ops->ioctl(a, PIDFD_SET_KILL_ON_CLOSE, 1) == 0);
	file_put(a);
	CHECK(nr_killed == 0);
	is_mine = false; /* it became somebody else's */
	file_put(b);
	CHECK(nr_killed == 0);
	is_mine = true;
	CHECK(pidfs_open(pid, 0, &a) == 0);
	CHECK(a->ops->ioctl(a, PIDFD_SET_KILL_ON_CLOSE, 1) == 0);
	file_put(a);
	CHECK(nr_killed == 1);
	reap();
	CHECK(pidfs_open(pid, 0, &a) == 0);
	CHECK(a->ops->ioctl(a, PIDFD_SET_KILL_ON_CLOSE, 1) == -ESRCH);
	file_put(a);
	CHECK(nr_killed == 1);
	live = host_live(); /* what is remembered of the process goes with it */
	teardown();
}

TEST(pidfd_open_gives_all_back_when_memory_is_out)
{
	struct file *file, *first;
	unsigned n;
	int err;

	setup();
	for (n = 1, err = -ENOMEM; err && n < 20; n++) {
		slab_fail_nth(n);
		err = pidfs_open(pid, 0, &file);
		slab_fail_nth(0);
		CHECK(err == 0 || err == -ENOMEM);
		if (!err)
			file_put(file);
		check_balance();
	}
	CHECK(n == 5); /* inode, dentry, file; the fourth time it worked */
	/* While somebody else has it open, the inode stays whatever happens. */
	CHECK(pidfs_open(pid, 0, &first) == 0);
	for (n = 1, err = -ENOMEM; err && n < 20; n++) {
		slab_fail_nth(n);
		err = pidfs_open(pid, 0, &file);
		slab_fail_nth(0);
		CHECK(refcount_read(&pid->refs) == 2 && pidfs_pid(first) == pid);
	}
	CHECK(n == 4);
	file_put(file);
	file_put(first);
	teardown();
}

TEST(pidfd_open_obeys_the_limit_of_files)
{
	struct file *file;
	u64 old = file_max;

	setup();
	file_max = files;
	host_become(1000, 1000);
	live = host_live();
	CHECK(pidfs_open(pid, 0, &file) == -ENFILE);
	check_balance();
	host_become(0, 0);
	CHECK(pidfs_open(pid, 0, &file) == 0); /* root may */
	file_put(file);
	file_max = old;
	cred_put(current->cred);
	current->cred = NULL;
	live = host_live();
	teardown();
}

TEST(pidfd_goes_through_a_descriptor_table)
{
	struct files *table;
	struct file *file;
	int fd[40];

	setup();
	CHECK(files_new(&table) == 0);
	for (int i = 0; i < 40; i++) {
		CHECK(pidfs_open(pid, 0, &file) == 0);
		fd[i] = fd_publish(table, file, O_CLOEXEC);
		CHECK(fd[i] == i && fd_get_cloexec(table, i) == 1);
	}
	CHECK(refcount_read(&pid->refs) == 2 && inode_count() == inodes + 1);
	CHECK(fd_close(table, 3) == 0);
	CHECK(fd_dup_to(table, 5, 4, 0) == 4);
	files_put(table);
	teardown();
}

static void *opener(void *arg)
{
	for (int i = 0; i < 3000; i++) {
		struct file *a, *b;

		if (pidfs_open(pid, 0, &a) || pidfs_open(pid, 0, &b))
			return (void *)1l;
		if (a->inode != b->inode || pidfs_pid(b) != pid)
			return (void *)2l;
		file_put(a);
		if (i % 3)
			sched_yield();
		file_put(b);
	}
	return NULL;
}

TEST(pidfd_openers_and_closers_race)
{
	pthread_t threads[4];
	void *result;

	setup();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, opener, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		CHECK(result == NULL);
	}
	teardown();
}

/* ---- libfs beside pidfs: files that are new each time */

static int nr_evicted;

static void count_evict(struct inode *inode)
{
	CHECK(inode->private == &nr_evicted);
	nr_evicted++;
}

TEST(libfs_new_files_have_inodes_of_their_own)
{
	static const struct super_ops ops = { .evict = count_evict };
	static const struct file_ops fops;
	static struct pseudo_fs fs;
	static const struct node_template t = {
		.fs = &fs, .mode = S_IFIFO | 0600, .iops = &inode_ops_none, .fops = &fops
	};
	struct file *a, *b, *end;
	unsigned n;
	int err;

	setup();
	pseudo_fs_init(&fs, "testfs", 0x7e57, &ops);
	live = host_live();
	inodes = inode_count();
	dentries = dentry_count();
	CHECK(libfs_open_new(&t, &nr_evicted, O_RDONLY, &a) == 0 && libfs_open_new(&t, &nr_evicted, O_WRONLY, &b) == 0);
	CHECK(a->inode != b->inode && a->inode->ino != b->inode->ino && a->inode->ino > 1);
	CHECK((a->mode & FILE_READ) && !(a->mode & FILE_WRITE) && (b->mode & FILE_WRITE) && (a->mode & FILE_STREAM));
	CHECK(libfs_open_inode(&fs, a->inode, O_WRONLY, &end) == 0);
	CHECK(end->inode == a->inode && end->path.dentry != a->path.dentry);
	file_put(a);
	CHECK(nr_evicted == 0);
	file_put(end);
	CHECK(nr_evicted == 1);
	file_put(b);
	CHECK(nr_evicted == 2);
	check_balance();
	for (n = 1, err = -ENOMEM; err && n < 20; n++) {
		slab_fail_nth(n);
		err = libfs_open_new(&t, &nr_evicted, O_RDONLY, &a);
		slab_fail_nth(0);
		if (!err)
			file_put(a);
		check_balance();
	}
	CHECK(n == 5);
	teardown();
}
