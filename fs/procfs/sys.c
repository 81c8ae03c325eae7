/*
 * /proc/sys: settings and constants, one number or word a file.
 *
 * A number is a row of a table that says where it is kept and what it may become; a change takes
 *   effect because whoever owns the variable reads it. What cannot be changed is read-only here,
 *   whatever it is on Linux.
 *                                      Follows: proc_sys_kernel(5), proc_sys_vm(5), proc_sys_fs(5)
 */
#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/string.h"
#include "boot/options.h"
#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"
#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/id/uts.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/mutex.h"
#include "kernel/task/coredump.h"
#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/anonfs/epoll.h"
#include "fs/pipefs/pipe.h"
#include "fs/procfs/internal.h"
#include "fs/protect.h"
#include "drivers/kmsg.h"
#include "drivers/mem.h"

#define THREADS_MIN    20
#define THREADS_MAX    4194304
#define PIPE_MAX       (1u << 31)
#define LOGLEVEL_COUNT 8

/* ---- Numbers */

struct number {
	void *variable;
	size_t size; /* 4: an int; 8: a u64 */
	s64 min, max;
	int (*set)(s64 value); /* instead of storing it */
};

static int show_number(const struct tree_place *p, struct seqbuf *out)
{
	const struct number *n = p->entry->data;

	seqbuf_put_sdec(out, n->size == sizeof(int) ? READ_ONCE(*(int *)n->variable)
						    : READ_ONCE(*(s64 *)n->variable));
	seqbuf_putc(out, '\n');
	return 0;
}

static int write_number(const struct tree_place *p, const char *text, size_t len)
{
	const struct number *n = p->entry->data;
	s64 value;
	int err = proc_parse_value(text, len, n->min, n->max, &value);

	if (err)
		return err;
	if (n->set)
		return n->set(value);
	if (n->size == sizeof(int))
		WRITE_ONCE(*(int *)n->variable, (int)value);
	else
		WRITE_ONCE(*(s64 *)n->variable, value);
	return 0;
}

#define NUMBER_ENTRY(file, access, ...)                                                            \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (access), .show = show_number,                     \
		.write = (access)&0222 ? write_number : NULL, .data = &(const struct number)       \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define CONST_ENTRY(file, value)                                                                   \
	NUMBER_ENTRY(file, 0444, .variable = &(s64){ value }, .size = sizeof(s64))
#define SETTING_ENTRY(file, of, low, high)                                                         \
	NUMBER_ENTRY(file, 0644, .variable = &(of), .size = sizeof(of), .min = (low), .max = (high))

/* proc_sys_fs(5): rounded up to a power of two, at least a page. */
static int set_pipe_max(s64 value)
{
	u32 size = PAGE_SIZE;

	while (size < value)
		size <<= 1;
	pipe_max_size = size;
	return 0;
}

static int set_pid_max(s64 value)
{
	return pid_set_max((int)value);
}

/* ---- kernel */

/* A field of the uts namespace; data is its offset. */
static int show_uts(const struct tree_place *p, struct seqbuf *out)
{
	struct utsname now;

	uts_get(&now);
	seqbuf_puts(out, (const char *)&now + (size_t)p->entry->data);
	seqbuf_putc(out, '\n');
	return 0;
}

static int write_uts(const struct tree_place *p, const char *text, size_t len)
{
	uts_set((char *)&uts_current()->name + (size_t)p->entry->data, text, len);
	return 0;
}

static int show_core_pattern(const struct tree_place *p, struct seqbuf *out)
{
	char text[CORE_PATTERN_MAX];

	core_pattern_get(text);
	seqbuf_puts(out, text);
	seqbuf_putc(out, '\n');
	return 0;
}

static int write_core_pattern(const struct tree_place *p, const char *text, size_t len)
{
	return core_pattern_set(text, len);
}

static int show_printk(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%d\t%d\t1\t7\n", console_loglevel, LOG_WARNING);
	return 0;
}

/* The first of the four is what can be set. */
static int write_printk(const struct tree_place *p, const char *text, size_t len)
{
	const char *end = memchr(text, '\t', len), *space = memchr(text, ' ', len);
	s64 level;
	int err;

	end = end ? end : space ? space : text + len;
	err = proc_parse_value(text, (size_t)(end - text), 0, LOGLEVEL_COUNT, &level);
	if (!err)
		console_loglevel = (int)level;
	return err;
}

/* ---- kernel/random */

struct uuid {
	u8 bytes[16];
};

/* RFC 9562, version 4. */
static void uuid_make(struct uuid *u)
{
	random_bytes(u->bytes, sizeof(u->bytes));
	u->bytes[6] = (u->bytes[6] & 0x0f) | 0x40;
	u->bytes[8] = (u->bytes[8] & 0x3f) | 0x80;
}

static int put_uuid(struct seqbuf *out, const struct uuid *u)
{
	for (size_t i = 0; i < sizeof(u->bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			seqbuf_putc(out, '-');
		seqbuf_printf(out, "%02x", u->bytes[i]);
	}
	seqbuf_putc(out, '\n');
	return 0;
}

static int show_uuid(const struct tree_place *p, struct seqbuf *out)
{
	struct uuid u;

	uuid_make(&u);
	return put_uuid(out, &u);
}

/* Made by the first reader, for all. */
static int show_boot_id(const struct tree_place *p, struct seqbuf *out)
{
	static struct mutex lock = MUTEX_INIT(RANK_SOCK);
	static struct uuid boot_id;

	mutex_lock(&lock);
	if (!boot_id.bytes[6])
		uuid_make(&boot_id);
	mutex_unlock(&lock);
	return put_uuid(out, &boot_id);
}

/* ---- fs and vm */

static int show_file_nr(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%lu\t0\t%lu\n", file_count(), file_max);
	return 0;
}

static int show_inode_nr(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%lu\t0\n", inode_count());
	return 0;
}

static int show_inode_state(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%lu\t0\t0\t0\t0\t0\t0\n", inode_count());
	return 0;
}

static int show_dentry_state(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%lu\t0\t0\t0\t0\t0\n", dentry_count());
	return 0;
}

/* All that is cached and unused is what the CPUs keep of freed objects. */
static int write_drop_caches(const struct tree_place *p, const char *text, size_t len)
{
	s64 what;
	int err = proc_parse_value(text, len, 1, 4, &what);

	if (!err && (what & 2))
		slab_flush();
	return err;
}

/* ---- Tables */

#define READ_ENTRY(file, how)                                                                      \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = (how)                                \
	}
#define UTS_ENTRY(file, access, field)                                                             \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (access), .show = show_uts,                        \
		.write = (access)&0222 ? write_uts : NULL,                                         \
		.data = (const void *)offsetof(struct utsname, field)                              \
	}
#define DIR_ENTRY(dir, table)                                                                      \
	{                                                                                          \
		.name = dir, .mode = S_IFDIR | 0555, .children = (table)                           \
	}

static const struct tree_entry random_table[] = {
	READ_ENTRY("boot_id", show_boot_id),
	CONST_ENTRY("entropy_avail", 256),
	CONST_ENTRY("poolsize", 256),
	READ_ENTRY("uuid", show_uuid),
	{ .name = NULL },
};

static const struct tree_entry kernel_table[] = {
	UTS_ENTRY("arch", 0444, machine),
	CONST_ENTRY("cap_last_cap", CAP_LAST_CAP),
	{ .name = "core_pattern",
	  .mode = S_IFREG | 0644,
	  .show = show_core_pattern,
	  .write = write_core_pattern },
	SETTING_ENTRY("core_pipe_limit", core_pipe_limit, 0, INT32_MAX),
	SETTING_ENTRY("core_uses_pid", core_uses_pid, 0, INT32_MAX),
	SETTING_ENTRY("dmesg_restrict", dmesg_restrict, 0, 1),
	UTS_ENTRY("domainname", 0644, domainname),
	UTS_ENTRY("hostname", 0644, nodename),
	CONST_ENTRY("ngroups_max", 65536),
	UTS_ENTRY("osrelease", 0444, release),
	UTS_ENTRY("ostype", 0444, sysname),
	CONST_ENTRY("overflowgid", 65534),
	CONST_ENTRY("overflowuid", 65534),
	SETTING_ENTRY("panic", panic_timeout, INT32_MIN, INT32_MAX),
	NUMBER_ENTRY("pid_max", 0644, &pid_max, sizeof(pid_max), 0, INT32_MAX, set_pid_max),
	{ .name = "printk", .mode = S_IFREG | 0644, .show = show_printk, .write = write_printk },
	DIR_ENTRY("random", random_table),
	SETTING_ENTRY("randomize_va_space", kernel_options.randomize, 0, 2),
	CONST_ENTRY("tainted", 0),
	SETTING_ENTRY("threads-max", threads_max, THREADS_MIN, THREADS_MAX),
	UTS_ENTRY("version", 0444, version),
	{ .name = NULL },
};

static const struct tree_entry vm_table[] = {
	{ .name = "drop_caches", .mode = S_IFREG | 0200, .write = write_drop_caches },
	CONST_ENTRY("max_map_count", 65530),
	CONST_ENTRY("mmap_min_addr", 65536),
	CONST_ENTRY("overcommit_memory", 0),
	CONST_ENTRY("overcommit_ratio", 50),
	CONST_ENTRY("swappiness", 0), /* there is nowhere to swap to */
	{ .name = NULL },
};

static const struct tree_entry epoll_table[] = {
	SETTING_ENTRY("max_user_watches", epoll_max_watches, 0, INT64_MAX),
	{ .name = NULL },
};

static const struct tree_entry fs_table[] = {
	READ_ENTRY("dentry-state", show_dentry_state),
	DIR_ENTRY("epoll", epoll_table),
	SETTING_ENTRY("file-max", file_max, 0, INT64_MAX),
	READ_ENTRY("file-nr", show_file_nr),
	READ_ENTRY("inode-nr", show_inode_nr),
	READ_ENTRY("inode-state", show_inode_state),
	SETTING_ENTRY("mount-max", mount_max, 1, INT32_MAX),
	CONST_ENTRY("nr_open", 1048576),
	CONST_ENTRY("overflowgid", 65534),
	CONST_ENTRY("overflowuid", 65534),
	NUMBER_ENTRY("pipe-max-size", 0644, &pipe_max_size, sizeof(pipe_max_size), 0, PIPE_MAX,
		     set_pipe_max),
	SETTING_ENTRY("pipe-user-pages-hard", pipe_pages_hard, 0, INT64_MAX),
	SETTING_ENTRY("pipe-user-pages-soft", pipe_pages_soft, 0, INT64_MAX),
	SETTING_ENTRY("protected_fifos", protected_fifos, 0, 2),
	SETTING_ENTRY("protected_hardlinks", protected_hardlinks, 0, 1),
	SETTING_ENTRY("protected_regular", protected_regular, 0, 2),
	SETTING_ENTRY("protected_symlinks", protected_symlinks, 0, 1),
	SETTING_ENTRY("suid_dumpable", suid_dumpable, 0, 2),
	{ .name = NULL },
};

/* The limits of the reader's user namespace; who is root there sets them. */
static int show_ns_max(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%u\n", READ_ONCE(userns_current()->ns_max[(size_t)p->entry->data]));
	return 0;
}

static int write_ns_max(const struct tree_place *p, const char *text, size_t len)
{
	s64 value;
	int err = proc_parse_value(text, len, 0, INT32_MAX, &value);

	if (!err)
		WRITE_ONCE(userns_current()->ns_max[(size_t)p->entry->data], (u32)value);
	return err;
}

static int check_ns_max(const struct tree_place *p, u32 mask)
{
	return !(mask & (MAY_WRITE | MAY_EXEC)) || ns_capable(userns_current(), CAP_SYS_RESOURCE)
		       ? 0
		       : -EACCES;
}

#define NS_MAX_ENTRY(kind, which)                                                                  \
	{                                                                                          \
		.name = "max_" kind "_namespaces", .mode = S_IFREG | 0644, .show = show_ns_max,    \
		.write = write_ns_max, .permission = check_ns_max, .data = (const void *)(which)   \
	}

static const struct tree_entry user_table[] = {
	NS_MAX_ENTRY("cgroup", NS_MAX_CGROUP),
	NS_MAX_ENTRY("ipc", NS_MAX_IPC),
	NS_MAX_ENTRY("mnt", NS_MAX_MNT),
	NS_MAX_ENTRY("net", NS_MAX_NET),
	NS_MAX_ENTRY("pid", NS_MAX_PID),
	NS_MAX_ENTRY("time", NS_MAX_TIME),
	NS_MAX_ENTRY("user", NS_MAX_USER),
	NS_MAX_ENTRY("uts", NS_MAX_UTS),
	{ .name = NULL },
};

static const struct tree_entry core_table[] = {
	CONST_ENTRY("somaxconn", 4096),
	{ .name = NULL },
};

static const struct tree_entry net_table[] = {
	DIR_ENTRY("core", core_table),
	{ .name = NULL },
};

const struct tree_entry proc_sys_table[] = {
	DIR_ENTRY("fs", fs_table),   DIR_ENTRY("kernel", kernel_table),
	DIR_ENTRY("net", net_table), DIR_ENTRY("user", user_table),
	DIR_ENTRY("vm", vm_table),   { .name = NULL },
};
