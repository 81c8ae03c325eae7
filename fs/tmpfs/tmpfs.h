/*
 * tmpfs: files in memory; also the root file system, memfd and shared anonymous memory.
 */
#pragma once

#include "fs/file.h"

/* An instance, not yet mounted; options as mount(2)'s data (size=, nr_inodes=, mode=, uid=, gid=),
 * may be NULL. */
int tmpfs_new(const char *options, struct super **out) __must_check;

/**
 * tmpfs_anon_file - a nameless file of the kernel's own tmpfs: memfd_create, MAP_SHARED |
 * MAP_ANONYMOUS, shm.
 * @name: what /proc shows ("/memfd:x", "/dev/zero"), with " (deleted)" after it. @size: bytes, all
 * holes.
 * @mode: permissions (memfd 0777, shm as asked). @flags: O_RDWR ... of the file.
 */
int tmpfs_anon_file(const char *name, u64 size, u32 mode, u32 flags,
		    struct file **out) __must_check;

/* Seals (F_SEAL_*) of a tmpfs regular file; -EINVAL for anything else. */
int tmpfs_get_seals(struct file *file);
int tmpfs_add_seals(struct file *file,
		    u32 seals) __must_check; /* -EPERM sealed or not writable, -EBUSY mapped */
/* memfd_create: MFD_ALLOW_SEALING not given: F_SEAL_SEAL is set from the start; here the start
 * value is set. */
void tmpfs_set_seals(struct file *file, u32 seals);

void tmpfs_init(void);
