/*
 * Core dumps for tests: processes that crash, and reading what they leave.
 */
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "pidfds.h"

/* <elf.h>, as far as it goes here. */
struct elf_head {
	unsigned char e_ident[16];
	uint16_t e_type, e_machine;
	uint32_t e_version;
	uint64_t e_entry, e_phoff, e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};
struct elf_area {
	uint32_t p_type, p_flags;
	uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};
struct elf_note {
	uint32_t n_namesz, n_descsz, n_type;
};
#define CORE_TYPE    4 /* ET_CORE */
#define CORE_MACHINE 62
#define AREA_LOAD    1 /* PT_LOAD */
#define AREA_NOTE    4
#define NOTE_STATUS  1 /* NT_PRSTATUS */
#define NOTE_FPU     2
#define NOTE_PSINFO  3
#define NOTE_AUXV    6
#define NOTE_XSTATE  0x202
#define NOTE_FILE    0x46494c45
#define NOTE_SIGINFO 0x53494749

#define CORE_PATTERN "/proc/sys/kernel/core_pattern"

/* PIDFD_GET_INFO with all that Linux 7.3 knows. */
struct full_info {
	struct info v0;
	uint32_t dump_mask, dump_signal, dump_code, padding;
	uint64_t supported;
};
#define INFO_DUMP        0x10
#define INFO_SUPPORTED   0x20
#define INFO_DUMP_SIGNAL 0x40
#define INFO_DUMP_CODE   0x80
#define DUMPED           1
#define DUMP_SKIP        2
#define DUMP_BY_USER     4
#define DUMP_BY_ROOT     8

static inline int info_of(int pidfd, uint64_t asked, struct full_info *info)
{
	memset(info, 0, sizeof(*info));
	info->v0.mask = asked;
	return ioctl(pidfd, _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, sizeof(*info)), info);
}

static inline void set_core_limit(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
}

/* Faults at the address arg. */
static inline int child_faults(void *arg)
{
	*(volatile char *)arg = 1;
	return 0;
}

/* How a child that runs fn ends, with room for a dump. */
static inline int crash(int (*fn)(void *), void *arg)
{
	unlink("core");
	return reap(spawn(fn, arg));
}

static inline int child_is_large(void *arg)
{
	size_t n = 4 << 20;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, n);
	return child_faults(NULL);
}

static inline int dumps_to_files(void)
{
	char text[256];

	return !strcmp(slurp(CORE_PATTERN, text, sizeof(text)), "core\n") &&
	       !strcmp(slurp("/proc/sys/kernel/core_uses_pid", text, sizeof(text)), "0\n");
}

#define NEEDS_FILES()                                                                              \
	do {                                                                                       \
		if (!dumps_to_files())                                                             \
			SKIP("core_pattern is not \"core\"");                                      \
		unlink("core");                                                                    \
	} while (0)

/* Where core_pattern may be changed. */
#define GUEST()                                                                                    \
	do {                                                                                       \
		if (!in_guest())                                                                   \
			SKIP("guest only");                                                        \
	} while (0)

/* Where a child works: a directory of its own, which is removed with what is in it. */
static char core_dir[64];

static inline int core_dir_make(void)
{
	strcpy(core_dir, "/tmp/cores-XXXXXX");
	return mkdtemp(core_dir) && chdir(core_dir) == 0;
}

static inline void core_dir_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", core_dir);
	if (chdir("/") || system(command))
		tap_note("%s stays", core_dir);
}

/* ---- reading one */

/* All there is to read: how much, and the beginning of it. */
static inline size_t read_all(int fd, char *first, size_t room)
{
	static char buf[65536];
	size_t total = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (total < room)
			memcpy(first + total, buf,
			       (size_t)n < room - total ? (size_t)n : room - total);
		total += n;
	}
	return total;
}

struct core {
	char *data;
	size_t size;
};

static inline int core_read(struct core *core, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	core->data = MAP_FAILED;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
		core->size = st.st_size;
		core->data = mmap(NULL, core->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	return core->data != MAP_FAILED;
}

static inline void core_free(struct core *core)
{
	if (core->data != MAP_FAILED)
		munmap(core->data, core->size);
}

static inline const struct elf_head *core_header(const struct core *core)
{
	return (const struct elf_head *)core->data;
}

static inline const struct elf_area *core_phdr(const struct core *core, int n)
{
	return (const struct elf_area *)(core->data + core_header(core)->e_phoff) + n;
}

static inline int core_is_sound(const struct core *core)
{
	const struct elf_head *h = core_header(core);

	return core->size > sizeof(*h) && !memcmp(h->e_ident, "\177ELF\2\1\1", 7) &&
	       h->e_type == CORE_TYPE && h->e_machine == CORE_MACHINE && h->e_phentsize == 56 &&
	       h->e_phnum >= 2 && core_phdr(core, 0)->p_type == AREA_NOTE;
}

/* The nth note of that type: its bytes, or NULL. */
static inline char *core_note(const struct core *core, uint32_t type, int nth, size_t *len)
{
	const struct elf_area *p = core_phdr(core, 0);
	char *at = core->data + p->p_offset, *end = at + p->p_filesz;

	while (at + 12 <= end) {
		const struct elf_note *note = (const struct elf_note *)at;
		char *bytes = at + 12 + (note->n_namesz + 3) / 4 * 4;

		at = bytes + (note->n_descsz + 3) / 4 * 4;
		if (note->n_type == type && nth-- == 0) {
			if (len)
				*len = note->n_descsz;
			return bytes;
		}
	}
	return NULL;
}

/* What was at that address; NULL: it is not in the dump. */
static inline char *core_memory(const struct core *core, const void *addr)
{
	uint64_t va = (uintptr_t)addr;

	for (int i = 1; i < core_header(core)->e_phnum; i++) {
		const struct elf_area *p = core_phdr(core, i);

		if (p->p_type == AREA_LOAD && va >= p->p_vaddr && va < p->p_vaddr + p->p_filesz)
			return p->p_offset + (va - p->p_vaddr) < core->size
				       ? core->data + p->p_offset + (va - p->p_vaddr)
				       : NULL;
	}
	return NULL;
}

/* The area's header, whether or not its bytes are there. */
static inline const struct elf_area *core_area(const struct core *core, const void *addr)
{
	uint64_t va = (uintptr_t)addr;

	for (int i = 1; i < core_header(core)->e_phnum; i++) {
		const struct elf_area *p = core_phdr(core, i);

		if (va >= p->p_vaddr && va < p->p_vaddr + p->p_memsz)
			return p;
	}
	return NULL;
}

/* struct elf_prstatus, as far as it is looked at. */
struct prstatus {
	int signo, code, error;
	short cursig;
	uint64_t pending, held;
	int pid, ppid, pgrp, sid;
	uint64_t times[8];
	uint64_t regs[27];
	int fpvalid;
};
#define REG_NR_RIP 16
#define REG_NR_RSP 19
#define REG_NR_R12 3
