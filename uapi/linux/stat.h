/* Follows Linux 7.3 include/uapi/linux/stat.h and arch/x86/include/uapi/asm/stat.h */
#pragma once

#include <linux/time.h>
#include <linux/types.h>

#define S_IFMT   00170000
#define S_IFSOCK 0140000
#define S_IFLNK  0120000
#define S_IFREG  0100000
#define S_IFBLK  0060000
#define S_IFDIR  0040000
#define S_IFCHR  0020000
#define S_IFIFO  0010000
#define S_ISUID  0004000
#define S_ISGID  0002000
#define S_ISVTX  0001000

#define S_ISLNK(m)  (((m)&S_IFMT) == S_IFLNK)
#define S_ISREG(m)  (((m)&S_IFMT) == S_IFREG)
#define S_ISDIR(m)  (((m)&S_IFMT) == S_IFDIR)
#define S_ISCHR(m)  (((m)&S_IFMT) == S_IFCHR)
#define S_ISBLK(m)  (((m)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m)&S_IFMT) == S_IFIFO)
#define S_ISSOCK(m) (((m)&S_IFMT) == S_IFSOCK)

#define S_IRWXU 00700
#define S_IRUSR 00400
#define S_IWUSR 00200
#define S_IXUSR 00100
#define S_IRWXG 00070
#define S_IRGRP 00040
#define S_IWGRP 00020
#define S_IXGRP 00010
#define S_IRWXO 00007
#define S_IROTH 00004
#define S_IWOTH 00002
#define S_IXOTH 00001

struct stat {
	dev_t st_dev;
	ino_t st_ino;
	nlink_t st_nlink;
	mode_t st_mode;
	uid_t st_uid;
	gid_t st_gid;
	unsigned int __pad0;
	dev_t st_rdev;
	off_t st_size;
	blksize_t st_blksize;
	blkcnt_t st_blocks;
	struct timespec st_atim;
	struct timespec st_mtim;
	struct timespec st_ctim;
	long __unused_words[3];
};

#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

struct statx_timestamp {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t __reserved;
};

struct statx {
	uint32_t stx_mask;
	uint32_t stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink;
	uint32_t stx_uid;
	uint32_t stx_gid;
	uint16_t stx_mode;
	uint16_t __spare0[1];
	uint64_t stx_ino;
	uint64_t stx_size;
	uint64_t stx_blocks;
	uint64_t stx_attributes_mask;
	struct statx_timestamp stx_atime;
	struct statx_timestamp stx_btime;
	struct statx_timestamp stx_ctime;
	struct statx_timestamp stx_mtime;
	uint32_t stx_rdev_major;
	uint32_t stx_rdev_minor;
	uint32_t stx_dev_major;
	uint32_t stx_dev_minor;
	uint64_t stx_mnt_id;
	uint32_t stx_dio_mem_align;
	uint32_t stx_dio_offset_align;
	uint64_t stx_subvol;
	uint32_t stx_atomic_write_unit_min;
	uint32_t stx_atomic_write_unit_max;
	uint32_t stx_atomic_write_segments_max;
	uint32_t stx_dio_read_offset_align;
	uint32_t stx_atomic_write_unit_max_opt;
	uint32_t __spare2[1];
	uint64_t __spare3[8];
};

#define STATX_TYPE           0x00000001U
#define STATX_MODE           0x00000002U
#define STATX_NLINK          0x00000004U
#define STATX_UID            0x00000008U
#define STATX_GID            0x00000010U
#define STATX_ATIME          0x00000020U
#define STATX_MTIME          0x00000040U
#define STATX_CTIME          0x00000080U
#define STATX_INO            0x00000100U
#define STATX_SIZE           0x00000200U
#define STATX_BLOCKS         0x00000400U
#define STATX_BASIC_STATS    0x000007ffU
#define STATX_BTIME          0x00000800U
#define STATX_ALL            0x00000fffU
#define STATX_MNT_ID         0x00001000U
#define STATX_DIOALIGN       0x00002000U
#define STATX_MNT_ID_UNIQUE  0x00004000U
#define STATX_SUBVOL         0x00008000U
#define STATX_WRITE_ATOMIC   0x00010000U
#define STATX_DIO_READ_ALIGN 0x00020000U
#define STATX__RESERVED      0x80000000U

#define STATX_ATTR_COMPRESSED   0x00000004
#define STATX_ATTR_IMMUTABLE    0x00000010
#define STATX_ATTR_APPEND       0x00000020
#define STATX_ATTR_NODUMP       0x00000040
#define STATX_ATTR_ENCRYPTED    0x00000800
#define STATX_ATTR_AUTOMOUNT    0x00001000
#define STATX_ATTR_MOUNT_ROOT   0x00002000
#define STATX_ATTR_VERITY       0x00100000
#define STATX_ATTR_DAX          0x00200000
#define STATX_ATTR_WRITE_ATOMIC 0x00400000

/* tv_nsec values that utimensat(2) takes instead of a time. */
#define UTIME_NOW  ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)
