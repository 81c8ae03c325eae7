/*
 * sockfs: AF_UNIX sockets. The system calls use fs/sockfs/socket.h.
 */
#pragma once

void sockfs_init(void);
