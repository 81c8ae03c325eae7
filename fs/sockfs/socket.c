/*
 * socket: the struct itself, its queue, who pays for what, and the options of SOL_SOCKET.
 *
 * Owns: struct socket's life. A packet is paid for by its sender until it is read: a sender may
 *   have so many bytes under way (SO_SNDBUF), and waits for more room. That, and the length of the
 *   queue for datagrams, bounds the memory.
 * Invariant: charged is 1 (while refs > 0) plus the charges of the packets whose `from` it is;
 *   whoever takes it to 0 frees the struct.
 * Locks: see socket.h. Two sockets are locked lower address first.
 * Follows: socket(7), unix(7), getsockopt(2), Linux 7.3 net/core/sock.c for the limits
 */
#include "fs/sockfs/socket.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/time.h>

#include "arch/x86_64/uaccess.h"
#include "kernel/id/cred.h"
#include "kernel/id/ns.h"
#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/time/clock.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/pidfs/pidfs.h"
#include "fs/sockfs/sockfs.h"

#define BUFFER_DEFAULT 212992 /* also what the unprivileged may ask for */
#define SEND_MIN       4608
#define RECEIVE_MIN    2304
#define DATAGRAMS_MAX  10 /* /proc/sys/net/unix/max_dgram_qlen */

/* ---- life */

static bool room_relay(struct wait_entry *entry, u32 key)
{
	wake_queue_nested(&container_of(entry, struct socket, peer_room)->wait,
			  POLLOUT | POLLWRNORM);
	return true;
}

struct socket *socket_new(u32 type)
{
	struct socket *sk = kzalloc(sizeof(*sk));

	if (!sk)
		return NULL;
	mutex_init(&sk->lock, RANK_SOCK);
	sk->type = type;
	sk->net = nsproxy_current()->ns[NS_NET]->ino;
	atomic_init(&sk->charged, 1);
	atomic_init(&sk->backlog, DATAGRAMS_MAX);
	refcount_init(&sk->refs, 1);
	wait_queue_init(&sk->wait);
	wait_queue_init(&sk->room);
	wait_entry_init(&sk->peer_room);
	sk->peer_room.wake = room_relay;
	list_init(&sk->name_link);
	list_init(&sk->open_link);
	list_init(&sk->flight_link);
	atomic_init(&sk->options, OPTION_BIT(SO_PASSRIGHTS));
	atomic_init(&sk->send_timeout_ns, WAIT_FOREVER);
	atomic_init(&sk->receive_timeout_ns, WAIT_FOREVER);
	atomic_init(&sk->send_size, BUFFER_DEFAULT);
	atomic_init(&sk->receive_size, BUFFER_DEFAULT);
	atomic_init(&sk->low_water, 1);
	atomic_init(&sk->peek_offset, -1);
	return sk;
}

void socket_free(struct socket *sk)
{
	if (sk->addr)
		unix_addr_put(sk->addr);
	kfree(sk);
}

/*
 * When it becomes writable, somebody may wait for that; the last byte of the charge keeps the
 * struct until they are woken.
 */
void socket_uncharge(struct socket *sk, u32 bytes)
{
	u32 limit = sk->send_size / 4 + 1, old = sk->charged, left;
	bool has_become_writable;

	do {
		has_become_writable = old > limit && old - bytes <= limit;
		left = old - bytes + has_become_writable;
	} while (!atomic_compare_exchange_weak(&sk->charged, &old, left));
	if (has_become_writable) {
		wake_all_key(&sk->wait, POLLOUT | POLLWRNORM);
		left = atomic_fetch_sub(&sk->charged, 1) - 1;
	}
	if (!left)
		socket_free(sk);
}

void socket_lock_two(struct socket *a, struct socket *b)
{
	mutex_lock_two(&a->lock, b ? &b->lock : &a->lock);
}

void socket_unlock_two(struct socket *a, struct socket *b)
{
	mutex_unlock_two(&a->lock, b ? &b->lock : &a->lock);
}

void socket_queue_add(struct socket *sk, struct packet *p)
{
	p->next = NULL;
	if (sk->first)
		sk->last->next = p;
	else
		WRITE_ONCE(sk->first, p);
	sk->last = p;
	atomic_store_explicit(&sk->nr_queued, sk->nr_queued + 1, memory_order_relaxed);
}

struct packet *socket_queue_pop(struct socket *sk)
{
	struct packet *p = sk->first;

	if (p) {
		WRITE_ONCE(sk->first, p->next);
		atomic_store_explicit(&sk->nr_queued, sk->nr_queued - 1, memory_order_relaxed);
	}
	return p;
}

u64 socket_deadline(bool is_nonblocking, u64 timeout_ns)
{
	if (is_nonblocking)
		return 0;
	return timeout_ns == WAIT_FOREVER ? WAIT_FOREVER : clock_ns() + timeout_ns;
}

/* ---- setsockopt */

/* Both forms are two longs. None, or less: zero is for ever, less is not at all. */
static int set_timeout(_Atomic u64 *timeout_ns, const char __user *uvalue, u32 len)
{
	struct timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	if (copy_from_user(&tv, uvalue, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		*timeout_ns = 0;
	else if ((!tv.tv_sec && !tv.tv_usec) || (u64)tv.tv_sec > WAIT_FOREVER / 4 / NS_PER_SEC)
		*timeout_ns = WAIT_FOREVER;
	else
		*timeout_ns = tv.tv_sec * NS_PER_SEC + tv.tv_usec * 1000;
	return 0;
}

static int set_linger(struct socket *sk, const char __user *uvalue, u32 len)
{
	struct linger linger;

	if (len < sizeof(linger))
		return -EINVAL;
	if (copy_from_user(&linger, uvalue, sizeof(linger)))
		return -EFAULT;
	linger.l_onoff = !!linger.l_onoff;
	if (linger.l_onoff)
		sk->linger.l_linger = linger.l_linger;
	sk->linger.l_onoff = linger.l_onoff;
	return 0;
}

/* The kernel counts its own structs too, and so doubles what is asked for: socket(7). */
static void set_buffer(_Atomic u32 *size, int value, u32 max, u32 min)
{
	u32 wanted = MIN((u32)value, max);

	*size = MAX(wanted * 2, min);
}

/* Power over the network namespace. */
static bool may_mark(void)
{
	const struct userns *owner = nsproxy_current()->ns[NS_NET]->owner;

	owner = owner ? owner : &userns_initial;
	return ns_capable(owner, CAP_NET_ADMIN) || ns_capable(owner, CAP_NET_RAW);
}

static int set_number(struct socket *sk, int option, int value)
{
	bool is_admin = capable(CAP_NET_ADMIN);

	switch (option) {
	case SO_SNDBUF:
	case SO_RCVBUF:
		is_admin = false;
		break;
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		if (!is_admin)
			return -EPERM;
		value = MAX(value, 0);
		break;
	case SO_PRIORITY:
		if ((value < 0 || value > 6) && !may_mark())
			return -EPERM;
		sk->priority = value;
		return 0;
	case SO_MARK:
		if (!may_mark())
			return -EPERM;
		sk->mark = value;
		return 0;
	case SO_RCVLOWAT:
		sk->low_water = value < 0 ? INT32_MAX : value ? value : 1;
		return 0;
	case SO_PEEK_OFF:
		sk->peek_offset = value;
		return 0;
	case SO_REUSEPORT:
		return value ? -EOPNOTSUPP : 0;
	default:
		return -ENOPROTOOPT;
	}
	if (option == SO_SNDBUF || option == SO_SNDBUFFORCE) {
		set_buffer(&sk->send_size, value, is_admin ? INT32_MAX / 2 : BUFFER_DEFAULT,
			   SEND_MIN);
		wake_all_key(&sk->wait, POLLOUT | POLLWRNORM);
	} else {
		set_buffer(&sk->receive_size, value, is_admin ? INT32_MAX / 2 : BUFFER_DEFAULT,
			   RECEIVE_MIN);
	}
	return 0;
}

/* What is on or off. Most say something to networks only; a local socket keeps them. */
static bool option_is_flag(int option)
{
	switch (option) {
	case SO_DEBUG:
	case SO_REUSEADDR:
	case SO_DONTROUTE:
	case SO_BROADCAST:
	case SO_KEEPALIVE:
	case SO_OOBINLINE:
	case SO_NO_CHECK:
	case SO_PASSCRED:
	case SO_PASSSEC:
	case SO_PASSPIDFD:
	case SO_PASSRIGHTS:
	case SO_RXQ_OVFL:
		return true;
	default:
		return false;
	}
}

int socket_set_option(struct socket *sk, int option, const char __user *uvalue, u32 len)
{
	int value;

	if (len < sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, uvalue, sizeof(value)))
		return -EFAULT;
	switch (option) {
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		return set_timeout(&sk->send_timeout_ns, uvalue, len);
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		return set_timeout(&sk->receive_timeout_ns, uvalue, len);
	case SO_LINGER:
		return set_linger(sk, uvalue, len);
	case SO_BSDCOMPAT:
		return 0;
	}
	if (!option_is_flag(option))
		return set_number(sk, option, value);
	if (option == SO_DEBUG && value && !capable(CAP_NET_ADMIN))
		return -EACCES;
	if (value)
		atomic_fetch_or(&sk->options, OPTION_BIT(option));
	else
		atomic_fetch_and(&sk->options, ~OPTION_BIT(option));
	return 0;
}

/* ---- getsockopt */

/* At most *ulen bytes; *ulen becomes how many. */
static int put_value(char __user *uvalue, int __user *ulen, int room, const void *value, int len)
{
	len = MIN(len, room);
	if (copy_to_user(uvalue, value, len))
		return -EFAULT;
	return put_user(len, ulen);
}

static struct timeval timeout_value(u64 ns)
{
	if (ns == WAIT_FOREVER)
		return (struct timeval){ 0 };
	return (struct timeval){ ns / NS_PER_SEC, ns % NS_PER_SEC / 1000 };
}

/* +1 each; NULL when there never was a peer. */
static void peer_identity(struct socket *sk, struct pid **pid, const struct cred **cred)
{
	mutex_lock(&sk->lock);
	*pid = sk->peer_pid ? pid_get(sk->peer_pid) : NULL;
	*cred = sk->peer_cred ? cred_get(sk->peer_cred) : NULL;
	mutex_unlock(&sk->lock);
}

static int get_groups(const struct cred *cred, char __user *uvalue, int __user *ulen, int room)
{
	int size = cred ? (int)(cred->nr_groups * sizeof(u32)) : 0;
	u32 __user *ugroups = (void __user *)uvalue;

	if (!cred)
		return -ENODATA;
	if (room < size)
		return put_user(size, ulen) ? -EFAULT : -ERANGE;
	for (u32 i = 0; i < cred->nr_groups; i++)
		if (put_user(gid_to_user(cred->groups[i]), ugroups + i))
			return -EFAULT;
	return put_user(size, ulen);
}

static int get_pidfd(struct pid *pid, char __user *uvalue, int __user *ulen, int room)
{
	struct file *file;
	int fd, err;

	if (!pid)
		return -ENODATA;
	err = fd_reserve(files_current(), O_CLOEXEC, &fd);
	if (err)
		return err;
	err = pidfs_open(pid, 0, &file);
	if (!err) {
		err = put_value(uvalue, ulen, room, &fd, sizeof(fd));
		if (!err) {
			fd_install(files_current(), fd, file);
			return 0;
		}
		file_put(file);
	}
	fd_unreserve(files_current(), fd);
	return err;
}

static int get_peer(struct socket *sk, int option, char __user *uvalue, int __user *ulen, int room)
{
	const struct cred *cred;
	struct ucred ucred;
	struct pid *pid;
	int err;

	peer_identity(sk, &pid, &cred);
	if (option == SO_PEERGROUPS) {
		err = get_groups(cred, uvalue, ulen, room);
	} else if (option == SO_PEERPIDFD) {
		err = get_pidfd(pid, uvalue, ulen, room);
	} else {
		ucred = (struct ucred){ pid ? pid_vnr(pid) : 0,
					cred ? uid_to_user(cred->euid) : ID_NONE,
					cred ? gid_to_user(cred->egid) : ID_NONE };
		err = put_value(uvalue, ulen, room, &ucred, sizeof(ucred));
	}
	pid_put(pid);
	if (cred)
		cred_put(cred);
	return err;
}

int socket_peer_name(struct socket *sk, struct sockaddr_storage *out)
{
	int len = -ENOTCONN;

	mutex_lock(&sk->lock);
	if (sk->peer)
		len = unix_name_copy(sk->peer, out);
	mutex_unlock(&sk->lock);
	return len;
}

static int get_peer_name(struct socket *sk, char __user *uvalue, int __user *ulen, int room)
{
	struct sockaddr_storage name;
	int len = socket_peer_name(sk, &name);

	if (len < 0)
		return len;
	return len < room ? -EINVAL : put_value(uvalue, ulen, room, &name, room);
}

static int get_number(struct socket *sk, int option, int *value)
{
	if (option_is_flag(option)) {
		*value = socket_has_option(sk, OPTION_BIT(option));
		return 0;
	}
	switch (option) {
	case SO_TYPE:
		*value = sk->type;
		break;
	case SO_DOMAIN:
		*value = AF_UNIX;
		break;
	case SO_ERROR:
		*value = -socket_take_error(sk);
		break;
	case SO_ACCEPTCONN:
		*value = sk->state == SOCKET_LISTENING;
		break;
	case SO_SNDBUF:
		*value = sk->send_size;
		break;
	case SO_RCVBUF:
		*value = sk->receive_size;
		break;
	case SO_RCVLOWAT:
		*value = sk->low_water;
		break;
	case SO_SNDLOWAT:
		*value = 1;
		break;
	case SO_PEEK_OFF:
		*value = sk->peek_offset;
		break;
	case SO_PRIORITY:
		*value = sk->priority;
		break;
	case SO_MARK:
		*value = sk->mark;
		break;
	case SO_PROTOCOL:
	case SO_REUSEPORT:
	case SO_BSDCOMPAT:
		*value = 0;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return 0;
}

int socket_get_option(struct socket *sk, int option, char __user *uvalue, int __user *ulen)
{
	int room, value, err;
	struct linger linger = sk->linger;
	struct timeval tv;
	u64 cookie;

	if (get_user(room, ulen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	switch (option) {
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		tv = timeout_value(sk->send_timeout_ns);
		return put_value(uvalue, ulen, room, &tv, sizeof(tv));
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		tv = timeout_value(sk->receive_timeout_ns);
		return put_value(uvalue, ulen, room, &tv, sizeof(tv));
	case SO_LINGER:
		return put_value(uvalue, ulen, room, &linger, sizeof(linger));
	case SO_PEERCRED:
	case SO_PEERGROUPS:
	case SO_PEERPIDFD:
		return get_peer(sk, option, uvalue, ulen, room);
	case SO_PEERNAME:
		return get_peer_name(sk, uvalue, ulen, room);
	case SO_COOKIE:
		cookie = sk->file->inode->ino;
		return room < (int)sizeof(cookie)
			       ? -EINVAL
			       : put_value(uvalue, ulen, room, &cookie, sizeof(cookie));
	}
	err = get_number(sk, option, &value);
	return err ? err : put_value(uvalue, ulen, room, &value, sizeof(value));
}
