/*
 * The dispatch table of the system call entry, made once from the system call table. Constant
 * after boot: it is a table of code addresses.
 */
#include "arch/x86_64/syscall.h"

#include "arch/x86_64/upcalls.h"

void entry_syscall_full(void); /* entry.asm */

extern void *syscall_dispatch[SYSCALL_SLOTS];
__section(".ro_after_init") void *syscall_dispatch[SYSCALL_SLOTS];

void syscall_table_init(void)
{
	for (u32 nr = 0; nr < SYSCALL_SLOTS; nr++) {
		if (nr >= syscall_count)
			syscall_dispatch[nr] = (void *)sys_unknown;
		else if (syscall_full_frame[nr])
			syscall_dispatch[nr] = (void *)entry_syscall_full;
		else
			syscall_dispatch[nr] = syscall_table[nr];
	}
}
