/*
 * signalfd: pending signals of whoever reads, as a file. See signalfd(2).
 */
#pragma once

#include "fs/file.h"

/* mask: bit sig-1; SIGKILL and SIGSTOP are ignored. flags: SFD_NONBLOCK. Errors: -ENOMEM, -ENFILE.
 */
int signalfd_open(u64 mask, u32 flags, struct file **out) __must_check;
/* Changes the mask of an existing one; -EINVAL: file is not a signalfd. */
int signalfd_set_mask(struct file *file, u64 mask);
