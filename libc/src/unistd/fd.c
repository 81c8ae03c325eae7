/* Descriptors: duplicates, pipes, closing. */
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "libc/src/libc.h"

int close(int fd)
{
	return (int)SYSCALL(close, fd);
}

int close_range(unsigned int first, unsigned int last, int flags)
{
	return (int)SYSCALL(close_range, first, last, flags);
}

int dup(int fd)
{
	return (int)SYSCALL(dup, fd);
}

int dup2(int from, int to)
{
	return (int)SYSCALL(dup2, from, to);
}

int dup3(int from, int to, int flags)
{
	return (int)SYSCALL(dup3, from, to, flags);
}

int pipe(int fds[2])
{
	return (int)SYSCALL(pipe, fds);
}

int pipe2(int fds[2], int flags)
{
	return (int)SYSCALL(pipe2, fds, flags);
}

int flock(int fd, int operation)
{
	return (int)SYSCALL(flock, fd, operation);
}

void closefrom(int first)
{
	close_range(first < 0 ? 0 : (unsigned int)first, ~0U, 0);
}
