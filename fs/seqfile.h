/*
 * Text files that are made whole at the first read, so that a reader never sees half of a state.
 */
#pragma once

#include "fs/file.h"
#include "fs/ops.h"

/* Writes the text; called again with twice the room when out overflowed. 0 or -errno. May sleep. */
typedef int (*seqfile_show)(struct file *file, struct seqbuf *out);

/* In ops->open: takes file->private. */
int seqfile_open(struct file *file, seqfile_show show) __must_check;
/* The ops of such a file. A read at position 0 makes the text anew. */
long seqfile_read(struct file *file, struct uio *uio, u64 *pos);
s64 seqfile_seek(struct file *file, s64 offset, int whence);
void seqfile_release(struct file *file);
