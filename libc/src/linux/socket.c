/* Sockets. */
#include <sys/socket.h>

#include "libc/src/libc.h"

#ifdef __NR_socket /* the table of system calls has them */

int socket(int family, int type, int protocol)
{
	return (int)SYSCALL(socket, family, type, protocol);
}

int socketpair(int family, int type, int protocol, int fds[2])
{
	return (int)SYSCALL(socketpair, family, type, protocol, fds);
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)SYSCALL(bind, fd, addr, len);
}

int listen(int fd, int backlog)
{
	return (int)SYSCALL(listen, fd, backlog);
}

int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)SYSCALL(accept, fd, addr, len);
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return (int)SYSCALL(accept4, fd, addr, len, flags);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)SYSCALL(connect, fd, addr, len);
}

int shutdown(int fd, int how)
{
	return (int)SYSCALL(shutdown, fd, how);
}

int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)SYSCALL(getsockname, fd, addr, len);
}

int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)SYSCALL(getpeername, fd, addr, len);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	return (int)SYSCALL(getsockopt, fd, level, option, value, len);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	return (int)SYSCALL(setsockopt, fd, level, option, value, len);
}

#endif
