/* Reading and writing descriptors. */
#include <sys/uio.h>
#include <unistd.h>

#include "libc/src/libc.h"

ssize_t read(int fd, void *buf, size_t n)
{
	return SYSCALL(read, fd, buf, n);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	return SYSCALL(write, fd, buf, n);
}

ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
	return SYSCALL(pread64, fd, buf, n, offset);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
	return SYSCALL(pwrite64, fd, buf, n, offset);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return SYSCALL(lseek, fd, offset, whence);
}

ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return SYSCALL(readv, fd, iov, n);
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return SYSCALL(writev, fd, iov, n);
}

ssize_t preadv(int fd, const struct iovec *iov, int n, off_t offset)
{
	return SYSCALL(preadv, fd, iov, n, offset);
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
	return SYSCALL(pwritev, fd, iov, n, offset);
}

ssize_t preadv2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	return SYSCALL(preadv2, fd, iov, n, offset, 0, flags);
}

ssize_t pwritev2(int fd, const struct iovec *iov, int n, off_t offset, int flags)
{
	return SYSCALL(pwritev2, fd, iov, n, offset, 0, flags);
}

ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long n_local,
			 const struct iovec *remote, unsigned long n_remote, unsigned long flags)
{
	return SYSCALL(process_vm_readv, pid, local, n_local, remote, n_remote, flags);
}

ssize_t process_vm_writev(pid_t pid, const struct iovec *local, unsigned long n_local,
			  const struct iovec *remote, unsigned long n_remote, unsigned long flags)
{
	return SYSCALL(process_vm_writev, pid, local, n_local, remote, n_remote, flags);
}
