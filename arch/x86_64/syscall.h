/*
 * The table the system call entry jumps through.
 *
 * It is made from kernel/syscall's table once, at boot, so that the entry needs no second look-up:
 * a slot holds the handler itself, entry_syscall_full for handlers that want the whole frame, or
 * sys_unknown. DOC: syscall-frame in entry.asm.
 */
#pragma once

#define SYSCALL_SLOTS 512

/* Fill the table. Boot CPU, before boot_map_direct() makes it read-only. */
void syscall_table_init(void);
