/*
 * The C library has an fsid_t of its own.
 */
#pragma once

#define fsid_t kernel_fsid_t
#include_next <linux/statfs.h>
#undef fsid_t
