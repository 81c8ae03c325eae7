/*
 * What a pidfd does whichever inode it sits on: shared by pidfs.c and fallback.c.
 */
#pragma once

#include "fs/pidfs/pidfs.h"
#include "fs/poll.h"
#include "fs/xattr.h"

struct cred;
struct node_template;

/* attr.c: what pidfs remembers of a process, made when there is something to remember; it outlives
 * inodes and goes with struct pid. */
struct pidfs_attr {
	const struct cred *killer; /* [T] whose the kill on last close is; counted; never NULL
				      while an inode is marked */
	struct xattr_list xattrs; /* inode->lock */
};
/* Found or made; NULL: out of memory. It stays. */
struct pidfs_attr *pidfs_attr_make(struct pid *pid);
void pidfs_attr_init(void);
int pidfs_xattr_get(struct inode *inode, const char *name, void *buf, size_t size);
int pidfs_xattr_set(struct inode *inode, const char *name, const void *value, size_t size,
		    int flags);
int pidfs_xattr_remove(struct inode *inode, const char *name);
long pidfs_xattr_list(struct inode *inode, char *buf, size_t size, bool show_trusted);

/* lastclose.c: on: 1 or 0. -EINVAL, -EREMOTE, -ESRCH, -ENOENT, -EPERM, -ENOMEM. */
long pidfs_set_kill_on_close(struct inode *inode, u64 is_on);
void pidfs_kill_on_last_close(struct pid *pid); /* a marked inode's end; no locks held */

/* fallback.c: what makes the file, libfs_open() unless the option pidfs= asks for an older kind. */
typedef int pidfd_maker(const struct node_template *t, u64 ino, void *pid, u32 flags,
			struct file **out);
extern pidfd_maker *pidfd_make; /* [I] */
void pidfd_choose(void); /* at boot; warns if there is no such kind */
struct pid *fallback_pid(const struct file *file); /* pidfs_pid() of those kinds */

u32 pidfd_poll(struct file *file, struct poll_table *pt);
void pidfd_show_fdinfo(struct file *file, const struct pidns *viewer, struct seqbuf *out);
void pidfd_release(struct file *file);
