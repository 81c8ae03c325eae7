/*
 * nsfs: namespaces as files. See nsfs.c.
 */
#pragma once

#include "fs/file.h"

struct ns_common;

/* An open file, read only, for a namespace; the caller keeps its reference. *out: one reference.
 * May sleep. Errors: -ENOMEM, -ENFILE. */
int nsfs_open(struct ns_common *ns, struct file **out) __must_check;
/* Its place, for links that lead there. -ENOMEM. */
int nsfs_path(struct ns_common *ns, struct path *out) __must_check;

/* The namespace behind a file, borrowed from it; NULL: it is not of nsfs. */
struct ns_common *nsfs_ns(const struct file *file);

void nsfs_init(void);
