/*
 * The host's own file system calls, made by a child process in a tmpfs of its own, so that a test can ask
 * "what does Linux say?". No type of the C library shows here, because kernel headers have the same names.
 */
#pragma once

#include <stdbool.h>

enum host_op {
	HOST_MKDIR,   /* dir, path, a: mode */
	HOST_RMDIR,   /* dir, path */
	HOST_UNLINK,  /* dir, path */
	HOST_RENAME,  /* dir, path, dir2, path2, a: RENAME_* */
	HOST_LINK,    /* dir, path, dir2, path2, a: AT_* */
	HOST_SYMLINK, /* path: target, dir2, path2 */
	HOST_MKNOD,   /* dir, path, a: mode */
	HOST_OPEN,    /* dir, path, a: flags, b: mode, c: RESOLVE_*; then text is written if it can be */
	HOST_OPENDIR, /* dir, path, a: slot; the directory of later calls with dir == slot */
	HOST_STAT,    /* dir, path, a: AT_*; fills in stat */
	HOST_READ,    /* dir, path; text: contents or link's target */
	HOST_LIST,    /* dir, path; text: sorted names, each with a newline */
	HOST_TRUNCATE, /* path, a: length */
	HOST_CHMOD,   /* dir, path, a: mode */
	HOST_CHOWN,   /* dir, path, a: uid, b: gid, c: AT_* */
	HOST_ACCESS,  /* path, a: mask */
	HOST_CHDIR,   /* path */
	HOST_CHROOT,  /* path; "": back to where we began, working directory too */
	HOST_GETCWD,  /* text */
	HOST_BECOME,  /* a: uid and gid */
	HOST_MOUNT,   /* path: a new tmpfs there */
	HOST_BIND,    /* path: from, path2: at, a: is recursive */
	HOST_MOVE,    /* path: from, path2: at */
	HOST_UMOUNT,  /* path, a: MNT_DETACH ... */
};

#define HOST_CWD   (-100)
#define HOST_SLOTS 4

struct host_call {
	enum host_op op;
	int dir, dir2;
	unsigned a, b, c;
	char path[600], path2[600];
	char text[64];
};

struct host_stat {
	unsigned mode, nlink, uid, gid;
	unsigned long long dev, ino, size;
};

struct host_reply {
	int result; /* 0 or more, or -errno */
	struct host_stat stat;
	char text[8192];
};

/* false: this user may not have a root directory of his own; skip the test. */
bool host_fs_start(void);
void host_fs_call(const struct host_call *call, struct host_reply *reply);
unsigned long long host_fs_caps(void); /* the effective capabilities of this process */
bool host_fs_protects_hardlinks(void);
