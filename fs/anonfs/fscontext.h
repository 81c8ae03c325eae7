/*
 * fscontext: a file system that is being made, or changed, step by step. See fsopen(2).
 */
#pragma once

#include "fs/file.h"

struct fs_type;

/* For a new instance of type, or to change sb (the other is NULL). *out: one reference. -ENOMEM,
 * -ENFILE. */
int fscontext_open(const struct fs_type *type, struct super *sb, struct file **out) __must_check;

bool fscontext_is(const struct file *file);
/* The rest: -EINVAL if file is none of ours, -EBUSY out of turn, -EINTR. */
/* value NULL: key is a flag. -EINVAL: it is not known, or not so. */
int fscontext_set(struct file *file, const char *key, const char *value) __must_check;
int fscontext_create(struct file *file) __must_check;
int fscontext_reconfigure(struct file *file) __must_check;
int fscontext_mount(struct file *file, u32 mnt_flags, struct file **out) __must_check;
