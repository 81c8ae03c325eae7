/*
 * sockfs: AF_UNIX sockets. The system calls use fs/sockfs/socket.h.
 */
#pragma once

#include "lib/base.h"

struct seqbuf;

void sockfs_init(void);
/* /proc/net/unix: the open sockets of this network namespace. */
void sockfs_show_unix(u64 net, struct seqbuf *out);
