/*
 * Pseudo-terminals: /dev/ptmx and /dev/pts.
 */
#pragma once

#include "lib/base.h"

struct tty;

/* The slave side of pty number index, +1; NULL: there is none, it is locked, or its master is
 * closed. */
struct tty *pty_slave_get(u32 index);

/* What devpts shows of a pty. */
struct pty_info {
	u32 index; /* the name in /dev/pts; device 136:index */
	u32 uid, gid, mode; /* as grantpt would make it */
};

/* The first pty with number >= index; false: none. For readdir and lookup of devpts. */
bool pty_next(u32 index, struct pty_info *out);

void pty_init(void);
