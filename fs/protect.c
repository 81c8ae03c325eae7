/*
 * The rules of /proc/sys/fs/protected_*: against tricks with names that somebody else puts where
 * a program is going to look.
 *
 * Locks: none; modes and owners are read as they are at that moment.
 *                                                                     Follows: proc_sys_fs(5)
 */
#include "fs/protect.h"

#include <linux/errno.h>

#include "kernel/id/cred.h"
#include "fs/inode.h"

int protected_hardlinks, protected_symlinks, protected_fifos, protected_regular;

/* A regular file that the caller could write to as well, and that gives no rights to who runs it. */
static bool is_safe_source(struct inode *inode)
{
	if (!S_ISREG(inode->mode) || (inode->mode & S_ISUID))
		return false;
	if ((inode->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		return false;
	return !inode_permission(inode, MAY_READ | MAY_WRITE);
}

int protect_hardlink(struct inode *inode)
{
	return !protected_hardlinks || is_safe_source(inode) || inode_is_owned(inode) ? 0 : -EPERM;
}

int protect_symlink(const struct inode *dir, const struct inode *link)
{
	if (!protected_symlinks || link->uid == cred_current()->fsuid ||
	    (dir->mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || dir->uid == link->uid)
		return 0;
	return -EACCES;
}

int protect_creation(const struct inode *dir, const struct inode *inode)
{
	/* Devices and sockets have no setting of their own: they are as if it were 1. */
	int level = S_ISFIFO(inode->mode)  ? protected_fifos
		    : S_ISREG(inode->mode) ? protected_regular
					   : !S_ISDIR(inode->mode) && !S_ISLNK(inode->mode);

	if (!(dir->mode & S_ISVTX) || !level || inode->uid == dir->uid ||
	    inode->uid == cred_current()->fsuid)
		return 0;
	if ((dir->mode & S_IWOTH) || (level > 1 && (dir->mode & S_IWGRP)))
		return -EACCES;
	return 0;
}
