/* Mappings of memory. */
#include <stdarg.h>
#include <sys/mman.h>

#include "libc/src/libc.h"

int munmap(void *addr, size_t len)
{
	return (int)SYSCALL(munmap, addr, len);
}

int mprotect(void *addr, size_t len, int prot)
{
	return (int)SYSCALL(mprotect, addr, len, prot);
}

int madvise(void *addr, size_t len, int advice)
{
	return (int)SYSCALL(madvise, addr, len, advice);
}

int posix_madvise(void *addr, size_t len, int advice)
{
	return error_of(RAW(__NR_madvise, addr, len, advice));
}

int msync(void *addr, size_t len, int flags)
{
	return (int)SYSCALL(msync, addr, len, flags);
}

int mincore(void *addr, size_t len, unsigned char *out)
{
	return (int)SYSCALL(mincore, addr, len, out);
}

int mlock(const void *addr, size_t len)
{
	return (int)SYSCALL(mlock, addr, len);
}

int munlock(const void *addr, size_t len)
{
	return (int)SYSCALL(munlock, addr, len);
}

int mlock2(const void *addr, size_t len, unsigned int flags)
{
	return (int)SYSCALL(mlock2, addr, len, flags);
}

int mlockall(int flags)
{
	return (int)SYSCALL(mlockall, flags);
}

int munlockall(void)
{
	return (int)SYSCALL(munlockall);
}

int memfd_create(const char *name, unsigned int flags)
{
	return (int)SYSCALL(memfd_create, name, flags);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)SYSCALL(mmap, addr, len, prot, flags, fd, offset);
}

void *mremap(void *old, size_t old_len, size_t new_len, int flags, ...)
{
	va_list args;
	void *target;

	va_start(args, flags);
	target = va_arg(args, void *);
	va_end(args);
	return (void *)SYSCALL(mremap, old, old_len, new_len, flags, target);
}
