/*
 * See vfs.h. What the VFS calls upward is here too.
 */
#include "vfs.h"

#include <stdlib.h>

#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/as.h"
#include "kernel/sched/sched.h"
#include "kernel/time/clock.h"
#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/flock.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/pipefs/pipe.h"
#include "fs/tmpfs/tmpfs.h"

u64 host_rlimit_nofile = 1024;
_Atomic u64 host_time_ns = 1700000000000000000ull;

u64 upcall_rlimit_nofile(void)
{
	return host_rlimit_nofile;
}

u64 clock_realtime_ns(void)
{
	return ++host_time_ns;
}

void cond_resched(void)
{
}

/* No test here locks files. */
__attribute__((weak)) void flock_close(struct file *file, struct files *files)
{
	abort();
}
__attribute__((weak)) void flock_release(struct file *file)
{
	abort();
}
__attribute__((weak)) void flock_free(struct inode *inode)
{
	abort();
}

/* FIFOs can be named, not opened. */
__attribute__((weak)) const struct file_ops fifo_file_ops;

/* Nothing is mapped. */
__attribute__((weak)) void as_zap_range(struct as *as, u64 start, u64 end)
{
	abort();
}
__attribute__((weak)) void as_zap_object(struct as *as, const void *object, u64 from, u64 to)
{
	abort();
}

void host_vfs_init(void)
{
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	cred_init();
	pid_init();
	inode_init_cache();
	dentry_init_cache();
	file_init_cache();
	files_init_cache();
	path_init();
	mount_init();
}

/* Tests that link no tmpfs do not mount it. */
#pragma weak tmpfs_init
#pragma weak tmpfs_new

void host_vfs_mount_root(void)
{
	struct super *sb;
	struct path root;

	host_vfs_init();
	tmpfs_init();
	if (tmpfs_new("mode=0777", &sb) || mount_root(sb, &root) || files_new(&current->files) ||
	    fs_ctx_new(&current->fs))
		panic("no memory");
	fs_ctx_set_root(current->fs, &root);
	fs_ctx_set_cwd(current->fs, &root);
	path_put(&root);
}

void host_become(u32 uid, u32 gid)
{
	struct cred *cred = cred_copy(&cred_root);

	cred->uid = cred->euid = cred->suid = cred->fsuid = uid;
	cred->gid = cred->egid = cred->sgid = cred->fsgid = gid;
	if (uid)
		cred->cap_effective = cred->cap_permitted = 0;
	if (current->cred)
		cred_put(current->cred);
	current->cred = cred;
}
