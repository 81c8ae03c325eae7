/*
 * The mmap family: decode, find the backing file, call kernel/mm.
 *
 *                                  Follows: mmap(2), mprotect(2), mremap(2), madvise(2), brk(2),
 * mlock(2)
 */
#include "kernel/syscall/user.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "kernel/mm/mmap.h"
#include "kernel/mm/slab.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/tmpfs/tmpfs.h"

#define MAP_KNOWN                                                                                  \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE |   \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |      \
	 MAP_FIXED_NOREPLACE | MAP_32BIT)

static bool is_shared(u32 flags)
{
	u32 type = flags & MAP_TYPE;

	return type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
}

static bool is_noexec(const struct file *file)
{
	return (file->path.mnt->flags & MNT_FLAG_NOEXEC) || (file->inode->sb->flags & SB_NOEXEC);
}

/* What the open mode of the file lets the mapping do, now and after mprotect. */
static int mmap_check_file(const struct file *file, struct mmap_request *req)
{
	bool can_write = (file->mode & FILE_WRITE) || !is_shared(req->flags);

	switch (req->flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (req->flags & ~(u32)MAP_KNOWN)
			return -EOPNOTSUPP;
		break;
	case MAP_SHARED:
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (req->flags & MAP_GROWSDOWN)
		return -EINVAL;
	if (!(file->mode & FILE_READ))
		return -EACCES;
	if (is_shared(req->flags) && (req->prot & PROT_WRITE) && !can_write)
		return -EACCES;
	if (is_shared(req->flags) && (req->prot & PROT_WRITE) && (file->flags & O_APPEND) &&
	    !(file->mode & FILE_WRITE))
		return -EACCES;
	if ((req->prot & PROT_EXEC) && is_noexec(file))
		return -EPERM;
	req->vm_may =
		VM_MAYREAD | (can_write ? VM_MAYWRITE : 0) | (is_noexec(file) ? 0 : VM_MAYEXEC);
	return file->ops->mmap ? 0 : -ENODEV;
}

static long mmap_file(struct mmap_request *req, struct file *file)
{
	u64 addr;
	int err = mmap_check_file(file, req);

	if (!err)
		err = file->ops->mmap(file, req);
	if (err)
		return err;
	req->file = file_get(file);
	err = as_mmap(req, &addr);
	if (err) {
		file_put(file);
		return err;
	}
	return addr;
}

/* Shared memory without a name is a file without a name. */
static long mmap_shared_anon(struct mmap_request *req)
{
	struct file *file;
	long addr;
	int err = tmpfs_anon_file("/dev/zero", ALIGN_UP(req->len, PAGE_SIZE), 0777, O_RDWR, &file);

	if (err)
		return err;
	req->flags &= ~(u32)MAP_ANONYMOUS;
	req->pgoff = 0;
	addr = mmap_file(req, file);
	file_put(file);
	return addr;
}

static long mmap_anon(struct mmap_request *req)
{
	u64 addr;
	int err;

	if (!req->len || req->len > USER_TOP)
		return req->len ? -ENOMEM : -EINVAL;
	if ((req->flags & MAP_TYPE) == MAP_SHARED)
		return mmap_shared_anon(req);
	if ((req->flags & MAP_TYPE) != MAP_PRIVATE)
		return -EINVAL;
	req->vm_may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	err = as_mmap(req, &addr);
	return err ? err : (long)addr;
}

SYSCALL(mmap, u64 addr, u64 len, u32 prot, u32 flags, int fd, u64 offset)
{
	struct mmap_request req = {
		.as = as_current(),
		.addr = addr,
		.len = len,
		.prot = prot,
		.flags = flags,
		.pgoff = offset >> PAGE_SHIFT,
	};
	struct fdref ref;
	long ret;

	if (!IS_ALIGNED(offset, PAGE_SIZE))
		return -EINVAL;
	if (flags & MAP_HUGETLB)
		return -EINVAL; /* as a kernel whose machine has no such pages */
	if (flags & MAP_ANONYMOUS)
		return mmap_anon(&req);
	ref = fdref_get(fd);
	if (!ref.file)
		return -EBADF;
	if (!len)
		ret = -EINVAL;
	else if (offset > INT64_MAX || offset + ALIGN_UP(len, PAGE_SIZE) < offset)
		ret = -EOVERFLOW;
	else
		ret = mmap_file(&req, ref.file);
	fdref_put(ref);
	return ret;
}

SYSCALL(munmap, u64 addr, u64 len)
{
	return as_munmap(as_current(), addr, len);
}

SYSCALL(mprotect, u64 addr, u64 len, u64 prot)
{
	return as_mprotect(as_current(), addr, len, prot);
}

SYSCALL(mremap, u64 old, u64 old_len, u64 new_len, u64 flags, u64 new_addr)
{
	u64 addr;
	int err = as_mremap(as_current(), old, old_len, new_len, flags, new_addr, &addr);

	return err ? err : (long)addr;
}

SYSCALL(madvise, u64 addr, u64 len, int advice)
{
	return as_madvise(as_current(), addr, len, advice);
}

SYSCALL(mincore, u64 addr, u64 len, unsigned char __user *vec)
{
	return as_mincore(as_current(), addr, len, vec);
}

SYSCALL(msync, u64 addr, u64 len, int flags)
{
	return as_msync(as_current(), addr, len, flags);
}

SYSCALL(brk, u64 brk)
{
	return as_brk(as_current(), brk);
}

SYSCALL(mlock, u64 addr, u64 len)
{
	return as_mlock(as_current(), addr, len, VM_LOCKED, false);
}

SYSCALL(mlock2, u64 addr, u64 len, u32 flags)
{
	if (flags & ~(u32)MLOCK_ONFAULT)
		return -EINVAL;
	return as_mlock(as_current(), addr, len, VM_LOCKED, flags & MLOCK_ONFAULT);
}

SYSCALL(mlockall, u32 flags)
{
	if (!flags || flags == MCL_ONFAULT ||
	    (flags & ~(u32)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	return as_mlockall(as_current(), flags);
}

SYSCALL(munlockall, void)
{
	return as_mlockall(as_current(), 0);
}

SYSCALL(mseal, u64 addr, u64 len, u64 flags)
{
	return flags ? -EINVAL : as_mseal(as_current(), addr, len);
}

SYSCALL(munlock, u64 addr, u64 len)
{
	return as_mlock(as_current(), addr, len, 0, false);
}
