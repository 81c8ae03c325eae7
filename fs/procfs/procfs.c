/*
 * procfs: /proc, a tree of tables (fs/tree.h).
 *
 * Owns: the root: its static files, and the processes among them.
 * How it is laid out: each file of this folder has the functions that write one family of texts;
 *   the tables that name them are here (the system), in pid.c (a process) and in sys.c (settings).
 * Life: what is below /proc/PID is about a struct pid, which it holds, and never holds the task: a
 *   name can be looked up while the pid is in the number table, and what was opened before says
 *   ESRCH later.
 * Numbers are those of the pid namespace in which it was mounted.
 *                                                              Follows: proc(5), Linux 7.3 fs/proc
 */
#include "fs/procfs/procfs.h"

#include <linux/errno.h>
#include <linux/magic.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "kernel/id/pid.h"
#include "kernel/task/task.h"
#include "fs/file.h"
#include "fs/procfs/internal.h"
#include "drivers/kmsg.h"

int proc_parse_number(const char *name, u32 len)
{
	u32 n = 0;

	if (len == 0 || len > 9 || (name[0] == '0' && len > 1))
		return -1;
	for (u32 i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = n * 10 + (u32)(name[i] - '0');
	}
	return (int)n;
}

static unsigned digit_value(char c)
{
	char lower = c | 0x20;

	return lower >= 'a' ? lower - 'a' + 10u : c - (unsigned)'0';
}

int proc_parse_value(const char *text, size_t len, s64 min, s64 max, s64 *out)
{
	bool is_negative = false;
	unsigned base = 10;
	s64 n = 0;
	size_t i = 0, digits;

	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	if (i < len && (text[i] == '-' || text[i] == '+'))
		is_negative = text[i++] == '-';
	if (i + 1 < len && text[i] == '0') {
		base = (text[i + 1] | 0x20) == 'x' ? 16 : 8;
		i += base == 16 ? 2 : 0;
	}
	for (digits = i; i < len && digit_value(text[i]) < base; i++)
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit_value(text[i]), &n))
			return -EINVAL;
	digits = i - digits;
	while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n'))
		i++;
	if (!digits || i < len)
		return -EINVAL;
	n = is_negative ? -n : n;
	if (n < min || n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

/* ---- Processes in the root */

/* Any thread can be looked up, as on Linux; only processes are listed. */
static int pids_lookup(const struct tree_place *dir, const char *name, u32 len,
		       struct tree_child *out)
{
	int nr = proc_parse_number(name, len);
	struct pid *pid = nr > 0 ? pid_find_get(proc_pidns(dir), nr) : NULL;
	enum pid_life life;

	if (!pid)
		return -ENOENT;
	life = pid_life(pid);
	if (life == PID_NEW || life == PID_REAPED) {
		pid_put(pid);
		return -ENOENT;
	}
	*out = (struct tree_child){ .entry = &proc_pid_dir, .object = pid, .index = (u64)nr };
	return 0;
}

static bool pid_is_process(struct pid *pid)
{
	bool is_process;

	rwspin_read_lock(&tasks_lock);
	is_process = pid->task != NULL;
	rwspin_read_unlock(&tasks_lock);
	return is_process;
}

static bool pids_next(const struct tree_place *dir, u64 *cookie, char name[32],
		      struct tree_child *out)
{
	struct pidns *ns = proc_pidns(dir);
	struct pid *pid;
	bool is_process;
	int nr;

	if (*cookie > INT32_MAX)
		return false;
	for (nr = (int)*cookie; (pid = pid_next(ns, nr, &nr)); nr++) {
		is_process = pid_is_process(pid);
		pid_put(pid);
		if (!is_process)
			continue;
		*cookie = (u64)nr;
		snprintf(name, 32, "%d", nr);
		*out = (struct tree_child){ .entry = &proc_pid_dir, .index = (u64)nr };
		return true;
	}
	return false;
}

static const struct tree_dynamic pids = { .lookup = pids_lookup, .next = pids_next };

/* ---- Links in the root */

static long self_readlink(const struct tree_place *p, char *buf, size_t size)
{
	char text[16];
	int nr = pid_nr_in(task_current()->pid, proc_pidns(p));
	size_t n;

	if (!nr)
		return -ENOENT;
	n = fmt_dec(text, (u64)nr);
	n = MIN(n, size);
	memcpy(buf, text, n);
	return (long)n;
}

static long thread_self_readlink(const struct tree_place *p, char *buf, size_t size)
{
	char text[32];
	int nr = pid_nr_in(task_current()->pid, proc_pidns(p));
	size_t n;

	if (!nr)
		return -ENOENT;
	n = (size_t)snprintf(text, sizeof(text), "%d/task/%d", nr,
			     pid_nr_in(current->pid, proc_pidns(p)));
	n = MIN(n, size);
	memcpy(buf, text, n);
	return (long)n;
}

/* mounts and net are the reader's own. */
static long own_readlink(const struct tree_place *p, char *buf, size_t size)
{
	return (long)MIN((size_t)snprintf(buf, size, "self/%s", p->entry->name), size);
}

/* ---- Tables */

#define FILE_ENTRY(file, access, how)                                                              \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (access), .show = (how)                            \
	}
#define LINK_ENTRY(file, how)                                                                      \
	{                                                                                          \
		.name = file, .mode = S_IFLNK | 0777, .readlink = (how)                            \
	}

static const struct tree_entry root_table[] = {
	LINK_ENTRY("self", self_readlink),
	LINK_ENTRY("thread-self", thread_self_readlink),
	LINK_ENTRY("mounts", own_readlink),
	LINK_ENTRY("net", own_readlink),
	FILE_ENTRY("cmdline", 0444, proc_show_boot_cmdline),
	FILE_ENTRY("cpuinfo", 0444, proc_show_cpuinfo),
	FILE_ENTRY("devices", 0444, proc_show_devices),
	FILE_ENTRY("diskstats", 0444, proc_show_nothing),
	FILE_ENTRY("filesystems", 0444, proc_show_filesystems),
	FILE_ENTRY("interrupts", 0444, proc_show_interrupts),
	FILE_ENTRY("kallsyms", 0444, proc_show_kallsyms),
	{ .name = "kmsg", .mode = S_IFREG | 0400, .fops = &syslog_ops },
	FILE_ENTRY("loadavg", 0444, proc_show_loadavg),
	FILE_ENTRY("locks", 0444, proc_show_locks),
	FILE_ENTRY("meminfo", 0444, proc_show_meminfo),
	FILE_ENTRY("misc", 0444, proc_show_nothing),
	FILE_ENTRY("modules", 0444, proc_show_nothing),
	FILE_ENTRY("objgraph", 0400, proc_show_objgraph),
	FILE_ENTRY("partitions", 0444, proc_show_partitions),
	FILE_ENTRY("slabinfo", 0400, proc_show_slabinfo),
	FILE_ENTRY("stat", 0444, proc_show_system_stat),
	FILE_ENTRY("swaps", 0444, proc_show_swaps),
	{ .name = "sys", .mode = S_IFDIR | 0555, .children = proc_sys_table },
#ifdef CONFIG_TRACE
	{ .name = "trace", .mode = S_IFREG | 0600, .fops = &proc_trace_ops },
#endif
	FILE_ENTRY("uptime", 0444, proc_show_uptime),
	FILE_ENTRY("version", 0444, proc_show_version),
	FILE_ENTRY("vmstat", 0444, proc_show_vmstat),
	{ .name = NULL },
};

static void *instance_get(void)
{
	struct pidns *ns = pidns_current();

	ns_get(&ns->ns);
	return ns;
}

static void instance_put(void *ns)
{
	ns_put(&((struct pidns *)ns)->ns);
}

static void object_get(void *pid)
{
	pid_get(pid);
}

static void object_put(void *pid)
{
	pid_put(pid);
}

static struct tree_fs procfs = {
	.type = { .name = "proc", .flags = FS_USERNS | FS_WHOLE, .mount = tree_mount },
	.magic = PROC_SUPER_MAGIC,
	.root = { .name = "", .mode = S_IFDIR | 0555, .children = root_table, .dynamic = &pids },
	.instance_get = instance_get,
	.instance_put = instance_put,
	.object_get = object_get,
	.object_put = object_put,
	.is_valid = proc_is_valid,
	.owner = proc_owner,
};

struct pid *procfs_dir_pid(const struct file *file)
{
	const struct tree_place *p;

	if (file->inode->sb->type != &procfs.type)
		return NULL;
	p = tree_place(file->inode);
	return p->entry == &proc_pid_dir ? p->object : NULL;
}

void procfs_init(void)
{
	proc_objgraph_init();
	tree_register(&procfs);
}
