/*
 * The initial file tree, unpacked from memory.
 */
#pragma once

#include "lib/base.h"

/* Archives (newc cpio, plain or gzip, one after the other) into the root of the current thread. 0,
 * or -EINVAL for a damaged one and -ENOMEM, with a message on the console; what came before the
 * damage stays. */
int initramfs_unpack(const void *image, size_t size) __must_check;
