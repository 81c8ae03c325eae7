/*
 * eventfd: a 64-bit counter as a file. See eventfd(2).
 */
#pragma once

#include "fs/file.h"

/* flags: EFD_SEMAPHORE, EFD_NONBLOCK. *out one reference. Errors: -ENOMEM, -ENFILE. */
int eventfd_open(u32 initial, u32 flags, struct file **out) __must_check;
void eventfd_init(void);
