/* Follows Linux 7.3 include/uapi/linux/fs.h */
#pragma once

#include <linux/ioctl.h>
#include <stddef.h>
#include <stdint.h>

#define SEEK_SET  0
#define SEEK_CUR  1
#define SEEK_END  2
#define SEEK_DATA 3
#define SEEK_HOLE 4
#define SEEK_MAX  SEEK_HOLE

#define RENAME_NOREPLACE (1 << 0)
#define RENAME_EXCHANGE  (1 << 1)
#define RENAME_WHITEOUT  (1 << 2)

#define BLKROSET     _IO(0x12, 93)
#define BLKROGET     _IO(0x12, 94)
#define BLKGETSIZE   _IO(0x12, 96)
#define BLKFLSBUF    _IO(0x12, 97)
#define BLKSSZGET    _IO(0x12, 104)
#define BLKGETSIZE64 _IOR(0x12, 114, size_t)
#define FIBMAP       _IO(0x00, 1)
#define FIGETBSZ     _IO(0x00, 2)
#define FIFREEZE     _IOWR('X', 119, int)
#define FITHAW       _IOWR('X', 120, int)
#define FICLONE      _IOW(0x94, 9, int)

#define FS_IOC_GETFLAGS   _IOR('f', 1, long)
#define FS_IOC_SETFLAGS   _IOW('f', 2, long)
#define FS_IOC_FIEMAP     0xc020660bU
#define FS_IOC_GETVERSION _IOR('v', 1, long)
#define FS_IOC_SETVERSION _IOW('v', 2, long)

#define FS_SECRM_FL     0x00000001
#define FS_SYNC_FL      0x00000008
#define FS_IMMUTABLE_FL 0x00000010
#define FS_APPEND_FL    0x00000020
#define FS_NODUMP_FL    0x00000040
#define FS_NOATIME_FL   0x00000080

/* preadv2(2), pwritev2(2) */
#define RWF_HIPRI     0x00000001
#define RWF_DSYNC     0x00000002
#define RWF_SYNC      0x00000004
#define RWF_NOWAIT    0x00000008
#define RWF_APPEND    0x00000010
#define RWF_NOAPPEND  0x00000020
#define RWF_ATOMIC    0x00000040
#define RWF_DONTCACHE 0x00000080

/* access(2) */
#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

/* sync_file_range(2), splice(2) */
#define SYNC_FILE_RANGE_WAIT_BEFORE 1
#define SYNC_FILE_RANGE_WRITE       2
#define SYNC_FILE_RANGE_WAIT_AFTER  4
#define SPLICE_F_MOVE               0x01
#define SPLICE_F_NONBLOCK           0x02
#define SPLICE_F_MORE               0x04
#define SPLICE_F_GIFT               0x08

/* posix_fadvise(2) */
#define POSIX_FADV_NORMAL     0
#define POSIX_FADV_RANDOM     1
#define POSIX_FADV_SEQUENTIAL 2
#define POSIX_FADV_WILLNEED   3
#define POSIX_FADV_DONTNEED   4
#define POSIX_FADV_NOREUSE    5

/* name_to_handle_at(2) */
#define MAX_HANDLE_SZ 128

struct file_handle {
	uint32_t handle_bytes;
	int32_t handle_type;
	unsigned char f_handle[];
};

#define FILEID_ROOT    0
#define FILEID_KERNFS  0xfe
#define FILEID_INVALID 0xff
