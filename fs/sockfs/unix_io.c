/*
 * unix_io: sending and receiving.
 *
 * Owns: the ways of a packet. A sender fills one in with nothing locked, and hangs it in the
 *   receiver's queue; a byte stream is cut into packets, and a reader takes what it wants from their
 *   start.
 * Invariant: descriptors arrive with the first byte of the packet they were sent with, and end the
 *   read that takes them.
 * Locks: the receiver's lock for its queue; user memory is copied out under it, which is why its
 *   rank is below MM. Descriptors leave flight (flight_lock, before SOCK) after it is given up.
 * Follows: unix(7), send(2), recv(2), Linux 7.3 for the order of errors
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/ioctls.h>
#include <linux/signal.h>
#include <linux/sockios.h>

#include "arch/x86_64/uaccess.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/task/signal.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/sockfs/socket.h"

#define STREAM_CUT    32768u /* bytes in one packet of a stream */
#define POLL_READABLE (POLLIN | POLLRDNORM | POLLRDBAND)

/* ---- sending */

static int send_wait_room(struct socket *sk, u64 deadline)
{
	int err;

	for (;;) {
		err = socket_take_error(sk);
		if (!err && (sk->shutdown & SHUT_NO_SEND))
			err = -EPIPE;
		if (err || socket_has_room(sk))
			return err;
		err = SOCKET_WAIT(&sk->wait,
				  socket_has_room(sk) || sk->error || (sk->shutdown & SHUT_NO_SEND),
				  deadline);
		if (err)
			return err;
	}
}

/* msg's next bytes, and what goes with them, in a packet. */
static int packet_make(struct socket *sk, struct message *msg, u32 len, u64 deadline,
		       struct packet **out)
{
	struct packet *p;
	int err = send_wait_room(sk, deadline);

	if (err)
		return err;
	p = packet_new(sk, len);
	if (!p)
		return -ENOBUFS;
	err = packet_copy_in(p, msg->uio);
	if (!err && msg->scm.files)
		err = flight_begin(msg->scm.files);
	if (err) {
		packet_free(p);
		return err;
	}
	p->scm = msg->scm;
	msg->scm.files = NULL;
	if (p->scm.pid)
		pid_get(p->scm.pid);
	*out = p;
	return 0;
}

/* to is locked: the last checks, which the sender of to's last message has passed as well. */
static int packet_deliver(struct socket *to, struct packet *p)
{
	if (to->shutdown & SHUT_NO_RECEIVE)
		return -EPIPE;
	if (p->scm.files && !socket_has_option(to, OPTION_BIT(SO_PASSRIGHTS)))
		return -EPERM;
	if (!p->scm.pid && (socket_has_option(to, OPTIONS_IDENTIFY) ||
			    socket_has_option(p->from, OPTIONS_IDENTIFY)))
		scm_add_self(&p->scm);
	socket_queue_add(to, p);
	return 0;
}

static int stream_send_part(struct socket *sk, struct socket *peer, struct message *msg,
			    u64 deadline)
{
	u32 most = MIN(sk->send_size / 2 - 64, STREAM_CUT);
	u32 len = MIN(msg->uio->resid, (size_t)most);
	struct packet *p;
	int err = packet_make(sk, msg, len, deadline, &p);

	if (err)
		return err;
	mutex_lock(&peer->lock);
	err = packet_deliver(peer, p);
	mutex_unlock(&peer->lock);
	if (err)
		packet_free(p);
	else
		wake_all_key(&peer->wait, POLL_READABLE);
	return err;
}

static long stream_send(struct socket *sk, struct message *msg, u64 deadline)
{
	struct socket *peer = atomic_load_explicit(&sk->peer, memory_order_acquire);
	size_t len = msg->uio->resid, sent = 0;
	int err = 0;

	if (msg->name_len)
		return sk->state == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (!peer)
		return -ENOTCONN;
	if (sk->shutdown & SHUT_NO_SEND)
		err = -EPIPE;
	while (!err && sent < len) {
		err = stream_send_part(sk, peer, msg, deadline);
		if (!err)
			sent = len - msg->uio->resid;
	}
	if (err == -EPIPE && !sent && !(msg->flags & MSG_NOSIGNAL))
		signal_send(current, SCOPE_THREAD, SIGPIPE, NULL);
	return sent || !err ? (long)sent : err;
}

/* Who a datagram goes to, +1. */
static int datagram_target(struct socket *sk, struct message *msg, struct socket **out)
{
	struct socket *peer;

	if (msg->name_len)
		return unix_find(sk, (struct sockaddr_un *)msg->name, msg->name_len, out);
	mutex_lock(&sk->lock);
	peer = sk->peer;
	if (peer)
		socket_get(peer);
	mutex_unlock(&sk->lock);
	*out = peer;
	return peer ? 0 : -ENOTCONN;
}

static bool datagram_has_room(const struct socket *sk, const struct socket *to)
{
	return to == sk || to->peer == sk || !socket_is_full(to);
}

/* 0: delivered. 1: full. */
static int datagram_try(struct socket *sk, struct socket *to, struct packet *p)
{
	struct socket *peer;
	int err;

	mutex_lock(&to->lock);
	peer = to->peer;
	if (to->state == SOCKET_CLOSED)
		err = sk->type == SOCK_SEQPACKET ? -EPIPE : -ECONNREFUSED;
	else if (peer && peer != sk)
		err = -EPERM;
	else if (!(to->shutdown & SHUT_NO_RECEIVE) && !datagram_has_room(sk, to))
		err = 1;
	else
		err = packet_deliver(to, p);
	mutex_unlock(&to->lock);
	return err;
}

static int datagram_deliver(struct socket *sk, struct message *msg, struct packet *p, u64 deadline)
{
	struct socket *to;
	int err;

	do {
		err = datagram_target(sk, msg, &to);
		if (err)
			return err;
		err = datagram_try(sk, to, p);
		if (!err) {
			wake_all_key(&to->wait, POLL_READABLE);
		} else if (err > 0) {
			err = SOCKET_WAIT(&to->room,
					  datagram_has_room(sk, to) ||
						  (to->shutdown & SHUT_NO_RECEIVE),
					  deadline);
			err = err ? err : 1;
		} else if (err == -ECONNREFUSED && sk->peer == to) {
			unix_set_peer(sk, to, NULL);
		}
		socket_put(to);
	} while (err > 0);
	return err;
}

int unix_send_check(struct socket *sk)
{
	int err = sk->type == SOCK_SEQPACKET ? socket_take_error(sk) : 0;

	if (err || sk->type != SOCK_SEQPACKET || sk->state == SOCKET_CONNECTED)
		return err;
	return -ENOTCONN;
}

static long datagram_send(struct socket *sk, struct message *msg, u64 deadline)
{
	size_t len = msg->uio->resid;
	struct packet *p;
	int err = 0;

	if (sk->type == SOCK_SEQPACKET) {
		msg->name_len = 0;
		err = unix_send_check(sk);
	} else if (msg->name_len) {
		err = unix_name_check((struct sockaddr_un *)msg->name, msg->name_len);
	}
	if (!err && socket_has_option(sk, OPTIONS_IDENTIFY))
		err = unix_autobind(sk);
	if (!err && len > sk->send_size - 32)
		err = -EMSGSIZE;
	if (!err)
		err = packet_make(sk, msg, len, deadline, &p);
	if (err)
		return err;
	err = datagram_deliver(sk, msg, p, deadline);
	if (err)
		packet_free(p);
	return err ? err : (long)len;
}

long unix_send(struct socket *sk, struct message *msg)
{
	u64 deadline = socket_deadline(msg->flags & MSG_DONTWAIT, sk->send_timeout_ns);

	if (msg->flags & MSG_OOB)
		return -EOPNOTSUPP;
	return socket_is_stream(sk) ? stream_send(sk, msg, deadline)
				    : datagram_send(sk, msg, deadline);
}

/* ---- receiving */

/* The packet the read begins in: the first, unless a peek begins further on. sk is locked. */
static struct packet *receive_from(struct socket *sk, bool is_peek, u32 *skip)
{
	struct packet *p = sk->first;
	int offset = sk->peek_offset;

	*skip = is_peek && offset > 0 ? offset : 0;
	while (p && *skip && *skip >= p->total - p->start) {
		*skip -= p->total - p->start;
		p = p->next;
	}
	return p;
}

static void peek_offset_move(struct socket *sk, bool is_peek, u32 n)
{
	int offset = sk->peek_offset;

	if (unlikely(offset >= 0))
		sk->peek_offset = is_peek ? offset + (int)n : MAX(offset - (int)n, 0);
}

/* What goes with p's bytes goes to msg: the descriptors, still in flight, or, in a peek, copies. */
static void receive_scm(struct packet *p, struct message *msg)
{
	msg->has_come = true;
	if (p->scm.pid && !msg->scm.pid) {
		msg->scm.pid = pid_get(p->scm.pid);
		msg->scm.uid = p->scm.uid;
		msg->scm.gid = p->scm.gid;
	}
	if (!p->scm.files)
		return;
	if (msg->flags & MSG_PEEK) {
		msg->scm.files = scm_files_copy(p->scm.files);
	} else {
		msg->scm.files = p->scm.files;
		p->scm.files = NULL;
	}
}

/* sk is not locked any more. */
static void receive_finish(struct message *msg)
{
	if (likely(!msg->scm.files))
		return;
	if (msg->flags & MSG_PEEK)
		flight_barrier();
	else
		flight_end(msg->scm.files);
}

static void receive_name(const struct packet *p, struct message *msg)
{
	if (msg->name && p->from->addr)
		msg->name_len = unix_name_copy(p->from, msg->name);
}

/* Bytes of different senders are not mixed when the receiver wants to know who. */
static bool stream_same_sender(const struct socket *sk, const struct packet *p,
			       const struct message *msg)
{
	return !socket_has_option(sk, OPTIONS_IDENTIFY) ||
	       (p->scm.pid == msg->scm.pid &&
		(!p->scm.pid || (p->scm.uid == msg->scm.uid && p->scm.gid == msg->scm.gid)));
}

/* Takes what there is, up to the next descriptors. Bytes, or -EFAULT. */
static long stream_take(struct socket *sk, struct message *msg, bool is_first)
{
	bool is_peek = msg->flags & MSG_PEEK, has_files = false;
	struct packet *p;
	long done = 0;
	u32 skip, n;

	for (p = receive_from(sk, is_peek, &skip); p && !has_files;) {
		if (!is_first && !stream_same_sender(sk, p, msg))
			break;
		n = MIN(msg->uio->resid, (size_t)(p->total - p->start - skip));
		if (packet_copy_out(p, p->start + skip, n, msg->uio))
			return done ? done : -EFAULT;
		done += n;
		if (is_first)
			receive_name(p, msg);
		is_first = false;
		has_files = p->scm.files;
		receive_scm(p, msg);
		peek_offset_move(sk, is_peek, n);
		skip = 0;
		if (is_peek) {
			p = p->next;
		} else {
			p->start += n;
			if (p->start == p->total)
				packet_free_empty(socket_queue_pop(sk));
			p = sk->first;
		}
		if (!msg->uio->resid)
			break;
	}
	return done;
}

/* More than `seen` packets, all of which a peek offset may have passed. */
static int receive_wait(struct socket *sk, u32 seen, u64 deadline)
{
	return SOCKET_WAIT(&sk->wait,
			   sk->nr_queued != seen || sk->error || (sk->shutdown & SHUT_NO_RECEIVE),
			   deadline);
}

static long stream_receive(struct socket *sk, struct message *msg, u64 deadline)
{
	size_t size = msg->uio->resid, done = 0;
	size_t target = msg->flags & MSG_WAITALL ? size : MIN(size, (size_t)sk->low_water);
	u32 skip, seen;
	long n = 0;

	if (sk->state != SOCKET_CONNECTED)
		return -EINVAL;
	msg->has_come = true;
	mutex_lock(&sk->lock);
	for (;;) {
		if (receive_from(sk, msg->flags & MSG_PEEK, &skip)) {
			n = stream_take(sk, msg, !done);
			if (n <= 0)
				break;
			done += n;
			if (done >= target || msg->scm.files || (msg->flags & MSG_PEEK) ||
			    sk->first)
				break;
			continue;
		}
		if (target && done >= target)
			break;
		n = socket_take_error(sk);
		if (n || (sk->shutdown & SHUT_NO_RECEIVE))
			break;
		seen = sk->nr_queued;
		mutex_unlock(&sk->lock);
		n = receive_wait(sk, seen, deadline);
		mutex_lock(&sk->lock);
		if (n)
			break;
	}
	mutex_unlock(&sk->lock);
	receive_finish(msg);
	return done ? (long)done : n;
}

/* Until there is a datagram: locked, with *out, or unlocked: 0 for the end, or -errno. */
static long datagram_wait(struct socket *sk, struct message *msg, u64 deadline, struct packet **out,
			  u32 *skip)
{
	u32 seen;
	int err;

	for (;;) {
		mutex_lock(&sk->lock);
		err = socket_take_error(sk);
		*out = err ? NULL : receive_from(sk, msg->flags & MSG_PEEK, skip);
		if (*out)
			return 0;
		seen = sk->nr_queued;
		mutex_unlock(&sk->lock);
		if (err)
			return err;
		if (sk->shutdown & SHUT_NO_RECEIVE)
			return deadline || sk->type == SOCK_SEQPACKET ? 0 : -EAGAIN;
		err = receive_wait(sk, seen, deadline);
		if (err)
			return err;
	}
}

static long datagram_receive(struct socket *sk, struct message *msg, u64 deadline)
{
	bool is_peek = msg->flags & MSG_PEEK, was_full;
	struct packet *p;
	u32 skip, len, n;
	long err;

	if (sk->type == SOCK_SEQPACKET && sk->state != SOCKET_CONNECTED)
		return -ENOTCONN;
	err = datagram_wait(sk, msg, deadline, &p, &skip);
	if (!p)
		return err;
	was_full = socket_is_full(sk);
	len = p->total - skip;
	n = MIN(msg->uio->resid, (size_t)len);
	err = packet_copy_out(p, skip, n, msg->uio);
	if (!is_peek)
		socket_queue_pop(sk);
	if (!err) {
		receive_name(p, msg);
		receive_scm(p, msg);
		peek_offset_move(sk, is_peek, is_peek ? n : p->total);
	}
	mutex_unlock(&sk->lock);
	receive_finish(msg);
	if (!is_peek)
		packet_free(p);
	if (was_full && !is_peek)
		wake_all(&sk->room);
	if (err)
		return err;
	if (n < len)
		msg->answer |= MSG_TRUNC;
	return msg->flags & MSG_TRUNC ? len : n;
}

long unix_receive(struct socket *sk, struct message *msg)
{
	u64 deadline = socket_deadline(msg->flags & MSG_DONTWAIT, sk->receive_timeout_ns);

	if (msg->flags & MSG_OOB)
		return socket_is_stream(sk) && sk->state != SOCKET_CONNECTED ? -EINVAL
									     : -EOPNOTSUPP;
	return socket_is_stream(sk) ? stream_receive(sk, msg, deadline)
				    : datagram_receive(sk, msg, deadline);
}

/* ---- asking how much */

static long bytes_queued(struct socket *sk)
{
	long n = 0;

	if (sk->state == SOCKET_LISTENING)
		return -EINVAL;
	mutex_lock(&sk->lock);
	for (struct packet *p = sk->first; p; p = p->next) {
		n += p->total - p->start;
		if (sk->type == SOCK_DGRAM)
			break;
	}
	mutex_unlock(&sk->lock);
	return n;
}

/* unix(7) does not say, sock_diag's tools do: an O_PATH descriptor of the place in the file system. */
static long open_bound_file(struct socket *sk)
{
	struct path path = { 0 };
	struct file *file;
	int err;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	mutex_lock(&sk->lock);
	if (sk->path.dentry) {
		path = sk->path;
		path_get(&path);
	}
	mutex_unlock(&sk->lock);
	if (!path.dentry)
		return -ENOENT;
	err = file_new(&path, O_PATH, &file);
	if (err) {
		path_put(&path);
		return err;
	}
	return fd_publish(files_current(), file, O_CLOEXEC);
}

long unix_ioctl(struct socket *sk, u32 cmd, u64 arg)
{
	int __user *uvalue = (int __user *)arg;
	long n;

	switch (cmd) {
	case SIOCINQ:
		n = bytes_queued(sk);
		return n < 0 ? n : put_user((int)n, uvalue);
	case SIOCOUTQ:
		return put_user((int)(sk->charged - 1), uvalue);
	case SIOCUNIXFILE:
		return open_bound_file(sk);
	default:
		return -ENOTTY;
	}
}
