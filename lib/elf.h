/*
 * ELF64 as far as a loader reads it and a core dump has it.
 */
#pragma once

#include "lib/base.h"

struct elf64_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(struct elf64_header) == 64, "ELF layout");

struct elf64_phdr {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(struct elf64_phdr) == 56, "ELF layout");

#define ELF_CLASS64      2
#define ELF_DATA_LE      1
#define ELF_EM_X86_64    62
#define ELF_ET_EXEC      2
#define ELF_ET_DYN       3
#define ELF_ET_CORE      4
#define ELF_PT_LOAD      1
#define ELF_PT_DYNAMIC   2
#define ELF_PT_INTERP    3
#define ELF_PT_NOTE      4
#define ELF_PT_PHDR      6
#define ELF_PT_TLS       7
#define ELF_PT_GNU_STACK 0x6474e551u
#define ELF_PF_X         1u
#define ELF_PF_W         2u
#define ELF_PF_R         4u

/* Notes of core dumps. */
#define ELF_NT_PRSTATUS   1
#define ELF_NT_FPREGSET   2
#define ELF_NT_PRPSINFO   3
#define ELF_NT_AUXV       6
#define ELF_NT_X86_XSTATE 0x202
#define ELF_NT_FILE       0x46494c45
#define ELF_NT_SIGINFO    0x53494749

struct elf64_note {
	u32 namesz, descsz, type;
	char name[8]; /* of all there are here, with the padding */
};

struct elf64_prstatus {
	int si_signo, si_code, si_errno;
	u16 cursig;
	u64 sigpend, sighold;
	int pid, ppid, pgrp, sid;
	u64 utime[2], stime[2], cutime[2], cstime[2]; /* seconds, microseconds */
	u64 regs[27]; /* struct regs, then fs_base, gs_base, ds, es, fs, gs */
	int fpvalid;
};
static_assert(sizeof(struct elf64_prstatus) == 336, "ELF layout");

struct elf64_prpsinfo {
	char state, sname, zomb, nice;
	u64 flags;
	u32 uid, gid;
	int pid, ppid, pgrp, sid;
	char fname[16], psargs[80];
};
static_assert(sizeof(struct elf64_prpsinfo) == 136, "ELF layout");

#define ELF_PHNUM_MAX 512 /* more than any sane program has */

static inline bool elf_is_magic(const void *p, size_t len)
{
	const u8 *b = p;

	return len >= 4 && b[0] == 0x7f && b[1] == 'E' && b[2] == 'L' && b[3] == 'F';
}

/* A 64-bit x86 program whose header is sound by itself; offsets are still to be checked against
 * the file's size. */
static inline bool elf_header_ok(const struct elf64_header *h)
{
	return elf_is_magic(h->ident, sizeof(h->ident)) && h->ident[4] == ELF_CLASS64 &&
	       h->ident[5] == ELF_DATA_LE && h->machine == ELF_EM_X86_64 &&
	       (h->type == ELF_ET_EXEC || h->type == ELF_ET_DYN) &&
	       h->phentsize == sizeof(struct elf64_phdr) && h->phnum > 0 &&
	       h->phnum <= ELF_PHNUM_MAX;
}
