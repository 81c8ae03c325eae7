/*
 * struct vma: one contiguous mapping of an address space, and what backs it.
 *
 * kernel/mm knows a backing object only as vm_ops and two opaque pointers; the file system fills
 * them in (fs/pagecache.c), so that mm never includes fs.
 */
#pragma once

#include "lib/list.h"
#include "lib/rbtree.h"

struct as;
struct file;
struct page;
struct vma;

#define VM_READ      0x0001u
#define VM_WRITE     0x0002u
#define VM_EXEC      0x0004u
#define VM_SHARED    0x0008u
#define VM_GROWSDOWN 0x0010u /* the stack */
#define VM_MAYWRITE  0x0020u /* mprotect may add VM_WRITE */
#define VM_LOCKED    0x0040u
#define VM_DONTFORK  0x0080u
#define VM_WIPEFORK  0x0100u
#define VM_DONTDUMP  0x0200u
#define VM_NORESERVE 0x0800u
#define VM_MAYREAD   0x1000u
#define VM_MAYEXEC   0x2000u
#define VM_SEALED    0x4000u /* mseal(2): stays as it is to the end */

struct vm_ops {
	/*
	 * fault - the page at offset pgoff (in pages) of the backing object.
	 * locks: as->lock read or write held. context: may sleep. refs: *out has one for the
	 * caller. write: a shared mapping is about to be written. NULL: never (anonymous vmas have
	 * no ops). returns: 0; -ENOMEM; -EFAULT past the end (becomes SIGBUS).
	 */
	int (*fault)(struct vma *vma, u64 pgoff, bool write, struct page **out);
	/* open: a new vma is in place (as_mmap). as->lock held for writing. May not fail. NULL:
	 * nothing. */
	void (*open)(struct vma *vma);
	/* dup: vma was copied (fork, split) and the copy takes its own reference on file. NULL:
	 * nothing. */
	void (*dup)(struct vma *vma);
	/* close: vma goes away; drops what dup or mmap took. May sleep; as->lock held for writing.
	 */
	void (*close)(struct vma *vma);
};

struct vma {
	struct rb_node node; /* as->vmas, by start */
	struct list link; /* as->vma_list, in the same order */
	struct as *as;
	u64 start, end; /* page aligned, end exclusive */
	u32 flags; /* VM_* */
	u64 pgoff; /* of start in the backing object, in pages */
	const struct vm_ops *ops; /* NULL: anonymous private memory */
	struct file
		*file; /* what /proc/PID/maps names; counted by ops->dup/close; NULL: anonymous */
	void *private; /* the backing object's own */
	struct list backing_link; /* likewise: its list of mappings; next NULL: in none */
	const char *name; /* "[heap]", "[stack]", "[vdso]", or one from vma_name_intern(); ""
			     otherwise */
};
