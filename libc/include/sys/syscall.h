/* System calls by number. Both headers are made from kernel/syscall/table.tbl. */
#pragma once

#include <asm/unistd_64.h>
#include <bits/syscall_nr.h>

long syscall(long nr, ...);
