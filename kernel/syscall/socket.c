/*
 * Sockets: the calls' own structs, addresses and lists; what they do is in fs/sockfs.
 *
 * The order of the checks is the ABI. A call that is interrupted is restarted unless a time limit
 * (SO_RCVTIMEO, SO_SNDTIMEO) applies: signal(7).
 *                                       Follows: socket(2), send(2), recv(2), sendmmsg(2),
 * recvmmsg(2), getsockopt(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/uio.h>

#include "kernel/sched/sched.h"
#include "fs/fdtable.h"
#include "fs/sockfs/socket.h"

#define SOCK_FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)
#define SOCK_MAX   11
#define MSG_COMPAT 0x80000000u /* MSG_CMSG_COMPAT: the kernel's own */

static_assert(SOCK_CLOEXEC == O_CLOEXEC && SOCK_NONBLOCK == O_NONBLOCK, "passed on");

struct sockref {
	struct fdref ref;
	struct socket *sk;
	bool is_nonblocking;
};

/* 0, -EBADF, -ENOTSOCK. */
static int sockref_get(int fd, struct sockref *out)
{
	out->ref = fdref_get(fd);
	if (!out->ref.file)
		return -EBADF;
	out->sk = socket_of(out->ref.file);
	out->is_nonblocking = out->ref.file->flags & O_NONBLOCK;
	if (out->sk)
		return 0;
	fdref_put(out->ref);
	return -ENOTSOCK;
}

static void sockref_put(struct sockref *s)
{
	fdref_put(s->ref);
}

/* The value of call, in which s is the socket of fd. */
#define ON_SOCKET(s, fd, call)                                                                     \
	({                                                                                         \
		struct sockref s;                                                                  \
		long ret_ = sockref_get(fd, &s);                                                   \
		if (!ret_) {                                                                       \
			ret_ = (call);                                                             \
			sockref_put(&s);                                                           \
		}                                                                                  \
		ret_;                                                                              \
	})

/* ---- addresses */

static int name_from_user(struct sockaddr_storage *name, const void __user *uname, int len)
{
	if (len < 0 || len > (int)sizeof(*name))
		return -EINVAL;
	return copy_from_user(name, uname, len);
}

static int name_to_user(const struct sockaddr_storage *name, int len, void __user *uname,
			int __user *ulen)
{
	int room;

	if (get_user(room, ulen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(uname, name, MIN(room, len)))
		return -EFAULT;
	return put_user(len, ulen);
}

/* ---- making */

static int socket_create(int family, int type, int protocol, struct socket **out)
{
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_MAX)
		return -EINVAL;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != PF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	*out = socket_new(type);
	return *out ? 0 : -ENOMEM;
}

static int socket_create_file(int family, int type, int protocol, struct file **out)
{
	u32 flags = type & ~SOCK_TYPE_MASK;
	struct socket *sk;
	int err;

	if (flags & ~(u32)SOCK_FLAGS)
		return -EINVAL;
	err = socket_create(family, type & SOCK_TYPE_MASK, protocol, &sk);
	if (err)
		return err;
	err = sockfs_open(sk, flags & O_NONBLOCK, out);
	if (err)
		socket_put(sk);
	return err;
}

SYSCALL(socket, int family, int type, int protocol)
{
	struct file *file;
	int err = socket_create_file(family, type, protocol, &file);

	return err ? err : fd_publish(files_current(), file, type & O_CLOEXEC);
}

static int pair_create(int family, int type, int protocol, struct file *files[2])
{
	int err = socket_create_file(family, type, protocol, &files[0]);

	if (err)
		return err;
	err = socket_create_file(family, type, protocol, &files[1]);
	if (err)
		file_put(files[0]);
	else
		unix_pair(socket_of(files[0]), socket_of(files[1]));
	return err;
}

SYSCALL(socketpair, int family, int type, int protocol, int __user *ufds)
{
	struct files *table = files_current();
	struct file *files[2];
	int fds[2], err;

	if (type & ~(SOCK_TYPE_MASK | SOCK_FLAGS))
		return -EINVAL;
	err = fd_reserve_pair(table, type & O_CLOEXEC, ufds, fds);
	if (err)
		return err;
	err = pair_create(family, type, protocol, files);
	if (err) {
		fd_unreserve(table, fds[1]);
		fd_unreserve(table, fds[0]);
		return err;
	}
	fd_install(table, fds[0], files[0]);
	fd_install(table, fds[1], files[1]);
	return 0;
}

/* ---- connecting */

SYSCALL(bind, int fd, const void __user *uname, int len)
{
	struct sockaddr_storage name;

	return ON_SOCKET(s, fd,
			 name_from_user(&name, uname, len)
				 ?: unix_bind(s.sk, (struct sockaddr_un *)&name, len));
}

SYSCALL(connect, int fd, const void __user *uname, int len)
{
	struct sockaddr_storage name;

	return ON_SOCKET(
		s, fd,
		name_from_user(&name, uname, len)
			?: unix_connect(s.sk, (struct sockaddr_un *)&name, len, s.is_nonblocking));
}

SYSCALL(listen, int fd, int backlog)
{
	return ON_SOCKET(s, fd, unix_listen(s.sk, backlog));
}

/* file is a socket's without a socket. */
static int accept_into(struct file *file, const struct sockref *s, void __user *uname,
		       int __user *ulen)
{
	struct sockaddr_storage name;
	struct socket *sk;
	int err = unix_accept(s->sk, s->is_nonblocking, &sk);

	if (err)
		return err;
	sockfs_attach(file, sk);
	return uname ? name_to_user(&name, unix_name_copy(sk->peer, &name), uname, ulen) : 0;
}

static long accept_file(const struct sockref *s, void __user *uname, int __user *ulen, u32 flags)
{
	struct file *file;
	int fd, err = fd_reserve(files_current(), flags & O_CLOEXEC, &fd);

	if (err)
		return err;
	err = sockfs_open(NULL, flags & O_NONBLOCK, &file);
	if (!err) {
		err = accept_into(file, s, uname, ulen);
		if (err)
			file_put(file);
	}
	if (err) {
		fd_unreserve(files_current(), fd);
		return err;
	}
	fd_install(files_current(), fd, file);
	return fd;
}

SYSCALL(accept4, int fd, void __user *uname, int __user *ulen, u32 flags)
{
	if (flags & ~(u32)SOCK_FLAGS)
		return -EINVAL;
	return ON_SOCKET(s, fd, accept_file(&s, uname, ulen, flags));
}

SYSCALL(accept, int fd, void __user *uname, int __user *ulen)
{
	return sys_accept4(fd, uname, ulen, 0);
}

SYSCALL(shutdown, int fd, int how)
{
	return ON_SOCKET(s, fd, unix_shutdown(s.sk, how));
}

static long get_peer_name(struct socket *sk, void __user *uname, int __user *ulen)
{
	struct sockaddr_storage name;
	int len = socket_peer_name(sk, &name);

	return len < 0 ? len : name_to_user(&name, len, uname, ulen);
}

SYSCALL(getsockname, int fd, void __user *uname, int __user *ulen)
{
	struct sockaddr_storage name;

	return ON_SOCKET(s, fd, name_to_user(&name, unix_name_copy(s.sk, &name), uname, ulen));
}

SYSCALL(getpeername, int fd, void __user *uname, int __user *ulen)
{
	return ON_SOCKET(s, fd, get_peer_name(s.sk, uname, ulen));
}

/* ---- options: there are none of other levels */

SYSCALL(setsockopt, int fd, int level, int option, const char __user *uvalue, int len)
{
	return ON_SOCKET(s, fd,
			 len < 0               ? -EINVAL
			 : level == SOL_SOCKET ? socket_set_option(s.sk, option, uvalue, len)
					       : -EOPNOTSUPP);
}

SYSCALL(getsockopt, int fd, int level, int option, char __user *uvalue, int __user *ulen)
{
	return ON_SOCKET(s, fd,
			 level == SOL_SOCKET ? socket_get_option(s.sk, option, uvalue, ulen)
					     : -EOPNOTSUPP);
}

/* ---- sending */

static long send_to(const struct sockref *s, struct message *msg, const void __user *uname, int len)
{
	struct sockaddr_storage name;
	int err;

	if (s->is_nonblocking)
		msg->flags |= MSG_DONTWAIT;
	if (uname) {
		err = name_from_user(&name, uname, len);
		if (err)
			return err;
		msg->name = &name;
		msg->name_len = len;
	}
	return unix_send(s->sk, msg);
}

SYSCALL(sendto, int fd, const void __user *ubuf, size_t n, u32 flags, const void __user *uname,
	int len)
{
	struct uio uio;
	struct message msg = { .uio = &uio, .flags = flags & ~MSG_COMPAT };

	if (!user_range_ok(ubuf, n))
		return -EFAULT;
	uio_init_user(&uio, (void __user *)ubuf, MIN(n, MAX_RW_COUNT));
	return ON_SOCKET(s, fd, send_to(&s, &msg, uname, len));
}

/* What both directions want of a struct msghdr. After success iov_free() is due. */
static int msghdr_from_user(struct msghdr *hdr, const struct msghdr __user *umsg,
			    struct iov_import *in)
{
	if (copy_from_user(hdr, umsg, sizeof(*hdr)))
		return -EFAULT;
	if (!hdr->msg_name)
		hdr->msg_namelen = 0;
	if ((int)hdr->msg_namelen < 0)
		return -EINVAL;
	hdr->msg_namelen = MIN(hdr->msg_namelen, (u32)sizeof(struct sockaddr_storage));
	if (hdr->msg_iovlen > UIO_MAXIOV)
		return -EMSGSIZE;
	return iov_from_user(in, (const struct iovec __user *)hdr->msg_iov, hdr->msg_iovlen);
}

static long send_imported(const struct sockref *s, const struct msghdr *hdr, struct iov_import *in,
			  u32 flags)
{
	struct message msg = { .uio = &in->uio, .flags = flags & ~MSG_COMPAT };
	long ret = 0;

	if (hdr->msg_controllen > INT32_MAX)
		return -ENOBUFS;
	if (hdr->msg_controllen)
		ret = unix_send_check(s->sk)
			      ?: scm_from_user(&msg.scm, (const char __user *)hdr->msg_control,
					       hdr->msg_controllen);
	if (!ret)
		ret = send_to(s, &msg, hdr->msg_namelen ? (const void __user *)hdr->msg_name : NULL,
			      hdr->msg_namelen);
	scm_drop(&msg.scm);
	return ret;
}

static long send_one(const struct sockref *s, const struct msghdr __user *umsg, u32 flags)
{
	struct iov_import in;
	struct msghdr hdr;
	long ret = msghdr_from_user(&hdr, umsg, &in);

	if (ret)
		return ret;
	ret = send_imported(s, &hdr, &in, flags);
	iov_free(&in);
	return ret;
}

SYSCALL(sendmsg, int fd, const struct msghdr __user *umsg, u32 flags)
{
	if (flags & MSG_COMPAT)
		return -EINVAL;
	return ON_SOCKET(s, fd, send_one(&s, umsg, flags));
}

static long send_many(const struct sockref *s, struct mmsghdr __user *umsgs, u32 n, u32 flags)
{
	long sent, ret = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		sent = send_one(s, &umsgs[i].msg_hdr, flags);
		ret = sent < 0 ? sent : put_user((u32)sent, &umsgs[i].msg_len);
		if (ret)
			break;
		cond_resched();
	}
	return i ? (long)i : ret;
}

SYSCALL(sendmmsg, int fd, struct mmsghdr __user *umsgs, u32 n, u32 flags)
{
	if (flags & MSG_COMPAT)
		return -EINVAL;
	return ON_SOCKET(s, fd, send_many(&s, umsgs, MIN(n, (u32)UIO_MAXIOV), flags));
}

/* ---- receiving */

static long receive_from(const struct sockref *s, struct message *msg, void __user *uname,
			 int __user *ulen)
{
	struct sockaddr_storage name;
	long ret, err = 0;

	if (s->is_nonblocking)
		msg->flags |= MSG_DONTWAIT;
	msg->name = uname ? &name : NULL;
	ret = unix_receive(s->sk, msg);
	if (ret >= 0 && uname)
		err = name_to_user(&name, msg->name_len, uname, ulen);
	return err ? err : ret;
}

SYSCALL(recvfrom, int fd, void __user *ubuf, size_t n, u32 flags, void __user *uname,
	int __user *ulen)
{
	struct uio uio;
	struct message msg = { .uio = &uio, .flags = flags };
	long ret;

	n = MIN(n, MAX_RW_COUNT);
	if (!user_range_ok(ubuf, n))
		return -EFAULT;
	uio_init_user(&uio, ubuf, n);
	ret = ON_SOCKET(s, fd, receive_from(&s, &msg, uname, ulen));
	scm_drop(&msg.scm);
	return ret;
}

static long receive_imported(const struct sockref *s, const struct msghdr *hdr,
			     struct iov_import *in, u32 flags, struct msghdr __user *umsg)
{
	struct message msg = {
		.uio = &in->uio,
		.flags = flags,
		.answer = flags & MSG_CMSG_CLOEXEC,
	};
	char __user *control = (char __user *)hdr->msg_control;
	size_t len = hdr->msg_controllen;
	long ret = receive_from(s, &msg, (void __user *)hdr->msg_name,
				(int __user *)&umsg->msg_namelen);

	if (ret < 0) {
		scm_drop(&msg.scm);
		return ret;
	}
	scm_to_user(s->sk, &msg, &control, &len);
	if (put_user((int)msg.answer, &umsg->msg_flags) ||
	    put_user((size_t)(control - (char __user *)hdr->msg_control), &umsg->msg_controllen))
		return -EFAULT;
	return ret;
}

static long receive_one(const struct sockref *s, struct msghdr __user *umsg, u32 flags)
{
	struct iov_import in;
	struct msghdr hdr;
	long ret = msghdr_from_user(&hdr, umsg, &in);

	if (ret)
		return ret;
	ret = receive_imported(s, &hdr, &in, flags, umsg);
	iov_free(&in);
	return ret;
}

SYSCALL(recvmsg, int fd, struct msghdr __user *umsg, u32 flags)
{
	if (flags & MSG_COMPAT)
		return -EINVAL;
	return ON_SOCKET(s, fd, receive_one(&s, umsg, flags));
}

/* recvmmsg(2): the time limit is looked at after each message, and ends no wait. */
static long receive_many(const struct sockref *s, struct mmsghdr __user *umsgs, u32 n, u32 flags,
			 u64 deadline_ns)
{
	long ret = socket_take_error(s->sk);
	u32 i;

	for (i = 0; !ret && i < n; i++) {
		long got = receive_one(s, &umsgs[i].msg_hdr, flags & ~(u32)MSG_WAITFORONE);

		ret = got < 0 ? got : put_user((u32)got, &umsgs[i].msg_len);
		if (ret)
			break;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline_ns != WAIT_FOREVER && clock_ns() >= deadline_ns) {
			i++;
			break;
		}
		cond_resched();
	}
	if (!i)
		return ret;
	if (ret && ret != -EAGAIN && ret > -ERESTARTSYS)
		s->sk->error = -ret; /* told by the next call */
	return i;
}

SYSCALL(recvmmsg, int fd, struct mmsghdr __user *umsgs, u32 n, u32 flags,
	struct timespec __user *utimeout)
{
	u64 deadline;
	long ret;

	if (flags & MSG_COMPAT)
		return -EINVAL;
	ret = deadline_from_user(utimeout, &deadline);
	if (ret)
		return ret;
	ret = ON_SOCKET(s, fd, receive_many(&s, umsgs, n, flags, deadline));
	if (ret > 0 && utimeout)
		deadline_to_user(deadline, utimeout);
	return ret;
}
