/*
 * The format of a core dump: an ELF file of notes and memory.
 *
 *   header, program headers   one for the notes, one for each area
 *   notes                     of the process: PRPSINFO, SIGINFO, AUXV, FILE; of each thread, the one
 *                             with the signal first: PRSTATUS, FPREGSET, XSTATE
 *   memory                    from a page boundary on: what the filter lets through of each area
 *
 * Nobody else runs in the process. Another that shares its memory (vfork) may still unmap things: so
 * the areas are a copy, and memory that is not there, or cannot be read, is a hole. Bytes go out by
 * the page; a hole in a file costs nothing, in a stream it is zeroes.
 *
 * Locks: as->lock for reading while areas are listed; sig_lock and tasks_lock for what notes say.
 * Follows: core(5), elf(5), proc_pid_coredump_filter(5), Linux 7.3 fs/binfmt_elf.c for the order
 */
#include "kernel/task/coredump.h"

#include <linux/errno.h>

#include "lib/elf.h"
#include "lib/string.h"

#include "arch/x86_64/fpu.h"
#include "kernel/id/userns.h"
#include "kernel/mm/as.h"
#include "kernel/mm/kmap.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/task/sigqueue.h"
#include "kernel/time/clock.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/rw.h"

#define FXSAVE_SIZE   512
#define XSTATE_XCR0   464 /* where debuggers look for it */
#define FILE_NOTE_MAX (4u << 20)

struct area {
	u64 start, end;
	u64 size; /* dumped, from start on */
	u32 flags; /* VM_* */
	bool is_anon; /* only what was written is there */
	bool is_maybe_elf;
};

struct writer {
	struct core_dump *d;
	u64 pos; /* of buf in the dump */
	u64 written;
	size_t used; /* of buf */
	bool has_failed;
	bool has_gap; /* the last thing was a hole */
	u8 *buf; /* a page */
	struct area *areas;
	u32 nr_areas;
	char *files; /* NT_FILE; NULL: no memory for it */
	u32 files_len;
};

/* ---- Bytes */

static bool may_write(const struct writer *w, size_t n)
{
	if (w->d->kind == CORE_FILE && w->pos + n > rlimit_get(RLIMIT_FSIZE))
		return false;
	return w->written + n <= w->d->limit && !fatal_signal_pending_current();
}

static void flush(struct writer *w)
{
	for (size_t done = 0; done < w->used && !w->has_failed;) {
		struct uio uio;
		long n = 0;

		uio_init_kernel(&uio, w->buf + done, w->used - done);
		if (may_write(w, uio.resid))
			n = w->d->kind == CORE_FILE ? vfs_pwrite(w->d->file, &uio, w->pos)
						    : vfs_write(w->d->file, &uio);
		w->has_failed = n <= 0;
		if (w->has_failed)
			break;
		done += (size_t)n;
		w->pos += (u64)n;
		w->written += (u64)n;
		w->has_gap = false;
	}
	w->used = 0;
}

static void put(struct writer *w, const void *data, size_t n)
{
	while (n && !w->has_failed) {
		size_t part = MIN(n, PAGE_SIZE - w->used);

		memcpy(w->buf + w->used, data, part);
		w->used += part;
		data = (const u8 *)data + part;
		n -= part;
		if (w->used == PAGE_SIZE)
			flush(w);
	}
}

static void put_hole(struct writer *w, u64 n)
{
	flush(w);
	if (w->d->kind == CORE_FILE) {
		w->pos += n;
		w->has_gap |= n != 0;
		return;
	}
	while (n && !w->has_failed) {
		w->used = MIN(n, (u64)PAGE_SIZE);
		n -= w->used;
		memset(w->buf, 0, w->used);
		flush(w);
		cond_resched();
	}
}

/* ---- Areas */

/* Pages of a private mapping of a file that were written are anonymous: they count as such. */
static u64 dumped_size(const struct vma *vma, u32 filter, bool *is_maybe_elf)
{
	u64 all = vma->end - vma->start;
	const struct inode *inode = vma->file ? vma->file->inode : NULL;

	if (vma->flags & VM_DONTDUMP)
		return 0;
	if (vma->flags & VM_SHARED)
		return filter & (inode && inode->nlink ? DUMP_MAPPED_SHARED : DUMP_ANON_SHARED)
			       ? all
			       : 0;
	if ((filter & DUMP_ANON_PRIVATE) &&
	    (!vma->ops || as_next_anon(vma->as, vma->start, vma->end) < vma->end))
		return all;
	if (!inode)
		return 0;
	if (filter & DUMP_MAPPED_PRIVATE)
		return all;
	if (!(filter & DUMP_ELF_HEADERS) || vma->pgoff || !(vma->flags & VM_READ))
		return 0;
	*is_maybe_elf = !(inode->mode & 0111);
	return PAGE_SIZE;
}

static void copy_areas(struct writer *w, struct as *as)
{
	for (const struct vma *vma = vma_first(as); vma; vma = vma_next(vma)) {
		struct area *a = &w->areas[w->nr_areas++];

		*a = (struct area){ .start = vma->start,
				    .end = vma->end,
				    .flags = vma->flags,
				    .is_anon = !vma->ops };
		a->size = dumped_size(vma, as->dump_filter, &a->is_maybe_elf);
	}
}

/* Which file is where: count, page size, {start, end, page offset} of each, the names. */
static void list_files(const struct as *as, struct seqbuf *out)
{
	u64 head[3] = { 0, PAGE_SIZE };
	const struct vma *vma;

	for (vma = vma_first(as); vma; vma = vma_next(vma))
		head[0] += vma->file != NULL;
	seqbuf_write(out, (const char *)head, 2 * sizeof(u64));
	for (vma = vma_first(as); vma; vma = vma_next(vma)) {
		u64 place[3] = { vma->start, vma->end, vma->pgoff };

		if (vma->file)
			seqbuf_write(out, (const char *)place, sizeof(place));
	}
	for (vma = vma_first(as); vma && !out->overflow; vma = vma_next(vma)) {
		if (!vma->file)
			continue;
		path_print(&vma->file->path, NULL, out);
		seqbuf_putc(out, '\0');
	}
}

static void make_file_note(struct writer *w, const struct as *as)
{
	for (u32 size = PAGE_SIZE; size <= FILE_NOTE_MAX; size *= 4) {
		struct seqbuf out;
		char *buf = kvmalloc(size);

		if (!buf)
			return;
		seqbuf_init(&out, buf, size);
		list_files(as, &out);
		if (!out.overflow) {
			w->files = buf;
			w->files_len = (u32)out.len;
			return;
		}
		kvfree(buf);
	}
}

static void check_elf_headers(struct writer *w, struct as *as)
{
	u8 magic[4];

	for (struct area *a = w->areas; a < w->areas + w->nr_areas; a++)
		if (a->is_maybe_elf &&
		    !elf_is_magic(magic, as_access(as, a->start, magic, sizeof(magic), false)))
			a->size = 0;
}

static int take_areas(struct writer *w, struct as *as)
{
	int err = 0;

	rwsem_read_lock(&as->lock);
	w->areas = kvmalloc(MAX(as->nr_vmas, 1u) * sizeof(*w->areas));
	if (w->areas) {
		copy_areas(w, as);
		make_file_note(w, as);
	} else {
		err = -ENOMEM;
	}
	rwsem_read_unlock(&as->lock);
	if (!err)
		check_elf_headers(w, as);
	return err;
}

static void put_area(struct writer *w, struct as *as, const struct area *a)
{
	u64 at = a->start, end = a->start + a->size;

	while (at < end && !w->has_failed) {
		u64 next = at;

		if (a->is_anon) {
			rwsem_read_lock(&as->lock);
			next = as_next_anon(as, at, end);
			rwsem_read_unlock(&as->lock);
		}
		if (next > at) {
			put_hole(w, next - at);
		} else {
			next = at + PAGE_SIZE;
			w->used = as_access(as, at, w->buf, PAGE_SIZE, false);
			if (w->used)
				flush(w);
			else
				put_hole(w, PAGE_SIZE);
		}
		at = next;
		cond_resched();
	}
}

/* ---- Notes */

static void put_note(struct writer *w, const char *name, u32 type, u32 len)
{
	struct elf64_note note = { .namesz = (u32)strlen(name) + 1, .descsz = len, .type = type };

	strlcpy(note.name, name, sizeof(note.name));
	put(w, &note, sizeof(note));
}

static u64 notes_size(const struct writer *w, const struct as *as)
{
	u64 thread = 2 * sizeof(struct elf64_note) + sizeof(struct elf64_prstatus) + FXSAVE_SIZE;
	u64 process = 3 * sizeof(struct elf64_note) + sizeof(struct elf64_prpsinfo) +
		      sizeof(siginfo_t) + as->auxv_len;

	if (fpu_features)
		thread += sizeof(struct elf64_note) + fpu_size;
	if (w->files)
		process += sizeof(struct elf64_note) + ALIGN_UP(w->files_len, 4u);
	return process + thread * w->d->nr_threads;
}

struct family {
	int ppid, pgrp, sid;
};

static struct family family_of(const struct task *t)
{
	struct family f;

	rwspin_read_lock(&tasks_lock);
	f = (struct family){ t->parent ? pid_vnr(t->parent->pid) : 0, pid_vnr(t->group),
			     pid_vnr(t->session) };
	rwspin_read_unlock(&tasks_lock);
	return f;
}

static void put_prpsinfo(struct writer *w, struct as *as)
{
	const struct thread *self = current;
	struct family f = family_of(self->task);
	struct elf64_prpsinfo info = {
		.sname = 'R',
		.nice = (char)self->nice,
		.uid = uid_to_user(self->cred->uid),
		.gid = gid_to_user(self->cred->gid),
		.pid = pid_vnr(self->task->pid),
		.ppid = f.ppid,
		.pgrp = f.pgrp,
		.sid = f.sid,
	};
	size_t n = MIN(as->arg_end - as->arg_start, sizeof(info.psargs) - 1);

	memcpy(info.fname, self->comm, sizeof(info.fname));
	n = as_access(as, as->arg_start, info.psargs, n, false);
	for (size_t i = 0; i < n; i++)
		if (!info.psargs[i])
			info.psargs[i] = ' ';
	put_note(w, "CORE", ELF_NT_PRPSINFO, sizeof(info));
	put(w, &info, sizeof(info));
}

static void put_process(struct writer *w, struct as *as)
{
	put_prpsinfo(w, as);
	put_note(w, "CORE", ELF_NT_SIGINFO, sizeof(w->d->info));
	put(w, &w->d->info, sizeof(w->d->info));
	put_note(w, "CORE", ELF_NT_AUXV, as->auxv_len);
	put(w, as->auxv, as->auxv_len);
	if (w->files) {
		put_note(w, "CORE", ELF_NT_FILE, w->files_len);
		put(w, w->files, w->files_len);
		put(w, "\0\0", -w->files_len & 3);
	}
}

static void fill_time(u64 time[2], u64 ns)
{
	time[0] = ns / NS_PER_SEC;
	time[1] = ns % NS_PER_SEC / 1000;
}

static void put_prstatus(struct writer *w, struct thread *t)
{
	const struct siginfo *info = &w->d->info;
	struct family f = family_of(t->task);
	struct elf64_prstatus s = {
		.si_signo = info->si_signo,
		.si_code = info->si_code,
		.si_errno = info->si_errno,
		.cursig = (u16)info->si_signo,
		.sigpend = t->pending.set,
		.sighold = t->sig_blocked,
		.pid = pid_vnr(t->pid),
		.ppid = f.ppid,
		.pgrp = f.pgrp,
		.sid = f.sid,
		.fpvalid = true,
	};
	u64 user_ns, system_ns;

	if (t == t->task->leader)
		task_times(t->task, &user_ns, &system_ns);
	else
		thread_times(t, &user_ns, &system_ns);
	fill_time(s.utime, user_ns);
	fill_time(s.stime, system_ns);
	fill_time(s.cutime, t->task->child_user_ns);
	fill_time(s.cstime, t->task->child_system_ns);
	memcpy(s.regs, thread_regs(t), sizeof(struct regs));
	if (t == current)
		arch_save_segments();
	s.regs[21] = t->head.arch.fs_base;
	s.regs[22] = t->head.arch.gs_base;
	put_note(w, "CORE", ELF_NT_PRSTATUS, sizeof(s));
	put(w, &s, sizeof(s));
}

static void put_fpu(struct writer *w, const struct thread *t)
{
	const u8 *image = (const u8 *)t->head.arch.fpu;

	put_note(w, "CORE", ELF_NT_FPREGSET, FXSAVE_SIZE);
	put(w, image, FXSAVE_SIZE);
	if (!fpu_features)
		return;
	put_note(w, "LINUX", ELF_NT_X86_XSTATE, fpu_size);
	put(w, image, XSTATE_XCR0);
	put(w, &fpu_features, sizeof(fpu_features));
	put(w, image + XSTATE_XCR0 + sizeof(fpu_features),
	    fpu_size - XSTATE_XCR0 - sizeof(fpu_features));
}

/* Of those that wait in coredump_park(), who stay where they are in the list. after NULL: the first. */
static struct thread *next_thread(struct task *t, struct thread *after)
{
	u64 irqflags = sig_lock(t);
	struct list *at = after ? after->task_link.next : t->threads.next;
	struct thread *found = NULL;

	for (; at != &t->threads && !found; at = at->next) {
		struct thread *thread = list_entry(at, struct thread, task_link);

		if (thread != current && !thread->is_exiting)
			found = thread;
	}
	sig_unlock(t, irqflags);
	return found;
}

static void put_notes(struct writer *w, struct as *as)
{
	struct thread *self = current, *t;

	put_prstatus(w, self);
	put_process(w, as);
	put_fpu(w, self);
	for (t = next_thread(self->task, NULL); t; t = next_thread(self->task, t)) {
		put_prstatus(w, t);
		put_fpu(w, t);
	}
}

/* ---- The whole */

static void put_headers(struct writer *w, u64 notes)
{
	u64 notes_at =
		sizeof(struct elf64_header) + (w->nr_areas + 1ul) * sizeof(struct elf64_phdr);
	struct elf64_header header = {
		.ident = { 0x7f, 'E', 'L', 'F', ELF_CLASS64, ELF_DATA_LE, 1 },
		.type = ELF_ET_CORE,
		.machine = ELF_EM_X86_64,
		.version = 1,
		.phoff = sizeof(header),
		.ehsize = sizeof(header),
		.phentsize = sizeof(struct elf64_phdr),
		.phnum = (u16)(w->nr_areas + 1),
	};
	struct elf64_phdr p = { .type = ELF_PT_NOTE, .offset = notes_at, .filesz = notes };
	u64 offset = ALIGN_UP(notes_at + notes, PAGE_SIZE);

	put(w, &header, sizeof(header));
	put(w, &p, sizeof(p));
	for (const struct area *a = w->areas; a < w->areas + w->nr_areas; a++) {
		p = (struct elf64_phdr){
			.type = ELF_PT_LOAD,
			.flags = (a->flags & VM_READ ? ELF_PF_R : 0) |
				 (a->flags & VM_WRITE ? ELF_PF_W : 0) |
				 (a->flags & VM_EXEC ? ELF_PF_X : 0),
			.offset = offset,
			.vaddr = a->start,
			.filesz = a->size,
			.memsz = a->end - a->start,
			.align = PAGE_SIZE,
		};
		put(w, &p, sizeof(p));
		offset += a->size;
	}
}

static void write_all(struct writer *w, struct as *as)
{
	put_headers(w, notes_size(w, as));
	put_notes(w, as);
	put_hole(w, -(w->pos + w->used) & (PAGE_SIZE - 1));
	for (const struct area *a = w->areas; a < w->areas + w->nr_areas; a++)
		put_area(w, as, a);
	flush(w);
	if (w->has_gap && !w->has_failed && w->pos <= rlimit_get(RLIMIT_FSIZE))
		w->has_failed = vfs_ftruncate(w->d->file, (s64)w->pos) != 0;
}

bool elfcore_write(struct core_dump *d)
{
	struct writer w = { .d = d, .buf = kmalloc(PAGE_SIZE) };
	struct as *as = current->as;
	bool is_begun = w.buf && !take_areas(&w, as);

	if (is_begun)
		write_all(&w, as);
	kvfree(w.files);
	kvfree(w.areas);
	kfree(w.buf);
	return is_begun;
}
