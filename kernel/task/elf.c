/*
 * ELF: from a program's file to a mapped image, and the first stack.
 *
 * Everything is built in an address space that nobody uses yet, so every failure leaves the caller
 * as it was. Segments are mapped, not read: pages come in when they are touched. Only the page
 * where a segment's file part ends is written to here, to clear its rest.
 *
 * A program that names an interpreter (PT_INTERP: the dynamic linker) starts there; the interpreter
 * finds the program through the auxiliary vector.
 *
 *   0x555555554000 + random   a position-independent program, then its heap
 *   mmap_top - size           its interpreter; further mappings grow down from there
 *   stack_top                 the stack grows down
 *                                                      Follows: elf(5), getauxval(3), System V ABI
 */
#include <linux/auxvec.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/mman.h>
#include <linux/rseq.h>
#include <linux/times.h>

#include "lib/elf.h"
#include "lib/string.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/fpu.h"
#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "boot/options.h"
#include "kernel/id/userns.h"
#include "kernel/mm/kmap.h"
#include "kernel/mm/mmap.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/exec.h"
#include "fs/file.h"
#include "fs/rw.h"

#define PIE_BASE      0x555555554000ull
#define PIE_RANDOM    (1ull << 28) /* pages */
#define MMAP_RANDOM   (1ull << 28)
#define STACK_RANDOM  (1ull << 22)
#define BRK_RANDOM    (1ull << 13)
#define STACK_GAP_MIN (128ull << 20) /* kept free below stack_top, if the limit is lower */
#define STACK_GAP_MAX (USER_TOP / 6 * 5)
#define STACK_INITIAL (128ull << 10) /* mapped beyond what the arguments take */
#define SIGFRAME_MAX  1024 /* of a signal frame, besides the FPU state */

/* One ELF file being mapped. */
struct elf_file {
	struct file *file;
	struct elf64_header header;
	struct elf64_phdr *phdrs; /* kmalloc */
	u64 low, high; /* addresses its segments span, page aligned, before bias */
	u64 align; /* the strictest of any segment */
	u64 bias; /* added to all of its addresses */
};

#define for_each_load(p, elf)                                                                      \
	for (struct elf64_phdr *p = (elf)->phdrs; p < (elf)->phdrs + (elf)->header.phnum; p++)     \
		if (p->type == ELF_PT_LOAD)

static u64 random_pages(const struct exec_image *image, u64 limit)
{
	return image->is_random ? (cpu_random() & (limit - 1)) << PAGE_SHIFT : 0;
}

/* ---- Reading and checking */

static int elf_check_segment(struct elf_file *elf, const struct elf64_phdr *p)
{
	u64 end;

	if (p->filesz > p->memsz || __builtin_add_overflow(p->vaddr, p->memsz, &end) ||
	    end > USER_TOP)
		return -EINVAL;
	if ((p->vaddr - p->offset) & ~PAGE_MASK)
		return -EINVAL;
	elf->low = MIN(elf->low, p->vaddr & PAGE_MASK);
	elf->high = MAX(elf->high, ALIGN_UP(end, PAGE_SIZE));
	if (p->align > elf->align && (p->align & (p->align - 1)) == 0 && p->align < USER_TOP)
		elf->align = p->align;
	return 0;
}

/* Fills in all but bias. The caller frees phdrs, also on error. */
static int elf_read(struct elf_file *elf, struct file *file, const u8 *head)
{
	size_t size;
	int err;

	*elf = (struct elf_file){ .file = file, .low = USER_TOP, .align = PAGE_SIZE };
	memcpy(&elf->header, head, sizeof(elf->header));
	if (!elf_header_ok(&elf->header) || !file->ops->mmap)
		return -ENOEXEC;
	size = elf->header.phnum * sizeof(struct elf64_phdr);
	elf->phdrs = kmalloc(size);
	if (!elf->phdrs)
		return -ENOMEM;
	if (elf->header.phoff + size <= EXEC_HEAD_SIZE && elf->header.phoff < EXEC_HEAD_SIZE)
		memcpy(elf->phdrs, head + elf->header.phoff, size);
	else if (file_read_kernel(file, elf->phdrs, size, elf->header.phoff) != (long)size)
		return -ENOEXEC;
	for_each_load(p, elf) {
		err = elf_check_segment(elf, p);
		if (err)
			return err;
	}
	return elf->low < elf->high ? 0 : -ENOEXEC; /* else there is nothing to load */
}

/* ---- Mapping */

static u32 elf_prot(const struct elf64_phdr *p)
{
	return (p->flags & ELF_PF_R ? PROT_READ : 0) | (p->flags & ELF_PF_W ? PROT_WRITE : 0) |
	       (p->flags & ELF_PF_X ? PROT_EXEC : 0);
}

static int map_anon(struct as *as, u64 start, u64 end, u32 prot)
{
	struct mmap_request req = { .as = as,
				    .addr = start,
				    .len = end - start,
				    .prot = prot,
				    .flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS,
				    .vm_may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC };
	u64 addr;

	return start < end ? as_mmap(&req, &addr) : 0;
}

static int map_file(struct as *as, struct file *file, u64 start, u64 len, u64 offset, u32 prot)
{
	struct mmap_request req = { .as = as,
				    .addr = start,
				    .len = len,
				    .prot = prot,
				    .flags = MAP_PRIVATE | MAP_FIXED,
				    .pgoff = offset >> PAGE_SHIFT,
				    .vm_may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC };
	u64 addr;
	int err;

	err = file->ops->mmap(file, &req);
	if (err)
		return err;
	req.file = file_get(file);
	err = as_mmap(&req, &addr);
	if (err)
		file_put(file);
	return err;
}

/* The rest of the page in which the file part ends belongs to the zeroed part. */
static int clear_tail(struct as *as, u64 from, u64 to)
{
	return as_access(as, from, page_va(zero_page), to - from, true) == to - from ? 0 : -EFAULT;
}

static int elf_map_segment(struct as *as, const struct elf_file *elf, const struct elf64_phdr *p)
{
	u64 start = (p->vaddr & PAGE_MASK) + elf->bias;
	u64 file_end = p->vaddr + p->filesz + elf->bias, mem_end = p->vaddr + p->memsz + elf->bias;
	u64 map_end = p->filesz ? ALIGN_UP(file_end, PAGE_SIZE) : start;
	u32 prot = elf_prot(p);
	int err = 0;

	if (p->filesz)
		err = map_file(as, elf->file, start, map_end - start, p->offset & PAGE_MASK, prot);
	if (!err && mem_end > file_end && file_end < map_end && (prot & PROT_WRITE))
		err = clear_tail(as, file_end, map_end);
	if (!err && mem_end > map_end)
		err = map_anon(as, map_end, ALIGN_UP(mem_end, PAGE_SIZE), prot);
	return err;
}

static int elf_map(struct as *as, const struct elf_file *elf)
{
	int err;

	for_each_load(p, elf) {
		err = elf_map_segment(as, elf, p);
		if (err)
			return err;
	}
	return 0;
}

/* ---- The interpreter */

/* Its name from the file; kmalloc'ed. *out stays NULL if there is none. */
static int interp_name(const struct elf_file *elf, char **out)
{
	const struct elf64_phdr *p = elf->phdrs, *end = p + elf->header.phnum;
	char *name;

	while (p < end && p->type != ELF_PT_INTERP)
		p++;
	if (p == end)
		return 0;
	if (p->filesz < 2 || p->filesz > PATH_MAX)
		return -ENOEXEC;
	name = kmalloc(p->filesz);
	if (!name)
		return -ENOMEM;
	if (file_read_kernel(elf->file, name, p->filesz, p->offset) != (long)p->filesz) {
		kfree(name);
		return -EIO;
	}
	if (name[p->filesz - 1]) {
		kfree(name);
		return -ENOEXEC;
	}
	*out = name;
	return 0;
}

static int interp_map(struct exec_image *image, struct file *file)
{
	struct elf_file interp = { 0 };
	u8 head[EXEC_HEAD_SIZE] = { 0 };
	long n = file_read_kernel(file, head, sizeof(head), 0);
	int err;

	if (n < 0)
		return n;
	err = elf_read(&interp, file, head);
	if (err) {
		err = err == -ENOEXEC ? -ELIBBAD : err;
		goto out;
	}
	if (interp.header.type == ELF_ET_DYN) {
		if (interp.high - interp.low > image->as->mmap_top) {
			err = -ENOMEM;
			goto out;
		}
		interp.bias =
			ALIGN_DOWN(image->as->mmap_top - (interp.high - interp.low), interp.align) -
			interp.low;
	}
	err = elf_map(image->as, &interp);
	image->entry = interp.header.entry + interp.bias;
	image->interp_base = interp.bias;
out:
	kfree(interp.phdrs);
	return err;
}

static int interp_load(struct exec_image *image, const struct elf_file *elf)
{
	struct file *file;
	char *name = NULL;
	int err = interp_name(elf, &name);

	if (err || !name)
		return err;
	err = exec_open(AT_FDCWD_KERNEL, name, 0, &file);
	kfree(name);
	if (err)
		return err;
	err = interp_map(image, file);
	file_put(file);
	return err;
}

/* ---- The program */

static void layout_as(struct exec_image *image)
{
	u64 gap = rlimit_get(RLIMIT_STACK);
	struct as *as = image->as;

	gap = ALIGN_UP(MIN(gap, STACK_GAP_MAX), PAGE_SIZE);
	gap = MAX(gap, STACK_GAP_MIN);
	as->stack_top = USER_TOP - random_pages(image, STACK_RANDOM);
	as->mmap_top =
		USER_TOP - gap - (STACK_RANDOM << PAGE_SHIFT) - random_pages(image, MMAP_RANDOM);
	if (!image->is_random)
		as->mmap_top = USER_TOP - gap;
}

/* What /proc/PID/stat tells, the heap, and AT_PHDR. */
static void note_segments(struct exec_image *image, const struct elf_file *elf)
{
	struct as *as = image->as;
	u64 phoff = elf->header.phoff;

	as->code_start = ~0ull;
	for_each_load(p, elf) {
		u64 start = p->vaddr + elf->bias, end = start + p->filesz;

		if (p->flags & ELF_PF_X) {
			as->code_start = MIN(as->code_start, start);
			as->code_end = MAX(as->code_end, end);
		}
		as->data_start = MAX(as->data_start, start);
		as->data_end = MAX(as->data_end, end);
		if (phoff >= p->offset && phoff - p->offset < p->filesz)
			image->phdr = phoff - p->offset + start;
	}
	image->phnum = elf->header.phnum;
	image->program_entry = elf->header.entry + elf->bias;
	as->brk_start = elf->high + elf->bias;
	if (kernel_options.randomize > 1)
		as->brk_start += random_pages(image, BRK_RANDOM);
	as->brk = as->brk_start;
}

static int program_map(struct exec_image *image, struct elf_file *elf)
{
	int err;

	if (elf->header.type == ELF_ET_DYN) {
		elf->bias = ALIGN_UP(PIE_BASE + random_pages(image, PIE_RANDOM), elf->align) -
			    ALIGN_DOWN(elf->low, elf->align);
		if (elf->high + elf->bias > USER_TOP)
			return -ENOMEM;
	}
	layout_as(image);
	err = elf_map(image->as, elf);
	if (err)
		return err;
	note_segments(image, elf);
	image->entry = image->program_entry;
	for (u32 i = 0; i < elf->header.phnum; i++)
		if (elf->phdrs[i].type == ELF_PT_GNU_STACK)
			image->is_stack_executable = elf->phdrs[i].flags & ELF_PF_X;
	return interp_load(image, elf);
}

int elf_load(struct exec_image *image)
{
	struct elf_file elf;
	int err = elf_read(&elf, image->file, image->head);

	if (!err)
		err = program_map(image, &elf);
	kfree(elf.phdrs);
	return err;
}

/* ---- The stack */

/* What is on it, from the top down: a zero word, the file's name, the strings, "x86_64", random
 * bytes, then aligned to 16: auxv, environment and argument vectors, argc. */
struct stack_plan {
	u64 execfn, strings, platform, random, vectors; /* user addresses */
	u64 total; /* bytes from vectors to the top */
	u32 auxv_len; /* bytes */
};

#define PLATFORM        "x86_64"
#define HWCAP2_FSGSBASE 2

static void fill_auxv(struct exec_image *image, struct stack_plan *plan)
{
	const struct cred *cred = image->cred;
	/* clang-format off */
	const u64 pairs[] = {
		AT_HWCAP,       cpu_features.hwcap,
		AT_PAGESZ,      PAGE_SIZE,
		AT_CLKTCK,      USER_HZ,
		AT_PHDR,        image->phdr,
		AT_PHENT,       sizeof(struct elf64_phdr),
		AT_PHNUM,       image->phnum,
		AT_BASE,        image->interp_base,
		AT_FLAGS,       0,
		AT_ENTRY,       image->program_entry,
		AT_UID,         id_shown(cred->userns, ID_USER, cred->uid),
		AT_EUID,        id_shown(cred->userns, ID_USER, cred->euid),
		AT_GID,         id_shown(cred->userns, ID_GROUP, cred->gid),
		AT_EGID,        id_shown(cred->userns, ID_GROUP, cred->egid),
		AT_SECURE,      image->is_secure,
		AT_RANDOM,      plan->random,
		AT_HWCAP2,      cpu_features.has_fsgsbase ? HWCAP2_FSGSBASE : 0,
		AT_EXECFN,      plan->execfn,
		AT_PLATFORM,    plan->platform,
		AT_MINSIGSTKSZ, fpu_size + SIGFRAME_MAX,
		AT_RSEQ_ALIGN,  __alignof__(struct rseq),
		AT_RSEQ_FEATURE_SIZE, offsetof(struct rseq, __reserved),
		AT_NULL,        0,
	};
	/* clang-format on */

	static_assert(sizeof(pairs) <= sizeof(image->as->auxv), "as->auxv holds all");
	memcpy(image->as->auxv, pairs, sizeof(pairs));
	image->as->auxv_len = plan->auxv_len = sizeof(pairs);
}

static void plan_stack(struct exec_image *image, const struct exec_strings *s, size_t execfn_len,
		       struct stack_plan *plan)
{
	u64 at = image->as->stack_top - sizeof(u64);

	at -= execfn_len + 1;
	plan->execfn = at;
	at -= s->len;
	plan->strings = at;
	at -= sizeof(PLATFORM);
	plan->platform = at;
	at -= 16;
	plan->random = at;
	fill_auxv(image, plan);
	at = ALIGN_DOWN(at, 16);
	at -= ALIGN_UP(plan->auxv_len + (3 + s->argc + s->envc) * sizeof(u64), 16);
	plan->vectors = at;
	plan->total = image->as->stack_top - at;
}

/* Pointers to n consecutive strings at text (seen by the user at *addr), ended by a null pointer.
 */
static u64 *put_vector(u64 *to, u32 n, const char *text, u64 addr)
{
	while (n--) {
		size_t len = strlen(text) + 1;

		*to++ = addr;
		addr += len;
		text += len;
	}
	*to++ = 0;
	return to;
}

static void fill_stack(const struct exec_image *image, const struct exec_strings *s,
		       const char *execfn, const struct stack_plan *plan, u8 *buf)
{
	u64 random[2] = { cpu_random(), cpu_random() };
	u64 *to = (void *)buf;
	u8 *gap, *after_gap = buf + (plan->random - plan->vectors);

	*to++ = s->argc;
	to = put_vector(to, s->argc, s->text, plan->strings);
	to = put_vector(to, s->envc, s->text + s->env_offset, plan->strings + s->env_offset);
	memcpy(to, image->as->auxv, plan->auxv_len);
	gap = (u8 *)to + plan->auxv_len;
	memset(gap, 0, after_gap - gap);
	memcpy(after_gap, random, sizeof(random));
	memcpy(buf + (plan->platform - plan->vectors), PLATFORM, sizeof(PLATFORM));
	memcpy(buf + (plan->strings - plan->vectors), s->text, s->len);
	memcpy(buf + (plan->execfn - plan->vectors), execfn, strlen(execfn) + 1);
	memset(buf + plan->total - sizeof(u64), 0, sizeof(u64));
}

static int map_stack(struct exec_image *image, u64 used)
{
	u64 limit = ALIGN_DOWN(rlimit_get(RLIMIT_STACK), PAGE_SIZE);
	u64 len = ALIGN_UP(used, PAGE_SIZE), addr;
	struct mmap_request req = {
		.as = image->as,
		.prot = PROT_READ | PROT_WRITE | (image->is_stack_executable ? PROT_EXEC : 0),
		.flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS,
		.vm_may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
		.name = "[stack]",
		.extra_vm_flags = VM_GROWSDOWN,
	};

	if (len > limit)
		return -ENOMEM;
	len = MIN(len + STACK_INITIAL, limit);
	req.addr = image->as->stack_top - len;
	req.len = len;
	return as_mmap(&req, &addr);
}

int elf_build_stack(struct exec_image *image, const struct exec_strings *s, const char *execfn)
{
	struct as *as = image->as;
	struct stack_plan plan;
	int err;
	u8 *buf;

	plan_stack(image, s, strlen(execfn), &plan);
	err = map_stack(image, plan.total);
	if (err)
		return err;
	buf = kvmalloc(plan.total);
	if (!buf)
		return -ENOMEM;
	fill_stack(image, s, execfn, &plan, buf);
	if (as_access(as, plan.vectors, buf, plan.total, true) != plan.total)
		err = -ENOMEM;
	kvfree(buf);
	image->sp = plan.vectors;
	as->arg_start = plan.strings;
	as->arg_end = as->env_start = plan.strings + s->env_offset;
	as->env_end = plan.strings + s->len;
	return err;
}
