/*
 * struct socket: one end of AF_UNIX communication; struct packet: what lies in its queue.
 *
 * Life: refs counts the file, the peer, those who found it by name, and the listener whose queue it
 * waits in. When the last goes, the struct still stays until the packets it sent have been read,
 * for they point to it: `charged` counts their bytes, plus one for all of refs.
 *
 *   [I] set at creation   [S] lock   [s] written under lock, read without   [a] atomic
 *   [N] names_lock (unix_name.c)   [G] counts_lock (unix_gc.c)
 */
#pragma once

#include <linux/errno.h>
#include <linux/socket.h>
#include <linux/un.h>

#include "lib/list.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/wait.h"
#include "fs/ops.h"
#include "fs/path.h"
#include "fs/poll.h"

struct cred;
struct pid;
struct socket;

/* Descriptors on their way; at most SCM_MAX_FD. */
struct scm_files {
	u32 nr, nr_sockets;
	u32 uid; /* who pays for them while they are in flight */
	struct scm_files *next; /* of those being dropped */
	struct file *file[]; /* counted */
};

/* What goes with a message beside its bytes. */
struct scm {
	struct scm_files *files; /* owned, or NULL */
	struct pid *pid; /* the sender; counted; NULL: nobody asked, and uid and gid say nothing */
	u32 uid, gid;
};

struct packet {
	struct packet *next; /* [S] in the queue */
	struct packet
		*more; /* the rest of the bytes, in structs of which only data and len count */
	struct socket *from; /* its `charged` holds it; NULL: a new connection */
	struct socket *connection; /* listeners: what accept() returns; counted */
	struct scm scm;
	u32 charge; /* bytes of memory, about */
	u32 start; /* streams: bytes read already */
	u32 total; /* bytes, those read included */
	u32 len; /* of data, here */
	char data[];
};

enum socket_state { SOCKET_UNCONNECTED, SOCKET_LISTENING, SOCKET_CONNECTED, SOCKET_CLOSED };

/* socket->shutdown */
#define SHUT_NO_RECEIVE 1u
#define SHUT_NO_SEND    2u
#define SHUT_BOTH       3u

/* Options that are on or off, in socket->options. */
#define OPTION_BIT(so_name) (1ull << (so_name) % 64)
#define OPTIONS_IDENTIFY    (OPTION_BIT(SO_PASSCRED) | OPTION_BIT(SO_PASSPIDFD))

struct unix_addr {
	struct refcount refs;
	u32 len; /* of the sockaddr_un below; a path's includes its NUL */
	struct sockaddr_un un;
	char nul; /* of a path that fills un.sun_path */
};

struct socket {
	struct mutex lock; /* RANK_SOCK */
	u32 type; /* [I] SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
	u64 net; /* [I] the network namespace it was made in, whose abstract names it knows */
	_Atomic u32 state; /* [s] enum socket_state */
	_Atomic u32 shutdown; /* [s] SHUT_NO_* */
	_Atomic int error; /* [a] positive; told once */
	_Atomic u32 charged; /* [a] see above */
	_Atomic u32 nr_queued; /* [s] packets in the queue */
	_Atomic u32 backlog; /* [s] more than so many packets: full, but for streams */
	struct refcount refs; /* [a] */
	struct packet *first, *last; /* [S] the queue: data, or a listener's connections */
	/* [s] counted. Connected streams and seqpackets keep it until they are closed, so those who
	 * use the file need no lock to use the peer. */
	struct socket *_Atomic peer;
	struct wait_queue wait; /* for anything that poll tells of */
	struct wait_queue room; /* senders and connectors who found the queue full */
	struct wait_entry peer_room; /* [S] datagrams: in peer->room, passed on to wait */
	struct file *file; /* [I] its own, uncounted; NULL before accept() */

	struct unix_addr *_Atomic addr; /* [s] counted; set once */
	struct path path; /* [s] where it is bound to, counted; set once, before addr */
	struct list name_link; /* [N] */
	struct list open_link; /* [N] in the list of those with an open file */
	struct pid *peer_pid; /* [S] SO_PEERCRED, counted; of a listener: its own */
	const struct cred *peer_cred; /* [S] likewise */

	struct list flight_link; /* [G] in the list of sockets in flight */
	u32 nr_flights; /* [G] references to file from packets */
	u32 nr_unexplained; /* [G] during a collection */

	_Atomic u64 options; /* [a] OPTION_BIT()s */
	_Atomic u64 send_timeout_ns, receive_timeout_ns; /* [a] WAIT_FOREVER: none */
	_Atomic u32 send_size, receive_size; /* [a] SO_SNDBUF, SO_RCVBUF: bytes */
	_Atomic int low_water, peek_offset, priority, mark; /* [a] */
	struct linger linger; /* torn harmlessly */
};

/* ---- socket.c: life, queues, options */

struct socket *socket_new(u32 type) __must_check; /* refs 1; NULL: out of memory */
void socket_free(struct socket *sk);
void socket_uncharge(struct socket *sk, u32 bytes);
static inline struct socket *socket_get(struct socket *sk)
{
	refcount_get(&sk->refs);
	return sk;
}
static inline void socket_put(struct socket *sk) /* any lock may be held; NULL is fine */
{
	if (sk && refcount_put(&sk->refs))
		socket_uncharge(sk, 1);
}

static inline bool socket_is_stream(const struct socket *sk)
{
	return sk->type == SOCK_STREAM;
}
static inline bool socket_has_option(const struct socket *sk, u64 bits)
{
	return sk->options & bits;
}
/* It may send more, and poll says so when a quarter is used. */
static inline bool socket_has_room(const struct socket *sk)
{
	return sk->charged - 1 < sk->send_size;
}
static inline bool socket_is_writable(const struct socket *sk)
{
	return (u64)(sk->charged - 1) * 4 <= sk->send_size;
}
static inline bool socket_is_full(const struct socket *sk)
{
	return sk->nr_queued > sk->backlog;
}
/* The pending error, negative, or 0; clears it. */
static inline int socket_take_error(struct socket *sk)
{
	return likely(!sk->error) ? 0 : -atomic_exchange(&sk->error, 0);
}

void socket_lock_two(struct socket *a, struct socket *b); /* b NULL or a: one */
void socket_unlock_two(struct socket *a, struct socket *b);

/* The queue; sk->lock is held. */
void socket_queue_add(struct socket *sk, struct packet *p);
struct packet *socket_queue_pop(struct socket *sk); /* NULL: empty */

/* nonblocking: 0; else when the timeout of now ends. */
u64 socket_deadline(bool is_nonblocking, u64 timeout_ns);
/* What a failed wait means to the caller: a time limit makes a call one that is not restarted. */
static inline int socket_wait_error(int err, u64 deadline_ns)
{
	if (err == -ETIME)
		return -EAGAIN;
	return err && deadline_ns != WAIT_FOREVER ? -EINTR : err;
}
#define SOCKET_WAIT(wq, cond, deadline_ns)                                                         \
	((deadline_ns)                                                                             \
		 ? socket_wait_error(wait_event_interruptible_deadline(wq, cond, deadline_ns),     \
				     deadline_ns)                                                  \
		 : -EAGAIN)

/* getsockopt and setsockopt of SOL_SOCKET. Errors: -ENOPROTOOPT, -EINVAL, -EFAULT, -EPERM ... */
int socket_set_option(struct socket *sk, int option, const char __user *uvalue, u32 len);
int socket_get_option(struct socket *sk, int option, char __user *uvalue, int __user *ulen);

/* Its length, or -ENOTCONN. */
int socket_peer_name(struct socket *sk, struct sockaddr_storage *out);

/* ---- unix_name.c */

/* name: in a buffer with room for a NUL behind len. 0 or -EINVAL. */
int unix_name_check(const struct sockaddr_un *name, u32 len);
int unix_bind(struct socket *sk, struct sockaddr_un *name, u32 len) __must_check;
/* A name made up, unless it has one. */
int unix_autobind(struct socket *sk) __must_check;
/* Who of sk's type is bound to it, +1. -ECONNREFUSED, -EPROTOTYPE, or the path's errors. */
int unix_find(const struct socket *sk, struct sockaddr_un *name, u32 len,
	      struct socket **out) __must_check;
/* By path. lookup: LOOKUP_* */
int unix_find_path(const char *name, u32 lookup, u32 type, struct socket **out) __must_check;
void unix_enlist(struct socket *sk); /* it has a file: /proc/net/unix shows it */
void unix_unbind(struct socket *sk); /* nobody finds or lists it any more */
void unix_addr_put(struct unix_addr *addr);
/* The bytes of sk's name in out, and how many. */
u32 unix_name_copy(const struct socket *sk, struct sockaddr_storage *out);

/* ---- unix.c: connections */

int unix_pair(struct socket *a, struct socket *b);
int unix_listen(struct socket *sk, int backlog);
int unix_connect(struct socket *sk, struct sockaddr_un *name, u32 len, bool is_nonblocking);
/* To a listener found already, without waiting: -EAGAIN, -ECONNREFUSED, -ENOMEM. */
int unix_connect_to(struct socket *sk, struct socket *listener) __must_check;
int unix_accept(struct socket *sk, bool is_nonblocking, struct socket **out); /* out: +1 */
int unix_shutdown(struct socket *sk, int how);
void unix_release(struct socket *sk, bool was_accepted); /* consumes a reference */
u32 unix_poll(struct file *file, struct poll_table *pt);
/* The datagram peer becomes other (consumed; NULL: none) if it is `old`. */
void unix_set_peer(struct socket *sk, struct socket *old, struct socket *other);

/* ---- unix_io.c: bytes */

struct message {
	struct uio *uio;
	u32 flags; /* MSG_* */
	u32 answer; /* MSG_* that recvmsg() returns */
	struct sockaddr_storage *name; /* sending: to, or NULL. receiving: room for from, or NULL */
	u32 name_len;
	struct scm scm; /* sending: taken when it is sent. receiving: filled in */
	bool has_come; /* receiving: a packet, even an empty one; the end of a stream also counts */
};
/* What is wrong before the message is even looked at: 0 or -errno. */
int unix_send_check(struct socket *sk);
long unix_send(struct socket *sk, struct message *msg);
long unix_receive(struct socket *sk, struct message *msg);
long unix_ioctl(struct socket *sk, u32 cmd, u64 arg);

/* ---- unix_packet.c */

struct packet *packet_new(struct socket *from, u32 len) __must_check; /* from is charged */
void packet_free(struct packet *p); /* no locks held: it may close files */
void packet_free_empty(struct packet *p); /* without files or connection; any locks */
void packet_list_free(struct packet *p);
int packet_copy_in(struct packet *p, struct uio *uio); /* all of it; -EFAULT */
/* n bytes from skip on; -EFAULT: none, as far as uio tells. */
int packet_copy_out(const struct packet *p, u32 skip, u32 n, struct uio *uio);

/* ---- scm.c */

/* Control messages for sending, from user memory; after an error scm is empty. */
int scm_from_user(struct scm *scm, const char __user *ucontrol, size_t len) __must_check;
/* The receiver's: writes what sk's options and scm say, moves *control and *len on, adds MSG_CTRUNC
 * to msg->answer; scm is empty afterwards. */
void scm_to_user(struct socket *sk, struct message *msg, char __user **control, size_t *len);
void scm_drop(struct scm *scm);
void scm_add_self(struct scm *scm); /* the caller's credentials */
struct scm_files *scm_files_copy(const struct scm_files *files); /* NULL: out of memory */
/* Drops files that are not in flight; a chain of sockets in sockets does not nest. */
void scm_files_drop(struct scm_files *files);

/* ---- unix_gc.c */

int flight_begin(struct scm_files *files) __must_check; /* -ETOOMANYREFS, -ENOMEM */
void flight_end(struct scm_files *files);
/* After files were copied from a packet that stays in its queue. */
void flight_barrier(void);
void flight_init(void);
/* A socket was closed: what only it could reach is looked for. */
void flight_collect_later(void);

/* ---- coresocket.c */

void coresocket_init(void);

/* ---- sockfs.c */

struct socket *socket_of(const struct file *file); /* borrowed; NULL: none */
/* An open file for a socket, which it consumes, or, sk NULL, gets by sockfs_attach() before anybody
 * sees it. flags: O_NONBLOCK. */
int sockfs_open(struct socket *sk, u32 flags, struct file **out) __must_check;
void sockfs_attach(struct file *file, struct socket *sk);
void sockfs_init(void);
