/* Follows Linux 7.3 include/uapi/linux/magic.h */
#pragma once

#define ANON_INODE_FS_MAGIC   0x09041934
#define CGROUP2_SUPER_MAGIC   0x63677270
#define DEVPTS_SUPER_MAGIC    0x1cd1
#define EXT4_SUPER_MAGIC      0xEF53
#define MQUEUE_MAGIC          0x19800202
#define NSFS_MAGIC            0x6e736673
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define PID_FS_MAGIC          0x50494446
#define PIPEFS_MAGIC          0x50495045
#define PROC_SUPER_MAGIC      0x9fa0
#define RAMFS_MAGIC           0x858458f6
#define SOCKFS_MAGIC          0x534F434B
#define SYSFS_MAGIC           0x62656572
/* devtmpfs is a tmpfs to statfs(2), and so is Pipit's devfs. */
#define TMPFS_MAGIC 0x01021994
