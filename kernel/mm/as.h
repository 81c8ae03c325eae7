/*
 * struct as: the address space of a process: its mappings, its page table, its accounting.
 *
 *   [L] lock (RANK_MM)   [a] atomic   [I] constant
 */
#pragma once

#include "lib/rbtree.h"
#include "arch/x86_64/paging.h"
#include "kernel/mm/vma.h"
#include "kernel/sync/refcount.h"
#include "kernel/sync/rwsem.h"

/* as->dumpable: who may have a core dump of it, or look into it. */
#define DUMP_NOBODY 0
#define DUMP_USER   1
#define DUMP_ROOT   2

/* as->dump_filter: core(5). */
#define DUMP_ANON_PRIVATE   0x01u
#define DUMP_ANON_SHARED    0x02u
#define DUMP_MAPPED_PRIVATE 0x04u
#define DUMP_MAPPED_SHARED  0x08u
#define DUMP_ELF_HEADERS    0x10u
#define DUMP_FILTER_DEFAULT 0x33u
#define DUMP_FILTER_MASK    0x1ffu

struct as {
	struct refcount users; /* [a] threads, and /proc readers while they read */
	struct rwsem lock; /* RANK_MM; page faults take it for reading */
	struct rb_root vmas; /* [L] to find one */
	struct list vma_list; /* [L] to go over all, from the lowest */
	struct vma *_Atomic cached; /* [a] last hit; cleared when a vma goes */
	u32 nr_vmas; /* [L] */
	struct pgtable pgtable; /* arch/x86_64/paging.h; its CPU mask is inside */
	_Atomic u64 nr_anon, nr_file; /* [a] resident pages, by kind */
	u64 nr_pages; /* [L] virtual size in pages (RLIMIT_AS) */
	u64 nr_data, nr_stack, nr_exec, nr_locked; /* [L] pages */
	u64 hiwater_rss; /* [L] pages, approximately */
	u64 hiwater_pages; /* [L] the most that nr_pages was */
	u64 mmap_top; /* [I] mappings grow down from here; set by exec */
	u64 search_from; /* [L] no hole above it is larger than search_hole; 0: mmap_top */
	u64 search_hole; /* [L] bytes */
	u64 spare_start,
		spare_end; /* [L] tables for it may be left though nothing is mapped; end 0: none */
	u64 brk_start, brk; /* [L] brk_start set by exec */
	u64 stack_top; /* [I] */
	u64 code_start, code_end, data_start, data_end; /* [I] for /proc/PID/stat */
	u64 arg_start, arg_end, env_start, env_end; /* [I] */
	u32 auxv_len; /* bytes of auxv in use */
	struct file *exe; /* [L] counted; dropped through as_put_exe hook */
	bool writes_after_fork; /* [a] a hint: it wrote to its pages while a child still shared them
				 */
	u8 dumpable; /* [a] DUMP_* */
	u16 dump_filter; /* [a] /proc/PID/coredump_filter */
	bool has_seals; /* [L] some vma is VM_SEALED */
	u8 lock_future; /* [L] MCL_*: what mlockall(2) wants of mappings to come */
	u8 deny_exec; /* [L] PR_MDWE_*: what may be written, or could be, never becomes executable
		       */
	_Atomic u32 membarriers; /* [a] MEMBARRIER_CMD_REGISTER_* that were given */
	u64 auxv[48]; /* [I] for /proc/PID/auxv; pairs, ends with AT_NULL. The last field: not
			 cleared */
};

/* A new, empty address space with one user. Errors: -ENOMEM. */
int as_new(struct as **out) __must_check;

/* A copy-on-write copy of the current address space (fork): private pages are shared read-only,
 * shared ones stay shared, VM_DONTFORK left out. Takes both locks. Errors: -ENOMEM (nothing is
 * left). */
int as_fork(struct as *from, struct as **out) __must_check;

static inline void as_get(struct as *as)
{
	refcount_get(&as->users);
}
bool as_tryget(struct as *as);
/* Last put unmaps everything, frees the tables and as itself. May sleep. */
void as_put(struct as *as);
/* The same in two steps, so that a process can be seen to be dead in between: the first lets go of
 * all files and returns true if this was the last user, who then frees the memory by the second. */
bool as_close(struct as *as) __must_check;
void as_destroy(struct as *as);
bool as_is_any_dying(void); /* somebody is between the two */

/* The vma that holds addr, or the first one above it (as_find); NULL if none. Lock held. */
struct vma *as_find_exact(struct as *as, u64 addr);
struct vma *as_find(struct as *as, u64 addr);
struct vma *vma_next(const struct vma *vma);
struct vma *vma_first(const struct as *as);

/* The address space of the current thread; NULL in kernel threads. Upcall (kernel/sched). */
struct as *as_current(void);

/**
 * as_access - copy to or from another process's memory (/proc/PID/mem, cmdline).
 * Faults pages in as that process would; write breaks copy-on-write. Takes as->lock. Returns bytes
 * copied.
 */
size_t as_access(struct as *as, u64 addr, void *buf, size_t n, bool write);
/* The same, but only where that process may read or write itself. */
size_t as_access_allowed(struct as *as, u64 addr, void *buf, size_t n, bool write);

/* Private memory that was written: the first page of it in [addr, end), or end. Lock held for
 * reading. */
u64 as_next_anon(const struct as *as, u64 addr, u64 end);

/* fs tells mm how to drop as->exe (mm cannot know files). */
extern void (*as_put_exe)(struct file *file);

u64 as_resident_pages(const struct as *as);
void as_init(void);
