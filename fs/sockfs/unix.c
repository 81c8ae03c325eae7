/*
 * unix: connecting local sockets with each other and taking them apart.
 *
 * Owns: socket->state, peer, shutdown, and a listener's queue. connect() makes the server's socket
 *   and puts it in the queue of the listener; accept() only gives it a file. Both ends are connected
 *   from then on.
 * Invariant: the peer of a connected stream or seqpacket socket stays until its own release.
 *   Datagram sockets change theirs with connect() under their lock.
 * Locks: connecting holds both sockets (socket_lock_two()). Files are closed and sockets released
 *   with nothing held. Waiting: on other->room for room in its queue.
 * Follows: unix(7), connect(2), accept(2), listen(2), shutdown(2)
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/mm/slab.h"
#include "kernel/task/task.h"
#include "fs/file.h"
#include "fs/sockfs/socket.h"

#define LISTEN_MAX SOMAXCONN

static void peer_identity_drop(struct socket *sk)
{
	pid_put(sk->peer_pid);
	if (sk->peer_cred)
		cred_put(sk->peer_cred);
	sk->peer_pid = NULL;
	sk->peer_cred = NULL;
}

/* sk->lock is held, or nobody else knows sk. */
static void peer_identity_set(struct socket *sk, struct pid *pid, const struct cred *cred)
{
	peer_identity_drop(sk);
	sk->peer_pid = pid ? pid_get(pid) : NULL;
	sk->peer_cred = cred ? cred_get(cred) : NULL;
}

static void peer_identity_self(struct socket *sk)
{
	peer_identity_set(sk, task_current()->pid, cred_current());
}

/* Both are locked, or new. */
static void socket_join(struct socket *sk, struct socket *peer)
{
	atomic_store_explicit(&sk->peer, socket_get(peer), memory_order_release);
	sk->state = SOCKET_CONNECTED;
	if (sk->type == SOCK_DGRAM)
		wait_add(&peer->room, &sk->peer_room);
}

int unix_pair(struct socket *a, struct socket *b)
{
	socket_join(a, b);
	socket_join(b, a);
	peer_identity_self(a);
	peer_identity_self(b);
	return 0;
}

/* ---- listening */

int unix_listen(struct socket *sk, int backlog)
{
	int err = -EINVAL;

	if (sk->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	mutex_lock(&sk->lock);
	if (sk->addr && (sk->state == SOCKET_UNCONNECTED || sk->state == SOCKET_LISTENING)) {
		sk->backlog = MIN((u32)backlog, (u32)LISTEN_MAX);
		sk->state = SOCKET_LISTENING;
		peer_identity_self(sk);
		err = 0;
	}
	mutex_unlock(&sk->lock);
	if (!err)
		wake_all(&sk->room);
	return err;
}

int unix_accept(struct socket *sk, bool is_nonblocking, struct socket **out)
{
	u64 deadline = socket_deadline(is_nonblocking, sk->receive_timeout_ns);
	struct packet *p;
	int err = 0;

	if (sk->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (sk->state != SOCKET_LISTENING)
		return -EINVAL;
	for (;;) {
		mutex_lock(&sk->lock);
		p = socket_queue_pop(sk);
		mutex_unlock(&sk->lock);
		if (p)
			break;
		if (deadline && (sk->shutdown & SHUT_NO_RECEIVE))
			return -EINVAL;
		err = SOCKET_WAIT(&sk->wait, sk->nr_queued || (sk->shutdown & SHUT_NO_RECEIVE),
				  deadline);
		if (err)
			return err;
	}
	wake_all(&sk->room);
	*out = p->connection;
	kfree(p);
	return 0;
}

/* ---- connecting */

static bool listener_can_take(struct socket *sk)
{
	return sk->state != SOCKET_LISTENING || (sk->shutdown & SHUT_NO_RECEIVE) ||
	       !socket_is_full(sk);
}

/* Both are locked. */
static int connect_check(const struct socket *sk, const struct socket *listener)
{
	if (listener->state != SOCKET_LISTENING || (listener->shutdown & SHUT_NO_RECEIVE))
		return -ECONNREFUSED;
	if (socket_is_full(listener))
		return -EAGAIN;
	if (sk->state == SOCKET_UNCONNECTED)
		return 0;
	return sk->state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
}

static void connect_commit(struct socket *sk, struct socket *listener, struct packet *p)
{
	struct socket *server = p->connection;
	struct unix_addr *addr = listener->addr;

	refcount_get(&addr->refs);
	atomic_init(&server->addr, addr);
	server->options = listener->options;
	peer_identity_self(server);
	peer_identity_set(sk, listener->peer_pid, listener->peer_cred);
	socket_join(server, sk);
	socket_join(sk, server);
	socket_queue_add(listener, p);
}

/* p: with the server's socket; consumed on success. */
static int connect_once(struct socket *sk, struct socket *listener, struct packet *p)
{
	int err;

	socket_lock_two(sk, listener);
	err = connect_check(sk, listener);
	if (!err)
		connect_commit(sk, listener, p);
	socket_unlock_two(sk, listener);
	if (!err) {
		wake_all_key(&listener->wait, POLLIN | POLLRDNORM);
		wake_all(&sk->wait);
	}
	return err;
}

/* The same by name, waiting for room. */
static int connect_with(struct socket *sk, struct sockaddr_un *name, u32 len, u64 deadline,
			struct packet *p)
{
	struct socket *listener;
	int err;

	do {
		err = unix_find(sk, name, len, &listener);
		if (err)
			return err;
		err = connect_once(sk, listener, p);
		if (err == -EAGAIN) {
			err = SOCKET_WAIT(&listener->room, listener_can_take(listener), deadline);
			err = err ? err : 1; /* again, from the name on */
		}
		socket_put(listener);
	} while (err > 0);
	return err;
}

/* A packet with the server's end of a new connection; NULL: out of memory. */
static struct packet *connection_new(u32 type)
{
	struct packet *p = packet_new(NULL, 0);

	if (p)
		p->connection = socket_new(type);
	if (!p || p->connection)
		return p;
	kfree(p);
	return NULL;
}

/* What was not consumed. */
static int connection_drop(struct packet *p, int err)
{
	if (err) {
		socket_put(p->connection);
		kfree(p);
	}
	return err;
}

static int connect_stream(struct socket *sk, struct sockaddr_un *name, u32 len, bool is_nonblocking)
{
	u64 deadline = socket_deadline(is_nonblocking, sk->send_timeout_ns);
	struct packet *p = connection_new(sk->type);

	return p ? connection_drop(p, connect_with(sk, name, len, deadline, p)) : -ENOMEM;
}

int unix_connect_to(struct socket *sk, struct socket *listener)
{
	struct packet *p = connection_new(sk->type);

	return p ? connection_drop(p, connect_once(sk, listener, p)) : -ENOMEM;
}

/* Somebody else's peer is nobody's business: unix(7), EPERM. */
static bool datagrams_may_go(const struct socket *from, const struct socket *to)
{
	struct socket *peer = to->peer;

	return !peer || peer == from;
}

void unix_set_peer(struct socket *sk, struct socket *old, struct socket *other)
{
	struct packet *lost = NULL;
	bool has_changed;

	mutex_lock(&sk->lock);
	has_changed = sk->peer == old;
	if (has_changed) {
		if (old)
			wait_remove(&old->room, &sk->peer_room);
		if (old && old != other) {
			lost = sk->first;
			sk->first = NULL;
			sk->nr_queued = 0;
		}
		sk->peer = NULL;
		sk->state = SOCKET_UNCONNECTED;
		if (other)
			socket_join(sk, other);
	}
	mutex_unlock(&sk->lock);
	socket_put(other);
	if (!has_changed)
		return;
	wake_all(&sk->wait);
	if (!old)
		return;
	packet_list_free(lost);
	if (lost)
		wake_all(&sk->room);
	/* The other way is lost as well, and it cannot know. */
	if (lost && old->peer == sk && old->state != SOCKET_CLOSED) {
		old->error = ECONNRESET;
		wake_all(&old->wait);
	}
	socket_put(old);
}

static int connect_datagram(struct socket *sk, struct sockaddr_un *name, u32 len)
{
	struct socket *other = NULL, *old;
	int err;

	if (len < sizeof(name->sun_family))
		return -EINVAL;
	if (name->sun_family != AF_UNSPEC) {
		err = unix_name_check(name, len);
		if (!err && socket_has_option(sk, OPTIONS_IDENTIFY))
			err = unix_autobind(sk);
		if (!err)
			err = unix_find(sk, name, len, &other);
		if (err)
			return err;
		if (!datagrams_may_go(sk, other)) {
			socket_put(other);
			return -EPERM;
		}
	}
	mutex_lock(&sk->lock);
	old = sk->peer;
	if (old)
		socket_get(old);
	mutex_unlock(&sk->lock);
	unix_set_peer(sk, old, other);
	socket_put(old);
	return 0;
}

int unix_connect(struct socket *sk, struct sockaddr_un *name, u32 len, bool is_nonblocking)
{
	int err;

	if (sk->type == SOCK_DGRAM)
		return connect_datagram(sk, name, len);
	err = unix_name_check(name, len);
	if (!err && socket_has_option(sk, OPTIONS_IDENTIFY))
		err = unix_autobind(sk);
	return err ? err : connect_stream(sk, name, len, is_nonblocking);
}

/* ---- ending */

int unix_shutdown(struct socket *sk, int how)
{
	u32 mine = (u32)how + 1, theirs = (mine & 1) << 1 | mine >> 1;
	struct socket *peer = NULL;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	mutex_lock(&sk->lock);
	sk->shutdown |= mine;
	if (sk->type != SOCK_DGRAM)
		peer = sk->peer;
	mutex_unlock(&sk->lock);
	wake_all(&sk->wait);
	wake_all(&sk->room);
	if (peer) {
		mutex_lock(&peer->lock);
		peer->shutdown |= theirs;
		mutex_unlock(&peer->lock);
		wake_all(&peer->wait);
	}
	return 0;
}

/* The peer of a connection learns of its end; whether something it sent was lost, too. */
static void peer_hang_up(struct socket *peer, bool is_reset)
{
	mutex_lock(&peer->lock);
	peer->shutdown = SHUT_BOTH;
	if (is_reset)
		peer->error = ECONNRESET;
	mutex_unlock(&peer->lock);
	wake_all(&peer->wait);
}

void unix_release(struct socket *sk, bool was_accepted)
{
	struct packet *rest;
	struct socket *peer;

	unix_unbind(sk);
	mutex_lock(&sk->lock);
	sk->state = SOCKET_CLOSED;
	sk->shutdown = SHUT_BOTH;
	rest = sk->first;
	sk->first = NULL;
	sk->nr_queued = 0;
	peer = sk->peer;
	sk->peer = NULL;
	if (peer && sk->type == SOCK_DGRAM)
		wait_remove(&peer->room, &sk->peer_room);
	peer_identity_drop(sk);
	mutex_unlock(&sk->lock);
	wake_all(&sk->room);
	if (peer && sk->type != SOCK_DGRAM)
		peer_hang_up(peer, !was_accepted || (rest && (rest->next || rest->total)));
	packet_list_free(rest);
	socket_put(peer);
	socket_put(sk);
	flight_collect_later();
}

/* ---- polling */

/* A datagram socket's peer has room for one more, or there is none. */
static bool peer_has_room(struct socket *sk)
{
	struct socket *peer;
	bool has_room;

	mutex_lock(&sk->lock);
	peer = sk->peer;
	has_room = !peer || peer == sk || peer->peer == sk || !socket_is_full(peer);
	mutex_unlock(&sk->lock);
	return has_room;
}

u32 unix_poll(struct file *file, struct poll_table *pt)
{
	struct socket *sk = file->private;
	u32 events = 0, shut, state;

	poll_wait(pt, file, &sk->wait);
	shut = sk->shutdown;
	state = sk->state;
	if (sk->error)
		events |= POLLERR;
	if (shut == SHUT_BOTH || (sk->type != SOCK_DGRAM && state == SOCKET_UNCONNECTED))
		events |= POLLHUP;
	if (shut & SHUT_NO_RECEIVE)
		events |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (sk->nr_queued)
		events |= POLLIN | POLLRDNORM;
	if (state != SOCKET_LISTENING && socket_is_writable(sk) &&
	    (sk->type != SOCK_DGRAM || !sk->peer || peer_has_room(sk)))
		events |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return events;
}
