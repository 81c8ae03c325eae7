/*
 * The boot order, as one table: what each step needs is above it.
 *
 * The machine is ready (boot/start.c): this CPU, the direct map, the clock. kernel_main() runs the
 * steps on the boot stack, starts process 1 as a kernel thread, and becomes the idle thread of CPU
 * 0. Process 1 makes the root file system out of the initial ramdisk and executes /init.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "lib/string.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/upcalls.h"
#include "boot/bootinfo.h"
#include "boot/options.h"
#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"
#include "kernel/id/cred.h"
#include "kernel/id/ns.h"
#include "kernel/id/pid.h"
#include "kernel/id/uts.h"
#include "kernel/mm/as.h"
#include "kernel/mm/kmap.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/futex.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/work.h"
#include "kernel/selftest.h"
#include "kernel/task/signal.h"
#include "kernel/task/task.h"
#include "kernel/task/timers.h"
#include "kernel/time/clock.h"
#include "kernel/time/timer.h"
#include "fs/anonfs/anonfs.h"
#include "fs/anonfs/epoll.h"
#include "fs/anonfs/eventfd.h"
#include "fs/anonfs/timerfd.h"
#include "fs/chrdev.h"
#include "fs/devfs/devfs.h"
#include "fs/fdtable.h"
#include "fs/initramfs.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/nsfs/nsfs.h"
#include "fs/path.h"
#include "fs/pidfs/pidfs.h"
#include "fs/pipefs/pipe.h"
#include "fs/procfs/procfs.h"
#include "fs/sockfs/sockfs.h"
#include "fs/sysfs/sysfs.h"
#include "fs/tmpfs/tmpfs.h"
#include "drivers/drivers.h"

static void parse_options(void)
{
	static char line[BOOT_CMDLINE_MAX]; /* bootinfo.cmdline stays whole for /proc/cmdline */

	memcpy(line, bootinfo.cmdline, sizeof(line));
	options_parse(line);
	pr_info("Pipit %s, as of Linux 7.3's system calls\n", PIPIT_RELEASE);
	pr_info("Command line: %s\n", bootinfo.cmdline);
}

static void start_other_cpus(void)
{
	smp_start(kernel_options.max_cpus, sched_ap_main);
}

static const struct boot_step {
	const char *name;
	void (*run)(void);
} boot_steps[] = {
	{ "early console", drivers_early_console },
	{ "options", parse_options }, /* from here on: kernel_options */
	{ "pages", page_init }, /* page_alloc */
	{ "slab", slab_init }, /* kmalloc, cache_create */
	{ "kmap", kmap_init }, /* kernel stacks, device memory */
	{ "address spaces", as_init },
	{ "wall clock", clock_init },
	{ "timers", timer_init },
	{ "threads", thread_init_caches },
	{ "scheduler", sched_init }, /* current; blocking once there is a second thread */
	{ "interrupts", irq_enable },
	{ "pids", pid_init },
	{ "credentials", cred_init },
	{ "namespaces", ns_init_caches },
	{ "futexes", futex_init },
	{ "tasks", task_init },
	{ "signals", signal_init },
	{ "posix timers", timers_init },
	{ "paths", path_init },
	{ "inodes", inode_init_cache },
	{ "dentries", dentry_init_cache },
	{ "paths", path_init },
	{ "mounts", mount_init },
	{ "files", file_init_cache },
	{ "descriptors", files_init_cache },
	{ "tmpfs", tmpfs_init },
	{ "anonfs", anonfs_init },
	{ "eventfd", eventfd_init },
	{ "timerfd", timerfd_init },
	{ "epoll", epoll_init },
	{ "pipefs", pipefs_init },
	{ "nsfs", nsfs_init },
	{ "sockfs", sockfs_init },
	{ "pidfs", pidfs_init }, /* processes are files */
	{ "procfs", procfs_init },
	{ "sysfs", sysfs_init },
	{ "devfs", devfs_init },
	{ "other CPUs", start_other_cpus },
	{ "work thread", work_init },
	{ "drivers", drivers_init }, /* consoles, terminals, /dev */
};

/* ---- process 1 */

/* Like Linux's own, the root is never empty: init finds a console even in an archive without /dev.
 */
static int make_root(void)
{
	struct super *sb;
	struct path root;
	int err = tmpfs_new("mode=0755", &sb);

	if (!err)
		err = mount_root(sb, &root);
	if (err)
		return err;
	fs_ctx_set_root(fs_ctx_current(), &root);
	fs_ctx_set_cwd(fs_ctx_current(), &root);
	path_put(&root);
	err = vfs_mkdir(AT_FDCWD, "/dev", 0755);
	if (!err)
		err = vfs_mknod(AT_FDCWD, "/dev/console", S_IFCHR | 0600, MKDEV(5, 1), NULL);
	return err ? err : vfs_mkdir(AT_FDCWD, "/root", 0700);
}

static void unpack_initrd(void)
{
	void *image = bootinfo_initrd();

	if (!image)
		return;
	if (initramfs_unpack(image, bootinfo.initrd_size))
		pr_err("the initial ramdisk is damaged: going on with what could be read\n");
	page_release_range(bootinfo.initrd_pa, bootinfo.initrd_size);
}

static void open_console(void)
{
	struct file *file;

	if (file_open_kernel("/dev/console", O_RDWR, 0, &file)) {
		pr_warn("cannot open /dev/console: init has no standard input and output\n");
		return;
	}
	for (int fd = 0; fd < 3; fd++)
		if (fd_publish(files_current(), file_get(file), 0) < 0)
			break;
	file_put(file);
}

static int exec_init(const char *name)
{
	struct exec_args args = { .filename = name };
	struct file *file;
	int err = exec_open(AT_FDCWD, name, 0, &file);

	if (err)
		return err;
	kernel_options.init_argv[0] = name;
	args.file = file;
	args.kargv = kernel_options.init_argv;
	args.kenvp = kernel_options.init_envp;
	err = exec_run(&args);
	file_put(file);
	return err;
}

/* Runs as process 1; its return is the step into user mode. */
static void init_main(void *unused)
{
	static const char *const usual[] = { "/init", "/sbin/init", "/etc/init", "/bin/init",
					     "/bin/sh" };
	int err = make_root();

	if (err)
		panic("no root file system: error %d", err);
	unpack_initrd();
	open_console();
	selftest_run(kernel_options.ktest);
	if (kernel_options.init) {
		err = exec_init(kernel_options.init);
		if (!err)
			return;
		panic("cannot run %s: error %d", kernel_options.init, err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		err = exec_init(usual[i]);
		if (!err)
			return;
		if (err != -ENOENT)
			pr_err("cannot run %s: error %d\n", usual[i], err);
	}
	panic("no working init found: try init= or another initial ramdisk");
}

void kernel_main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(boot_steps); i++)
		boot_steps[i].run();
	if (task_start_kernel("init", init_main, NULL))
		panic("no memory for process 1");
	sched_idle();
}
