/*
 * The VFS on the host: a root file system in memory, a process with descriptors, root's credentials.
 */
#pragma once

#include "lib/base.h"
#include "fs/path.h"

extern u64 host_rlimit_nofile;	/* what upcall_rlimit_nofile() says: 1024 */
extern _Atomic u64 host_time_ns; /* what the wall clock says; it moves by one each time it is read */

/* The caches and the tables; once. */
void host_vfs_init(void);
/* And tmpfs as the root, the current thread's files and fs_ctx (umask 022, working directory "/"). */
void host_vfs_mount_root(void);
/* Other credentials for the current thread, without capabilities unless uid is 0. */
void host_become(u32 uid, u32 gid);
