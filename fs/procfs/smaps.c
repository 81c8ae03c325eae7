/*
 * /proc/PID/smaps, smaps_rollup, clear_refs and pagemap: which pages of a process are there, and who shares
 * them.
 *
 * A page is shared when more than one mapping counts it. Its counter also has whoever works on it
 *   at this moment, and the page cache if it is a file's; the latter is taken off. A page
 *   counts as referenced from its coming, as entries are made with the accessed bit set (paging.h),
 *   until clear_refs takes the bit away.
 * Locks: as->lock for reading keeps tables and areas; entries are read as they are.
 *                    Follows: proc_pid_smaps(5), proc_pid_pagemap(5), Linux 7.3 fs/proc/task_mmu.c
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>

#include "lib/fmt.h"
#include "arch/x86_64/tlb.h"
#include "kernel/id/cred.h"
#include "kernel/mm/as.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/task.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/rw.h"
#include "fs/procfs/internal.h"

/* In bytes, but for pss: in 1/4096 of a byte, so that parts of a page add up. */
struct resident {
	u64 rss, pss, pss_dirty, pss_anon, pss_file;
	u64 shared_clean, shared_dirty, private_clean, private_dirty;
	u64 anonymous, locked, referenced;
};

#define PSS_SHIFT 12

static void count_page(struct resident *r, const struct vma *vma, u64 entry)
{
	bool is_anon = entry & PTE_ANON, is_dirty = is_anon || (entry & PTE_WRITE);
	u32 users = (u32)refcount_read(&pa_to_page(pte_pa(entry))->refs);
	u64 share;

	if (!is_anon && users > 1)
		users--; /* the cache's */
	share = (PAGE_SIZE << PSS_SHIFT) / MAX(users, 1u);
	r->rss += PAGE_SIZE;
	r->pss += share;
	r->pss_dirty += is_dirty ? share : 0;
	*(is_anon ? &r->pss_anon : &r->pss_file) += share;
	if (users > 1)
		*(is_dirty ? &r->shared_dirty : &r->shared_clean) += PAGE_SIZE;
	else
		*(is_dirty ? &r->private_dirty : &r->private_clean) += PAGE_SIZE;
	r->anonymous += is_anon ? PAGE_SIZE : 0;
	r->locked += vma->flags & VM_LOCKED ? share : 0;
	r->referenced += entry & PTE_ACCESSED ? PAGE_SIZE : 0;
}

/* Counts the pages of an area, or, without r, forgets that they were used. as->lock held. */
static void visit_area(struct resident *r, const struct vma *vma)
{
	u64 *pte, entry;

	for (u64 va = vma->start; va < vma->end; va += PAGE_SIZE) {
		pte = pgtable_walk(&vma->as->pgtable, va);
		if (!pte)
			va |= (1ull << pgtable_shift(1)) - PAGE_SIZE; /* no table: the next one */
		entry = pte ? pte_read(pte) : 0;
		if (!entry || entry & PTE_UNCOUNTED)
			continue;
		if (r)
			count_page(r, vma, entry);
		else
			pte_replace(pte, entry, entry & ~PTE_ACCESSED); /* or it is used just now */
	}
}

static void put_kb(struct seqbuf *out, const char *name, u64 bytes)
{
	char with_colon[24];

	snprintf(with_colon, sizeof(with_colon), "%s:", name);
	seqbuf_printf(out, "%-16s%8lu kB\n", with_colon, bytes / 1024);
}

static void put_resident(struct seqbuf *out, const struct resident *r, bool is_rollup)
{
	static const char *const none[] = {
		"KSM",           "LazyFree",       "AnonHugePages",   "ShmemPmdMapped",
		"FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap",
		"SwapPss"
	};

	put_kb(out, "Rss", r->rss);
	put_kb(out, "Pss", r->pss >> PSS_SHIFT);
	put_kb(out, "Pss_Dirty", r->pss_dirty >> PSS_SHIFT);
	if (is_rollup) {
		put_kb(out, "Pss_Anon", r->pss_anon >> PSS_SHIFT);
		put_kb(out, "Pss_File", r->pss_file >> PSS_SHIFT);
		put_kb(out, "Pss_Shmem", 0);
	}
	put_kb(out, "Shared_Clean", r->shared_clean);
	put_kb(out, "Shared_Dirty", r->shared_dirty);
	put_kb(out, "Private_Clean", r->private_clean);
	put_kb(out, "Private_Dirty", r->private_dirty);
	put_kb(out, "Referenced", r->referenced);
	put_kb(out, "Anonymous", r->anonymous);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		put_kb(out, none[i], 0);
	put_kb(out, "Locked", r->locked >> PSS_SHIFT);
}

static void put_flags(struct seqbuf *out, const struct vma *vma)
{
	static const struct {
		u32 flag;
		const char *text;
	} names[] = {
		{ VM_READ, "rd " },     { VM_WRITE, "wr " },     { VM_EXEC, "ex " },
		{ VM_SHARED, "sh " },   { VM_MAYREAD, "mr " },   { VM_MAYWRITE, "mw " },
		{ VM_MAYEXEC, "me " },  { VM_GROWSDOWN, "gd " }, { VM_LOCKED, "lo " },
		{ VM_DONTFORK, "dc " }, { VM_NORESERVE, "nr " }, { VM_WIPEFORK, "wf " },
		{ VM_DONTDUMP, "dd " },
	};

	seqbuf_puts(out, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (vma->flags & names[i].flag)
			seqbuf_puts(out, names[i].text);
	seqbuf_putc(out, '\n');
}

int proc_show_smaps(struct as *as, struct seqbuf *out)
{
	int err = rwsem_read_lock_killable(&as->lock);
	struct path root;

	if (err)
		return err;
	fs_ctx_root(fs_ctx_current(), &root);
	for (const struct vma *vma = vma_first(as); vma && !out->overflow; vma = vma_next(vma)) {
		struct resident r = { 0 };

		visit_area(&r, vma);
		proc_put_area(out, vma, &root);
		put_kb(out, "Size", vma->end - vma->start);
		put_kb(out, "KernelPageSize", PAGE_SIZE);
		put_kb(out, "MMUPageSize", PAGE_SIZE);
		put_resident(out, &r, false);
		seqbuf_puts(out, "THPeligible:           0\n");
		put_flags(out, vma);
	}
	rwsem_read_unlock(&as->lock);
	path_put(&root);
	return 0;
}

int proc_show_smaps_rollup(struct as *as, struct seqbuf *out)
{
	int err = rwsem_read_lock_killable(&as->lock);
	struct vma whole = { .name = "[rollup]" };
	struct resident r = { 0 };

	if (err)
		return err;
	for (const struct vma *vma = vma_first(as); vma; vma = vma_next(vma)) {
		visit_area(&r, vma);
		whole.start = whole.end ? whole.start : vma->start;
		whole.end = vma->end;
	}
	rwsem_read_unlock(&as->lock);
	if (!whole.end)
		return 0;
	proc_put_area(out, &whole, NULL);
	put_resident(out, &r, true);
	return 0;
}

/* ---- clear_refs */

enum { CLEAR_ALL = 1, CLEAR_ANON, CLEAR_FILES, CLEAR_SOFT_DIRTY, CLEAR_HIGH_WATER };

static void forget_uses(struct as *as, s64 which)
{
	for (const struct vma *vma = vma_first(as); vma; vma = vma_next(vma))
		if (which == CLEAR_ALL || (which == CLEAR_FILES) == !!vma->file)
			visit_area(NULL, vma);
	tlb_flush_all(&as->pgtable);
}

/* There are no soft-dirty bits that could be cleared. */
int proc_write_clear_refs(struct thread *t, const char *text, size_t len)
{
	s64 which;
	int err = proc_parse_value(text, len, CLEAR_ALL, CLEAR_HIGH_WATER, &which);
	struct as *as;

	if (err || which == CLEAR_SOFT_DIRTY)
		return -EINVAL;
	as = thread_as_get(t);
	if (!as)
		return 0;
	err = rwsem_write_lock_killable(&as->lock);
	if (!err && which == CLEAR_HIGH_WATER)
		as->hiwater_rss = as_resident_pages(as);
	else if (!err)
		forget_uses(as, which);
	if (!err)
		rwsem_write_unlock(&as->lock);
	as_put(as);
	return err;
}

/* ---- pagemap: eight bytes for each page of the address space */

#define PM_PRESENT (1ull << 63)
#define PM_FILE    (1ull << 61)
#define PM_DIRTY   (1ull << 55) /* "soft-dirty": nobody clears it here */
#define PM_BATCH   512

/* Where a page lies is told to the privileged only. */
static u64 pagemap_entry(const struct as *as, u64 va, bool shows_frames)
{
	const u64 *pte = va < USER_TOP ? pgtable_walk(&as->pgtable, va) : NULL;
	u64 entry = pte ? pte_read(pte) : 0;

	if (!entry)
		return 0;
	return PM_PRESENT | PM_DIRTY | (entry & PTE_ANON ? 0 : PM_FILE) |
	       (shows_frames ? pte_pa(entry) >> PAGE_SHIFT : 0);
}

static long pagemap_read(struct file *file, struct uio *uio, u64 *pos)
{
	bool shows_frames = capable(CAP_SYS_ADMIN);
	u64 *entries, va;
	long done = 0, n = 0;
	struct as *as;
	int err = proc_file_as_get(file, PTRACE_MODE_READ, &as);

	if (err || !as)
		return err;
	entries = kmalloc(PM_BATCH * sizeof(*entries));
	if (!entries || *pos % sizeof(*entries) || uio->resid % sizeof(*entries))
		err = entries ? -EINVAL : -ENOMEM;
	while (!err && uio->resid && *pos / sizeof(*entries) < USER_TOP / PAGE_SIZE) {
		va = *pos / sizeof(*entries) * PAGE_SIZE;
		n = (long)MIN(uio->resid / sizeof(*entries), (size_t)PM_BATCH);
		n = (long)MIN((u64)n, (USER_TOP - va) / PAGE_SIZE);
		err = rwsem_read_lock_killable(&as->lock);
		if (err)
			break;
		for (long i = 0; i < n; i++)
			entries[i] = pagemap_entry(as, va + (u64)i * PAGE_SIZE, shows_frames);
		rwsem_read_unlock(&as->lock);
		n = (long)uio_copy_out(uio, (char *)entries, (size_t)n * sizeof(*entries));
		if (!n)
			err = -EFAULT;
		*pos += (u64)n;
		done += n;
	}
	kfree(entries);
	as_put(as);
	return done ? done : err;
}

static s64 pagemap_seek(struct file *file, s64 offset, int whence)
{
	return file_seek_within(file, offset, whence, 0, INT64_MAX);
}

static int pagemap_open(struct inode *inode, struct file *file)
{
	struct as *as;
	int err = proc_file_as_get(file, PTRACE_MODE_READ, &as);

	if (!err && as)
		as_put(as);
	return err ? err : as ? 0 : -ESRCH;
}

const struct file_ops proc_pagemap_ops = {
	.open = pagemap_open,
	.read = pagemap_read,
	.seek = pagemap_seek,
};
