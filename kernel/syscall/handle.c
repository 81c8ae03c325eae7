/*
 * File handles: a name for a file that needs no path and no open descriptor.
 *
 * Only pidfs has lasting names to give: the number of the process's one inode, which is never given
 * out again. Elsewhere a handle can be had to compare files by (AT_HANDLE_FID), but not to open.
 * Opening by handle needs CAP_DAC_READ_SEARCH, for it passes no directories; not on pidfs, where to
 * see the process in one's pid namespace is the permission, as for pidfd_open(2).
 *
 *                                Follows: open_by_handle_at(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/exportfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/pidfd.h>

#include "kernel/id/cred.h"
#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/pidfs/pidfs.h"

/* struct file_handle with what it carries here. */
struct handle {
	u32 bytes; /* from ino on */
	s32 type;
	u64 ino;
	u32 generation; /* FILEID_INO64_GEN only, and nobody has one */
};

static bool has_lasting_names(const struct inode *inode)
{
	return inode->sb->magic == PID_FS_MAGIC;
}

static int handle_make(const struct inode *inode, u32 flags, struct handle *h)
{
	bool is_lasting = has_lasting_names(inode);

	/* Connectable: whose directory can be found too. */
	if ((!is_lasting && !(flags & AT_HANDLE_FID)) || (flags & AT_HANDLE_CONNECTABLE))
		return -EOPNOTSUPP;
	h->type = is_lasting ? FILEID_KERNFS : FILEID_INO64_GEN;
	h->bytes = is_lasting ? 8 : 12;
	h->ino = inode->ino;
	h->generation = 0;
	return 0;
}

static int mount_id_to_user(const struct mount *mnt, void __user *uid, u32 flags)
{
	if (flags & AT_HANDLE_MNT_ID_UNIQUE)
		return put_user(mnt->unique_id, (u64 __user *)uid);
	return put_user(mnt->id, (int __user *)uid);
}

static long handle_to_user(const struct path *p, struct file_handle __user *uhandle,
			   void __user *umount_id, u32 flags)
{
	struct handle h __uninitialized;
	u32 room, size;
	int err = handle_make(dentry_inode(p->dentry), flags, &h);

	if (err)
		return err;
	if (get_user(room, &uhandle->handle_bytes))
		return -EFAULT;
	if (room > MAX_HANDLE_SZ)
		return -EINVAL;
	size = sizeof(*uhandle) + h.bytes;
	if (room < h.bytes) {
		err = -EOVERFLOW;
		h.type = FILEID_INVALID;
		size = sizeof(*uhandle);
	}
	if (mount_id_to_user(p->mnt, umount_id, flags) || copy_to_user(uhandle, &h, size))
		return -EFAULT;
	return err;
}

SYSCALL(name_to_handle_at, int dirfd, const char __user *uname, struct file_handle __user *uhandle,
	void __user *umount_id, u32 flags)
{
	struct path p;
	long err;

	if (flags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH | AT_HANDLE_FID |
			   AT_HANDLE_MNT_ID_UNIQUE | AT_HANDLE_CONNECTABLE))
		return -EINVAL;
	if ((flags & AT_HANDLE_CONNECTABLE) && (flags & (AT_HANDLE_FID | AT_EMPTY_PATH)))
		return -EINVAL;
	err = path_lookup_user(dirfd, uname,
			       (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
				       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			       &p);
	if (err)
		return err;
	err = handle_to_user(&p, uhandle, umount_id, flags);
	path_put(&p);
	return err;
}

/* ---- open_by_handle_at */

static int handle_from_user(const struct file_handle __user *uhandle, struct handle *h)
{
	if (copy_from_user(h, uhandle, sizeof(*uhandle)))
		return -EFAULT;
	if (!h->bytes || h->bytes > MAX_HANDLE_SZ)
		return -EINVAL;
	if (h->type < 0 ||
	    (h->type & FILEID_USER_FLAGS_MASK & ~(FILEID_IS_CONNECTABLE | FILEID_IS_DIR)))
		return -EINVAL;
	return 0;
}

/* Whether what mountfd names may be opened on by the caller, and can. */
static int check_anchor(int mountfd, u32 flags)
{
	bool is_pidfs = mountfd == FD_PIDFS_ROOT;
	struct fdref ref;

	if (!is_pidfs && mountfd != AT_FDCWD) {
		ref = fdref_get(mountfd);
		if (!ref.file)
			return -EBADF;
		is_pidfs = has_lasting_names(ref.file->inode);
		fdref_put(ref);
	}
	if (is_pidfs)
		return flags & ~(u32)PIDFS_HANDLE_FLAGS ? -EINVAL : 0;
	return capable(CAP_DAC_READ_SEARCH) ? -ESTALE : -EPERM;
}

SYSCALL(open_by_handle_at, int mountfd, const struct file_handle __user *uhandle, u32 flags)
{
	struct handle h = { 0 };
	struct file *file;
	int err = handle_from_user(uhandle, &h);

	if (!err)
		err = check_anchor(mountfd, flags);
	if (err)
		return err;
	if (copy_from_user(&h.ino, uhandle->f_handle, MIN(h.bytes, sizeof(h.ino))))
		return -EFAULT;
	if ((h.type & ~FILEID_USER_FLAGS_MASK) != FILEID_KERNFS || h.bytes < sizeof(h.ino))
		return -ESTALE;
	err = pidfs_open_handle(h.ino, flags & (O_ACCMODE | O_NONBLOCK | PIDFD_THREAD), &file);
	return err ? err : fd_publish(files_current(), file, flags & O_CLOEXEC);
}
