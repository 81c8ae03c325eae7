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

/* What statmount(2) fills in; [str]: where in str. */
struct statmount {
	uint32_t size;
	uint32_t mnt_opts; /* [str] */
	uint64_t mask;
	uint32_t sb_dev_major;
	uint32_t sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags;
	uint32_t fs_type; /* [str] */
	uint64_t mnt_id;
	uint64_t mnt_parent_id;
	uint32_t mnt_id_old;
	uint32_t mnt_parent_id_old;
	uint64_t mnt_attr;
	uint64_t mnt_propagation;
	uint64_t mnt_peer_group;
	uint64_t mnt_master;
	uint64_t propagate_from;
	uint32_t mnt_root; /* [str] */
	uint32_t mnt_point; /* [str] */
	uint64_t mnt_ns_id;
	uint32_t fs_subtype; /* [str] */
	uint32_t sb_source; /* [str] */
	uint32_t opt_num;
	uint32_t opt_array; /* [str] */
	uint32_t opt_sec_num;
	uint32_t opt_sec_array; /* [str] */
	uint64_t supported_mask;
	uint32_t mnt_uidmap_num;
	uint32_t mnt_uidmap; /* [str] */
	uint32_t mnt_gidmap_num;
	uint32_t mnt_gidmap; /* [str] */
	uint64_t __spare2[43];
	char str[];
};

struct mnt_id_req {
	uint32_t size;
	uint32_t mnt_ns_fd;
	uint64_t mnt_id;
	uint64_t param;
	uint64_t mnt_ns_id;
};

#define MNT_ID_REQ_SIZE_VER0 24
#define MNT_ID_REQ_SIZE_VER1 32

#define STATMOUNT_SB_BASIC       0x00000001U
#define STATMOUNT_MNT_BASIC      0x00000002U
#define STATMOUNT_PROPAGATE_FROM 0x00000004U
#define STATMOUNT_MNT_ROOT       0x00000008U
#define STATMOUNT_MNT_POINT      0x00000010U
#define STATMOUNT_FS_TYPE        0x00000020U
#define STATMOUNT_MNT_NS_ID      0x00000040U
#define STATMOUNT_MNT_OPTS       0x00000080U
#define STATMOUNT_FS_SUBTYPE     0x00000100U
#define STATMOUNT_SB_SOURCE      0x00000200U
#define STATMOUNT_OPT_ARRAY      0x00000400U
#define STATMOUNT_OPT_SEC_ARRAY  0x00000800U
#define STATMOUNT_SUPPORTED_MASK 0x00001000U
#define STATMOUNT_MNT_UIDMAP     0x00002000U
#define STATMOUNT_MNT_GIDMAP     0x00004000U

#define LSMT_ROOT         0xffffffffffffffffULL
#define LISTMOUNT_REVERSE (1 << 0)
