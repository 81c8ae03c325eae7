/*
 * /proc/sys: settings and constants, one number or word a file.
 *
 * Those that never change are a table of names and values, and share one function; a setting that
 *   can be changed has its own, which goes through whoever owns it.
 *                                      Follows: proc_sys_kernel(5), proc_sys_vm(5), proc_sys_fs(5)
 */
#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/string.h"
#include "boot/options.h"
#include "kernel/debug/printk.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/id/uts.h"
#include "kernel/sync/mutex.h"
#include "kernel/task/task.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/pipefs/pipe.h"
#include "fs/procfs/internal.h"
#include "drivers/mem.h"

#define THREADS_MIN 20
#define THREADS_MAX 4194304
#define PIPE_MAX    (1u << 31)

/* ---- Constants */

static const struct {
	const char *name;
	u64 value;
} constants[] = {
	{ "cap_last_cap", CAP_LAST_CAP },
	{ "ngroups_max", 65536 },
	{ "overflowuid", 65534 },
	{ "overflowgid", 65534 },
	{ "tainted", 0 },
	{ "entropy_avail", 256 },
	{ "poolsize", 256 },
	{ "overcommit_memory", 0 },
	{ "overcommit_ratio", 50 },
	{ "max_map_count", 65530 },
	{ "mmap_min_addr", 65536 },
	{ "nr_open", 1048576 },
	{ "max_user_watches", 1048576 },
	{ "somaxconn", 4096 },
};

static int show_constant(const struct tree_place *p, struct seqbuf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
		if (!strcmp(constants[i].name, p->entry->name))
			seqbuf_printf(out, "%lu\n", constants[i].value);
	return 0;
}

/* ---- kernel */

static int put_line(struct seqbuf *out, const char *text)
{
	seqbuf_puts(out, text);
	seqbuf_putc(out, '\n');
	return 0;
}

static int show_ostype(const struct tree_place *p, struct seqbuf *out)
{
	return put_line(out, uts_initial.name.sysname);
}

static int show_osrelease(const struct tree_place *p, struct seqbuf *out)
{
	return put_line(out, uts_initial.name.release);
}

static int show_version(const struct tree_place *p, struct seqbuf *out)
{
	return put_line(out, uts_initial.name.version);
}

static int show_hostname(const struct tree_place *p, struct seqbuf *out)
{
	struct utsname now;

	uts_get(&now);
	return put_line(out, now.nodename);
}

static int show_domainname(const struct tree_place *p, struct seqbuf *out)
{
	struct utsname now;

	uts_get(&now);
	return put_line(out, now.domainname);
}

static int write_hostname(const struct tree_place *p, const char *text, size_t len)
{
	uts_set(uts_current()->name.nodename, text, len);
	return 0;
}

static int write_domainname(const struct tree_place *p, const char *text, size_t len)
{
	uts_set(uts_current()->name.domainname, text, len);
	return 0;
}

static int show_core_pattern(const struct tree_place *p, struct seqbuf *out)
{
	return put_line(out, "core");
}

static int show_pid_max(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%d\n", pid_max);
	return 0;
}

static int write_pid_max(const struct tree_place *p, const char *text, size_t len)
{
	s64 value;
	int err = proc_parse_value(text, len, 0, INT32_MAX, &value);

	return err ? err : pid_set_max((int)value);
}

static int show_threads_max(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%d\n", threads_max);
	return 0;
}

static int write_threads_max(const struct tree_place *p, const char *text, size_t len)
{
	s64 value;
	int err = proc_parse_value(text, len, THREADS_MIN, THREADS_MAX, &value);

	if (!err)
		threads_max = (int)value;
	return err;
}

static int show_printk(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%d\t4\t1\t7\n", console_loglevel);
	return 0;
}

static int show_randomize(const struct tree_place *p, struct seqbuf *out)
{
	return put_line(out, kernel_options.has_aslr ? "2" : "0");
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

/* ---- fs */

static int show_file_max(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%lu\n", file_max);
	return 0;
}

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

static int show_pipe_max(const struct tree_place *p, struct seqbuf *out)
{
	seqbuf_printf(out, "%u\n", pipe_max_size);
	return 0;
}

/* proc_sys_fs(5): rounded up to a power of two, at least a page. */
static int write_pipe_max(const struct tree_place *p, const char *text, size_t len)
{
	s64 value;
	int err = proc_parse_value(text, len, 0, PIPE_MAX, &value);
	u32 size = PAGE_SIZE;

	if (err)
		return err;
	while (size < value)
		size <<= 1;
	pipe_max_size = size;
	return 0;
}

/* ---- Tables */

#define READ_ENTRY(file, how)                                                                      \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = (how)                                \
	}
#define CONST_ENTRY(file) READ_ENTRY(file, show_constant)
#define WRITE_ENTRY(file, how, how_write)                                                          \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0644, .show = (how), .write = (how_write)          \
	}
#define DIR_ENTRY(dir, table)                                                                      \
	{                                                                                          \
		.name = dir, .mode = S_IFDIR | 0555, .children = (table)                           \
	}

static const struct tree_entry random_table[] = {
	READ_ENTRY("boot_id", show_boot_id),
	CONST_ENTRY("entropy_avail"),
	CONST_ENTRY("poolsize"),
	READ_ENTRY("uuid", show_uuid),
	{ .name = NULL },
};

static const struct tree_entry kernel_table[] = {
	CONST_ENTRY("cap_last_cap"),
	READ_ENTRY("core_pattern", show_core_pattern),
	WRITE_ENTRY("domainname", show_domainname, write_domainname),
	WRITE_ENTRY("hostname", show_hostname, write_hostname),
	CONST_ENTRY("ngroups_max"),
	READ_ENTRY("osrelease", show_osrelease),
	READ_ENTRY("ostype", show_ostype),
	CONST_ENTRY("overflowgid"),
	CONST_ENTRY("overflowuid"),
	WRITE_ENTRY("pid_max", show_pid_max, write_pid_max),
	READ_ENTRY("printk", show_printk),
	DIR_ENTRY("random", random_table),
	READ_ENTRY("randomize_va_space", show_randomize),
	CONST_ENTRY("tainted"),
	WRITE_ENTRY("threads-max", show_threads_max, write_threads_max),
	READ_ENTRY("version", show_version),
	{ .name = NULL },
};

static const struct tree_entry vm_table[] = {
	CONST_ENTRY("max_map_count"),
	CONST_ENTRY("mmap_min_addr"),
	CONST_ENTRY("overcommit_memory"),
	CONST_ENTRY("overcommit_ratio"),
	{ .name = NULL },
};

static const struct tree_entry epoll_table[] = {
	CONST_ENTRY("max_user_watches"),
	{ .name = NULL },
};

static const struct tree_entry fs_table[] = {
	DIR_ENTRY("epoll", epoll_table),
	READ_ENTRY("file-max", show_file_max),
	READ_ENTRY("file-nr", show_file_nr),
	READ_ENTRY("inode-nr", show_inode_nr),
	CONST_ENTRY("nr_open"),
	CONST_ENTRY("overflowgid"),
	CONST_ENTRY("overflowuid"),
	WRITE_ENTRY("pipe-max-size", show_pipe_max, write_pipe_max),
	{ .name = NULL },
};

static const struct tree_entry core_table[] = {
	CONST_ENTRY("somaxconn"),
	{ .name = NULL },
};

static const struct tree_entry net_table[] = {
	DIR_ENTRY("core", core_table),
	{ .name = NULL },
};

const struct tree_entry proc_sys_table[] = {
	DIR_ENTRY("fs", fs_table),
	DIR_ENTRY("kernel", kernel_table),
	DIR_ENTRY("net", net_table),
	DIR_ENTRY("vm", vm_table),
	{ .name = NULL },
};
