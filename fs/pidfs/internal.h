/*
 * What a pidfd does whichever inode it sits on: shared by pidfs.c and fallback.c.
 */
#pragma once

#include "fs/pidfs/pidfs.h"
#include "fs/poll.h"

u32 pidfd_poll(struct file *file, struct poll_table *pt);
void pidfd_show_fdinfo(struct file *file, const struct pidns *viewer, struct seqbuf *out);
void pidfd_release(struct file *file);
