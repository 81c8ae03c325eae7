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

#define SOCK_FLAGS  (SOCK_CLOEXEC | SOCK_NONBLOCK)
#define SOCK_MAX    11
#define MSG_COMPAT  0x80000000u /* MSG_CMSG_COMPAT: the kernel's own */
#define UNIX_NO_SOL -EOPNOTSUPP /* there are no options of other levels */

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
	err = fd_reserve(table, type & O_CLOEXEC, &fds[0]);
	if (err)
		return err;
	err = fd_reserve(table, type & O_CLOEXEC, &fds[1]);
	if (err)
		goto out_first;
	err = copy_to_user(ufds, fds, sizeof(fds));
	if (!err)
		err = pair_create(family, type, protocol, files);
	if (err)
		goto out_second;
	fd_install(table, fds[0], files[0]);
	fd_install(table, fds[1], files[1]);
	return 0;
out_second:
	fd_unreserve(table, fds[1]);
out_first:
	fd_unreserve(table, fds[0]);
	return err;
}

/* ---- connecting */

SYSCALL(bind, int fd, const void __user *uname, int len)
{
	struct sockaddr_storage name;
	struct sockref s;
	int err = sockref_get(fd, &s);

	if (err)
		return err;
	err = name_from_user(&name, uname, len);
	if (!err)
		err = unix_bind(s.sk, (struct sockaddr_un *)&name, len);
	sockref_put(&s);
	return err;
}

SYSCALL(connect, int fd, const void __user *uname, int len)
{
	struct sockaddr_storage name;
	struct sockref s;
	int err = sockref_get(fd, &s);

	if (err)
		return err;
	err = name_from_user(&name, uname, len);
	if (!err)
		err = unix_connect(s.sk, (struct sockaddr_un *)&name, len, s.is_nonblocking);
	sockref_put(&s);
	return err;
}

SYSCALL(listen, int fd, int backlog)
{
	struct sockref s;
	int err = sockref_get(fd, &s);

	if (err)
		return err;
	err = unix_listen(s.sk, backlog);
	sockref_put(&s);
	return err;
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
	struct sockref s;
	long ret;

	if (flags & ~(u32)SOCK_FLAGS)
		return -EINVAL;
	ret = sockref_get(fd, &s);
	if (ret)
		return ret;
	ret = accept_file(&s, uname, ulen, flags);
	sockref_put(&s);
	return ret;
}

SYSCALL(accept, int fd, void __user *uname, int __user *ulen)
{
	return sys_accept4(fd, uname, ulen, 0);
}

SYSCALL(shutdown, int fd, int how)
{
	struct sockref s;
	int err = sockref_get(fd, &s);

	if (err)
		return err;
	err = unix_shutdown(s.sk, how);
	sockref_put(&s);
	return err;
}

static long get_name(int fd, void __user *uname, int __user *ulen, bool is_peer)
{
	struct sockaddr_storage name;
	struct socket *sk;
	struct sockref s;
	u32 len = 0;
	int err = sockref_get(fd, &s);

	if (err)
		return err;
	mutex_lock(&s.sk->lock);
	sk = is_peer ? s.sk->peer : s.sk;
	if (sk)
		len = unix_name_copy(sk, &name);
	mutex_unlock(&s.sk->lock);
	err = sk ? name_to_user(&name, len, uname, ulen) : -ENOTCONN;
	sockref_put(&s);
	return err;
}

SYSCALL(getsockname, int fd, void __user *uname, int __user *ulen)
{
	return get_name(fd, uname, ulen, false);
}

SYSCALL(getpeername, int fd, void __user *uname, int __user *ulen)
{
	return get_name(fd, uname, ulen, true);
}

/* ---- options */

SYSCALL(setsockopt, int fd, int level, int option, const char __user *uvalue, int len)
{
	struct sockref s;
	int err;

	if (len < 0)
		return -EINVAL;
	err = sockref_get(fd, &s);
	if (err)
		return err;
	err = level == SOL_SOCKET ? socket_set_option(s.sk, option, uvalue, len) : UNIX_NO_SOL;
	sockref_put(&s);
	return err;
}

SYSCALL(getsockopt, int fd, int level, int option, char __user *uvalue, int __user *ulen)
{
	struct sockref s;
	int err = sockref_get(fd, &s);

	if (err)
		return err;
	err = level == SOL_SOCKET ? socket_get_option(s.sk, option, uvalue, ulen) : UNIX_NO_SOL;
	sockref_put(&s);
	return err;
}

/* ---- sending */

SYSCALL(sendto, int fd, const void __user *ubuf, size_t n, u32 flags, const void __user *uname,
	int len)
{
	struct sockaddr_storage name;
	struct message msg = { .name = &name, .flags = flags & ~MSG_COMPAT };
	struct sockref s;
	struct uio uio;
	long ret;

	if (!user_range_ok(ubuf, n))
		return -EFAULT;
	ret = sockref_get(fd, &s);
	if (ret)
		return ret;
	if (s.is_nonblocking)
		msg.flags |= MSG_DONTWAIT;
	uio_init_user(&uio, (void __user *)ubuf, MIN(n, MAX_RW_COUNT));
	msg.uio = &uio;
	if (uname) {
		ret = name_from_user(&name, uname, len);
		msg.name_len = len;
	}
	if (!ret)
		ret = unix_send(s.sk, &msg);
	sockref_put(&s);
	return ret;
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
	struct sockaddr_storage name;
	struct message msg = { .uio = &in->uio, .name = &name, .flags = flags & ~MSG_COMPAT };
	long ret = 0;

	if (s->is_nonblocking)
		msg.flags |= MSG_DONTWAIT;
	if (hdr->msg_namelen) {
		ret = name_from_user(&name, (const void __user *)hdr->msg_name, hdr->msg_namelen);
		msg.name_len = hdr->msg_namelen;
	}
	if (!ret && hdr->msg_controllen > INT32_MAX)
		ret = -ENOBUFS;
	if (!ret && hdr->msg_controllen)
		ret = scm_from_user(&msg.scm, (const char __user *)hdr->msg_control,
				    hdr->msg_controllen);
	if (!ret)
		ret = unix_send(s->sk, &msg);
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
	struct sockref s;
	long ret;

	if (flags & MSG_COMPAT)
		return -EINVAL;
	ret = sockref_get(fd, &s);
	if (ret)
		return ret;
	ret = send_one(&s, umsg, flags);
	sockref_put(&s);
	return ret;
}

SYSCALL(sendmmsg, int fd, struct mmsghdr __user *umsgs, u32 n, u32 flags)
{
	struct sockref s;
	long sent, ret;
	u32 i;

	if (flags & MSG_COMPAT)
		return -EINVAL;
	ret = sockref_get(fd, &s);
	if (ret)
		return ret;
	for (i = 0; i < MIN(n, (u32)UIO_MAXIOV); i++) {
		sent = send_one(&s, &umsgs[i].msg_hdr, flags);
		ret = sent < 0 ? sent : put_user((u32)sent, &umsgs[i].msg_len);
		if (ret)
			break;
		cond_resched();
	}
	sockref_put(&s);
	return i ? (long)i : ret;
}

/* ---- receiving */

SYSCALL(recvfrom, int fd, void __user *ubuf, size_t n, u32 flags, void __user *uname,
	int __user *ulen)
{
	struct sockaddr_storage name;
	struct message msg = { .name = uname ? &name : NULL, .flags = flags };
	struct sockref s;
	struct uio uio;
	long ret;

	if (!user_range_ok(ubuf, n))
		return -EFAULT;
	ret = sockref_get(fd, &s);
	if (ret)
		return ret;
	if (s.is_nonblocking)
		msg.flags |= MSG_DONTWAIT;
	uio_init_user(&uio, ubuf, MIN(n, MAX_RW_COUNT));
	msg.uio = &uio;
	ret = unix_receive(s.sk, &msg);
	scm_drop(&msg.scm);
	if (ret >= 0 && uname) {
		int err = name_to_user(&name, msg.name_len, uname, ulen);

		ret = err ? err : ret;
	}
	sockref_put(&s);
	return ret;
}

static long receive_imported(const struct sockref *s, const struct msghdr *hdr,
			     struct iov_import *in, u32 flags, struct msghdr __user *umsg)
{
	struct sockaddr_storage name;
	struct message msg = {
		.uio = &in->uio,
		.name = hdr->msg_name ? &name : NULL,
		.flags = flags,
		.answer = flags & MSG_CMSG_CLOEXEC,
	};
	char __user *control = (char __user *)hdr->msg_control;
	size_t len = hdr->msg_controllen;
	long ret;
	int err = 0;

	if (s->is_nonblocking)
		msg.flags |= MSG_DONTWAIT;
	ret = unix_receive(s->sk, &msg);
	if (ret < 0) {
		scm_drop(&msg.scm);
		return ret;
	}
	scm_to_user(s->sk, &msg, &control, &len);
	if (hdr->msg_name)
		err = name_to_user(&name, msg.name_len, (void __user *)hdr->msg_name,
				   (int __user *)&umsg->msg_namelen);
	if (err || put_user((int)msg.answer, &umsg->msg_flags) ||
	    put_user((size_t)(control - (char __user *)hdr->msg_control), &umsg->msg_controllen))
		return err ? err : -EFAULT;
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
	struct sockref s;
	long ret;

	if (flags & MSG_COMPAT)
		return -EINVAL;
	ret = sockref_get(fd, &s);
	if (ret)
		return ret;
	ret = receive_one(&s, umsg, flags);
	sockref_put(&s);
	return ret;
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
	struct sockref s;
	u64 deadline;
	long ret;

	if (flags & MSG_COMPAT)
		return -EINVAL;
	ret = deadline_from_user(utimeout, &deadline);
	if (ret)
		return ret;
	ret = sockref_get(fd, &s);
	if (ret)
		return ret;
	ret = receive_many(&s, umsgs, n, flags, deadline);
	sockref_put(&s);
	if (ret > 0 && utimeout)
		deadline_to_user(deadline, utimeout);
	return ret;
}
