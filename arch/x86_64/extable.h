/*
 * Instructions that may fault, and where to continue when they do (EXTABLE in uaccess.h).
 */
#pragma once

#include "lib/base.h"

/* Sort the table. Boot CPU, before it becomes read-only and before anything may fault. */
void extable_init(void);

/* Where to continue after a fault at @rip, or 0. Any context. */
u64 extable_find(u64 rip);
