/* Follows Linux 7.3 include/linux/socket.h and include/uapi/asm-generic/socket.h */
#pragma once

#include <linux/types.h>
#include <linux/uio.h>

typedef unsigned short sa_family_t;
typedef unsigned int socklen_t;

#define AF_UNSPEC    0
#define AF_UNIX      1
#define AF_LOCAL     1
#define AF_INET      2
#define AF_AX25      3
#define AF_IPX       4
#define AF_APPLETALK 5
#define AF_X25       9
#define AF_INET6     10
#define AF_NETLINK   16
#define AF_PACKET    17
#define AF_ALG       38
#define AF_VSOCK     40
#define AF_MAX       46
#define PF_UNSPEC    AF_UNSPEC
#define PF_UNIX      AF_UNIX
#define PF_LOCAL     AF_LOCAL
#define PF_INET      AF_INET
#define PF_INET6     AF_INET6
#define PF_NETLINK   AF_NETLINK

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_RDM       4
#define SOCK_SEQPACKET 5
#define SOCK_DCCP      6
#define SOCK_PACKET    10
#define SOCK_TYPE_MASK 0xf
#define SOCK_CLOEXEC   02000000
#define SOCK_NONBLOCK  00004000

#define SHUT_RD   0
#define SHUT_WR   1
#define SHUT_RDWR 2

#define SOMAXCONN 4096

#define SOL_SOCKET 1

#define SO_DEBUG         1
#define SO_REUSEADDR     2
#define SO_TYPE          3
#define SO_ERROR         4
#define SO_DONTROUTE     5
#define SO_BROADCAST     6
#define SO_SNDBUF        7
#define SO_RCVBUF        8
#define SO_KEEPALIVE     9
#define SO_OOBINLINE     10
#define SO_NO_CHECK      11
#define SO_PRIORITY      12
#define SO_LINGER        13
#define SO_BSDCOMPAT     14
#define SO_REUSEPORT     15
#define SO_PASSCRED      16
#define SO_PEERCRED      17
#define SO_RCVLOWAT      18
#define SO_SNDLOWAT      19
#define SO_RCVTIMEO      20
#define SO_SNDTIMEO      21
#define SO_BINDTODEVICE  25
#define SO_ATTACH_FILTER 26
#define SO_DETACH_FILTER 27
#define SO_PEERNAME      28
#define SO_TIMESTAMP     29
#define SO_ACCEPTCONN    30
#define SO_PEERSEC       31
#define SO_SNDBUFFORCE   32
#define SO_RCVBUFFORCE   33
#define SO_PASSSEC       34
#define SO_TIMESTAMPNS   35
#define SO_MARK          36
#define SO_TIMESTAMPING  37
#define SO_PROTOCOL      38
#define SO_DOMAIN        39
#define SO_RXQ_OVFL      40
#define SO_PEEK_OFF      42
#define SO_BUSY_POLL     46
#define SO_COOKIE        57
#define SO_PEERGROUPS    59
#define SO_RCVTIMEO_NEW  66
#define SO_SNDTIMEO_NEW  67
#define SO_PASSPIDFD     76
#define SO_PEERPIDFD     77
#define SO_PASSRIGHTS    83

#define MSG_OOB          0x1
#define MSG_PEEK         0x2
#define MSG_DONTROUTE    0x4
#define MSG_CTRUNC       0x8
#define MSG_TRUNC        0x20
#define MSG_DONTWAIT     0x40
#define MSG_EOR          0x80
#define MSG_WAITALL      0x100
#define MSG_CONFIRM      0x800
#define MSG_ERRQUEUE     0x2000
#define MSG_NOSIGNAL     0x4000
#define MSG_MORE         0x8000
#define MSG_WAITFORONE   0x10000
#define MSG_ZEROCOPY     0x4000000
#define MSG_FASTOPEN     0x20000000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2
#define SCM_SECURITY    3
#define SCM_PIDFD       4
#define SCM_MAX_FD      253

struct sockaddr {
	sa_family_t sa_family;
	char sa_data[14];
};

struct sockaddr_storage {
	sa_family_t ss_family;
	char __ss_padding[118];
	unsigned long __ss_align;
};

struct linger {
	int l_onoff;
	int l_linger;
};

struct ucred {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct msghdr {
	void *msg_name;
	socklen_t msg_namelen;
	struct iovec *msg_iov;
	size_t msg_iovlen;
	void *msg_control;
	size_t msg_controllen;
	int msg_flags;
};

struct mmsghdr {
	struct msghdr msg_hdr;
	unsigned int msg_len;
};

struct cmsghdr {
	size_t cmsg_len;
	int cmsg_level;
	int cmsg_type;
};

/* Control messages are 8-byte aligned records, header first. */
#define CMSG_ALIGN(len) (((len) + sizeof(long) - 1) & ~(sizeof(long) - 1))
#define CMSG_DATA(cmsg) ((unsigned char *)(cmsg) + CMSG_ALIGN(sizeof(struct cmsghdr)))
#define CMSG_SPACE(len) (CMSG_ALIGN(sizeof(struct cmsghdr)) + CMSG_ALIGN(len))
#define CMSG_LEN(len)   (CMSG_ALIGN(sizeof(struct cmsghdr)) + (len))

#define CMSG_FIRSTHDR(msg)                                                                         \
	((msg)->msg_controllen >= sizeof(struct cmsghdr) ? (struct cmsghdr *)(msg)->msg_control    \
							 : (struct cmsghdr *)NULL)
#define CMSG_NXTHDR(msg, cmsg) cmsg_next(msg, cmsg)

static inline struct cmsghdr *cmsg_next(struct msghdr *msg, struct cmsghdr *cmsg)
{
	char *end = (char *)msg->msg_control + msg->msg_controllen;
	char *next = (char *)cmsg + CMSG_ALIGN(cmsg->cmsg_len);

	if (cmsg->cmsg_len < sizeof(struct cmsghdr) || next > end ||
	    (size_t)(end - next) < sizeof(struct cmsghdr))
		return NULL;
	return (struct cmsghdr *)(void *)next;
}
