/* Moving data between files inside the kernel. */
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "libc/src/libc.h"

ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
	return SYSCALL(sendfile, out, in, offset, n);
}

ssize_t copy_file_range(int in, off_t *in_pos, int out, off_t *out_pos, size_t n,
			unsigned int flags)
{
	return SYSCALL(copy_file_range, in, in_pos, out, out_pos, n, flags);
}
