/*
 * What exec.c, elf.c and the rest of process life share.
 */
#pragma once

#include "kernel/mm/as.h"
#include "kernel/task/task.h"

#define EXEC_HEAD_SIZE 256 /* of the file, read to see what it is */

/* A program being put together: the new address space, and where to begin in it. Nothing of the
 * current process has changed yet. */
struct exec_image {
	struct file
		*file; /* the program itself: a script's interpreter, not the script; uncounted */
	const u8 *head; /* its first EXEC_HEAD_SIZE bytes, zeroes after its end */
	struct as *as; /* what is built */
	u64 entry; /* where to jump: the program, or its ELF interpreter */
	u64 sp; /* the first stack pointer */
	u64 phdr, phnum; /* AT_PHDR, AT_PHNUM */
	u64 program_entry; /* AT_ENTRY */
	u64 interp_base; /* AT_BASE */
	bool is_stack_executable;
	bool is_random; /* addresses may be randomised */
	bool is_secure; /* AT_SECURE */
	bool is_fs_shared; /* cred was made for one whose fs another process shares */
	const struct cred *cred; /* of the new image */
};

/* What goes on the stack: strings one after the other, each with its NUL: arguments, then
 * environment. */
struct exec_strings {
	char *text;
	size_t len, capacity, limit;
	u32 argc, envc;
	size_t env_offset; /* where the environment's begin */
};

/* elf.c: maps the program (and its interpreter), sets entry, phdr, brk. -ENOEXEC: not an ELF
 * program. */
int elf_load(struct exec_image *image) __must_check;
/* elf.c: maps the stack and puts strings, vectors and auxv on it; sets sp. */
int elf_build_stack(struct exec_image *image, const struct exec_strings *strings,
		    const char *execfn) __must_check;

/* After as_fork: the copy runs the same program. */
void exec_share_exe(struct as *from, struct as *to);
/* kernel/mm's as_put_exe. */
void exec_put_exe(struct file *file);

/* exit.c: the current thread is done with its address space: robust futexes, clear_child_tid,
 * vfork. */
void task_leave_as(void);
