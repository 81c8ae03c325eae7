/* Follows Linux 7.3 include/uapi/linux/nsfs.h */
#pragma once

#include <linux/ioctl.h>
#include <stdint.h>

#define NSIO 0xb7

#define NS_GET_USERNS          _IO(NSIO, 0x1)
#define NS_GET_PARENT          _IO(NSIO, 0x2)
#define NS_GET_NSTYPE          _IO(NSIO, 0x3)
#define NS_GET_OWNER_UID       _IO(NSIO, 0x4)
#define NS_GET_MNTNS_ID        _IOR(NSIO, 0x5, uint64_t)
#define NS_GET_PID_FROM_PIDNS  _IOR(NSIO, 0x6, int)
#define NS_GET_TGID_FROM_PIDNS _IOR(NSIO, 0x7, int)
#define NS_GET_PID_IN_PIDNS    _IOR(NSIO, 0x8, int)
#define NS_GET_TGID_IN_PIDNS   _IOR(NSIO, 0x9, int)
#define NS_MNT_GET_INFO        _IOR(NSIO, 10, struct mnt_ns_info)
#define NS_MNT_GET_NEXT        _IOR(NSIO, 11, struct mnt_ns_info)
#define NS_MNT_GET_PREV        _IOR(NSIO, 12, struct mnt_ns_info)
#define NS_GET_ID              _IOR(NSIO, 13, uint64_t)

struct mnt_ns_info {
	uint32_t size;
	uint32_t nr_mounts;
	uint64_t mnt_ns_id;
};

#define MNT_NS_INFO_SIZE_VER0 16

/* Inode numbers of the namespaces that exist from boot. */
#define IPC_NS_INIT_INO    0xEFFFFFFFU
#define UTS_NS_INIT_INO    0xEFFFFFFEU
#define USER_NS_INIT_INO   0xEFFFFFFDU
#define PID_NS_INIT_INO    0xEFFFFFFCU
#define CGROUP_NS_INIT_INO 0xEFFFFFFBU
#define TIME_NS_INIT_INO   0xEFFFFFFAU
#define NET_NS_INIT_INO    0xEFFFFFF9U
#define MNT_NS_INIT_INO    0xEFFFFFF8U
