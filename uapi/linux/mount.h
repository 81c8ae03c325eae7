/* Follows Linux 7.3 include/uapi/linux/mount.h */
#pragma once

#include <stdint.h>

#define MS_RDONLY      (1 << 0)
#define MS_NOSUID      (1 << 1)
#define MS_NODEV       (1 << 2)
#define MS_NOEXEC      (1 << 3)
#define MS_SYNCHRONOUS (1 << 4)
#define MS_REMOUNT     (1 << 5)
#define MS_MANDLOCK    (1 << 6)
#define MS_DIRSYNC     (1 << 7)
#define MS_NOSYMFOLLOW (1 << 8)
#define MS_NOATIME     (1 << 10)
#define MS_NODIRATIME  (1 << 11)
#define MS_BIND        (1 << 12)
#define MS_MOVE        (1 << 13)
#define MS_REC         (1 << 14)
#define MS_SILENT      (1 << 15)
#define MS_POSIXACL    (1 << 16)
#define MS_UNBINDABLE  (1 << 17)
#define MS_PRIVATE     (1 << 18)
#define MS_SLAVE       (1 << 19)
#define MS_SHARED      (1 << 20)
#define MS_RELATIME    (1 << 21)
#define MS_KERNMOUNT   (1 << 22)
#define MS_I_VERSION   (1 << 23)
#define MS_STRICTATIME (1 << 24)
#define MS_LAZYTIME    (1 << 25)
#define MS_RMT_MASK    (MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_I_VERSION | MS_LAZYTIME)
#define MS_MGC_VAL     0xC0ED0000
#define MS_MGC_MSK     0xffff0000

/* umount2(2) */
#define MNT_FORCE       1
#define MNT_DETACH      2
#define MNT_EXPIRE      4
#define UMOUNT_NOFOLLOW 8

#define OPEN_TREE_CLONE     (1 << 0)
#define OPEN_TREE_NAMESPACE (1 << 1)
#define OPEN_TREE_CLOEXEC   02000000

#define MOVE_MOUNT_F_SYMLINKS   0x001
#define MOVE_MOUNT_F_AUTOMOUNTS 0x002
#define MOVE_MOUNT_F_EMPTY_PATH 0x004
#define MOVE_MOUNT_T_SYMLINKS   0x010
#define MOVE_MOUNT_T_AUTOMOUNTS 0x020
#define MOVE_MOUNT_T_EMPTY_PATH 0x040
#define MOVE_MOUNT_SET_GROUP    0x100
#define MOVE_MOUNT_BENEATH      0x200
#define MOVE_MOUNT__MASK        0x377

#define FSOPEN_CLOEXEC  0x1
#define FSMOUNT_CLOEXEC 0x1

#define FSPICK_CLOEXEC          0x1
#define FSPICK_SYMLINK_NOFOLLOW 0x2
#define FSPICK_NO_AUTOMOUNT     0x4
#define FSPICK_EMPTY_PATH       0x8

enum fsconfig_command {
	FSCONFIG_SET_FLAG = 0,
	FSCONFIG_SET_STRING = 1,
	FSCONFIG_SET_BINARY = 2,
	FSCONFIG_SET_PATH = 3,
	FSCONFIG_SET_PATH_EMPTY = 4,
	FSCONFIG_SET_FD = 5,
	FSCONFIG_CMD_CREATE = 6,
	FSCONFIG_CMD_RECONFIGURE = 7,
	FSCONFIG_CMD_CREATE_EXCL = 8,
};

#define MOUNT_ATTR_RDONLY      0x00000001
#define MOUNT_ATTR_NOSUID      0x00000002
#define MOUNT_ATTR_NODEV       0x00000004
#define MOUNT_ATTR_NOEXEC      0x00000008
#define MOUNT_ATTR__ATIME      0x00000070
#define MOUNT_ATTR_RELATIME    0x00000000
#define MOUNT_ATTR_NOATIME     0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME  0x00000080
#define MOUNT_ATTR_IDMAP       0x00100000
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000

struct mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

#define MOUNT_ATTR_SIZE_VER0 32
