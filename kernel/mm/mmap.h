/*
 * Changing an address space: map, unmap, protect, move, advise, brk.
 *
 * Addresses and lengths come from user space unchecked; every function checks them. All take
 * as->lock for writing themselves. Errors are those of the system calls of the same name (man-pages
 * section 2).
 */
#pragma once

#include "kernel/mm/as.h"

struct mmap_request {
	struct as *as; /* usually as_current() */
	u64 addr, len; /* hint or, with MAP_FIXED, demand */
	u32 prot; /* PROT_* */
	u32 flags; /* MAP_* */
	u32 vm_may; /* VM_MAYREAD|MAYWRITE|MAYEXEC allowed by the file's open mode; all for
		       anonymous */
	u64 pgoff;
	/* Backing; NULL ops: anonymous private. On success the new vma owns one reference of file,
	 * which the caller passes in; on failure the caller keeps it. */
	const struct vm_ops *ops;
	struct file *file;
	void *private;
	const char *name; /* or NULL */
	u32 extra_vm_flags; /* VM_GROWSDOWN ... */
};

/* Returns the address in *out. */
int as_mmap(struct mmap_request *req, u64 *out) __must_check;
int as_munmap(struct as *as, u64 addr, u64 len) __must_check;
int as_mprotect(struct as *as, u64 addr, u64 len, u64 prot) __must_check;
int as_mremap(struct as *as, u64 old, u64 old_len, u64 new_len, u64 flags, u64 new_addr,
	      u64 *out) __must_check;
/* Unmaps all that is private, for a process that dies and needs it no more. */
void as_release(struct as *as);
int as_madvise(struct as *as, u64 addr, u64 len, int advice) __must_check;
int as_mincore(struct as *as, u64 addr, u64 len, unsigned char __user *vec) __must_check;
int as_msync(struct as *as, u64 addr, u64 len, int flags) __must_check;
/* lock: VM_LOCKED or 0; is_lazy: pages come when they are touched. */
int as_mlock(struct as *as, u64 addr, u64 len, u32 lock, bool is_lazy) __must_check;
int as_mlockall(struct as *as, u32 mcl_flags) __must_check; /* 0: munlockall */
int as_mseal(struct as *as, u64 addr, u64 len) __must_check;
/* PR_SET_VMA_ANON_NAME; name: interned, or "". -EBADF: not anonymous. */
int as_set_name(struct as *as, u64 addr, u64 len, const char *name) __must_check;
/* The one copy of name, for ever. NULL: there are too many names already. */
const char *vma_name_intern(const char *name) __must_check;
u64 as_brk(struct as *as, u64 brk); /* the new (or unchanged) break */

/* Takes the pages of [start, end) out; they come back on the next access. Lock taken inside. */
void as_zap_range(struct as *as, u64 start, u64 end);
/* The same for every vma whose private is object: offsets [from, to) in pages. Private copies go
 * too if to is the end of all files (UINT64_MAX bytes), that is, the object was truncated. */
void as_zap_object(struct as *as, const void *object, u64 from, u64 to);

/* Limits for the current process, defined by kernel/task/rlimit.c: bytes. */
u64 upcall_rlimit_as(void);
u64 upcall_rlimit_data(void);
u64 upcall_rlimit_stack(void);
u64 upcall_rlimit_memlock(void);
bool upcall_may_map_low(void); /* CAP_SYS_RAWIO: below 64 KiB */
